from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import AccessToken, User


@admin.register(AccessToken)
class AccessTokenAdmin(admin.ModelAdmin[AccessToken]):
    """Staff make tokens for users, and revoke them. A secret is shown once, when its token is made."""

    list_display = ["name", "user", "scope", "created_at", "expires_at", "last_used_at"]
    list_select_related = ["user"]
    list_filter = ["scope"]
    search_fields = ["name", "user__email"]
    fields = ["user", "name", "scope", "expires_at"]

    def save_model(self, request: HttpRequest, obj: AccessToken, form: Any, change: bool) -> None:
        ttl = obj.expires_at - timezone.now() if obj.expires_at else None
        made, secret = AccessToken.objects.make(obj.user, obj.name, obj.scope, ttl)
        obj.pk, obj.digest = made.pk, made.digest
        self.message_user(request, f"The token, shown this once: {secret}", messages.WARNING)

    def has_change_permission(self, request: HttpRequest, obj: AccessToken | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]  # cannot say it at run time
    list_display = ["username", "name", "email", "issuer", "is_staff", "is_active"]
    search_fields = ["username", "name", "email", "subject"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Who", {"fields": ["name", "email", "issuer", "subject", "timezone"]}),
        ("Budget", {"fields": ["tokens_a_day"]}),
        ("May", {"fields": ["is_active", "revoked_before", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["issuer", "subject", "last_login", "date_joined"]
