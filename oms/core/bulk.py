"""Save many rows in one statement."""

from collections.abc import Sequence
from functools import cache
from operator import attrgetter

from django.db import connection
from django.db.models import Model


@cache
def _statement(model: type[Model], fields: tuple[str, ...]) -> tuple[str, list]:
    meta = model._meta
    columns = [meta.get_field(name) for name in fields]
    quote = connection.ops.quote_name
    pk = meta.pk
    arrays = ", ".join(f"%s::{field.db_type(connection)}[]" for field in (pk, *columns))
    names = ", ".join(quote(field.column) for field in columns)
    sets = ", ".join(f"{quote(field.column)} = new.{quote(field.column)}" for field in columns)
    table, key = quote(meta.db_table), quote(pk.column)
    return (
        f"UPDATE {table} SET {sets} FROM unnest({arrays}) AS new({key}, {names})"
        f" WHERE {table}.{key} = new.{key}",
        columns,
    )


def save_all(rows: Sequence[Model], *fields: str) -> None:
    """Write `fields` of every row in one UPDATE, whatever their number.

    The caller holds the rows locked; a row that is gone is a broken promise and raises. Not for JSON columns.
    """
    if not rows:
        return
    statement, columns = _statement(type(rows[0]), fields)
    values = [[row.pk for row in rows]]
    for field in columns:
        read = attrgetter(field.attname)
        values.append([field.get_db_prep_save(read(row), connection) for row in rows])
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        if cursor.rowcount != len(rows):
            raise AssertionError(f"{cursor.rowcount} of {len(rows)} {rows[0]._meta.verbose_name} rows were there to save")
