"""The single view of an order, composed of what every app knows of it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounting.checkouts import owed_back
from accounting.selectors import invoices_of, payments_of
from inventory.decisions import decisions_of
from inventory.kits import cost_kits
from inventory.waiting import LineStock, stock_of_lines
from oms.core.access import may, staff_may
from oms.core.models import Event, Message
from oms.desk.order_line import order_stops
from orders.blockers import blocker_of
from orders.models import Order, OrderLine
from orders.prioritising import LEAST_URGENT, MOST_URGENT
from orders.views import row_or_404
from shipping.drop_shipping import could_be_drop_shipped, drop_ships_of, vendors_for
from shipping.selectors import shipments_of

MOST_EVENTS = 200


@staff_may("orders.view_order")
def order(request: HttpRequest, number: str) -> HttpResponse:
    """Show an order: where it stands, what it waits for, its lines, shipments, invoices, payments, messages and timeline."""
    found = Order.objects.select_related("customer", "channel", "standing_order").filter(pk=row_or_404(number)).first()
    if found is None:
        raise Http404
    events = list(Event.objects.filter(order_id=found.pk).order_by("-id")[:MOST_EVENTS])
    lines = list(found.lines.select_related("sku"))
    context = {
        "order": found,
        "stops": order_stops(found, events),
        "blocker": blocker_of(found),
        "lines": lines,
        "stock_rows": _stock_rows(found, lines),
        "decisions": decisions_of(found.pk),
        "priorities": range(MOST_URGENT, LEAST_URGENT + 1),
        "charges": found.charges.all(),
        "holds": found.holds.filter(released_at__isnull=True),
        "shipments": shipments_of(found),
        "events": events,
        **drop_ship_panel(found, lines),
        **_what_one_may_see(request, found, lines),
    }
    return render(request, "desk/order.html", context)


@dataclass(frozen=True)
class StockRow:
    """A line with where its units lie and what it waits for. `expected_on` None: not all of it is on its way."""

    line: OrderLine
    stock: LineStock

    @property
    def expected_on(self) -> date | None:
        days = [one.expected_on for one in self.stock.waits_for]
        return None if None in days else max((day for day in days if day), default=None)

    @property
    def days_slipped(self) -> int:
        return max((one.days_slipped for one in self.stock.waits_for), default=0)


def _stock_rows(order: Order, lines: Sequence[OrderLine]) -> list[StockRow]:
    """Give the lines that have something reserved or wait for something; none of a closed order."""
    stock = stock_of_lines(order.pk) if order.is_open else {}
    return [StockRow(line, stock[line.pk]) for line in lines if line.pk in stock]


def drop_ship_panel(order: Order, lines: Sequence[OrderLine]) -> dict[str, Any]:
    """Give the panel of what vendors ship to the customer, and of what they could: shipping/_order_drop_ships.html."""
    could = could_be_drop_shipped(order, lines)
    return {
        "drop_ships": drop_ships_of(order),
        "drop_ship_key": uuid.uuid4().hex,
        "could_drop_ship": could,
        "drop_ship_vendors": vendors_for([line.sku_id for line in could]) if could else [],
    }


def _what_one_may_see(request: HttpRequest, order: Order, lines: Sequence[OrderLine]) -> dict[str, Any]:
    """Give the panels that not every role may see: money, and what was written to the customer."""
    sees_margin = may(request.user, "orders.view_margin")
    if sees_margin:
        cost_kits((line.sku, line.kit) for line in lines if line.kit)
    panels: dict[str, Any] = {"sees_margin": sees_margin, "hidden_columns": 7 if sees_margin else 6}
    if may(request.user, "accounting.view_invoice"):
        panels |= {"invoices": invoices_of(order), "payments": payments_of(order), "owed_back": owed_back(order), "sees_money": True}
    if may(request.user, "core.view_message"):
        panels |= {"mails": Message.objects.filter(order_id=order.pk).order_by("id"), "sees_mails": True}
    return panels
