"""What a sandbox remembers, in one SQLite database, in memory or in a file, and the webhook calls that it still owes."""

import sqlite3
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Event:
    """One thing that happened. `occurred_at`: seconds since the epoch."""

    id: str
    status: str
    occurred_at: float

    @property
    def occurred(self) -> str:
        return datetime.fromtimestamp(self.occurred_at, UTC).isoformat(timespec="milliseconds")


class Memory:
    """Safe to use from many threads. `news` is notified whenever something may have become due. With a file, a restart forgets nothing.

    `tables`: what is remembered; among them `event`, with `seq`, `calls_owed`, `attempts` and `due_at`.
    """

    def __init__(self, path: str, tables: str) -> None:
        self.news = threading.Condition(threading.RLock())
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + tables)

    def close(self) -> None:
        with self.news:
            self._db.close()

    def next_call(self) -> tuple[Any, float | None]:
        """Give the webhook call that has been due longest, or None, and the instant when the next one is due."""
        with self.news:
            row = self._db.execute("SELECT * FROM event WHERE due_at IS NOT NULL ORDER BY due_at, seq LIMIT 1").fetchone()
            if row is None or row["due_at"] > time.time():
                return None, row and row["due_at"]
            return self._call(row), row["due_at"]

    def call_made(self, call: Any) -> None:
        """Note that a call was answered well. A call that is owed once more stays due."""
        with self.news:
            self._db.execute(
                "UPDATE event SET calls_owed = calls_owed - 1, due_at = CASE WHEN calls_owed > 1 THEN due_at END WHERE seq = ?", (call.seq,)
            )
            self.news.notify_all()

    def call_failed(self, call: Any, *, again_at: float | None) -> None:
        """Note that a call failed. `again_at` None: give it up."""
        with self.news:
            self._db.execute("UPDATE event SET attempts = attempts + 1, due_at = ? WHERE seq = ?", (again_at, call.seq))

    def _call(self, row: sqlite3.Row) -> Any:
        """Give the call that a row of `event` owes, with `seq`, `event` and `attempts`."""
        raise NotImplementedError
