"""SKUs, prices and opening stock from the file itself, where that is asked for."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from statistics import median

from django.db import transaction

from inventory.adjusting import open_stock
from inventory.models import Price, Sku, StockMovement, Warehouse
from oms.core import bulk
from oms.core.money import round_amount
from oms.desk.importing.reading import Row

CHUNK = 1000
COST_SHARE = Decimal("0.6")


def fill_shelves(rows: Iterable[Row], *, currency: str) -> int:
    """Make the SKUs that `rows` sell and are not known, and open stock for the whole demand of those that never moved; give how many SKUs were made.

    The name is the description used most (of those used as often, the first in the alphabet), the price the median, the cost 60 % of it.
    Two thirds of the stock lie in the first warehouse. Safe to repeat: what has moved once is left alone.
    """
    names: dict[str, Counter[str]] = defaultdict(Counter)
    prices: dict[str, list[Decimal]] = defaultdict(list)
    demand: Counter[str] = Counter()
    for row in rows:
        if row.reason or row.charge_kind:
            continue
        names[row.code][row.description] += 1
        prices[row.code].append(row.price)
        demand[row.code] += row.quantity
    known = set(Sku.objects.filter(code__in=names).values_list("code", flat=True))
    new = sorted(set(names) - known)
    for start in range(0, len(new), CHUNK):
        _make(new[start : start + CHUNK], names, prices, currency)
    _open(demand)
    return len(new)


def _make(codes: list[str], names: dict[str, Counter[str]], prices: dict[str, list[Decimal]], currency: str) -> None:
    with transaction.atomic():
        skus = bulk.insert_all(
            [
                Sku(
                    code=code,
                    name=min(names[code].items(), key=lambda item: (-item[1], item[0]))[0][:200],
                    cost=round_amount(median(prices[code]) * COST_SHARE, currency),
                    weight_grams=250,
                )
                for code in codes
            ]
        )
        bulk.insert_all(
            [
                Price(sku_id=sku.pk, currency=currency, unit_price=max(round_amount(median(prices[sku.code]), currency), Decimal("0.01")))
                for sku in skus
            ]
        )


def _open(demand: Counter[str]) -> None:
    warehouses = list(Warehouse.objects.stocking()[:2]) or [
        Warehouse.objects.create(code="leeds", name="Leeds", city="Leeds", rank=1),
        Warehouse.objects.create(code="bremen", name="Bremen", city="Bremen", country="DE", rank=2),
    ]
    moved = set(StockMovement.objects.filter(sku__code__in=demand).values_list("sku_id", flat=True).distinct())
    waiting = [(pk, demand[code]) for code, pk in Sku.objects.filter(code__in=demand).values_list("code", "id") if pk not in moved]
    stock = []
    for pk, units in sorted(waiting):
        first = units - units // 3
        stock.append((pk, warehouses[0].pk, first))
        if units > first:
            stock.append((pk, warehouses[-1].pk, units - first))
    for start in range(0, len(stock), CHUNK):
        open_stock(stock[start : start + CHUNK], actor="import:online-retail")
