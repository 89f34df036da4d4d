"""What must always be true, as SQL: each check selects what breaks it, and selects nothing when all is well.

Every app lists its own in `invariants.py`; `manage.py check_invariants` runs them all.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction


@dataclass(frozen=True)
class Invariant:
    """`sentence`: what is always true. `broken`: SQL whose rows are what breaks it."""

    sentence: str
    broken: str


@dataclass(frozen=True)
class Breach:
    """An invariant that does not hold, how often, and its first rows."""

    sentence: str
    rows: int
    examples: list[dict[str, str]]


# A proof reads all there is: it may take longer than what people wait for, and is stopped all the same before the next one begins.
PROOF_SECONDS = 240


def prove(invariants: Iterable[Invariant], *, examples: int = 5) -> list[Breach]:
    """Prove `invariants`, all against one snapshot of the database. Gives what is broken. Locks nothing."""
    breaches = []
    with transaction.atomic(), connection.cursor() as cursor:
        if not connection.needs_rollback and len(connection.savepoint_ids) == 0:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute(f"SET LOCAL statement_timeout = '{PROOF_SECONDS}s'")
        for invariant in invariants:
            cursor.execute(invariant.broken)
            rows = cursor.fetchall()
            if rows:
                names = [column.name for column in cursor.description]
                shown = [dict(zip(names, map(str, row), strict=True)) for row in rows[:examples]]
                breaches.append(Breach(invariant.sentence, len(rows), shown))
    return breaches
