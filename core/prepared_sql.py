"""SQL that is made once, for queries and writes that every request needs.

Making SQL of a query set costs Django more than PostgreSQL takes to answer it (docs/performance.md). What is prepared
is an ordinary query set or model: filters, order and columns are said in one place only.
"""

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import batched, chain
from typing import Any

from django.db import IntegrityError, connection
from django.db.models import AutoField, Field, Model, QuerySet

from core import compat

type Statement = tuple[str, list[Any]]
type Found[M: Model] = list[tuple[M, tuple[Any, ...]]]  # instances of a model, each with its further columns

ROWS_AT_ONCE = 100


def written_columns(model: type[Model]) -> list[str]:
    """Return the names of a model's columns, without those that the database calculates."""
    return [field.attname for field in model._meta.concrete_fields if not field.generated]


class Prepared[M: Model]:
    """A query set in whose filters `marks` stand for values that are given with each use.

    It loads the columns of `fields`, or all that are written, and then `further` ones, which may be of other tables.
    """

    def __init__(
        self,
        query_set: QuerySet[M, Any],
        marks: Sequence[Any],
        fields: Sequence[str] | None = None,
        further: Sequence[str] = (),
    ) -> None:
        self.model = query_set.model
        self.fields = list(fields or written_columns(self.model))
        own: list[Any] = [self.model._meta.get_field(name) for name in self.fields]
        self.reads = [(place, read) for place, field in enumerate(own) for read in field.get_db_converters(connection)]
        self.sql, params = compat.sql_of(query_set.values_list(*self.fields, *further))
        self.params = list(params)
        self.places = [self.params.index(mark) for mark in marks]

    def find(self, *values: Any) -> Found[M]:
        """Return each row as an instance of the model, and its further columns."""
        return self.read(execute([self.asked(*values)])[0])

    def asked(self, *values: Any) -> Statement:
        """Return the query with values in place of the marks, to be executed with others; `read` its rows."""
        params = self.params.copy()
        for place, value in zip(self.places, values, strict=True):
            params[place] = value
        return self.sql, params

    def read(self, rows: Sequence[Sequence[Any]]) -> Found[M]:
        count = len(self.fields)
        return [(self.model.from_db(connection.alias, self.fields, self.own(row)), tuple(row[count:])) for row in rows]

    def own(self, row: Sequence[Any]) -> list[Any]:
        """Return what a row holds of the model, as its fields read it: JSON comes as text."""
        values = list(row[: len(self.fields)])
        for place, read in self.reads:
            values[place] = read(values[place], None, connection)
        return values

    def get(self, *values: Any) -> tuple[M, tuple[Any, ...]]:
        """Return the only row. Raises the model's `DoesNotExist`."""
        if not (found := self.find(*values)):
            raise self.model.DoesNotExist  # type: ignore[attr-defined]
        return found[0]


INSERT = "INSERT INTO {table} ({names}) VALUES "
UPDATE = "UPDATE {table} SET {sets} WHERE {wheres}"
DELETE = "DELETE FROM {table} WHERE {key} = %s"


class Columns:
    """The columns of a model that are written. What the database fills itself is neither written nor read back."""

    def __init__(self, model: type[Model]) -> None:
        own = [field for field in model._meta.concrete_fields if not field.generated]
        self.fields = [field for field in own if not isinstance(field, AutoField)]
        quote = connection.ops.quote_name
        self.table, key = quote(model._meta.db_table), quote(model._meta.pk.get_attname_column()[1] or "")
        self.named = {field.name: field for field in own}
        self.names = tuple(field.name for field in self.fields)
        names = ", ".join(quote(field.get_attname_column()[1] or "") for field in self.fields)
        self.row = f"({', '.join(map(hole, self.fields))})"
        self.insert = INSERT.format(table=self.table, names=names)
        self.delete = DELETE.format(table=self.table, key=key)

    def values(self, row: Model, *, is_new: bool) -> list[Any]:
        return [value_of(field, row, is_new=is_new) for field in self.fields]


def value_of(field: Field[Any, Any], row: Model, *, is_new: bool = False) -> Any:
    return field.get_db_prep_save(field.pre_save(row, is_new), connection)


def hole(field: Field[Any, Any]) -> str:
    """Return the placeholder of a field's value in SQL: a mark, with its type for an array."""
    return compat.placeholder_of(field, connection)


def same(fields: Sequence[Field[Any, Any]], between: str) -> str:
    """Return SQL that sets columns, or looks for what they hold."""
    quote = connection.ops.quote_name
    return between.join(f"{quote(field.get_attname_column()[1] or '')} = {hole(field)}" for field in fields)


@functools.cache
def columns_of(model: type[Model]) -> Columns:
    return Columns(model)


def insertions(rows: Sequence[Model]) -> list[Statement]:
    """Return the statements that store new rows of one model."""
    statements = []
    for batch in batched(rows, ROWS_AT_ONCE, strict=False):
        columns = columns_of(type(batch[0]))
        values = chain.from_iterable(columns.values(row, is_new=True) for row in batch)
        statements.append((columns.insert + ", ".join([columns.row] * len(batch)), list(values)))
        for row in batch:
            row._state.adding, row._state.db = False, connection.alias
    return statements


@functools.cache
def update_of(model: type[Model], names: tuple[str, ...], where: tuple[str, ...]) -> tuple[str, list[Field[Any, Any]]]:
    """Return the SQL that writes fields of a row which holds given values, and the fields whose values it takes."""
    columns = columns_of(model)
    written, held = [[columns.named[name] for name in each] for each in (names, where)]
    sql = UPDATE.format(table=columns.table, sets=same(written, ", "), wheres=same(held, " AND "))
    return sql, written + held


def updating(row: Model, *names: str, where: tuple[str, ...] = ()) -> Statement:
    """Return the statement that writes some fields of a stored row, or all, if it still holds those of `where`."""
    names = names or columns_of(type(row)).names
    sql, fields = update_of(type(row), names, (row._meta.pk.name, *where))
    return sql, [value_of(field, row) for field in fields]


def deleting(row: Model) -> Statement:
    """Return the statement that deletes a row to which no other refers."""
    return columns_of(type(row)).delete, [row.pk]


def insert(row: Model) -> None:
    """Store a new row."""
    execute(insertions([row]))


def execute(statements: Sequence[Statement]) -> list[list[Any]]:
    """Execute statements in one round trip; return the rows that each gives."""
    return [cursor.fetchall() if cursor.description else [] for cursor in outcomes(statements)]


def outcomes(statements: Sequence[Statement]) -> Iterator[Any]:
    """Execute statements in one round trip; give the cursor at the outcome of each."""
    if not statements:
        return
    texts, values = zip(*statements, strict=True)
    with connection.cursor() as cursor:
        cursor.execute("; ".join(texts), list(chain.from_iterable(values)))
        yield cursor
        while cursor.nextset():
            yield cursor


def write(statements: Sequence[Statement]) -> None:
    """Execute statements in one round trip, each of which must write a row. Raises `IntegrityError` if one does not."""
    if 0 in [cursor.rowcount for cursor in outcomes(statements)]:
        raise IntegrityError("A row to be written is gone or belongs to somebody else.")


class Writes:
    """Statements that wait to be written (`write`) in one round trip, at the latest before anything else is asked."""

    def __init__(self) -> None:
        self.waiting: list[Statement] = []

    def add(self, *statements: Statement) -> None:
        self.waiting += statements

    def send(self) -> None:
        sent, self.waiting = self.waiting, []
        write(sent)

    @contextmanager
    def before_questions(self) -> Iterator[None]:
        """Within this context every query sees what was written before it."""

        def ask(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
            self.send()
            return execute(sql, params, many, context)

        with connection.execute_wrapper(ask):
            yield
