"""Screening: does anything speak against an order? Each reason is a hold, a row with its kind."""

from decimal import Decimal

from django.db.models import F, Sum
from django.utils import timezone

from customers.models import Customer
from customers.services import Bought, lock_customers, note_orders
from customers.states import ShipPolicy
from oms.core import bulk
from oms.core.events import fact, record
from oms.core.messages import queue
from oms.core.models import Message
from oms.core.money import ZERO
from orders.models import Hold, Order
from orders.states import HoldKind

ACTOR = "station:screen"


def screen_orders(orders: list[Order]) -> None:
    """Screen `orders`, locked by the caller: place the holds, add them to their customers' history, confirm them by mail.

    Locks the customers, so that two orders never share the same credit. A constant number of queries. Records `order.screened`.
    """
    customers = lock_customers({order.customer_id for order in orders})
    exposure = _exposure(customers)
    held_already = _held_already(orders)
    now = timezone.now()
    holds: list[Hold] = []
    for order in orders:
        customer = customers[order.customer_id]
        order.screened_at = now
        for kind, reason in _objections(order, customer, exposure[customer.pk]):
            if (order.pk, kind) not in held_already:
                holds.append(Hold(order=order, kind=kind, reason=reason, placed_by=ACTOR, placed_at=now))
                order.open_holds += 1
        exposure[customer.pk] += order.total
    bulk.insert_all(holds)
    bulk.save_all(orders, "screened_at", "open_holds")
    note_orders(customers, [Bought(order.customer_id, order.total, order.placed_at) for order in orders if order.placed_at])
    queue(_confirmation(order) for order in orders if order.email)
    held = {hold.order_id: hold for hold in holds}
    record(
        fact(
            "order.held" if order.pk in held else "order.screened",
            "order",
            order.pk,
            order_id=order.pk,
            actor=ACTOR,
            **({"reason": held[order.pk].reason} if order.pk in held else {}),
        )
        for order in orders
    )


def _exposure(customers: dict[int, Customer]) -> dict[int, Decimal]:
    """Give per customer what they owe and what is ordered, screened and not yet invoiced."""
    limited = [pk for pk, customer in customers.items() if customer.credit_limit is not None]
    uninvoiced: dict[int, Decimal] = {}
    if limited:
        uninvoiced = dict(
            Order.objects.open()
            .filter(customer__in=limited, screened_at__isnull=False)
            .values_list("customer_id")
            .annotate(amount=Sum(F("total") - F("invoiced_total")))
        )
    return {pk: customer.open_balance + uninvoiced.get(pk, ZERO) for pk, customer in customers.items()}


def _held_already(orders: list[Order]) -> set[tuple[int, str]]:
    """Give (order, kind) of the holds that somebody was quicker to place than the screening."""
    held = [order.pk for order in orders if order.open_holds]
    if not held:
        return set()
    return set(Hold.objects.filter(order__in=held, released_at__isnull=True).values_list("order_id", "kind"))


def _objections(order: Order, customer: Customer, exposure: Decimal) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if customer.is_blocked:
        found.append((HoldKind.BLOCKED, f"{customer.name} is blocked"))
    limit = customer.credit_limit
    if limit is not None and order.ship_policy == ShipPolicy.ON_TERMS and exposure + order.total > limit:
        over = exposure + order.total - limit
        found.append((HoldKind.CREDIT, f"{over:.2f} {order.currency} over the credit limit of {limit:.2f}"))
    return found


def _confirmation(order: Order) -> Message:
    return Message(
        kind="order_confirmation",
        recipient=order.email,
        language=order.language,
        order_id=order.pk,
        data={
            "number": order.number,
            "name": order.bill_to.get("name", ""),
            "total": str(order.total),
            "currency": order.currency,
            "token": order.public_token,
        },
    )
