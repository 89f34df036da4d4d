"""Vendors of the demo house: what they sell, what they have delivered, and what is under way with them."""

import random
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from inventory.models import Backorder, PurchaseOrder, ReorderRule, Sku, Vendor, VendorContact, VendorItem, VendorPrice, Warehouse
from inventory.moving import Move, move_stock
from inventory.purchasing.changing import Confirmed, acknowledge_order, close_purchase
from inventory.purchasing.ordering import Draft, Wanted, draft_order, order_from_vendor
from inventory.purchasing.receiving import receive_goods
from inventory.states import MovementKind
from oms.core import stations

ACTOR = "user:manager"
LEARNED_SKUS = 14
WEEKS = 12


def know_vendors() -> list[Vendor]:
    """Make vendors with contacts: at home, in euros, and a small one whose minimum order is hard to reach."""
    potteries = Vendor.objects.create(
        name="Potteries Trade Ltd",
        email="orders@potteries.example",
        address="Kiln Lane 4\nStoke-on-Trent ST1 5PQ\nUnited Kingdom",
        lead_time_days=10,
        minimum_order=Decimal(150),
        over_receipt_percent=5,
    )
    hansa = Vendor.objects.create(
        name="Hansa Import GmbH",
        email="bestellung@hansa.example",
        address="Am Sandtorkai 30\n20457 Hamburg\nDeutschland",
        language="de",
        currency="EUR",
        books_rate=Decimal("0.86"),
        terms_days=45,
        lead_time_days=21,
        minimum_order=Decimal(400),
        over_receipt_percent=10,
    )
    dales = Vendor.objects.create(
        name="Dales Candle Works",
        email="hello@dales.example",
        address="Mill Bank\nSettle BD24 9AA\nUnited Kingdom",
        terms_days=14,
        lead_time_days=6,
        minimum_order=Decimal(250),
    )
    VendorContact.objects.bulk_create(
        [
            VendorContact(vendor=vendor, name=name, role=role, email=email, phone=phone)
            for vendor, name, role, email, phone in (
                (potteries, "Joan Clay", "Sales", "joan@potteries.example", "+441632960301"),
                (potteries, "Desk", "Despatch", "despatch@potteries.example", "+441632960302"),
                (hansa, "Henrik Petersen", "Vertrieb", "petersen@hansa.example", "+494066969301"),
                (dales, "Ruth Ellershaw", "Owner", "ruth@dales.example", "+441632960303"),
            )
        ]
    )
    return [potteries, hansa, dales]


def list_what_they_sell(vendors: Sequence[Vendor], skus: Sequence[Sku]) -> None:
    """List what each vendor sells, in packs and with price breaks; the candles are made in the Dales."""
    potteries, hansa, dales = vendors
    for number, sku in enumerate(skus):
        vendor = dales if sku.code.startswith(("CANDLE", "SOAP")) else (potteries, hansa)[number % 2]
        pack = (1, 6, 12)[number % 3] if sku.cost < 10 else 1
        item = VendorItem.objects.create(
            vendor=vendor,
            sku=sku,
            vendor_code=f"{vendor.name[:3].upper()}-{4100 + 7 * number}",
            pack_size=pack,
            minimum_order=pack,
            is_preferred=True,
        )
        base = (sku.cost / vendor.books_rate).quantize(Decimal("0.01"))
        breaks = (
            [(1, base)] if number % 4 == 3 else [(1, base), (48, (base * Decimal("0.95")).quantize(Decimal("0.01"))), (144, base * Decimal("0.9"))]
        )
        VendorPrice.objects.bulk_create([VendorPrice(item=item, from_quantity=units, unit_price=price) for units, price in breaks])
        ReorderRule.objects.filter(sku=sku).update(vendor=vendor)


def trade_before(skus: Sequence[Sku], warehouse: Warehouse, dice: random.Random) -> None:
    """Tell of the weeks before: what was sold of some SKUs, which rules learn from, and what vendors delivered, sooner or later than promised."""
    chosen = skus[:: max(len(skus) // LEARNED_SKUS, 1)][:LEARNED_SKUS]
    today = timezone.localdate()
    moves = []
    for sku in chosen:
        usual = dice.uniform(0.6, 4.5)
        days = [day for day in range(WEEKS * 7, 0, -1) if dice.random() < 0.45]
        sold = [(day, max(1, round(dice.gauss(usual * 2, usual)))) for day in days]
        units = sum(units for _day, units in sold)
        moves.append(Move(sku.pk, warehouse.pk, units, MovementKind.OPENING, "opening", sku.pk, note="Stock of the weeks before"))
        moves += [
            Move(sku.pk, warehouse.pk, -units, MovementKind.ISSUE, "opening", sku.pk, note="Sold before", effective_on=today - timedelta(days=day))
            for day, units in sold
        ]
    move_stock(moves, actor=ACTOR)
    for vendor in Vendor.objects.order_by("id"):
        theirs = [item.sku for item in vendor.items.select_related("sku").order_by("id")[:12]]
        for turn in range(4):
            order = order_from_vendor(
                vendor, warehouse, [(sku, dice.choice([12, 24])) for sku in dice.sample(theirs, min(3, len(theirs)))], actor=ACTOR
            )
            took = timedelta(days=max(vendor.lead_time_days + dice.choice([-2, 0, 1, 4, 6]), 2), hours=dice.randint(1, 9))
            sent = timezone.now() - took
            PurchaseOrder.objects.filter(pk=order.pk).update(
                created_at=sent, sent_at=sent, expected_on=(sent + timedelta(days=vendor.lead_time_days)).date()
            )
            receive_goods(order.pk, {line.pk: line.quantity for line in order.lines.all()}, key=f"before-{order.pk}", actor="user:warehouse")
            if turn:
                close_purchase(order.pk, actor=ACTOR)
    ReorderRule.objects.filter(sku__in=chosen).update(is_learned=True)


def buy(warehouse: Warehouse) -> None:
    """Leave something at every stage: confirmed, on its way, late with customers who wait for it, a draft, and needs to decide on."""
    stations.run(stations.named("learn"))
    potteries, hansa, dales = Vendor.objects.order_by("id")
    late = _waited_for(warehouse)
    if late is not None:
        sent = timezone.now() - timedelta(days=late.vendor.lead_time_days + 4)
        PurchaseOrder.objects.filter(pk=late.pk).update(created_at=sent, sent_at=sent, expected_on=timezone.localdate() - timedelta(days=4))
    some = {vendor.pk: [item.sku for item in vendor.items.select_related("sku").order_by("-id")[:4]] for vendor in (potteries, hansa, dales)}
    confirmed = order_from_vendor(hansa, warehouse, [(sku, 48) for sku in some[hansa.pk][:3]], actor=ACTOR)
    first = confirmed.lines.order_by("id")[0]
    said = {first.pk: Confirmed(36, timezone.localdate() + timedelta(days=26))}
    acknowledge_order(confirmed.pk, said, vendor_reference="AB-70412", actor=ACTOR)
    due = order_from_vendor(potteries, warehouse, [(sku, 24) for sku in some[potteries.pk][:2]], actor=ACTOR)
    PurchaseOrder.objects.filter(pk=due.pk).update(expected_on=timezone.localdate() + timedelta(days=3))
    draft_order(Draft(dales.pk, warehouse.pk, [Wanted(sku.pk, 36) for sku in some[dales.pk][:2]], note="Please pack in paper."), actor=ACTOR)
    for name in ("peg", "learn", "replenish"):
        stations.run(stations.named(name))


def _waited_for(warehouse: Warehouse) -> PurchaseOrder | None:
    """Order what most orders wait for, from the vendor of the first of it."""
    waited = list(Backorder.objects.order_by("since").values_list("sku", flat=True).distinct()[:40])
    items = list(VendorItem.objects.filter(sku__in=waited).select_related("sku", "vendor").order_by("id"))
    if not items:
        return None
    theirs = {item.sku for item in items if item.vendor_id == items[0].vendor_id}
    order = order_from_vendor(items[0].vendor, warehouse, [(sku, 60) for sku in sorted(theirs, key=lambda sku: sku.pk)[:6]], actor=ACTOR)
    return order
