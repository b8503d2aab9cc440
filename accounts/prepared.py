"""Queries that are asked with every request, made into SQL once.

Making SQL of a query set costs Django more than PostgreSQL takes to answer it (docs/performance.md). What is prepared
is an ordinary query set: filters, order and columns are said in one place only.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet


class Prepared[M: Model]:
    """A query set of `values_list(*columns)` in whose filters `marks` stand for values that are given with each use.

    The columns of the model come first and are those of `fields`; further ones are given as they are.
    """

    def __init__(self, query_set: QuerySet[M, Any], fields: Sequence[str], marks: Sequence[Any]) -> None:
        self.model = query_set.model
        self.fields = list(fields)
        self.sql, params = query_set.query.sql_with_params()
        self.params = list(params)
        self.places = [self.params.index(mark) for mark in marks]

    def find(self, *values: Any) -> list[tuple[M, tuple[Any, ...]]]:
        """Return each row as an instance of the model, and its further columns."""
        params = self.params.copy()
        for place, value in zip(self.places, values, strict=True):
            params[place] = value
        with connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            rows = cursor.fetchall()
        count = len(self.fields)
        return [(self.model.from_db(connection.alias, self.fields, row[:count]), row[count:]) for row in rows]

    def get(self, *values: Any) -> tuple[M, tuple[Any, ...]]:
        """Return the only row. Raises the model's `DoesNotExist`."""
        if not (found := self.find(*values)):
            raise self.model.DoesNotExist  # type: ignore[attr-defined]
        return found[0]
