"""How whoever lives behind a door misbehaves: what all of them may be told."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

FAILURES = ("500", "refuse", "after", "cut", "late", "reset")
LATE_SECONDS = 15.0
MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class Mischief:
    """What goes wrong with one answer. `fail`: one of FAILURES, or nothing."""

    fail: str = ""
    slow_seconds: float = 0.0


@dataclass
class Orders:
    """What `POST /v1/_behave` said last. `on`: one of `subjects`. Raises ValueError where it makes no sense."""

    fail: str = ""
    slow_seconds: float = 0.0
    on: str = ""
    times: int | None = None

    def __post_init__(self) -> None:
        if self.fail and self.fail not in FAILURES:
            raise ValueError(f"fail is one of {', '.join(FAILURES)}")
        if self.on not in self.subjects:
            raise ValueError(f"on is one of {', '.join(self.subjects)}")
        if self.times is not None and type(self.times) is not int:
            raise ValueError("times is a whole number")
        if not 0 <= float(self.slow_seconds) <= 120:
            raise ValueError("slow_seconds lies between 0 and 120")

    @property
    def subjects(self) -> tuple[str, ...]:
        """What it may apply to."""
        return ("",)


Told = TypeVar("Told", bound=Orders)


class Temper(Generic[Told]):
    """Decides, for each request, what goes wrong with it."""

    def __init__(self, kind: type[Told]) -> None:
        self._lock = threading.Lock()
        self._kind = kind
        self._orders = kind()
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    def tell(self, said: dict[str, Any]) -> Told:
        """Follow `said` from now on. Raises TypeError or ValueError where it makes no sense."""
        orders = self._kind(**said)
        with self._lock:
            self._orders = orders
        return orders

    @property
    def orders(self) -> Told:
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
