"""The cast of the tests: a small house that every story can be told in."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.contrib.auth.models import Group

from customers.models import Address, Channel, Customer
from customers.states import ChannelKind, InvoicePolicy, ShipPolicy
from inventory.adjusting import open_stock
from inventory.kits import define_kit
from inventory.models import Price, ReorderRule, Sku, Vendor, Warehouse
from oms.core import stations
from oms.core.models import User
from orders.models import Order, TaxArea, TaxRate, TaxZone
from orders.placing import LineDraft, OrderDraft, place_order
from shipping.models import Carrier


@dataclass
class House:
    """Leeds and Ghent hold mugs (30 + 20) and lamps (5 + 0); nobody holds a chair."""

    web: Channel
    phone: Channel
    leeds: Warehouse
    ghent: Warehouse
    mug: Sku
    lamp: Sku
    chair: Sku
    anna: Customer
    vendor: Vendor
    carrier: Carrier

    def draft(self, *lines: tuple[str, int], **changes) -> OrderDraft:
        """Word an order of Anna's: `house.draft(("MUG", 2))`."""
        fields = {"channel": self.web, "customer_id": self.anna.pk} | changes
        return OrderDraft(lines=[LineDraft(sku, quantity) for sku, quantity in lines], **fields)

    def place(self, *lines: tuple[str, int], **changes) -> Order:
        return place_order(self.draft(*lines, **changes), actor="user:anna")

    def stock(self, sku: Sku, quantity: int, *, warehouse: Warehouse | None = None) -> None:
        open_stock([(sku.pk, (warehouse or self.leeds).pk, quantity)], actor="user:test")


def build() -> House:
    """Build the house and open its stock."""
    channels = {
        kind: Channel.objects.create(code=kind, name=kind.title(), kind=kind)
        for kind in (ChannelKind.WEB, ChannelKind.PHONE, ChannelKind.STORE, ChannelKind.EDI)
    }
    leeds = Warehouse.objects.create(code="leeds", name="Leeds", lines="1 Wharf Road", city="Leeds", postcode="LS1 4AP", rank=1)
    ghent = Warehouse.objects.create(code="ghent", name="Ghent", lines="Kaai 1", city="Gent", postcode="9000", country="BE", rank=2)
    vendor = Vendor.objects.create(name="Potteries Ltd", email="sales@potteries.example")
    skus = [
        Sku.objects.create(code=code, name=name, weight_grams=grams, cost=Decimal(cost))
        for code, name, grams, cost in (
            ("MUG", "Blue mug", 350, "2.10"),
            ("LAMP", "Desk lamp", 1800, "11.00"),
            ("CHAIR", "Garden chair", 6400, "19.00"),
        )
    ]
    for sku, amount in zip(skus, ("4.95", "29.00", "49.50"), strict=True):
        Price.objects.create(sku=sku, unit_price=Decimal(amount))
    mug, lamp, chair = skus
    tax("GB", "VAT 20%", "0.20", date(2011, 1, 4))
    tax("DE", "USt 19%", "0.19", date(2007, 1, 1))
    anna = Customer.objects.create(name="Anna Field", email="anna@field.example", phone="+441134960001", channel=channels["web"])
    Address.objects.create(
        customer=anna,
        lines="7 Mill Lane",
        city="Leeds",
        postcode="LS2 7AA",
        country="GB",
        is_billing=True,
        is_delivery=True,
    )
    carrier = Carrier.objects.create(code="van", name="Our van", adapter="manual")
    house = House(
        web=channels["web"],
        phone=channels["phone"],
        leeds=leeds,
        ghent=ghent,
        mug=mug,
        lamp=lamp,
        chair=chair,
        anna=anna,
        vendor=vendor,
        carrier=carrier,
    )
    house.stock(mug, 30)
    house.stock(mug, 20, warehouse=ghent)
    house.stock(lamp, 5)
    return house


def tax(country: str, name: str, rate: str, since: date, *, category: str = "standard", prefix: str = "") -> TaxZone:
    """Have goods of a class that go to a country taxed, or to that part of it whose postcodes begin with `prefix`."""
    zone, _new = TaxZone.objects.get_or_create(name=f"{country}{prefix}")
    TaxArea.objects.get_or_create(zone=zone, country=country, postcode_prefix=prefix)
    TaxRate.objects.create(zone=zone, category=category, name=name, rate=Decimal(rate), valid_on=(since, None))
    return zone


def on_shipment(channel: Channel) -> Channel:
    """Have `channel` invoice when the goods leave."""
    channel.invoice_policy = InvoicePolicy.ON_SHIPMENT
    channel.save()
    return channel


def prepaid(channel: Channel) -> Channel:
    """Have `channel` ship only what is paid."""
    channel.ship_policy = ShipPolicy.PREPAID
    channel.save()
    return channel


def regulars(house: House, count: int) -> list[Customer]:
    """Register `count` customers who live at Anna's: for crowds that must not wait for each other at one customer's row."""
    customers = Customer.objects.bulk_create([Customer(name=f"Regular {i}", channel=house.web) for i in range(count)])
    Address.objects.bulk_create(
        [
            Address(customer=customer, lines="7 Mill Lane", city="Leeds", postcode="LS2 7AA", country="GB", is_billing=True, is_delivery=True)
            for customer in customers
        ]
    )
    return customers


def reorder(house: House, sku: Sku, *, point: int, target: int) -> ReorderRule:
    return ReorderRule.objects.create(sku=sku, warehouse=house.leeds, vendor=house.vendor, point=point, target=target)


def kit(house: House, code: str, **components: int) -> Sku:
    """Have the house sell a kit: `kit(house, "TEASET", MUG=4, LAMP=1)`, for 30.00."""
    sku = Sku.objects.create(code=code, name=f"Kit {code.title()}")
    Price.objects.create(sku=sku, unit_price=Decimal("30.00"))
    return define_kit(sku.pk, components, actor="user:manager")


def person(name: str, role: str) -> User:
    """Hire somebody for a role."""
    user = User.objects.create_user(username=name, password="correct horse")
    user.groups.add(Group.objects.get(name=role))
    return user


def run_line(*names: str) -> None:
    """Run the line, or the stations named, in order until nothing waits for any of them."""
    chosen = [stations.named(name) for name in names] or stations.line()
    for _ in range(10):
        if not sum(stations.run(station, seconds=20) for station in chosen):
            return
    raise AssertionError("the line never comes to rest")
