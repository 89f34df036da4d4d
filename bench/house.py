"""The house that is measured: 10,000 SKUs in two warehouses, 2,000 customers, stock for everybody."""

import random
from collections.abc import Sequence
from decimal import Decimal

from customers.models import Address, ApiKey, Channel, Customer, Scope
from inventory.adjusting import open_stock
from inventory.models import Price, Sku, Warehouse
from oms.core import stations
from oms.desk.setup import set_up
from orders.models import TaxArea, TaxRate, TaxZone
from orders.placing import LineDraft, OrderDraft, place_orders
from shipping.models import Carrier

SKUS = 10_000
HOT_SKUS = 10
CUSTOMERS = 2_000
LINES = 3


def build() -> str:
    """Build the house in an empty database; give an API key for its web channel."""
    set_up()
    warehouses = [Warehouse.objects.create(code=code, name=code.title(), rank=rank) for rank, code in enumerate(("leeds", "ghent"))]
    skus = Sku.objects.bulk_create([Sku(code=f"B{i:05d}", name=f"Thing {i}", weight_grams=100, cost=Decimal("2.10")) for i in range(SKUS)])
    Price.objects.bulk_create([Price(sku=sku, unit_price=Decimal("4.95")) for sku in skus])
    for start in range(0, SKUS, 1000):
        open_stock([(sku.pk, warehouses[0].pk, 1_000_000) for sku in skus[start : start + 1000]], actor="bench")
        open_stock([(sku.pk, warehouses[1].pk, 1_000) for sku in skus[start : start + 1000]], actor="bench")
    people()
    stations.run(stations.named("post_stock"))
    return api_key()


def people() -> None:
    """Make the web channel, its customers, their tax and their carrier."""
    channel = Channel.objects.create(code="web", name="Web", kind="web")
    zone = TaxZone.objects.create(name="United Kingdom")
    TaxArea.objects.create(zone=zone, country="GB")
    TaxRate.objects.create(zone=zone, name="VAT 20%", rate=Decimal("0.20"))
    Carrier.objects.create(code="van", name="Our van")
    customers = Customer.objects.bulk_create([Customer(name=f"Customer {i}", email=f"c{i}@example.com", channel=channel) for i in range(CUSTOMERS)])
    Address.objects.bulk_create(
        [
            Address(customer=customer, lines="1 Mill Lane", city="Leeds", postcode="LS1 1AA", is_billing=True, is_delivery=True)
            for customer in customers
        ]
    )


def api_key() -> str:
    """Issue an API key for the web channel that may do everything, and give it."""
    _key, readable = ApiKey.issue(channel=web(), name="bench", scopes=list(Scope.values))
    return readable


def web() -> Channel:
    return Channel.objects.get(code="web")


def customer_ids() -> list[int]:
    return list(Customer.objects.values_list("id", flat=True))


def drafts(count: int, *, hot: bool, seed: int = 1) -> list[OrderDraft]:
    """Word `count` orders of three lines, over all SKUs or over ten of them."""
    dice = random.Random(seed)
    channel, customers = web(), customer_ids()
    codes = codes_of(hot=hot)
    return [
        OrderDraft(
            channel=channel,
            customer_id=dice.choice(customers),
            lines=[LineDraft(code, dice.randint(1, 5)) for code in dice.sample(codes, LINES)],
        )
        for _ in range(count)
    ]


def codes_of(*, hot: bool) -> Sequence[str]:
    return [f"B{i:05d}" for i in range(HOT_SKUS if hot else SKUS)]


def place(count: int, *, hot: bool, seed: int = 1) -> None:
    """Place orders for the line to work on."""
    wanted = drafts(count, hot=hot, seed=seed)
    for start in range(0, count, 200):
        place_orders(wanted[start : start + 200], actor="bench")
