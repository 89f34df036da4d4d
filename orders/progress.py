"""What the apps above tell an order: money that came, goods that were planned, left and arrived.

All take orders that the caller has locked, work on a whole batch with a constant number of queries and save what they derive.
"""

from collections.abc import Mapping
from decimal import Decimal

from oms.core import bulk
from oms.core.events import fact, record
from orders.holding import look_again
from orders.models import Order, OrderLine
from orders.models.orders import DERIVED
from orders.selectors import lines_of
from orders.states import OrderState, ScreeningKind


def note_planned(orders: list[Order], planned: Mapping[int, int]) -> None:
    """Note that shipments have taken up `planned`, line → units. Records `order.planned`."""
    lines = _add(orders, planned, _plan)
    for order in orders:
        if order.state == OrderState.ALLOCATED:
            order.start_fulfilment()
        order.fulfilment_step = "pick"
    _save(orders, lines, "planned", step=True)
    record(fact("order.planned", "order", order.pk, order_id=order.pk, actor="station:plan") for order in orders)


def note_shipped(orders: list[Order], shipped: Mapping[int, int], *, actor: str) -> None:
    """Note that `shipped`, line → units, have left. Records `order.shipped` for orders of which everything has."""
    lines = _add(orders, shipped, _ship)
    gone = []
    for order in orders:
        open_units = sum(line.to_ship for line in lines[order.pk])
        if order.state == OrderState.FULFILLING and not open_units:
            order.ship()
            gone.append(order)
    _save(orders, lines, "reserved", "planned", "shipped", step=True)
    record(fact("order.shipped", "order", order.pk, order_id=order.pk, actor=actor) for order in gone)


def note_delivered(orders: list[Order], delivered: Mapping[int, int], *, actor: str) -> None:
    """Note that `delivered`, line → units, have arrived. Records `order.delivered` for orders of which everything has."""
    lines = _add(orders, delivered, _deliver)
    arrived = []
    for order in orders:
        outstanding = sum(line.shipped - line.delivered for line in lines[order.pk])
        if order.state == OrderState.SHIPPED and not outstanding:
            order.deliver()
            arrived.append(order)
    _save(orders, lines, "delivered", step=True)
    record(fact("order.delivered", "order", order.pk, order_id=order.pk, actor=actor) for order in arrived)


def note_invoiced(orders: list[Order], lines: dict[int, list[OrderLine]], amounts: Mapping[int, Decimal]) -> None:
    """Note that all that is invoiceable on `lines` (by order) has been invoiced, for `amounts` (order → gross)."""
    changed = []
    for order in orders:
        for line in lines[order.pk]:
            invoiceable = order.invoiceable(line)
            if line.invoiced < invoiceable:
                line.invoiced = invoiceable
                changed.append(line)
        order.invoiced_total += amounts.get(order.pk, 0)
        order.refresh(lines[order.pk])
    bulk.save_all(changed, "invoiced")
    bulk.save_all(orders, "invoiced_total", *DERIVED)


def note_paid(order: Order, amount: Decimal) -> None:
    """Note that `amount` was paid (given back, when below zero) on a locked order."""
    order.paid_total += amount
    order.refresh(lines_of([order])[order.pk])
    order.save(update_fields=["paid_total", *DERIVED])
    look_again(kinds=[ScreeningKind.CREDIT, ScreeningKind.FIRST_ORDER], customers=[order.customer_id])


def note_step(orders: list[Order], step: str) -> None:
    """Note what the warehouse or carrier has to do next: pick, pack, book, hand_over, carrier."""
    for order in orders:
        order.fulfilment_step = step
    bulk.save_all(orders, "fulfilment_step")


def complete_orders(orders: list[Order]) -> None:
    """Close orders that are delivered, invoiced and paid. Records `order.completed`."""
    for order in orders:
        order.complete()
        order.fulfilment_step = ""
    bulk.save_all(orders, "state", "fulfilment_step")
    record(fact("order.completed", "order", order.pk, order_id=order.pk, actor="station:complete") for order in orders)


def _add(orders: list[Order], units: Mapping[int, int], move) -> dict[int, list[OrderLine]]:
    lines = lines_of(orders)
    for some in lines.values():
        for line in some:
            if quantity := units.get(line.pk, 0):
                move(line, quantity)
    return lines


def _plan(line: OrderLine, quantity: int) -> None:
    line.planned += quantity


def _ship(line: OrderLine, quantity: int) -> None:
    line.reserved -= quantity
    line.planned -= quantity
    line.shipped += quantity


def _deliver(line: OrderLine, quantity: int) -> None:
    line.delivered += quantity


def _save(orders: list[Order], lines: dict[int, list[OrderLine]], *columns: str, step: bool) -> None:
    for order in orders:
        if step and order.state != OrderState.FULFILLING:
            order.fulfilment_step = "carrier" if order.state == OrderState.SHIPPED else ""
        elif step and not any(line.planned for line in lines[order.pk]):
            order.fulfilment_step = ""
        order.refresh(lines[order.pk])
    bulk.save_all([line for some in lines.values() for line in some], *columns)
    bulk.save_all(orders, "state", "fulfilment_step", *DERIVED)
