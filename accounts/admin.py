from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest

from accounts.models import AccessToken, User


@admin.register(AccessToken)
class AccessTokenAdmin(admin.ModelAdmin[AccessToken]):
    """Staff see and revoke tokens; the secrets are nowhere to be seen. Users make theirs on the page."""

    list_display = ["name", "user", "scope", "created_at", "expires_at", "last_used_at"]
    list_select_related = ["user"]
    list_filter = ["scope"]
    search_fields = ["name", "user__email"]
    exclude = ["digest"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AccessToken | None = None) -> bool:
        return False


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
