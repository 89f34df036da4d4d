"""Building the demo house, in an empty database."""

import random
import re
from datetime import date
from decimal import Decimal

from django.contrib.auth.models import Group
from stdnum import ean

from customers.models import Address, Channel, Customer
from customers.states import ChannelKind, CustomerKind, InvoicePolicy, PaymentMethod, ShipPolicy
from inventory.adjusting import open_stock
from inventory.models import Lane, Price, ReorderRule, Sku, Warehouse
from inventory.sourcing import change_rules
from oms.core.access import ROLES
from oms.core.models import User
from oms.desk.demo.buying import know_vendors, list_what_they_sell, trade_before
from oms.desk.demo.goods import BOOKS, COMPANIES, GOODS, PEOPLE
from orders.models import TaxArea, TaxRate, TaxZone
from shipping.models import Carrier
from shipping.states import CarrierMode

ADMINISTRATOR = "administrator"


def hire(password: str) -> None:
    """Make somebody for each role, all with the same password: this is a demo."""
    for role in ROLES:
        person = User.objects.create_user(username=role, password=password, is_staff=role == "manager")
        person.groups.add(Group.objects.get(name=role))
    User.objects.create_superuser(username=ADMINISTRATOR, password=password)


def open_channels() -> dict[str, Channel]:
    """Open a channel of each kind; between them they show all four ways to invoice and ship."""
    ways = {
        ChannelKind.WEB: ("Web shop", InvoicePolicy.ON_ALLOCATION, ShipPolicy.PREPAID),
        ChannelKind.PHONE: ("Telephone", InvoicePolicy.ON_ALLOCATION, ShipPolicy.ON_TERMS),
        ChannelKind.STORE: ("Store", InvoicePolicy.ON_SHIPMENT, ShipPolicy.PREPAID),
        ChannelKind.EDI: ("EDI", InvoicePolicy.ON_SHIPMENT, ShipPolicy.ON_TERMS),
    }
    return {
        kind: Channel.objects.create(code=kind, name=name, kind=kind, invoice_policy=invoice, ship_policy=ship)
        for kind, (name, invoice, ship) in ways.items()
    }


# Zone → places, then class → (as printed, rate). What goes anywhere else is an export. Northern Ireland has the same rates as Great Britain, and
# stays an area of its own, because the rules for goods differ there. Germany without Heligoland and Büsingen, which lie outside its VAT.
# Sources: VAT Act 1994 (UK) s. 2(1) 20 %, s. 29A and Sch. 7A 5 %, Sch. 8 Group 3 books 0 %; UStG (DE) § 12(1) 19 %, § 12(2) with Anlage 2 Nr. 49
# books 7 %, § 1(2) Heligoland and Büsingen; GCC VAT Agreement and ZATCA, Royal Order A/638 of 2020: 15 % from 1 July 2020.
TAXES = {
    "United Kingdom": ([("GB", ""), ("GB", "BT")], {"standard": ("VAT 20%", "0.20"), "reduced": ("VAT 5%", "0.05"), "books": ("VAT 0%", "0")}),
    "Germany": ([("DE", "")], {"standard": ("USt 19%", "0.19"), "reduced": ("USt 7%", "0.07"), "books": ("USt 7%", "0.07")}),
    "Heligoland and Büsingen": ([("DE", "27498"), ("DE", "78266")], {}),
    "Saudi Arabia": ([("SA", "")], {"standard": ("VAT 15%", "0.15"), "reduced": ("VAT 15%", "0.15"), "books": ("VAT 15%", "0.15")}),
}


def set_taxes() -> None:
    for name, (places, rates) in TAXES.items():
        zone = TaxZone.objects.create(name=name)
        TaxArea.objects.bulk_create([TaxArea(zone=zone, country=country, postcode_prefix=prefix) for country, prefix in places])
        TaxRate.objects.bulk_create(
            [
                TaxRate(zone=zone, category=category, name=printed, rate=Decimal(rate), valid_on=(date(2021, 1, 1), None))
                for category, (printed, rate) in rates.items()
            ]
        )


def open_warehouses() -> list[Warehouse]:
    return [
        Warehouse.objects.create(
            code="leeds", name="Leeds", lines="1 Wharf Road", city="Leeds", postcode="LS1 4AP", phone="+441134960000", rank=1, daily_capacity=250
        ),
        Warehouse.objects.create(
            code="bremen",
            name="Bremen",
            lines="Am Speicher 4",
            city="Bremen",
            postcode="28217",
            country="DE",
            phone="+494066969000",
            rank=2,
            daily_capacity=120,
        ),
    ]


def lay_lanes(warehouses: list[Warehouse]) -> None:
    """Say how far, how dear and how long it is from each warehouse to its customers, and choose the nearest; no part of an order below 20.00."""
    leeds, bremen = warehouses
    Lane.objects.bulk_create(
        [
            Lane(warehouse=warehouse, country=country, postcode_prefix=prefix, km=km, cost=Decimal(cost), transit_days=days)
            for warehouse, country, prefix, km, cost, days in (
                (leeds, "GB", "", 290, "5.20", 1),
                (leeds, "GB", "LS", 12, "3.40", 1),
                (leeds, "GB", "EH", 350, "6.10", 2),
                (leeds, "DE", "", 1080, "14.80", 4),
                (leeds, "SA", "", 5350, "38.50", 7),
                (bremen, "DE", "", 340, "4.90", 1),
                (bremen, "DE", "20", 115, "4.10", 1),
                (bremen, "GB", "", 1010, "13.60", 4),
                (bremen, "SA", "", 4780, "36.00", 6),
            )
        ]
    )
    steps = [("serves", None), ("carries", None), ("capacity", None), ("distance", None), ("split_value", Decimal(20))]
    change_rules([(policy, 10 * number, True, amount) for number, (policy, amount) in enumerate(steps, start=1)], actor="user:manager")


def find_carriers() -> None:
    Carrier.objects.create(code="sandbox", name="Sandbox Parcels", adapter="sandbox", service="standard", max_weight_grams=30_000, rank=1)
    Carrier.objects.create(code="van", name="Our own van", adapter="manual", max_weight_grams=200_000, rank=3)
    Carrier.objects.create(code="freight", name="Northern Freight", adapter="manual", mode=CarrierMode.FREIGHT, scac="NRTF", service="LTL", rank=2)


def fill_shelves(warehouses: list[Warehouse], dice: random.Random) -> list[Sku]:
    """Make the SKUs with prices, reorder rules and opening stock. A few are scarce, so that something waits."""
    vendors = know_vendors()
    skus = Sku.objects.bulk_create(
        [
            Sku(
                code=code,
                name=name,
                cost=Decimal(cost),
                weight_grams=grams,
                barcode=_gtin(number),
                tax_category="books" if code in BOOKS else "standard",
                **_box(grams),
            )
            for number, (code, name, _price, cost, grams) in enumerate(GOODS)
        ]
    )
    Price.objects.bulk_create([Price(sku=sku, unit_price=Decimal(row[2])) for sku, row in zip(skus, GOODS, strict=True)])
    leeds, bremen = warehouses
    stock = []
    for number, sku in enumerate(skus):
        scarce = number % 9 == 4
        in_leeds = dice.randint(2, 6) if scarce else dice.randint(60, 260)
        # A few lie in Bremen only, so that some orders come in parts.
        if number % 9 != 7:
            stock.append((sku.pk, leeds.pk, in_leeds))
        if not scarce and number % 3:
            stock.append((sku.pk, bremen.pk, dice.randint(20, 120)))
        ReorderRule.objects.create(sku=sku, warehouse=leeds, vendor=vendors[number % 2], point=dice.randint(10, 40), target=dice.randint(80, 200))
    list_what_they_sell(vendors, skus)
    open_stock(stock, actor="user:manager")
    trade_before(skus, leeds, random.Random(11))
    return skus


def know_customers(channels: dict[str, Channel], dice: random.Random) -> list[Customer]:
    """Make people, who buy in the web shop and pay first, and companies, who buy on account."""
    rows = [(*person, None) for person in PEOPLE] + list(COMPANIES)
    customers = []
    for name, language, street, town, postcode, country, phone, credit in rows:
        is_company = credit is not None
        customer = Customer.objects.create(
            kind=CustomerKind.COMPANY if is_company else CustomerKind.PERSON,
            name=name,
            email=f"{_mailbox(name) or f'customer.{len(customers) + 1}'}@{'trade' if is_company else 'mail'}.example",
            phone=phone,
            language=language,
            channel=channels[ChannelKind.PHONE if is_company else ChannelKind.WEB],
            credit_limit=Decimal(credit) if credit else None,
            terms_days=dice.choice([14, 30]) if is_company else 0,
            payment_method=PaymentMethod.ACCOUNT if is_company else PaymentMethod.CARD,
            accepts_part_deliveries=dice.random() < 0.8,
        )
        Address.objects.create(customer=customer, lines=street, city=town, postcode=postcode, country=country, is_billing=True, is_delivery=True)
        customers.append(customer)
    return customers


def _gtin(number: int) -> str:
    digits = f"50601234{number:04d}"
    return digits + str(ean.calc_check_digit(digits))


def _mailbox(name: str) -> str:
    return ".".join(re.findall("[a-z]+", name.lower().replace("’", ""))[:2])


def _box(grams: int) -> dict[str, int]:
    """Give the sides in mm of a carton for so much: packed gifts weigh about a quarter of water."""
    side = (grams / 0.25) ** (1 / 3) * 10
    return {"length_mm": round(side * 1.4), "width_mm": round(side), "height_mm": round(side * 0.75)}
