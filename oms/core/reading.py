"""Read rows by a statement of ours: for the few reads that every order makes on its way in.

The ORM words a statement anew each time it is asked. On the way of an order that costs more than the statement does.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models

M = TypeVar("M", bound=models.Model)


@cache
def columns_of(model: type[models.Model]) -> str:
    """Give the columns of `model` for a SELECT, each with its table's name, in the order that `instance` takes their values in."""
    quote = connection.ops.quote_name
    return ", ".join(f"{quote(model._meta.db_table)}.{quote(str(field.column))}" for field in model._meta.concrete_fields)


def instance(model: type[M], values: Sequence[Any]) -> M:
    """Make the row of `model` that `values` are of, as the ORM would; values beyond its own columns are left over."""
    names, converted = _reading(model)
    row = list(values[: len(names)])
    for position, convert in converted:
        row[position] = convert(row[position], None, connection)
    return model.from_db(connection.alias, names, row)


def read(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Give what `statement`, a constant of ours, finds; `values` are bound."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


@cache
def _reading(model: type[models.Model]) -> tuple[list[str], list[tuple[int, Any]]]:
    fields = model._meta.concrete_fields
    converted = [(position, field.from_db_value) for position, field in enumerate(fields) if hasattr(field, "from_db_value")]
    return [field.attname for field in fields], converted
