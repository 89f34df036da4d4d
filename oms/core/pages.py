"""Keyset pages: every page costs the same, however far down the list, and nothing is skipped or shown twice while rows come in."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import F, Model, Q, QuerySet
from django.utils.translation import gettext as _

from oms.core.errors import Invalid

M = TypeVar("M", bound=Model)
R = TypeVar("R")


@dataclass(frozen=True)
class Page(Generic[R]):
    """Rows of a page, and the cursor of the next one (empty on the last)."""

    rows: list[R]
    next: str


def keyset_page(rows: QuerySet[M], *, order: tuple[str, ...], after: str = "", size: int = 50, has_nulls: bool = False) -> Page[M]:
    """Give up to `size` of `rows` behind the cursor `after`, in `order`, which ends with a unique column. One query, no count.

    `has_nulls`: the first column may be NULL; those rows come last. Raises Invalid for a cursor that is not one of ours.
    """
    columns = [(name.lstrip("-"), name.startswith("-")) for name in order]
    if after:
        rows = rows.filter(_beyond(columns, _values(after, rows.model, columns), has_nulls))
    terms: list[Any] = list(order)
    if has_nulls:
        name, falls = columns[0]
        terms[0] = F(name).desc(nulls_last=True) if falls else F(name).asc(nulls_last=True)
    found = list(rows.order_by(*terms)[: size + 1])
    more = len(found) > size
    found = found[:size]
    return Page(found, _cursor(found[-1], columns) if more else "")


def _beyond(columns: list[tuple[str, bool]], values: list[Any], has_nulls: bool) -> Q:
    """Word “behind the cursor”. The bound on the first column says nothing new, but lets an index start where the page does."""
    beyond, equal, bound = Q(pk__in=[]), Q(), Q()
    for position, ((name, falls), value) in enumerate(zip(columns, values, strict=True)):
        if value is None:
            equal &= Q(**{f"{name}__isnull": True})
            continue
        further = Q(**{f"{name}__lt" if falls else f"{name}__gt": value})
        if has_nulls and position == 0:
            further |= Q(**{f"{name}__isnull": True})
        elif position == 0:
            bound = Q(**{f"{name}__lte" if falls else f"{name}__gte": value})
        beyond |= equal & further
        equal &= Q(**{name: value})
    return bound & beyond


def cursor_of(values: Sequence[Any]) -> str:
    """Write the cursor behind a row: what its columns of the order hold. For a list that is asked for in SQL of its own."""
    return base64.urlsafe_b64encode(json.dumps([_plain(value) for value in values]).encode()).decode().rstrip("=")


def values_of(cursor: str, kinds: Sequence[Callable[[Any], Any]]) -> list[Any]:
    """Read what `cursor_of` wrote, each value by its kind; a kind raises for what is none. Raises Invalid for a cursor that is not one of ours."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(kinds) or any(isinstance(value, str) and "\x00" in value for value in values):
            raise ValueError
        return [None if value is None else kind(value) for kind, value in zip(kinds, values, strict=True)]
    except (ValueError, TypeError, binascii.Error, ValidationError, OverflowError):
        raise Invalid(_("That is not a cursor of this list: start again without one."), pointer="/cursor") from None


def _cursor(row: Model, columns: list[tuple[str, bool]]) -> str:
    return cursor_of([getattr(row, name) for name, _falls in columns])


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _values(cursor: str, model: type[Model], columns: list[tuple[str, bool]]) -> list[Any]:
    return values_of(cursor, [model._meta.get_field(name).to_python for name, _falls in columns])
