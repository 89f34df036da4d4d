"""What the sandbox carrier remembers: shipments, what happened to them, and which webhook calls it still owes.

All of it lives in one SQLite database, in memory or in a file. With a file, a restart forgets nothing and parcels go on.
"""

import json
import secrets
import sqlite3
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.door import Refused
from sandbox.memory import Event, Memory
from shipping.sandbox.journeys import journey_of, place_of
from shipping.sandbox.requests import Asked, read_request
from shipping.sandbox.tariff import price, service_for

MOST_SHIPMENTS = 20_000
TABLES = """
CREATE TABLE IF NOT EXISTS shipment (
    seq INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, idempotency_key TEXT UNIQUE NOT NULL, reference TEXT NOT NULL,
    body TEXT NOT NULL, fingerprint TEXT NOT NULL, tracking_number TEXT UNIQUE NOT NULL, cost TEXT NOT NULL,
    status TEXT NOT NULL, created_at REAL NOT NULL, steps_done INTEGER NOT NULL DEFAULT 0, moves_at REAL
);
CREATE INDEX IF NOT EXISTS shipment_reference ON shipment (reference);
CREATE INDEX IF NOT EXISTS shipment_moves ON shipment (moves_at) WHERE moves_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, shipment_seq INTEGER NOT NULL, status TEXT NOT NULL,
    occurred_at REAL NOT NULL, description TEXT NOT NULL, location TEXT NOT NULL,
    calls_owed INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due_at REAL
);
CREATE INDEX IF NOT EXISTS event_shipment ON event (shipment_seq);
CREATE INDEX IF NOT EXISTS event_due ON event (due_at) WHERE due_at IS NOT NULL;
"""


@dataclass(frozen=True)
class Happened(Event):
    """One thing that happened to a shipment."""

    description: str
    location: str


@dataclass(frozen=True)
class Kept:
    """A shipment as it stands. `asked`: what was asked for. `status`: booked, voided, handed_over, or that of its last event."""

    seq: int
    id: str
    asked: Asked
    tracking_number: str
    cost: Decimal
    status: str
    created_at: float
    events: tuple[Happened, ...]


@dataclass(frozen=True)
class Call:
    """A webhook call that is due. `attempts`: how many have failed."""

    seq: int
    event: Happened
    shipment: Kept
    attempts: int


class Depot(Memory):
    """The memory of the sandbox carrier."""

    def __init__(self, path: str = "", *, most_shipments: int = MOST_SHIPMENTS) -> None:
        super().__init__(path, TABLES)
        self._most_shipments = most_shipments

    def count(self) -> int:
        with self.news:
            return int(self._db.execute("SELECT count(*) FROM shipment").fetchone()[0])

    def book(self, key: str, asked: Asked, body: dict[str, Any]) -> tuple[Kept, bool]:
        """Book under the idempotency key `key`; give the shipment and whether it is new. Repeating gives the first one.

        Raises `Refused` where the key was used for another request.
        """
        with self.news:
            known = self._one("idempotency_key = ?", key)
            if known:
                if known.asked.fingerprint != asked.fingerprint:
                    raise Refused("This Idempotency-Key was used for another request.", code="key_reused", status=409)
                return known, False
            cost = price(service_for(asked), asked)
            shipment_id = f"shp_{secrets.token_hex(8)}"
            self._db.execute(
                "INSERT INTO shipment (id, idempotency_key, reference, body, fingerprint, tracking_number, cost, status,"
                " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'booked', ?)",
                (shipment_id, key, asked.reference, json.dumps(body), asked.fingerprint, self._new_number(asked.mode)) + (str(cost), time.time()),
            )
            kept = self.get(shipment_id)
            if kept.seq % 500 == 0:
                self._forget_the_oldest(kept.seq)
            return kept, True

    def get(self, shipment_id: str) -> Kept:
        """Raises `Refused` (404) where there is none."""
        with self.news:
            found = self._one("id = ?", shipment_id)
            if not found:
                raise Refused("There is no such shipment.", code="not_found", status=404)
            return found

    def tracked(self, tracking_number: str) -> Kept | None:
        with self.news:
            return self._one("tracking_number = ?", tracking_number)

    def under(self, reference: str) -> list[Kept]:
        """Give the shipments booked under a reference, oldest first. There can be several: one for each key."""
        with self.news:
            rows = self._db.execute("SELECT * FROM shipment WHERE reference = ? ORDER BY seq LIMIT 20", (reference,))
            return [self._kept(row) for row in rows.fetchall()]

    def void(self, shipment_id: str) -> None:
        """Cancel a booking. Safe to repeat. Raises `Refused` once the driver has it."""
        with self.news:
            if self.get(shipment_id).status not in ("booked", "voided"):
                raise Refused("The driver has it already.", code="under_way", status=409)
            self._db.execute("UPDATE shipment SET status = 'voided' WHERE id = ?", (shipment_id,))

    def hand_over(self, shipment_id: str, *, first_step_at: float) -> Kept:
        """Take the goods: from `first_step_at` they move along. Safe to repeat. Raises `Refused` where it was voided."""
        with self.news:
            status = self.get(shipment_id).status
            if status == "voided":
                raise Refused("This shipment was voided.", code="voided", status=409)
            if status == "booked":
                self._db.execute(
                    "UPDATE shipment SET status = 'handed_over', moves_at = ? WHERE id = ?",
                    (first_step_at, shipment_id),
                )
                self.news.notify_all()
            return self.get(shipment_id)

    def move(self, now: float, *, step_seconds: float, calls: int, hold_back: bool) -> float | None:
        """Move every shipment that is due at `now` one step on; give the instant when the next one is due.

        `calls`: how many webhook calls each step is worth. `hold_back`: make them only when the journey is over,
        newest first.
        """
        with self.news:
            due = self._db.execute("SELECT * FROM shipment WHERE moves_at <= ? ORDER BY moves_at LIMIT 500", (now,)).fetchall()
            for row in due:
                self._step(row, now, step_seconds, calls, hold_back)
            if due:
                self.news.notify_all()
            next_at: float | None = self._db.execute("SELECT min(moves_at) FROM shipment WHERE moves_at IS NOT NULL").fetchone()[0]
            return next_at

    def _step(self, row: sqlite3.Row, now: float, step_seconds: float, calls: int, hold_back: bool) -> None:
        asked = read_request(json.loads(row["body"]))
        journey = journey_of(asked)
        step, done = journey[row["steps_done"]], row["steps_done"] + 1
        is_over = done == len(journey)
        with self._db:
            self._db.execute("BEGIN")
            self._db.execute(
                "INSERT INTO event (id, shipment_seq, status, occurred_at, description, location, calls_owed, due_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (f"evt_{row['id'][4:]}_{done}", row["seq"], step.status, row["moves_at"], step.description)
                + (place_of(step, asked), calls, now if calls and not hold_back else None),
            )
            self._db.execute(
                "UPDATE shipment SET status = ?, steps_done = ?, moves_at = ? WHERE seq = ?",
                (step.status, done, None if is_over else row["moves_at"] + step_seconds, row["seq"]),
            )
            if is_over:
                self._db.execute(  # what was held back goes out newest first
                    "UPDATE event SET due_at = ? - seq * 1e-6 WHERE shipment_seq = ? AND due_at IS NULL AND calls_owed > 0",
                    (now, row["seq"]),
                )

    def _call(self, row: sqlite3.Row) -> Call:
        shipment = self._one("seq = ?", row["shipment_seq"])
        assert shipment is not None
        return Call(row["seq"], _happened(row), shipment, row["attempts"])

    def _one(self, where: str, value: str | int) -> Kept | None:
        row = self._db.execute(f"SELECT * FROM shipment WHERE {where}", (value,)).fetchone()
        return row and self._kept(row)

    def _kept(self, row: sqlite3.Row) -> Kept:
        events = self._db.execute("SELECT * FROM event WHERE shipment_seq = ? ORDER BY seq", (row["seq"],)).fetchall()
        return Kept(
            seq=row["seq"],
            id=row["id"],
            asked=read_request(json.loads(row["body"])),
            tracking_number=row["tracking_number"],
            cost=Decimal(row["cost"]),
            status=row["status"],
            created_at=row["created_at"],
            events=tuple(map(_happened, events)),
        )

    def _new_number(self, mode: str) -> str:
        """Give a tracking or PRO number that nobody has, random so that a carrier that lost its memory repeats none."""
        while True:
            digits = f"{secrets.randbelow(10**12 if mode == 'parcel' else 10**9):0{12 if mode == 'parcel' else 9}d}"
            number = f"{'SB' if mode == 'parcel' else ''}{digits}{_check_digit(digits)}"
            if not self.tracked(number):
                return number

    def _forget_the_oldest(self, newest: int) -> None:
        old = newest - self._most_shipments
        self._db.execute("DELETE FROM event WHERE shipment_seq <= ?", (old,))
        self._db.execute("DELETE FROM shipment WHERE seq <= ?", (old,))


def _happened(row: sqlite3.Row) -> Happened:
    return Happened(row["id"], row["status"], row["occurred_at"], row["description"], row["location"])


def _check_digit(digits: str) -> int:
    """Luhn's (ISO/IEC 7812-1, annex B)."""
    doubled = (int(d) * 2 if n % 2 == 0 else int(d) for n, d in enumerate(reversed(digits)))
    return -sum(d // 10 + d % 10 for d in doubled) % 10
