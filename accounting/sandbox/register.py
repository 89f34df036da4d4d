"""What the sandbox payment gateway remembers: checkouts, what was charged, and which webhook calls it still owes.

All of it lives in one SQLite database, in memory or in a file. With a file, a restart forgets nothing.
"""

import secrets
import sqlite3
import time
from dataclasses import dataclass
from decimal import Decimal

from accounting.sandbox.mischief import PaymentOrders
from sandbox.door import Refused
from sandbox.memory import Event, Memory

MOST_CHECKOUTS = 20_000
TABLES = """
CREATE TABLE IF NOT EXISTS checkout (
    seq INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, reference TEXT UNIQUE NOT NULL, amount TEXT NOT NULL, currency TEXT NOT NULL,
    title TEXT NOT NULL, return_url TEXT NOT NULL, language TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'open', created_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS checkout_open ON checkout (created_at) WHERE status = 'open';
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, checkout_seq INTEGER NOT NULL, status TEXT NOT NULL, occurred_at REAL NOT NULL,
    charge TEXT NOT NULL DEFAULT '', amount TEXT NOT NULL DEFAULT '', told_amount TEXT NOT NULL DEFAULT '',
    calls_owed INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due_at REAL
);
CREATE INDEX IF NOT EXISTS event_checkout ON event (checkout_seq);
CREATE INDEX IF NOT EXISTS event_due ON event (due_at) WHERE due_at IS NOT NULL;
"""


@dataclass(frozen=True)
class Asked:
    """What a shop wants a customer to pay."""

    reference: str
    amount: Decimal
    currency: str
    title: str
    return_url: str
    language: str


@dataclass(frozen=True)
class Happened(Event):
    """One thing that happened to a checkout. `told_amount`: what calls of the webhook say of it."""

    charge: str
    amount: str
    told_amount: str


@dataclass(frozen=True)
class Kept:
    """A checkout as it stands. `status`: open, paid, declined or expired."""

    seq: int
    id: str
    asked: Asked
    status: str
    events: tuple[Happened, ...]


@dataclass(frozen=True)
class Call:
    """A webhook call that is due. `attempts`: how many have failed."""

    seq: int
    event: Happened
    checkout: Kept
    attempts: int


class Register(Memory):
    """The memory of the sandbox payment gateway."""

    def __init__(self, path: str = "", *, lifetime_seconds: float = 3600.0) -> None:
        super().__init__(path, TABLES)
        self._lifetime_seconds = lifetime_seconds

    def count(self) -> int:
        with self.news:
            return int(self._db.execute("SELECT count(*) FROM checkout").fetchone()[0])

    def open(self, asked: Asked) -> tuple[Kept, bool]:
        """Open a checkout; give it and whether it is new. Repeating gives the first one. Raises `Refused` where the reference was used otherwise."""
        with self.news:
            known = self.under(asked.reference)
            if known:
                if known.asked != asked:
                    raise Refused("This reference was used for another checkout.", code="reference_reused", status=409)
                return known, False
            self._db.execute(
                "INSERT INTO checkout (id, reference, amount, currency, title, return_url, language, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (f"chk_{secrets.token_hex(12)}", asked.reference, str(asked.amount), asked.currency, asked.title)
                + (asked.return_url, asked.language, time.time()),
            )
            kept = self.under(asked.reference)
            assert kept is not None
            if kept.seq % 500 == 0:
                self._db.execute("DELETE FROM event WHERE checkout_seq <= ?", (kept.seq - MOST_CHECKOUTS,))
                self._db.execute("DELETE FROM checkout WHERE seq <= ?", (kept.seq - MOST_CHECKOUTS,))
            return kept, True

    def under(self, reference: str) -> Kept | None:
        with self.news:
            return self._one("reference = ?", reference)

    def get(self, checkout_id: str) -> Kept | None:
        with self.news:
            return self._one("id = ?", checkout_id)

    def answer(self, checkout_id: str, status: str, orders: PaymentOrders) -> None:
        """Have a customer pay or decline. Only an open checkout can be; of any other nothing changes."""
        with self.news:
            kept = self.get(checkout_id)
            if kept is None or kept.status != "open":
                return
            amount = kept.asked.amount * 10 if orders.lie == "amount" else kept.asked.amount
            told = amount * 10 if orders.lie == "webhook" else amount
            charges = [f"chg_{secrets.token_hex(8)}" for _ in range(2 if orders.charge_twice else 1)] if status == "paid" else [""]
            for charge in charges:
                self._note(kept, status, orders, charge=charge, amount=str(amount) if charge else "", told=str(told) if charge else "")
            self.news.notify_all()

    def expire(self, orders: PaymentOrders) -> None:
        """Close what nobody has paid in time."""
        with self.news:
            old = self._db.execute("SELECT id FROM checkout WHERE status = 'open' AND created_at < ?", (time.time() - self._lifetime_seconds,))
            for row in old.fetchall():
                kept = self.get(row["id"])
                assert kept is not None
                self._note(kept, "expired", orders)

    def _note(self, kept: Kept, status: str, orders: PaymentOrders, *, charge: str = "", amount: str = "", told: str = "") -> None:
        calls, now = 0 if orders.silent_webhooks else 2 if orders.duplicate_webhooks else 1, time.time()
        with self._db:
            self._db.execute("BEGIN")
            self._db.execute("UPDATE checkout SET status = ? WHERE seq = ?", (status, kept.seq))
            self._db.execute(
                "INSERT INTO event (id, checkout_seq, status, occurred_at, charge, amount, told_amount, calls_owed, due_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (f"evt_{secrets.token_hex(8)}", kept.seq, status, now, charge, amount, told, calls, now if calls else None),
            )

    def _call(self, row: sqlite3.Row) -> Call:
        checkout = self._one("seq = ?", row["checkout_seq"])
        assert checkout is not None
        return Call(row["seq"], _happened(row), checkout, row["attempts"])

    def _one(self, where: str, value: str | int) -> Kept | None:
        row = self._db.execute(f"SELECT * FROM checkout WHERE {where}", (value,)).fetchone()
        if row is None:
            return None
        events = self._db.execute("SELECT * FROM event WHERE checkout_seq = ? ORDER BY seq", (row["seq"],)).fetchall()
        asked = Asked(row["reference"], Decimal(row["amount"]), row["currency"], row["title"], row["return_url"], row["language"])
        return Kept(row["seq"], row["id"], asked, row["status"], tuple(map(_happened, events)))


def _happened(row: sqlite3.Row) -> Happened:
    return Happened(row["id"], row["status"], row["occurred_at"], row["charge"], row["amount"], row["told_amount"])
