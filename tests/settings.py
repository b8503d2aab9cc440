"""The project's settings, for tests in this process. Servers that tests start have the project's own."""

from config.settings import *  # noqa: F403
from config.settings import DATABASES, PASSWORD_HASHERS

DATABASES["default"]["ENGINE"] = "tests.database"
PASSWORD_HASHERS = ["tests.hashing.QuickHasher", *PASSWORD_HASHERS[1:]]
