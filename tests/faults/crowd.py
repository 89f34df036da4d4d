"""Many people at once, each on a connection of their own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection, connections
from django.db.utils import IntegrityError, OperationalError

from oms.core.errors import BusinessError


class Rolled(Exception):
    """Somebody pulled the plug in the middle."""


def together(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Run `act(i)` on `count` connections, all released at once; give what each gave or raised."""
    barrier = threading.Barrier(count, timeout=60)

    def one(i: int) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait()
            return act(i)
        except (BusinessError, IntegrityError, OperationalError, Rolled) as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def elsewhere(act: Callable[[], Any]) -> Any:
    """Run `act()` on another connection and wait for it: somebody who comes in between."""
    with ThreadPoolExecutor(1) as pool:

        def one() -> Any:
            try:
                return act()
            finally:
                connections.close_all()

        return pool.submit(one).result(timeout=60)


def deadlocks() -> int:
    """Give the deadlocks of this database so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]
