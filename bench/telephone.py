"""`python -m bench.telephone`: what a clerk looks up during a call, in a house of a million customers, 200,000 SKUs and a million orders.

Half of the orders are those of 5,000 regulars, a hundred each; a fiftieth are all of one customer; the rest are anybody's. Three lines each, what
sells well in most of them. The house is built where there is none yet. Prints JSON, the figures on the last line.
"""

import json
import logging
import random
import time
from collections.abc import Callable
from typing import Any

import django
from django.core.management import call_command
from django.db import connection

from bench import lookup, typeahead
from bench.loading import bulk_load, execute, fill, one
from bench.lookup import CALLS, CUSTOMERS, timed
from bench.typeahead import SKUS

ORDERS = 1_000_000
REGULARS = 5_000
BIGGEST = 1


def build() -> dict[str, float]:
    """Fill an empty database; give the seconds that each part took."""
    took = {}
    execute("SET statement_timeout = 0")
    for name, work in (("customers", lookup.build), ("skus", typeahead.build), ("orders", _orders)):
        started = time.perf_counter()
        work({"customers": CUSTOMERS, "skus": SKUS, "orders": ORDERS}[name])
        took[name] = round(time.perf_counter() - started, 1)
    execute("RESET statement_timeout")
    return took


def measure() -> dict[str, Any]:
    """Give p50 and p95 in milliseconds: who is calling, what is wanted, and what is shown beside the call."""
    return {"lookup": lookup.measure(), "typeahead": typeahead.measure(), "beside": _beside()}


def _orders(count: int) -> None:
    from customers.models import Channel
    from orders.models import Order, OrderLine

    channel = Channel.objects.create(code="bench", name="Bench", kind="phone", currency="GBP").pk
    with bulk_load(Order, OrderLine):
        fill(
            Order,
            f"generate_series(1, {count}) AS n",
            id="n",
            channel_id=str(channel),
            customer_id=f"CASE WHEN n % 2 = 0 THEN 2 + n / 2 % {REGULARS} WHEN n % 50 = 1 THEN {BIGGEST}"
            f" ELSE 1 + floor(random() * {CUSTOMERS})::int END",
            state="'completed'",
            external_reference="'WEB-' || n",
            public_token="md5(n::text)",
            currency="'GBP'",
            ship_to="""'{"name": "A. Caller", "lines": "1 High Street", "city": "Leeds", "postcode": "LS1 1AA", "country": "GB"}'::jsonb""",
            invoice_policy="'on_order'",
            ship_policy="'on_terms'",
            payment_method="'on_account'",
            net_total="30",
            tax_total="6",
            total="36",
            placed_at=f"now() - ({count} - n) * interval '1800 days' / {count}",
            screened_at="now()",
        )
        fill(
            OrderLine,
            f"generate_series(1, {count}) AS n CROSS JOIN generate_series(1, 3) AS position",
            order_id="n",
            position="position",
            sku_id=f"1 + floor(random() ^ 3 * {SKUS})::int",
            description="'Article'",
            quantity="1 + n % 12",
            shipped="1 + n % 12",
            delivered="1 + n % 12",
            unit_price="5",
            net="10",
            tax="2",
        )
        one(f"SELECT setval(pg_get_serial_sequence('orders_order', 'id'), {count})")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE orders_order, orders_orderline")


def _beside() -> dict[str, Any]:
    from django.test import Client

    from customers.models import Customer
    from inventory.models import Sku
    from oms.core.models import User
    from oms.core.readable import human_number
    from oms.core.reading import read
    from orders.models import Order
    from orders.phone import selectors

    dice = random.Random(3)
    regulars = list(Customer.objects.filter(pk__in=dice.sample(range(2, REGULARS), CALLS)))
    biggest = Customer.objects.get(pk=BIGGEST)
    codes = list(Sku.objects.filter(pk__in=[1 + int(dice.random() ** 3 * SKUS) for _ in range(CALLS * 2)]).values_list("code", flat=True))
    numbers = [dice.randint(1, ORDERS) for _ in range(CALLS)]
    desk = Client(SERVER_NAME="localhost")
    desk.force_login(User.objects.filter(username="bench").first() or User.objects.create_superuser("bench"))

    def opened(address: str) -> None:
        answer = desk.get(address)
        assert answer.status_code == 200, (address, answer.status_code)

    ways: dict[str, Callable[[int], Any]] = {
        "floor: one order by its key": lambda i: read("SELECT * FROM orders_order WHERE id = %s", [numbers[i]]),
        "an order by its number": lambda i: selectors.order_meant(human_number("SO", numbers[i])),
        "an order by the shop's own number": lambda i: selectors.order_meant(f"WEB-{numbers[i]}"),
        "the last orders": lambda i: selectors.last_orders(regulars[i]),
        "favourites, of a hundred orders": lambda i: selectors.favourites_of(regulars[i].pk),
        "favourites, of twenty thousand orders": lambda i: selectors.favourites_of(biggest.pk),
        "bought with it": lambda i: selectors.bought_with([codes[i]]),
        "ordered an hour ago": lambda i: selectors.duplicate_of(regulars[i].pk, codes[i : i + 3]),
        "the list of orders, by telephone": lambda i: list(Order.objects.matching(regulars[i].phone).order_by("-placed_at", "-id")[:51]),
        "the list of orders, by SKU": lambda i: list(Order.objects.matching(codes[i]).order_by("-placed_at", "-id")[:51]),
        "the profile, a page": lambda i: opened(f"/customers/{regulars[i].number}/"),
    }
    figures = {name: timed(way, len(codes)) for name, way in ways.items()}
    figures["the profile of twenty thousand orders, a page"] = timed(lambda i: opened(f"/customers/{biggest.number}/"), 60)
    return figures


def main() -> None:
    django.setup()
    logging.disable(logging.WARNING)
    call_command("migrate", verbosity=0)
    from orders.models import Order

    took = {} if Order.objects.exists() else build()
    print(json.dumps(measure() | {"built_in_seconds": took}))


if __name__ == "__main__":
    main()
