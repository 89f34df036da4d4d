"""Reserving stock for orders, and giving backorders what has come in."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from django.db.models import Sum
from django.utils import timezone

from inventory import backorders
from inventory.allocation import Demand, Take, Wanted
from inventory.availability import dates_for
from inventory.backorders import Waiting, keep_waiting
from inventory.kits import parts_of
from inventory.reserving import Asking, reserve
from oms.core import bulk
from oms.core.events import fact, record
from orders.models import Order, OrderLine
from orders.models.orders import DERIVED
from orders.selectors import lines_of
from orders.states import OrderState


def reserve_orders(orders: list[Order]) -> None:
    """Reserve stock for `orders` that nobody has looked at yet, locked by the caller, in the order given.

    What others have waited for longer is kept back for them. What is short becomes backordered. Each line is promised a day. A constant number of
    queries. Records `order.allocated` or `order.backordered`.
    """
    lines = lines_of(orders)
    wanted = {order.pk: [line for line in lines[order.pk] if line.open] for order in orders}
    _reserve(orders, lines, wanted, kept_back=_waited_for, actor="station:reserve", is_first=True)


def fill_backorders(orders: list[Order]) -> None:
    """Give `orders` with backordered lines, locked by the caller, what is free now: first come, first served.

    Records `order.allocated` for those that can go on, `order.filled` for those that got something and still wait.
    """
    lines = lines_of(orders)
    wanted = {order.pk: [line for line in lines[order.pk] if line.backordered] for order in orders}
    for some in wanted.values():
        for line in some:
            line.backordered = 0
    _reserve(orders, lines, wanted, kept_back=lambda skus: {}, actor="station:backorders", is_first=False)


def _waited_for(skus: set[int]) -> dict[int, int]:
    """Give SKU → units that orders free of holds are waiting for and could have."""
    free_of_holds = Order.objects.filter(has_backorders=True, open_holds=0).values("pk")
    waiting = backorders.fillable().filter(sku__in=skus, order_id__in=free_of_holds)
    return dict(waiting.values_list("sku_id").annotate(units=Sum("quantity")).order_by())


def _reserve(
    orders: list[Order],
    lines: dict[int, list[OrderLine]],
    wanted: dict[int, list[OrderLine]],
    *,
    kept_back: Callable[[set[int]], Mapping[int, int]],
    actor: str,
    is_first: bool,
) -> None:
    asking = [
        Asking(
            order.pk,
            Wanted([_demand(line) for line in wanted[order.pk]], order.country, order.postcode),
            has_basket=bool(order.basket),
            is_waiting=not is_first,
        )
        for order in orders
    ]
    allocations = reserve(asking, kept_back=kept_back)
    facts = []
    for order, allocation in zip(orders, allocations, strict=True):
        by_line = {line.pk: line for line in wanted[order.pk]}
        for take in allocation.takes:
            by_line[take.reference].reserved += take.units
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
                    reserved=_units(allocation.takes),
                    short=sum(allocation.short.values()),
                )
            )
    if is_first:
        _promise(orders, wanted)
    bulk.save_all([line for some in wanted.values() for line in some], "reserved", "backordered", "promised_on")
    bulk.save_all(orders, "state", *DERIVED)
    keep_waiting(
        [_waiting(order, line) for order in orders for line in wanted[order.pk] if line.backordered or not is_first],
        tried=not is_first,
    )
    record(facts)


def _demand(line: OrderLine) -> Demand:
    return Demand(line.pk, line.open, parts_of(line.sku_id, line.kit), line.net / line.quantity)


def _waiting(order: Order, line: OrderLine) -> Waiting:
    return Waiting(
        line_id=line.pk,
        order_id=order.pk,
        units=line.backordered,
        parts=parts_of(line.sku_id, line.kit),
        priority=order.priority,
        since=order.placed_at or order.created_at,
        promised_on=line.promised_on,
    )


def _units(takes: Iterable[Take]) -> int:
    return sum(take.units for take in takes)


def _promise(orders: list[Order], wanted: dict[int, list[OrderLine]]) -> None:
    """Promise a day for every line: today for what is reserved, else the day on which the last of it can be there to leave."""
    short = [(order, line) for order in orders for line in wanted[order.pk] if line.backordered]
    days: list[date | None] = []
    if short:
        days = dates_for([(parts_of(line.sku_id, line.kit), line.backordered, order.country, order.postcode) for order, line in short])
    by_line = {line.pk: day for (_, line), day in zip(short, days, strict=True)}
    today = timezone.localdate()
    for order in orders:
        for line in wanted[order.pk]:
            if line.promised_on is None:
                line.promised_on = by_line[line.pk] if line.backordered else today


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
