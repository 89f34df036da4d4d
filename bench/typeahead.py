"""What is wanted, among 200,000 SKUs: each way to find one while it is typed into the phone form, with its price and what is free of it."""

import random
from collections.abc import Callable
from typing import Any

from django.db import connection

from bench.lookup import made_up, swapped, timed

SKUS = 200_000
WORDS = 4_000
CALLS = 300
PARTS_OF = "Parts Ltd"

# Squares of a random number favour the first words: some are in a tenth of all names, most are rare.
_GOODS = """
    INSERT INTO inventory_sku (id, code, name, barcode, unit, weight_grams, length_mm, width_mm, height_mm, tax_category, cost, abc_class, is_kit,
        is_active, created_at)
    SELECT n, chr(65 + n %% 26) || chr(65 + n / 26 %% 26) || '-' || n,
        string_agg(initcap(word), ' ' ORDER BY place) || ' ' || (n %% 90 + 10) || ' cm',
        (5000000000000 + n)::text, 'each', 100, 0, 0, 0, 'standard', 1, 'C', false, true, now()
    FROM (
        SELECT n, place, (%s::text[])[1 + floor(random() ^ 2 * %s)::int] AS word FROM generate_series(1, %s) AS n, generate_series(1, 3) AS place
    ) words GROUP BY n
"""
_PRICES = "INSERT INTO inventory_price (sku_id, currency, unit_price, from_quantity) SELECT id, 'GBP', 5, 1 FROM inventory_sku"
_LEVELS = """
    INSERT INTO inventory_stocklevel (sku_id, warehouse_id, on_hand, reserved, safety, value, version)
    SELECT sku.id, place.id, 50, 0, 0, 50, 1 FROM inventory_sku sku, inventory_warehouse place
"""
_PARTS = "INSERT INTO orders_customerpart (customer_id, code, sku_id) SELECT %s, 'K-' || n, n FROM generate_series(1, 5000) AS n"


def build(count: int) -> None:
    """Put `count` SKUs on sale in two warehouses, and give the customer who has part numbers of their own for 5,000 of them."""
    from customers.models import Customer
    from inventory.models import Warehouse

    words = made_up(random.Random(1), WORDS, 3)
    customer = Customer.objects.create(name=PARTS_OF)
    for code in ("north", "south"):
        Warehouse.objects.create(code=code, name=code)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(_GOODS, [words, len(words), count])
        cursor.execute(_PRICES)
        cursor.execute(_LEVELS)
        cursor.execute(_PARTS, [customer.pk])
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE inventory_sku, inventory_price, inventory_stocklevel, orders_customerpart")


def measure(count: int = SKUS) -> dict[str, Any]:
    """Give p50 and p95 in milliseconds of each way to find a SKU, and of 1,000 pasted lines made out."""
    from customers.models import Customer
    from inventory.models import Sku
    from oms.core.reading import read
    from orders.phone.matching import meant
    from orders.phone.selectors import skus_matching

    customer = Customer.objects.get(name=PARTS_OF).pk
    dice = random.Random(2)
    skus = list(Sku.objects.filter(pk__in=[dice.randint(1, count) for _ in range(CALLS * 2)]))
    names = [sku.name.split() for sku in skus]

    def find(text: str) -> Any:
        return skus_matching(text, customer_id=customer)

    ways: dict[str, Callable[[int], Any]] = {
        "floor: one row by its key": lambda i: read("SELECT * FROM inventory_sku WHERE id = %s", [skus[i].pk]),
        "code, the first four": lambda i: find(skus[i].code[:4]),
        "code, all": lambda i: find(skus[i].code.lower()),
        "barcode": lambda i: find(skus[i].barcode),
        "their own part number": lambda i: find(f"k-{i + 1}"),
        "one letter": lambda i: find(names[i][0][:1]),
        "a word, two letters": lambda i: find(names[i][0][:2]),
        "a word": lambda i: find(names[i][0]),
        "two words, the later first": lambda i: find(f"{names[i][2]} {names[i][0]}"),
        "three words, half of each": lambda i: find(" ".join(word[: len(word) // 2 + 1] for word in names[i][:3])),
        "two words, letters swapped": lambda i: find(f"{swapped(names[i][0])} {names[i][1]}"),
        "what is not sold": lambda i: find(f"zyx{i}q"),
    }
    figures = {name: timed(way, len(skus)) for name, way in ways.items()}
    lines = [f"{i + 1}\t{sku.code}" if i % 2 else f"{i + 1} x {sku.name}" for i, sku in enumerate(skus[:500])] * 2
    figures["1,000 pasted lines made out"] = timed(lambda i: meant(lines[i % 7 :], customer_id=customer), 40)
    return figures
