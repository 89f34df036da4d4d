"""Loading a database with millions of rows that it makes itself."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, models
from django.utils import timezone


@contextmanager
def bulk_load(*largest: type[models.Model]) -> Iterator[None]:
    """Load without checking every row against others, and have the indexes of the `largest` tables built once, at the end."""
    execute("SET session_replication_role = replica; SET synchronous_commit = off; SET statement_timeout = 0; SET maintenance_work_mem = '512MB'")
    execute("SET work_mem = '256MB'")
    indexes = []
    for model in largest:
        indexes += rows(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %s::regclass"
            " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
            [model._meta.db_table],
        )
    for name, _definition in indexes:
        execute(f"DROP INDEX {name}")
    yield
    for _name, definition in indexes:
        execute(definition)
    for setting in ("session_replication_role", "synchronous_commit", "statement_timeout", "maintenance_work_mem", "work_mem"):
        execute(f"RESET {setting}")


def fill(model: type[models.Model], source: str, **columns: str) -> None:
    """Insert a row of `model` for every row of `source`: `columns` as SQL, all others as the model would leave them."""
    names, values, parameters = [], [], []
    for field in model._meta.local_concrete_fields:
        if field.attname in columns:
            values.append(columns.pop(field.attname))
        elif field.primary_key:
            continue
        else:
            values.append(f"%s::{field.db_type(connection)}")
            parameters.append(field.get_db_prep_save(_usual(field), connection))
        names.append(f'"{field.column}"')
    if columns:
        raise AssertionError(f"{model.__name__} has no {', '.join(columns)}")
    source = source.replace("%", "%%") if parameters else source
    # What is given as SQL speaks of remainders too.
    values = [value if value.startswith("%s::") or not parameters else value.replace("%", "%%") for value in values]
    text = f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {source}"
    with connection.cursor() as cursor:
        cursor.execute(text, parameters or None)


def _usual(field: models.Field) -> Any:
    if getattr(field, "auto_now_add", False):
        return timezone.now()
    if field.has_default():
        return field.get_default()
    return None if field.null else ""


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def rows(statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def one(statement: str) -> Any:
    return rows(statement)[0][0]
