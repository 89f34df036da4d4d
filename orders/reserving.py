"""Reserving stock for orders, and giving backorders what has come in."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from types import MappingProxyType

from django.db.models import Sum
from django.utils import timezone

from inventory import backorders
from inventory.allocation import Demand, Wanted
from inventory.availability import Question, dates_for
from inventory.backorders import Waiting, keep_waiting
from inventory.kits import parts_of
from inventory.models import Reservation, StockLevel
from inventory.reserving import Asking, reserve, reserve_at_hand
from oms.core import bulk
from oms.core.events import fact, record
from oms.core.locks import claim, lock
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


def reserve_at_counter(order: Order, *, warehouse_id: int, actor: str) -> list[Reservation]:
    """Reserve all of `order`, locked by the caller, in the one place where its customer stands. Raises Conflict where something is short.

    Records `order.allocated`.
    """
    lines = lines_of([order])[order.pk]
    rows = reserve_at_hand([_demand(line) for line in lines], order_id=order.pk, warehouse_id=warehouse_id)
    for line in lines:
        line.reserved, line.promised_on = line.quantity, timezone.localdate()
    move_on(order, lines)
    order.refresh(lines)
    bulk.save_all(lines, "reserved", "promised_on")
    bulk.save_all([order], "state", *DERIVED)
    units = sum(line.reserved for line in lines)
    record([fact("order.allocated", "order", order.pk, order_id=order.pk, actor=actor, reserved=units, short=0)])
    return rows


def fill_backorders(orders: list[Order]) -> None:
    """Give `orders` with backordered lines, locked by the caller, what is free now: first come, first served.

    What a vendor is to ship himself is given nothing. One that ships complete is chosen anew as a whole: it keeps its units, but may take them
    from a warehouse that has them all. Those whom somebody outside the batch comes before by now are left for the next one. Records
    `order.allocated` for those that can go on, `order.filled` for those that got something and still wait.
    """
    lines = lines_of(orders)
    orders = _in_their_turn(orders, lines)
    if not orders:
        return
    elsewhere = backorders.drop_shipped_lines(order.pk for order in orders)
    anew = {order.pk for order in orders if _is_chosen_anew(order, lines[order.pk], elsewhere)}
    wanted = {
        order.pk: [line for line in lines[order.pk] if line.pk not in elsewhere and (line.backordered or (order.pk in anew and line.reserved))]
        for order in orders
    }
    had = {order.pk: sum(line.reserved for line in lines[order.pk]) for order in orders}
    for pk, some in wanted.items():
        for line in some:
            line.backordered = 0
            line.reserved = 0 if pk in anew else line.reserved
    _reserve(orders, lines, wanted, kept_back=lambda skus: {}, actor="station:backorders", is_first=False, anew=anew, had=had)


def _in_their_turn(orders: list[Order], lines: Mapping[int, list[OrderLine]]) -> list[Order]:
    """Give those of `orders`, a batch in the order of its queue, that come before everybody outside it who could be given something now.

    The queue is asked again under the lock of all that they want: goods that came in after the batch was claimed may be an older order's, which was
    not in the queue then. Locks the stock levels by primary key, and the one who comes first outside, unless somebody else has him.
    """
    wanted = {
        sku
        for order in orders
        for line in lines[order.pk]
        if line.backordered or not order.accepts_part_deliveries
        for sku, _units in parts_of(line.sku_id, line.kit)
    }
    lock(StockLevel.objects.filter(sku__in=wanted))
    ahead = claim(Order.objects.waiting_for_backorders().exclude(pk__in=[order.pk for order in orders]), limit=1)
    return [order for order in orders if not ahead or _place_in_queue(order) < _place_in_queue(ahead[0])]


def _place_in_queue(order: Order) -> tuple[int, datetime, int]:
    """Give what `waiting_for_backorders` sorts by."""
    return (order.priority, order.queued_at or order.placed_at or order.created_at, order.pk)


def _is_chosen_anew(order: Order, lines: list[OrderLine], elsewhere: Collection[int]) -> bool:
    """Say whether an order is chosen as a whole: not once something of it is on its way, or is a vendor's to ship."""
    return not order.accepts_part_deliveries and not any(line.planned or line.shipped or line.pk in elsewhere for line in lines)


def take_from_vendor(order: Order, units: Mapping[int, int]) -> None:
    """Note that what `order`, locked by the caller, waited for is reserved for it where its vendor ships it: line → units, all backordered.

    The order goes on as with any stock. Saves its lines and what it derives; the backorders themselves are inventory's to note.
    """
    lines = lines_of([order])[order.pk]
    for line in lines:
        line.backordered -= units.get(line.pk, 0)
        line.reserved += units.get(line.pk, 0)
    move_on(order, lines)
    order.refresh(lines)
    bulk.save_all([line for line in lines if line.pk in units], "reserved", "backordered")
    bulk.save_all([order], "state", *DERIVED)


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
    anew: Collection[int] = (),
    had: Mapping[int, int] = MappingProxyType({}),
) -> None:
    asking = [
        Asking(
            order.pk,
            Wanted([_demand(line) for line in wanted[order.pk]], order.country, order.postcode, not order.accepts_part_deliveries),
            has_basket=bool(order.basket) and is_first,
            is_waiting=not is_first,
            anew=order.pk in anew,
            values={} if is_first else {line.pk: line.net / line.quantity for line in lines[order.pk]},
        )
        for order in orders
    ]
    allocations = reserve(asking, kept_back=kept_back)
    facts = []
    bound = {order.pk: allocation.only_from for order, allocation in zip(orders, allocations, strict=True)}
    for order, allocation in zip(orders, allocations, strict=True):
        by_line = {line.pk: line for line in wanted[order.pk]}
        for take in allocation.takes:
            by_line[take.reference].reserved += take.units
        for line_id, missing in allocation.short.items():
            by_line[line_id].backordered = missing
        before = order.state
        move_on(order, lines[order.pk])
        order.refresh(lines[order.pk])
        got = sum(line.reserved for line in lines[order.pk]) - had.get(order.pk, 0)
        kind = _what_happened(before, order, got=got > 0)
        if kind:
            facts.append(
                fact(
                    kind,
                    "order",
                    order.pk,
                    order_id=order.pk,
                    actor=actor,
                    reserved=max(got, 0),
                    short=sum(allocation.short.values()),
                )
            )
    if is_first:
        _promise(orders, wanted, bound)
    bulk.save_all([line for some in wanted.values() for line in some], "reserved", "backordered", "promised_on")
    bulk.save_all(orders, "state", *DERIVED)
    keep_waiting(
        [waiting_for(order, line, bound[order.pk]) for order in orders for line in wanted[order.pk] if line.backordered or not is_first],
        tried=not is_first,
    )
    record(facts)


def _demand(line: OrderLine) -> Demand:
    return Demand(line.pk, line.open, parts_of(line.sku_id, line.kit), line.net / line.quantity)


def waiting_for(order: Order, line: OrderLine, only_from: tuple[int, ...] | None = None) -> Waiting:
    """Say what a line waits for, as inventory keeps it. `only_from`: the warehouses that the rest of the order binds it to."""
    return Waiting(
        line_id=line.pk,
        order_id=order.pk,
        units=line.backordered,
        parts=parts_of(line.sku_id, line.kit),
        priority=order.priority,
        since=order.waits_since,
        promised_on=line.promised_on,
        country=order.country,
        postcode=order.postcode,
        only_from=only_from,
    )


def _promise(orders: list[Order], wanted: dict[int, list[OrderLine]], bound: Mapping[int, tuple[int, ...] | None]) -> None:
    """Promise a day for every line: today for what is reserved, else the day on which the last of it can be there to leave.

    What ships complete leaves with its last line.
    """
    short = [(order, line) for order in orders for line in wanted[order.pk] if line.backordered]
    days: list[date | None] = []
    if short:
        days = dates_for(
            [Question(parts_of(line.sku_id, line.kit), line.backordered, order.country, order.postcode, bound[order.pk]) for order, line in short]
        )
    by_line = {line.pk: day for (_, line), day in zip(short, days, strict=True)}
    today = timezone.localdate()
    for order in orders:
        told = [by_line[line.pk] if line.backordered else today for line in wanted[order.pk]]
        if not order.accepts_part_deliveries:
            last = None if None in told else max((day for day in told if day), default=None)
            told = [last] * len(told)
        for line, day in zip(wanted[order.pk], told, strict=True):
            if line.promised_on is None:
                line.promised_on = day


def move_on(order: Order, lines: Iterable[OrderLine]) -> None:
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
