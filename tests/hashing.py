"""Passwords of tests: hashed as elsewhere, but with so little work that each test is spared a third of a second."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickHasher(Argon2PasswordHasher):
    time_cost = 1
    memory_cost = 8
    parallelism = 1
