"""The only place that spells a row lock.

Order of locks, everywhere: draft → drawer → order → checkout → shipment / invoice → stock levels by primary key → number series. Always
FOR NO KEY UPDATE: an insert that refers to a row takes a key share on it, and upgrading that one deadlocks.
"""

from collections.abc import Iterable
from typing import TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def lock(rows: QuerySet[M]) -> list[M]:
    """Lock `rows` in primary-key order and give them as they are now. Waits for whoever holds them.

    Returns a list, evaluated: a lazy lock that nobody evaluates is no lock. Only the model's own table is locked, not what `select_related` joins:
    who has waited is given the row as it is now beside what was joined to it before. Join nothing that the row may by then refer to anew.
    """
    return list(rows.order_by("pk").select_for_update(no_key=True, of=("self",)))


def lock_one(rows: QuerySet[M], pk: int) -> M:
    """Lock the row `pk` of `rows` and give it as it is now. Raises the model's DoesNotExist."""
    found = lock(rows.filter(pk=pk))
    if not found:
        raise rows.model.DoesNotExist(f"{rows.model.__name__} {pk}")
    return found[0]


def claim(queue: QuerySet[M], *, limit: int) -> list[M]:
    """Lock up to `limit` rows of `queue` that nobody else holds, in the queue's own order. For queues only."""
    return list(queue.select_for_update(no_key=True, skip_locked=True, of=("self",))[:limit])


def take_turn(name: str) -> None:
    """Wait until nobody else is at `name`, and keep the turn until the transaction ends. Taken before any row.

    For work that is done in the order of its queue: two who each skip what the other has locked would not keep it.
    """
    take_turns([name])


def take_turns(names: Iterable[str]) -> None:
    """As `take_turn`, at every one of `names`, in an order of their own: two who want the same ones never wait for each other. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(turn) FROM"
            " (SELECT hashtextextended(name, 0) AS turn FROM unnest(%s::text[]) AS name GROUP BY 1 ORDER BY 1 OFFSET 0) AS turns",
            [[f"turn:{name}" for name in names]],
        )
