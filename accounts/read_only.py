"""Admin pages on which staff look and nobody changes anything."""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest


class ReadOnly:
    """Mixed into an admin class: nobody adds, changes or deletes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
