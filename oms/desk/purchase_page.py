"""The single view of a purchase order, composed of what every app knows of it: the order, its receipts, its bills, and who waits for it."""

import uuid
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounting.bill_selectors import bills_of, costs_to_bill, to_bill
from inventory.models import PurchaseOrder, PurchaseOrderLine
from inventory.states import LandedKind, SpreadBy
from inventory.views.purchasing import row_or_404
from oms.core.access import may, staff_may
from oms.core.models import Event
from oms.core.money import ZERO
from oms.core.readable import human_number
from oms.desk.waiting import waiting_for_lines
from orders.models import Order
from shipping.drop_shipping import DropShip

MOST_EVENTS = 100


@staff_may("inventory.view_purchaseorder")
def purchase_order(request: HttpRequest, number: str) -> HttpResponse:
    """Show a purchase order: where it stands, what can be done to it, its lines, receipts, costs and bills, and the customers who wait for it."""
    found = PurchaseOrder.objects.select_related("vendor", "warehouse").filter(pk=row_or_404(number)).first()
    if found is None:
        raise Http404
    lines = list(found.lines.select_related("sku"))
    today = timezone.localdate()
    for line in lines:
        line.order = found
        line.confirmed = line.quantity if line.acknowledged is None else line.acknowledged  # type: ignore[attr-defined]
        line.offered_on = line.due_on if line.due_on and line.due_on >= today else None  # type: ignore[attr-defined]
        line.is_refused = line.confirmed < line.quantity  # type: ignore[attr-defined]
    total = sum((line.net for line in lines), ZERO)
    context = {
        "order": found,
        "lines": lines,
        "total": total,
        "short": found.vendor.minimum_order - total if found.can_approve else ZERO,
        "outstanding": sum(line.open_quantity for line in lines),
        "is_late": found.can_receive and any(line.is_late for line in lines),
        "books_currency": settings.BOOKS_CURRENCY,
        "waiting": waiting_for_lines([line.pk for line in lines]),
        "events": Event.objects.filter(subject="purchase", subject_id=found.pk).order_by("-id")[:MOST_EVENTS],
        **_drop_ship(found, lines),
        **_receiving(found),
        **_landed(found),
        **_bills(request, found),
    }
    return render(request, "desk/purchase_order.html", context)


def _drop_ship(order: PurchaseOrder, lines: list[PurchaseOrderLine]) -> dict[str, Any]:
    """Give the panel of what the vendor ships to our customer: shipping/_purchase_drop_ship.html."""
    if order.drop_ship_order_id is None:
        return {}
    return {
        "drop": DropShip(order, lines),
        "drop_ship_order": human_number(Order.NUMBER_PREFIX, order.drop_ship_order_id),
        "drop_ship_key": uuid.uuid4().hex,
    }


def _receiving(order: PurchaseOrder) -> dict[str, Any]:
    """Give the panel of what has come, and the form to receive more: inventory/_purchase_receive.html."""
    receipts = order.receipts.annotate(units=Sum("lines__quantity"), value=Sum("lines__value")).select_related("reversal")
    return {"receipts": receipts, "receipt_key": uuid.uuid4().hex, "books_currency": settings.BOOKS_CURRENCY}


def _landed(order: PurchaseOrder) -> dict[str, Any]:
    """Give the panel of freight, duty and the like: inventory/_purchase_landed.html."""
    return {
        "landed_costs": order.landed_costs.all(),
        "landed_key": uuid.uuid4().hex,
        "landed_kinds": LandedKind.choices,
        "spreads": SpreadBy.choices,
    }


def _bills(request: HttpRequest, order: PurchaseOrder) -> dict[str, Any]:
    """Give the panel of the vendor's bills, to who may see money: accounting/_purchase_bills.html."""
    if not may(request.user, "accounting.view_vendorbill"):
        return {}
    return {
        "sees_bills": True,
        "bills": list(bills_of(order)),
        "to_bill": sum(row.left for row in to_bill(order)),
        "costs_to_bill": len(costs_to_bill(order)),
    }
