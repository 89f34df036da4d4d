"""How orders are shown over REST."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from customers.models import Customer
from oms.core.api.shapes import amount
from oms.core.readable import human_number
from orders import reasons
from orders.blockers import blocker_of
from orders.models import Order, OrderLine


def shown(order: Order) -> dict[str, Any]:
    """Show an order as AnsweredOrder says. At most four queries."""
    blocker = blocker_of(order)
    waits_for = f"{blocker.sentence} ({blocker.who})" if blocker else None
    return _one(order, order.lines.select_related("sku").order_by("position")) | {"waits_for": waits_for}


def shown_as_placed(order: Order) -> dict[str, Any]:
    """Show an order that `place_order` has just given, as AnsweredOrder says. No query."""
    waits_for = f"{_('It has just come in: the line is looking at it.')} ({_('The line')})"
    return _one(order, order.placed_lines) | {"waits_for": waits_for}


def shown_in_list(orders: list[Order]) -> list[dict[str, Any]]:
    """Show orders as AnsweredListedOrder says. One query, whatever their number."""
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=orders).select_related("sku").order_by("order_id", "position"):
        lines[line.order_id].append(line)
    return [_one(order, lines[order.pk]) for order in orders]


def _one(order: Order, lines: Iterable[OrderLine]) -> dict[str, Any]:
    return {
        "number": order.number,
        "state": order.state,
        "payment_status": order.payment_status,
        "fulfilment_status": order.fulfilment_status,
        "external_reference": order.external_reference,
        "customer": human_number(Customer.NUMBER_PREFIX, order.customer_id),
        "placed_at": order.placed_at,
        "currency": order.currency,
        "prices_include_tax": order.prices_include_tax,
        "discount_total": amount(order.discount_total, order.currency),
        "net_total": amount(order.net_total, order.currency),
        "tax_total": amount(order.tax_total, order.currency),
        "total": amount(order.total, order.currency),
        "paid_total": amount(order.paid_total, order.currency),
        "ship_to": order.ship_to,
        "delivery": order.delivery,
        "tracking_page": f"{settings.PUBLIC_URL}/o/{order.public_token}/",
        "lines": [
            {
                "sku": line.sku.code,
                "description": line.description,
                "quantity": line.quantity,
                "unit_price": f"{line.unit_price:f}",
                "discount": amount(line.discount, order.currency),
                "price_reason": reasons.told(line.price_reason),
                "net": amount(line.net, order.currency),
                "tax_rate": f"{line.tax_rate:f}",
                "tax": amount(line.tax, order.currency),
                "reserved": line.reserved,
                "backordered": line.backordered,
                "shipped": line.shipped,
                "delivered": line.delivered,
                "cancelled": line.cancelled,
                "promised_on": line.promised_on,
            }
            for line in lines
        ],
    }
