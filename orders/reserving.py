"""Reserving stock for orders, and giving backorders what has come in."""

from collections.abc import Callable, Iterable, Mapping

from django.db.models import Sum

from inventory.allocation import Demand
from inventory.reserving import reserve
from oms.core import bulk
from oms.core.events import fact, record
from orders.models import Order, OrderLine
from orders.models.orders import DERIVED
from orders.selectors import lines_of
from orders.states import OrderState


def reserve_orders(orders: list[Order]) -> None:
    """Reserve stock for `orders` that nobody has looked at yet, locked by the caller, in the order given.

    What others have waited for longer is kept back for them. What is short becomes backordered. A constant number of
    queries. Records `order.allocated` or `order.backordered`.
    """
    lines = lines_of(orders)
    wanted = {order.pk: [line for line in lines[order.pk] if line.open] for order in orders}
    _reserve(orders, lines, wanted, kept_back=_waited_for, actor="station:reserve")


def fill_backorders(orders: list[Order]) -> None:
    """Give `orders` with backordered lines, locked by the caller, what is free now: first come, first served.

    Records `order.allocated` for those that can go on, `order.filled` for those that got something and still wait.
    """
    lines = lines_of(orders)
    wanted = {order.pk: [line for line in lines[order.pk] if line.backordered] for order in orders}
    for some in wanted.values():
        for line in some:
            line.backordered = 0
    _reserve(orders, lines, wanted, kept_back=lambda skus: {}, actor="station:backorders")


def _waited_for(skus: set[int]) -> dict[int, int]:
    """Give SKU → units that orders free of holds are waiting for."""
    waiting = OrderLine.objects.filter(sku__in=skus, backordered__gt=0, order__open_holds=0)
    return dict(waiting.values_list("sku_id").annotate(units=Sum("backordered")).order_by())


def _reserve(
    orders: list[Order],
    lines: dict[int, list[OrderLine]],
    wanted: dict[int, list[OrderLine]],
    *,
    kept_back: Callable[[set[int]], Mapping[int, int]],
    actor: str,
) -> None:
    demands = [(order.pk, [Demand(line.pk, line.sku_id, line.open) for line in wanted[order.pk]]) for order in orders]
    allocations = reserve(demands, kept_back=kept_back)
    facts = []
    for order, allocation in zip(orders, allocations, strict=True):
        by_line = {line.pk: line for line in wanted[order.pk]}
        for take in allocation.takes:
            by_line[take.reference].reserved += take.quantity
        for line_id, missing in allocation.short.items():
            by_line[line_id].backordered = missing
        before = order.state
        _move(order, lines[order.pk])
        order.refresh(lines[order.pk])
        kind = _what_happened(before, order, got=bool(allocation.takes))
        if kind:
            facts.append(
                fact(
                    kind,
                    "order",
                    order.pk,
                    order_id=order.pk,
                    actor=actor,
                    reserved=sum(take.quantity for take in allocation.takes),
                    short=sum(allocation.short.values()),
                )
            )
    bulk.save_all([line for some in wanted.values() for line in some], "reserved", "backordered")
    bulk.save_all(orders, "state", *DERIVED)
    record(facts)


def _move(order: Order, lines: Iterable[OrderLine]) -> None:
    """Move the order to where its lines say: on with what is reserved, or waiting for stock."""
    lines = list(lines)
    complete = not any(line.backordered for line in lines)
    something = any(line.reserved for line in lines)
    goes_on = complete or (something and order.accepts_part_deliveries)
    if goes_on and order.state in (OrderState.PLACED, OrderState.BACKORDERED):
        order.allocate()
    elif not goes_on and order.state == OrderState.PLACED:
        order.backorder()


def _what_happened(before: str, order: Order, *, got: bool) -> str:
    if order.state != before:
        return "order.allocated" if order.state == OrderState.ALLOCATED else "order.backordered"
    return "order.filled" if got else ""
