"""Ordering from vendors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import PurchaseOrder, PurchaseOrderLine, Sku, Vendor, Warehouse
from inventory.pegging import supply_changed
from inventory.purchasing.receiving import tolerated
from oms.core import bulk
from oms.core.errors import Invalid
from oms.core.events import fact, record
from oms.core.messages import queue
from oms.core.models import Message


@dataclass(frozen=True)
class Wanted:
    """So many units of a SKU to buy. `unit_cost`: in the vendor's currency; None takes what the SKU costs."""

    sku_id: int
    quantity: int
    unit_cost: Decimal | None = None


def place_purchase_order(vendor_id: int, warehouse_id: int, wanted: Sequence[Wanted], *, actor: str) -> PurchaseOrder:
    """Order `wanted` for a warehouse, approved and sent to the vendor by mail. In the caller's transaction. Records `purchase.ordered`."""
    vendor = Vendor.objects.get(pk=vendor_id)
    order = PurchaseOrder(
        vendor=vendor,
        warehouse_id=warehouse_id,
        currency=settings.BOOKS_CURRENCY,
        expected_on=timezone.localdate() + timedelta(days=vendor.lead_time_days),
        created_at=timezone.now(),
        created_by=actor,
    )
    order.approve()
    order.send()
    order.save()
    costs = dict(Sku.objects.filter(pk__in=[want.sku_id for want in wanted]).values_list("id", "cost"))
    bulk.insert_all(
        [
            PurchaseOrderLine(
                order=order,
                sku_id=want.sku_id,
                quantity=want.quantity,
                over=tolerated(want.quantity, vendor.over_receipt_percent),
                unit_cost=costs[want.sku_id] if want.unit_cost is None else want.unit_cost,
            )
            for want in wanted
        ]
    )
    if vendor.email:
        queue([_mail(order, vendor)])
    supply_changed(costs)
    record([fact("purchase.ordered", "purchase", order.pk, actor=actor, number=order.number, vendor=vendor.name)])
    return order


def order_from_vendor(vendor: Vendor, warehouse: Warehouse, lines: Sequence[tuple[Sku, int]], *, actor: str) -> PurchaseOrder:
    """Order goods by hand, without a need: (SKU, units ≥ 1), at the SKUs' cost. Sent to the vendor by mail. Records `purchase.ordered`."""
    if not lines or any(units < 1 for _, units in lines):
        raise Invalid(_("A purchase order needs lines of at least one unit."))
    with transaction.atomic():
        return place_purchase_order(vendor.pk, warehouse.pk, [Wanted(sku.pk, units) for sku, units in lines], actor=actor)


def _mail(order: PurchaseOrder, vendor: Vendor) -> Message:
    lines = order.lines.select_related("sku").order_by("id")
    return Message(
        kind="purchase_order",
        recipient=vendor.email,
        language=vendor.language,
        data={
            "number": order.number,
            "name": vendor.name,
            "warehouse": order.warehouse.name,
            "expected_on": order.expected_on.isoformat(),
            "lines": [{"sku": line.sku.code, "name": line.sku.name, "quantity": line.quantity} for line in lines],
        },
    )
