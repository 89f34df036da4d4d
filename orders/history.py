"""What a customer has bought: by year, by SKU, and what came back. Each one query over their own orders, whatever there is of others'.

Lines are looked at of their latest orders alone: what they buy is what they buy lately, and who orders every hour costs no more than others.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from oms.core.money import ZERO
from oms.core.reading import read

MOST_SKUS = 12
LATEST = 1_000
_BOUGHT = "o.customer_id = %s AND o.placed_at IS NOT NULL AND o.state NOT IN ('cancelled', 'expired')"
_LATELY = f"(SELECT o.id, o.placed_at FROM orders_order o WHERE {_BOUGHT} ORDER BY o.placed_at DESC, o.id DESC LIMIT {LATEST}) o"


@dataclass(frozen=True)
class Year:
    """What was ordered in a calendar year, with tax."""

    year: int
    orders: int
    total: Decimal


@dataclass(frozen=True)
class Habit:
    """A SKU that a customer buys: in how many orders, how many units in all and usually, since when and last; `returned`: units that came back."""

    code: str
    name: str
    orders: int
    units: int
    usual: int
    first_at: datetime
    last_at: datetime
    returned: int

    @property
    def every(self) -> timedelta | None:
        """How long it usually is from one order to the next; None after a single one."""
        return (self.last_at - self.first_at) / (self.orders - 1) if self.orders > 1 else None

    @property
    def is_due(self) -> bool:
        """By their habit they would have ordered it again by now."""
        return self.every is not None and self.orders > 2 and datetime.now(self.last_at.tzinfo) - self.last_at > self.every


@dataclass(frozen=True)
class Standing:
    """How it stands with a customer's orders now. `returned`: units that came back, of `shipped`, of their latest orders."""

    open_orders: int
    open_total: Decimal
    held: int
    shipped: int
    returned: int


def volume_by_year(customer_id: int, *, today: date, years: int = 6) -> list[Year]:
    """Give the last `years` calendar years, the oldest first, those without an order with nothing; from the year of the first order on."""
    rows = read(
        f"SELECT extract(year FROM o.placed_at)::int, count(*), sum(o.total) FROM orders_order o WHERE {_BOUGHT} GROUP BY 1 ORDER BY 1", [customer_id]
    )
    known = {year: (count, total) for year, count, total in rows}
    first = max(min(known, default=today.year), today.year - years + 1)
    return [Year(year, *known.get(year, (0, ZERO))) for year in range(first, today.year + 1)]


def habits_of(customer_id: int, *, most: int = MOST_SKUS) -> list[Habit]:
    """Give the SKUs that a customer buys most often in their latest orders, the most frequent first."""
    rows = read(
        "SELECT sku.code, sku.name, count(DISTINCT o.id), sum(line.quantity - line.cancelled)::int,"
        " percentile_disc(0.5) WITHIN GROUP (ORDER BY line.quantity), min(o.placed_at), max(o.placed_at), sum(line.returned)::int"
        f" FROM {_LATELY} JOIN orders_orderline line ON line.order_id = o.id JOIN inventory_sku sku ON sku.id = line.sku_id"
        " WHERE line.quantity > line.cancelled GROUP BY sku.id ORDER BY 3 DESC, 7 DESC, sku.code LIMIT %s",
        [customer_id, most],
    )
    return [Habit(*row) for row in rows]


def standing_of(customer_id: int) -> Standing:
    """Give how it stands with a customer's orders now."""
    [(open_orders, open_total, held)] = read(
        "SELECT count(*) FILTER (WHERE is_open), coalesce(sum(total) FILTER (WHERE is_open), 0), count(*) FILTER (WHERE is_open AND open_holds > 0)"
        " FROM (SELECT total, open_holds, state NOT IN ('completed', 'cancelled', 'expired') AS is_open FROM orders_order o"
        " WHERE o.customer_id = %s AND o.placed_at IS NOT NULL) mine",
        [customer_id],
    )
    [(shipped, returned)] = read(
        "SELECT coalesce(sum(line.shipped), 0)::int, coalesce(sum(line.returned), 0)::int"
        f" FROM {_LATELY} JOIN orders_orderline line ON line.order_id = o.id",
        [customer_id],
    )
    return Standing(open_orders, open_total, held, shipped, returned)
