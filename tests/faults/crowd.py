"""Many people at once, each on a connection of their own."""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections, transaction
from django.db.utils import IntegrityError, OperationalError

from oms.core.errors import BusinessError


class Rolled(Exception):
    """Somebody pulled the plug in the middle."""


def together(count: int, act: Callable[[int], Any], *, hands: int | None = None) -> list[Any]:
    """Run `act(i)` for every i below `count` on as many connections, all released at once; give what each gave or raised.

    `hands`: that many connections, each of which does one after the other: as many attempts, and always so many in the same moment.
    """
    hands = min(hands or count, count)
    barrier = threading.Barrier(hands, timeout=180)
    results: list[Any] = [None] * count

    def one(hand: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait()
            for i in range(hand, count, hands):
                results[i] = _tried(lambda i=i: act(i))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(hands) as pool:
        list(pool.map(one, range(hands)))
    return results


def patiently(act: Callable[[], Any]) -> Any:
    """Run `act()` again as long as it waited too long for somebody else's lock: as the sweep has a station do on a busy machine."""
    for _ in range(20):
        try:
            return act()
        except OperationalError as error:
            if "lock timeout" not in str(error):
                raise
    raise AssertionError("nobody ever let go of the lock")


def elsewhere(act: Callable[[], Any]) -> Any:
    """Run `act()` on another connection and wait for it: somebody who comes in between."""
    with ThreadPoolExecutor(1) as pool:

        def one() -> Any:
            try:
                return act()
            finally:
                connections.close_all()

        return pool.submit(one).result(timeout=60)


def in_the_middle(first: Callable[[], Any], then: Callable[[], Any]) -> tuple[Any, Any]:
    """Run `first` in a transaction; before it commits, let `then` begin elsewhere and run until it is done or waits for us. Give both results.

    The moment in which two who do not see each other yet pass each other by, made to happen every time.
    """
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            result = first()
            running = pool.submit(_alone, then)
            while not running.done() and not _somebody_waits():
                wait([running], timeout=0.02)
        return result, running.result(timeout=60)


def _alone(act: Callable[[], Any]) -> Any:
    try:
        return _tried(act)
    finally:
        connections.close_all()


def _tried(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except (BusinessError, IntegrityError, OperationalError, Rolled) as error:
        return error


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        # Not pg_stat_activity: in a transaction it goes on showing who was there when it was first looked at.
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))")
        return cursor.fetchone()[0]


def without(*tables: str) -> Callable[[], None]:
    """Take the checks and triggers of `tables` away; give what puts them back: for twins, in which only the lock was left."""
    checks = _take_checks_away(tables)
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")

    def put_back() -> None:
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        _put_checks_back(checks)

    return put_back


@contextmanager
def unchecked(*tables: str) -> Iterator[None]:
    """Take the checks of `tables` away for a while; their triggers stay."""
    checks = _take_checks_away(tables)
    try:
        yield
    finally:
        _put_checks_back(checks)


@contextmanager
def unlocked(trigger: str) -> Iterator[None]:
    """Have the triggers of that name lock nothing for a while: for twins of what the database does by itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname ~ %s", [f"^pgtrigger_{trigger}_[0-9a-f]{{5}}$"])
        functions = [function for (function,) in cursor.fetchall()]
        for function in functions:
            assert _LOCK.search(function)
            cursor.execute(_LOCK.sub("", function))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for function in functions:
                cursor.execute(function)


_LOCK = re.compile(r"FOR (NO KEY )?UPDATE")


def _take_checks_away(tables: Sequence[str]) -> list[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'c' AND conrelid::regclass::text = ANY(%s)",
            [list(tables)],
        )
        checks: list[tuple[str, str, str]] = cursor.fetchall()
        for table, name, _ in checks:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    return checks


def _put_checks_back(checks: Sequence[tuple[str, str, str]]) -> None:
    with connection.cursor() as cursor:
        for table, name, check in checks:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {check} NOT VALID")


def deadlocks() -> int:
    """Give the deadlocks of this database so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]
