"""How the sandbox carrier misbehaves, and how it is told to.

By `POST /v1/_behave` with any of these, replacing what was told before; `{}` makes it good again:

    fail               "500", "refuse"  nothing is booked
                       "after", "cut", "late", "reset"  it is booked, then the answer is a 500, breaks off in the
                       middle, comes after `slow_seconds` (15 where not said), or the connection is reset
    slow_seconds       wait this long before each answer
    on                 what it applies to: "book" (as when not said), "look_up", "rates", "void", "handover", "any"
    times              how often; until further notice where not said
    duplicate_webhooks each call of our webhook is made twice
    shuffle_webhooks   the calls for a parcel are held back until it has arrived, then made newest first

By a word in the recipient's name, company or postcode, for booking:

    SANDBOX-REFUSE   always refused
    SANDBOX-500 SANDBOX-AFTER SANDBOX-CUT SANDBOX-LATE SANDBOX-RESET   as above, the first time a reference is seen
    SANDBOX-SLOW     every answer takes three seconds
    SANDBOX-EXCEPTION SANDBOX-RETURN SANDBOX-LOST   booked as any other, but the journey goes wrong (see `journeys`)
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

FAILURES = ("500", "refuse", "after", "cut", "late", "reset")
SUBJECTS = ("book", "look_up", "rates", "void", "handover", "any")
LATE_SECONDS = 15.0
MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class Mischief:
    """What goes wrong with one answer. `fail`: one of FAILURES, or nothing."""

    fail: str = ""
    slow_seconds: float = 0.0


@dataclass
class Orders:
    """What `POST /v1/_behave` said last. Raises ValueError where it makes no sense."""

    fail: str = ""
    slow_seconds: float = 0.0
    on: str = "book"
    times: int | None = None
    duplicate_webhooks: bool = False
    shuffle_webhooks: bool = False

    def __post_init__(self) -> None:
        if self.fail and self.fail not in FAILURES:
            raise ValueError(f"fail is one of {', '.join(FAILURES)}")
        if self.on not in SUBJECTS:
            raise ValueError(f"on is one of {', '.join(SUBJECTS)}")
        if self.times is not None and type(self.times) is not int:
            raise ValueError("times is a whole number")
        if not 0 <= float(self.slow_seconds) <= 120:
            raise ValueError("slow_seconds lies between 0 and 120")


class Temper:
    """Decides, for each request, what goes wrong with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders = Orders()
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    def tell(self, said: dict[str, Any]) -> Orders:
        """Follow `said` from now on. Raises TypeError or ValueError where it makes no sense."""
        orders = Orders(**said)
        with self._lock:
            self._orders = orders
        return orders

    @property
    def orders(self) -> Orders:
        return self._orders

    def for_request(self, subject: str, *, words: str = "", reference: str = "") -> Mischief:
        """Give what goes wrong with this request. `words`: where to look for magic ones."""
        with self._lock:
            return self._ordered(subject) or self._by_magic(words.upper(), reference) or Mischief()

    def _ordered(self, subject: str) -> Mischief | None:
        orders = self._orders
        if orders.on not in (subject, "any") or orders.times == 0 or not (orders.fail or orders.slow_seconds):
            return None
        if orders.times is not None:
            orders.times -= 1
        slow = orders.slow_seconds or (LATE_SECONDS if orders.fail == "late" else 0.0)
        return Mischief(orders.fail, float(slow))

    def _by_magic(self, words: str, reference: str) -> Mischief | None:
        if "SANDBOX-SLOW" in words:
            return Mischief(slow_seconds=3.0)
        for fail in FAILURES:
            if f"SANDBOX-{fail.upper()}" in words and (fail == "refuse" or self._is_new(fail, reference)):
                return Mischief(fail, LATE_SECONDS if fail == "late" else 0.0)
        return None

    def _is_new(self, fail: str, reference: str) -> bool:
        if (fail, reference) in self._seen:
            return False
        self._seen[fail, reference] = None
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return True
