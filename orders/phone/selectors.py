"""What the phone form looks up beside the lines: each a bounded query or two, whatever there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from customers.models import Channel, Customer
from inventory.finding import MOST_FOUND, find_skus
from inventory.models import Sku, Substitute
from inventory.selectors import to_promise
from oms.core.models import User
from oms.core.readable import human_number, row_of
from orders.history import habits_of
from orders.models import CustomerPart, Order
from orders.placing import priced_skus

MOST_OFFERED = 9
MOST_BESIDE = 3
SAME_WITHIN = timedelta(hours=24)
# Of so many orders that have a SKU, the latest, it is asked what else they have.
_RECENT = 200


@dataclass(frozen=True)
class Offer:
    """A SKU that may be wanted, with what is usually taken of it. `free`: units over all warehouses."""

    code: str
    name: str
    quantity: int
    free: int
    orders: int = 0
    is_due: bool = False


@dataclass(frozen=True)
class Duplicate:
    """An order of the same customer with the same SKUs, placed a short while ago."""

    number: str
    placed_at: datetime


def skus_matching(text: str, *, customer_id: int | None = None) -> list[Sku]:
    """Give the SKUs that `text` may mean, the likeliest first, with `list_price` and `free` units over all warehouses.

    The customer's own part numbers count as far as they are typed; `part`: that number.
    """
    parts = {}
    if customer_id is not None and text.strip():
        own = CustomerPart.objects.filter(customer=customer_id, code__startswith=text.strip().upper(), sku__is_active=True)
        parts = {part.sku: part.code for part in own.select_related("sku").order_by("code")[:MOST_FOUND]}
    found = list(dict.fromkeys([*parts, *find_skus(text)]))[:MOST_FOUND]
    prices = dict(priced_skus(currency=settings.BOOKS_CURRENCY).filter(pk__in=[sku.pk for sku in found]).values_list("pk", "list_price"))  # type: ignore[misc]
    free = to_promise(found)
    for sku in found:
        sku.list_price, sku.free, sku.part = prices[sku.pk], free[sku.pk], parts.get(sku, "")  # type: ignore[attr-defined]
    return found


def order_meant(text: str) -> Order | None:
    """Give the order that `text` is the number of: ours, as SO-1042 or its digits alone, or the other side's own. Two queries at most."""
    text, orders = text.strip(), Order.objects.select_related("customer")
    if not text:
        return None
    by_reference = orders.filter(channel__in=Channel.objects.all(), external_reference=text).order_by("-id").first()
    pk = row_of(text, Order.NUMBER_PREFIX) or row_of(f"{Order.NUMBER_PREFIX}{text}", Order.NUMBER_PREFIX)
    return by_reference or (orders.filter(pk=pk).first() if pk else None)


def last_orders(customer: Customer) -> list[Order]:
    """Give the customer's last five orders."""
    return list(Order.objects.filter(customer=customer, placed_at__isnull=False).order_by("-placed_at", "-id")[:5])


def colleagues_of(person: User) -> list[User]:
    """Give who else takes orders."""
    takers = User.objects.with_perm("orders.place_order", backend="django.contrib.auth.backends.ModelBackend")
    return list(takers.exclude(pk=person.pk).order_by("username")[:50])


def favourites_of(customer_id: int) -> list[Offer]:
    """Give what a customer buys most often, and how much of it they usually take."""
    habits = {habit.code: habit for habit in habits_of(customer_id, most=MOST_OFFERED)}
    skus = {sku.code: sku for sku in Sku.objects.filter(code__in=habits, is_active=True)}
    free = to_promise(list(skus.values()))
    return [
        Offer(code, skus[code].name, habit.usual, free[skus[code].pk], habit.orders, habit.is_due) for code, habit in habits.items() if code in skus
    ]


def bought_with(codes: Sequence[str]) -> list[Offer]:
    """Give what is usually bought with the last of `codes`: what most of its latest orders had as well. One query, and what is free."""
    if not codes:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sku.id, count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY line.quantity) FROM ("
            "  SELECT order_id FROM orders_orderline WHERE sku_id = (SELECT id FROM inventory_sku WHERE code = %s) ORDER BY order_id DESC LIMIT %s"
            ") recent JOIN orders_orderline line ON line.order_id = recent.order_id JOIN inventory_sku sku ON sku.id = line.sku_id"
            " WHERE sku.code <> ALL(%s) AND sku.is_active GROUP BY sku.id HAVING count(*) > 1 ORDER BY 2 DESC, sku.id LIMIT %s",
            [codes[-1], _RECENT, list(codes), MOST_BESIDE],
        )
        rows = cursor.fetchall()
    skus = Sku.objects.in_bulk([pk for pk, _count, _usual in rows])
    free = to_promise(list(skus.values()))
    return [Offer(skus[pk].code, skus[pk].name, usual, free[pk], count) for pk, count, usual in rows]


def substitutes_of(codes: Sequence[str]) -> dict[str, list[Offer]]:
    """Give code → what may be offered in its place, what is free of it first. Three queries at most."""
    if not codes:
        return {}
    rows = list(
        Substitute.objects.filter(sku__code__in=codes, substitute__is_active=True).select_related("sku", "substitute").order_by("rank", "id")[:200]
    )
    free = to_promise([row.substitute for row in rows])
    found: dict[str, list[Offer]] = {}
    for row in rows:
        found.setdefault(row.sku.code, []).append(Offer(row.substitute.code, row.substitute.name, 1, free[row.substitute_id]))
    return {code: sorted(offers, key=lambda offer: offer.free <= 0)[:MOST_BESIDE] for code, offers in found.items()}


def duplicate_of(customer_id: int, codes: Sequence[str]) -> Duplicate | None:
    """Give the customer's latest order of the last day with exactly these SKUs, if there is one. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.id, o.placed_at FROM orders_order o WHERE o.customer_id = %s AND o.placed_at > %s AND o.state <> 'cancelled'"
            " AND (SELECT array_agg(DISTINCT sku.code::text ORDER BY sku.code::text) FROM orders_orderline line"
            "  JOIN inventory_sku sku ON sku.id = line.sku_id WHERE line.order_id = o.id)"
            " = (SELECT array_agg(DISTINCT code ORDER BY code) FROM unnest(%s::text[]) code)"
            " ORDER BY o.placed_at DESC LIMIT 1",
            [customer_id, timezone.now() - SAME_WITHIN, list(codes)],
        )
        row = cursor.fetchone()
    return Duplicate(human_number(Order.NUMBER_PREFIX, row[0]), row[1]) if row else None
