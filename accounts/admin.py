from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin

from accounts.models import User


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]  # cannot say it at run time
    list_display = ["username", "name", "email", "issuer", "is_staff", "is_active"]
    search_fields = ["username", "name", "email", "subject"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Who", {"fields": ["name", "email", "issuer", "subject", "timezone"]}),
        ("May", {"fields": ["is_active", "revoked_before", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["issuer", "subject", "last_login", "date_joined"]
