"""Admin pages on which staff look and nobody changes anything."""

from typing import Any, cast

from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property


class ReadOnly:
    """Mixed into an admin class: nobody adds, changes or deletes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class CountedToAPoint(Paginator[Any]):
    """Pages of a list that is never counted to its end."""

    LIMIT = 1_000

    @cached_property
    def count(self) -> int:
        found: QuerySet[Any] = cast(QuerySet[Any], self.object_list)
        return found.order_by()[: self.LIMIT].count()
