"""The dock of the demo house: what is late and what comes today, cases with a code of their own, freight on what has come, and a vendor who ships."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone
from stdnum import ean

from inventory.models import Barcode, PurchaseOrder, Sku, Vendor, Warehouse
from inventory.pegging import supply_changed
from inventory.purchasing.landing import add_landed_cost
from inventory.purchasing.ordering import order_from_vendor
from inventory.purchasing.receiving import receive_goods
from inventory.states import LandedKind, SpreadBy
from orders.models import Order
from shipping.drop_shipping import could_be_drop_shipped, order_drop_shipment

CASE = 12


def fill_dock(warehouse: Warehouse, skus: list[Sku]) -> None:
    """Have goods on their way to the dock, some of them waited for, and one line that its vendor ships to the customer."""
    potteries, hansa = Vendor.objects.order_by("id")[:2]
    Vendor.objects.filter(pk=potteries.pk).update(over_receipt_percent=10)
    potteries.over_receipt_percent = 10
    Barcode.objects.bulk_create([Barcode(code=_case(sku), sku=sku, units=CASE) for sku in skus[:6]])
    _ordered(potteries, warehouse, [(skus[0], 96), (skus[1], 48), (skus[3], 60), (skus[5], 36)], days=0)
    _ordered(hansa, warehouse, [(skus[13], 120), (skus[22], 60), (skus[31], 200)], days=-3)
    part = _ordered(hansa, warehouse, [(skus[10], 40), (skus[11], 40)], days=2)
    receive_goods(part.pk, {part.lines.order_by("id")[0].pk: 24}, key="demo dock", actor="user:warehouse")
    add_landed_cost(
        part.pk,
        kind=LandedKind.FREIGHT,
        amount=Decimal("36.50"),
        spread_by=SpreadBy.WEIGHT,
        key="demo freight",
        actor="user:accountant",
        note="Seaway Forwarding, FW-3312",
    )
    _have_vendor_ship(hansa)


def _ordered(vendor: Vendor, warehouse: Warehouse, lines: list[tuple[Sku, int]], *, days: int) -> PurchaseOrder:
    """Order goods that are expected in `days`."""
    order = order_from_vendor(vendor, warehouse, lines, actor="user:manager")
    PurchaseOrder.objects.filter(pk=order.pk).update(expected_on=timezone.localdate() + timedelta(days=days))
    supply_changed([sku.pk for sku, _ in lines])
    return order


def _have_vendor_ship(vendor: Vendor) -> None:
    """Have a vendor ship what the first order that may go on waits for."""
    for order in Order.objects.filter(has_backorders=True, open_holds=0, accepts_part_deliveries=True).order_by("placed_at"):
        lines = could_be_drop_shipped(order, list(order.lines.all()))
        if lines and order.may_ship:
            order_drop_shipment(order.pk, [lines[0].pk], vendor_id=vendor.pk, actor="user:manager")
            return


def _case(sku: Sku) -> str:
    """Give the GTIN-14 of a case: the same digits with a packaging level before them and a check digit of their own."""
    digits = f"1{sku.barcode[:12]}"
    return digits + str(ean.calc_check_digit(digits))
