"""What pricing costs: a basket of a hundred lines, five thousand price rows on the lists of its buyer, two hundred promotions."""

import random
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from statistics import median, quantiles
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench import house
from customers.models import Customer, CustomerGroup
from inventory.models import Price, PriceList, Sku
from orders import placing
from orders.models import PriceAssignment, Promotion, PromotionCode
from orders.placing import LineDraft, OrderDraft, place_order, quote
from orders.pricing import Basket, price_basket

LINES = 100
LISTS = 10
BREAKS = (1, 10, 50, 200, 1000)
PROMOTIONS = 200
CODES = 10
ROUNDS = 200

# The floor: what the same units cost at the lowest break of the strongest list, added up by the database. No breaks, no promotions, no tax.
_SUM = """
    SELECT sum(wanted.quantity * price.unit_price) FROM unnest(%s::text[], %s::int[]) AS wanted(code, quantity)
    JOIN inventory_sku sku ON sku.code = wanted.code JOIN inventory_price price ON price.sku_id = sku.id
    WHERE price.price_list_id = %s AND price.from_quantity = 1
"""


def measure() -> dict[str, Any]:
    """Give how long a quote takes, its arithmetic alone, and the floor, each with the processor time of Python; and the statements of a quote and of
    placing.
    """
    customer, lists = _trade()
    codes = [f"B{i:05d}" for i in range(LINES)]
    dice = random.Random(7)

    def draft() -> OrderDraft:
        lines = [LineDraft(code, dice.choice((1, 3, 12, 60))) for code in codes]
        return OrderDraft(channel=house.web(), customer_id=customer.pk, lines=lines, codes=[f"CODE{i}" for i in range(CODES)])

    drafts = [draft() for _ in range(ROUNDS)]
    values = [([line.sku for line in one.lines], [line.quantity for line in one.lines], lists[0].pk) for one in drafts]
    figures = {
        "lines": LINES,
        "price_rows": Price.objects.filter(price_list__in=lists).count(),
        "promotions": Promotion.objects.count(),
        "floor": _timed([lambda row=row: _added_up(row) for row in values]),
        "quote": _timed([lambda one=one: quote(one) for one in drafts]),
        "arithmetic": _timed([lambda basket=basket: price_basket(basket) for basket in _baskets(drafts)]),
        "small": _timed([lambda one=one: quote(replace(one, lines=one.lines[:3], codes=())) for one in drafts]),
        "statements": {"quote": _statements(lambda: quote(drafts[0])), "place": _statements(lambda: place_order(drafts[0], actor="bench"))},
    }
    Promotion.objects.update(is_active=False)
    figures["plain"] = _timed([lambda one=one: quote(replace(one, codes=())) for one in drafts])
    figures["ratio"] = round(figures["quote"]["p50_ms"] / figures["floor"]["p50_ms"], 1)
    return figures


def _trade() -> tuple[Customer, list[PriceList]]:
    """Give a customer with contracts, of a group, and what they buy by."""
    group = CustomerGroup.objects.create(code="trade", name="Trade")
    customer = Customer.objects.earliest("pk")
    Customer.objects.filter(pk=customer.pk).update(group=group)
    skus = list(Sku.objects.order_by("code")[:LINES])
    lists = PriceList.objects.bulk_create([PriceList(name=f"List {i}") for i in range(LISTS)])
    whose = [{"customer": customer}, {"customer": customer}, {"group": group}, {"group": group}, *[{"channel": house.web()}] * (LISTS - 4)]
    PriceAssignment.objects.bulk_create([PriceAssignment(price_list=one, **who) for one, who in zip(lists, whose, strict=True)])
    Price.objects.bulk_create(
        [
            Price(sku=sku, price_list=one, from_quantity=units, unit_price=Decimal(495 - 3 * step) / 100)
            for sku in skus
            for one in lists
            for step, units in enumerate(BREAKS)
        ]
    )
    kinds = (
        {"kind": "percent", "percent": 2},
        {"kind": "amount", "amount": 1},
        {"kind": "free_units", "buy": 9, "get": 1, "percent": 50},
        {"kind": "percent", "percent": 9, "is_exclusive": True},
    )
    promotions = Promotion.objects.bulk_create(
        [
            Promotion(name=f"Promotion {i}", needs_code=i < CODES, is_for_all_goods=i % 5 != 0, is_off_contracts=True, **kinds[i % len(kinds)])
            for i in range(PROMOTIONS)
        ]
    )
    PromotionCode.objects.bulk_create([PromotionCode(promotion=promotions[i], code=f"CODE{i}") for i in range(CODES)])
    for promotion in promotions:
        if not promotion.is_for_all_goods:
            promotion.skus.set(skus[::3])
    return customer, lists


def _baskets(drafts: list[OrderDraft]) -> list[Basket]:
    """Give the baskets that the drafts become, caught on their way to the arithmetic."""
    caught: list[Basket] = []
    plain = placing.price_basket

    def catch(basket: Basket) -> Any:
        caught.append(basket)
        return plain(basket)

    placing.price_basket = catch  # type: ignore[assignment]
    try:
        for draft in drafts[:50]:
            quote(draft)
    finally:
        placing.price_basket = plain
    return caught


def _added_up(values: tuple) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SUM, values)
        cursor.fetchone()


def _timed(acts: list[Callable[[], Any]]) -> dict[str, float]:
    for act in acts[:10]:
        act()
    times, worked = [], []
    for act in acts:
        started, processor = time.perf_counter(), time.process_time()
        act()
        times.append((time.perf_counter() - started) * 1000)
        worked.append((time.process_time() - processor) * 1000)
    return {"p50_ms": round(median(times), 2), "p95_ms": round(quantiles(times, n=20)[-1], 2), "processor_ms": round(median(worked), 1)}


def _statements(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)
