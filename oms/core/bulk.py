"""Save many rows in one statement: what the stations of the line write with.

Plain columns go to the database as they are, an array a column, which costs a fraction of bulk_create and bulk_update.
"""

from collections.abc import Callable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connection, models
from django.utils import timezone

M = TypeVar("M", bound=models.Model)


def insert_all(rows: Sequence[M]) -> Sequence[M]:
    """Insert new rows of one model in one INSERT, whatever their number, and give them with their keys.

    What they refer to is saved already and given by key. As with bulk_create, no `save()` runs and no signal is sent.
    """
    if not rows:
        return rows
    statement, columns = _insertion(type(rows[0]))
    with connection.cursor() as cursor:
        cursor.execute(statement, [_values(field, read, rows) for field, read in columns])
        keys = cursor.fetchall()
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding = False
        row._state.db = connection.alias
    return rows


def save_all(rows: Sequence[models.Model], *fields: str) -> None:
    """Write `fields` of every row in one UPDATE, whatever their number.

    The caller holds the rows locked; a row that is gone is a broken promise and raises.
    """
    if not rows:
        return
    statement, columns = _update(type(rows[0]), fields)
    with connection.cursor() as cursor:
        cursor.execute(statement, [_values(field, read, rows) for field, read in columns])
        if cursor.rowcount != len(rows):
            raise AssertionError(f"{cursor.rowcount} of {len(rows)} {rows[0]._meta.verbose_name} rows were there to save")


Column = tuple[models.Field, Callable[[models.Model], Any]]


def _values(field: models.Field, read: Callable[[models.Model], Any], rows: Sequence[models.Model]) -> list[Any]:
    if getattr(field, "auto_now_add", False):
        return [timezone.now()] * len(rows)
    if isinstance(field, (models.JSONField, models.BinaryField)):
        return [field.get_db_prep_save(read(row), connection) for row in rows]
    return [read(row) for row in rows]


def _name(field: Any) -> str:
    return str(field.column)


def _column(field: Any) -> Column:
    return field, attrgetter(field.attname)


def _arrays(columns: Sequence[Column]) -> str:
    return ", ".join(f"%s::{field.rel_db_type(connection) if field.primary_key else field.db_type(connection)}[]" for field, _ in columns)


@cache
def _insertion(model: type[models.Model]) -> tuple[str, list[Column]]:
    meta, quote = model._meta, connection.ops.quote_name
    key_is_given = meta.pk.db_returning is False and meta.pk.remote_field is not None
    columns = [_column(field) for field in meta.local_concrete_fields if key_is_given or not field.primary_key]
    names = ", ".join(quote(_name(field)) for field, _ in columns)
    return (
        f"INSERT INTO {quote(meta.db_table)} ({names}) SELECT * FROM unnest({_arrays(columns)}) RETURNING {quote(_name(meta.pk))}",
        columns,
    )


@cache
def _update(model: type[models.Model], fields: tuple[str, ...]) -> tuple[str, list[Column]]:
    meta, quote = model._meta, connection.ops.quote_name
    columns = [_column(meta.pk), *(_column(meta.get_field(name)) for name in fields)]
    table, key = quote(meta.db_table), quote(_name(meta.pk))
    names = ", ".join(quote(_name(field)) for field, _ in columns)
    sets = ", ".join(f"{quote(_name(field))} = new.{quote(_name(field))}" for field, _ in columns[1:])
    return f"UPDATE {table} SET {sets} FROM unnest({_arrays(columns)}) AS new({names}) WHERE {table}.{key} = new.{key}", columns
