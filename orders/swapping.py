"""Swapping between two orders: one gets the stock that the other has, or their places in the queue are exchanged. Both promises are seen before."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.backorders import drop_shipped_lines, keep_waiting, queue_anew
from inventory.handing_over import hand_over, places_of, places_of_order
from inventory.kits import parts_of
from inventory.models import Backorder, Warehouse
from inventory.pegging import expectations
from inventory.sourcing import places_serving, rules_in_force, served_from
from oms.core import bulk
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock
from orders.models import Order, OrderLine
from orders.models.orders import DERIVED
from orders.reserving import move_on, waiting_for
from orders.selectors import lines_of
from orders.states import OPEN_STATES, OrderState

MOST_CANDIDATES = 50
STOCK, PLACE = "stock", "place"


@dataclass(frozen=True)
class Promise:
    """What a line was promised and what is expected, before and after. `units` of it wait; `expected` None: nothing brings it."""

    order: str
    line_id: int
    position: int
    sku: str
    promised_on: date | None
    waits: int
    expected: date | None
    waits_after: int
    expected_after: date | None

    @property
    def changes(self) -> bool:
        return (self.waits, self.expected) != (self.waits_after, self.expected_after)

    @property
    def is_worse(self) -> bool:
        """Say whether more waits, or it comes later or not at all."""
        if self.waits_after > self.waits:
            return True
        if self.expected_after is None:
            return bool(self.waits_after) and self.expected is not None
        return self.expected is not None and self.expected_after > self.expected

    @property
    def will_slip(self) -> bool:
        """Say whether it will come later than its customer was told, or nobody knows when."""
        return bool(self.waits_after and self.promised_on and (self.expected_after is None or self.expected_after > self.promised_on))


@dataclass(frozen=True)
class Preview:
    """What a swap would do. `kind`: stock (the other's units come to the first line) or place (their places in the queue are exchanged).

    `seen`: tells this state of both orders from any other; the swap is refused once either has moved on.
    """

    kind: str
    units: int
    sku: str
    first: Order
    second: Order
    promises: tuple[Promise, ...]
    warehouses: tuple[str, ...]
    seen: str

    def of(self, order: Order) -> list[Promise]:
        return [promise for promise in self.promises if promise.order == order.number]

    @property
    def for_first(self) -> list[Promise]:
        return self.of(self.first)

    @property
    def for_second(self) -> list[Promise]:
        return self.of(self.second)


@dataclass(frozen=True)
class Candidate:
    """An order to swap with: `units` that it has and could give, or none where it waits as well, until `expected_on`."""

    order: Order
    line: OrderLine
    kind: str
    units: int
    expected_on: date | None


def candidates(line: OrderLine) -> list[Candidate]:
    """Give whom a waiting line could swap with: first those that have the SKU and need it least, then those that wait and are filled sooner.

    Two queries.
    """
    same = OrderLine.objects.filter(sku=line.sku_id, kit=line.kit) if line.kit else OrderLine.objects.filter(sku=line.sku_id, kit__isnull=True)
    others = same.exclude(order=line.order_id).filter(order__state__in=OPEN_STATES).select_related("order__customer", "sku")
    holding = others.filter(reserved__gt=0, planned=0).order_by("-order__priority", "-order__placed_at", "-id")[:MOST_CANDIDATES]
    found = [Candidate(other.order, other, STOCK, min(other.reserved, line.backordered), None) for other in holding]
    mine = _expected([line.pk]).get(line.pk)
    waiting = list(others.filter(backordered__gt=0).order_by("order__priority", "order__placed_at", "id")[:MOST_CANDIDATES])
    expected = _expected([other.pk for other in waiting])
    for other in waiting:
        on = expected.get(other.pk)
        if other.pk not in {one.line.pk for one in found} and on is not None and (mine is None or on < mine):
            found.append(Candidate(other.order, other, PLACE, 0, on))
    return found


def preview_swap(line_id: int, other_line_id: int, *, units: int) -> Preview:
    """Show what swapping `units` between a line that waits and another order's line for the same SKU would do to both promises.

    Changes and locks nothing. Raises Invalid, NotFound or Conflict where it cannot be done, and why.
    """
    pair = _pair(OrderLine.objects.filter(pk__in=[line_id, other_line_id]).select_related("order", "sku"), line_id, other_line_id)
    return _preview(*pair, units)


def apply_swap(line_id: int, other_line_id: int, *, units: int, seen: str, actor: str) -> Preview:
    """Do what `preview_swap` showed as `seen`; give what was shown. A repeat finds both orders moved on, and changes nothing.

    Locks both orders by primary key, then the reservations, stock levels and backorders that change. Raises Conflict where either order has moved
    on since. Records `order.swapped` or `order.place_swapped` on both.
    """
    with transaction.atomic():
        found = dict(OrderLine.objects.filter(pk__in=[line_id, other_line_id]).values_list("pk", "order_id"))
        orders = {order.pk: order for order in lock(Order.objects.filter(pk__in=found.values()))}
        lines = lines_of(orders.values())
        for order in orders.values():
            for line in lines[order.pk]:
                line.order = order
        first, second = _pair((line for some in lines.values() for line in some if line.pk in found), line_id, other_line_id)
        moved_on = Conflict(_("One of the two orders has moved on since: look at both promises again."))
        try:
            preview = _preview(first, second, units)
        except Invalid:  # it was possible when it was shown
            raise moved_on from None
        if preview.seen != seen:
            raise moved_on
        if preview.kind == STOCK:
            _swap_stock(first, second, preview, lines, actor)
        else:
            _swap_places(first.order, second.order, actor)
    return preview


def _pair(lines: Iterable[OrderLine], line_id: int, other_line_id: int) -> tuple[OrderLine, OrderLine]:
    by_id = {line.pk: line for line in lines}
    if line_id not in by_id or other_line_id not in by_id:
        raise NotFound(_("There is no such line."))
    first, second = by_id[line_id], by_id[other_line_id]
    if drop_shipped_lines([first.order_id, second.order_id]) & {line_id, other_line_id}:
        raise Conflict(_("A vendor ships one of the two lines to its customer himself: there is nothing to swap."))
    return first, second


def _preview(first: OrderLine, second: OrderLine, units: int) -> Preview:
    kind = _kind(first, second, units)
    warehouses: tuple[str, ...] = ()
    before = list(Backorder.objects.filter(sku__in=_skus_touched(first, second, kind)).select_related("sku").order_by("id"))
    after = [copy(row) for row in before]
    if kind == STOCK:
        named = dict(Warehouse.objects.filter(pk__in=_givers(first, second, units)).values_list("id", "name"))
        warehouses = tuple(named.values())
        after = _with_units_moved(after, first, second, units)
    else:
        _exchange_places(after, first.order, second.order)
    return Preview(
        kind,
        units,
        first.sku.code,
        first.order,
        second.order,
        _promises(first, second, before, after),
        warehouses,
        _fingerprint(first, second, units, kind, before),
    )


def _kind(first: OrderLine, second: OrderLine, units: int) -> str:
    """Say how the two can be swapped. Raises what stands in the way."""
    if first.order_id == second.order_id:
        raise Invalid(_("Swap between two orders."), pointer="/with")
    if first.sku_id != second.sku_id or first.kit != second.kit:
        raise Invalid(_("Both orders must want the same SKU, made of the same parts."), pointer="/with")
    for order in (first.order, second.order):
        if not order.is_open:
            raise Conflict(_("%(number)s is closed: there is nothing to swap.") % {"number": order.number})
    if first.order.open_holds:
        raise Conflict(_("%(number)s is on hold: release it before it gets what others have.") % {"number": first.order.number})
    if not 1 <= units <= max(first.backordered, 0):
        raise Invalid(
            _("%(number)s waits for %(units)d of it: swap between 1 and that many.") % {"number": first.order.number, "units": first.backordered},
            pointer="/units",
        )
    if second.reserved and not second.planned:
        if units > second.reserved:
            raise Invalid(
                _("%(number)s has %(units)d of it: swap no more.") % {"number": second.order.number, "units": second.reserved}, pointer="/units"
            )
        return STOCK
    if second.backordered:
        return PLACE
    if second.planned:
        raise Conflict(_("What %(number)s has is on a shipment already: it leaves as planned.") % {"number": second.order.number})
    raise Conflict(_("%(number)s neither has any of it nor waits for it.") % {"number": second.order.number})


def _givers(first: OrderLine, second: OrderLine, units: int) -> set[int]:
    """Give the warehouses from which the first order may have what the second has. Raises Conflict where they are not enough."""
    order = first.order
    serving = served_from(places_serving({order.country}), rules_in_force(), order.country, order.postcode)
    there = {place: n for place, n in places_of(second.pk).items() if serving is None or place in serving}
    if not order.accepts_part_deliveries:
        mine = places_of_order(order.pk)
        there = {place: n for place, n in there.items() if not mine or place in mine}
        there = dict([max(there.items(), key=lambda item: (item[1], -item[0]))]) if there else {}
    if sum(there.values()) < units:
        raise Conflict(
            _("What %(other)s has lies where %(number)s cannot be filled from: it is not served from there, or would no longer ship complete.")
            % {"other": second.order.number, "number": order.number}
        )
    return set(there)


def _skus_touched(first: OrderLine, second: OrderLine, kind: str) -> set[int]:
    if kind == STOCK:
        return {sku for sku, _each in parts_of(first.sku_id, first.kit)}
    return set(Backorder.objects.filter(order_id__in=[first.order_id, second.order_id]).values_list("sku_id", flat=True))


def _with_units_moved(rows: list[Backorder], first: OrderLine, second: OrderLine, units: int) -> list[Backorder]:
    parts = parts_of(first.sku_id, first.kit)
    by_key = {(row.line_id, row.sku_id): row for row in rows}
    for sku, each in parts:
        gets = by_key.get((first.pk, sku))
        if gets is not None:
            gets.quantity -= units * each
            if gets.quantity <= 0:
                rows.remove(gets)
        gives = by_key.get((second.pk, sku))
        if gives is None:
            order = second.order
            rows.append(
                Backorder(
                    line_id=second.pk, order_id=order.pk, sku_id=sku, quantity=units * each, per_unit=each, is_part=len(parts) > 1,
                    priority=order.priority, since=order.waits_since, promised_on=second.promised_on, country=order.country[:2],
                    postcode=order.postcode[:20],
                )
            )  # fmt: skip
        else:
            gives.quantity += units * each
    return rows


def _exchange_places(rows: Iterable[Backorder], first: Order, second: Order) -> None:
    places = {first.pk: (second.priority, second.waits_since), second.pk: (first.priority, first.waits_since)}
    for row in rows:
        if row.order_id in places:
            row.priority, row.since = places[row.order_id]


def _promises(first: OrderLine, second: OrderLine, before: Sequence[Backorder], after: Sequence[Backorder]) -> tuple[Promise, ...]:
    orders = {first.order_id: first.order, second.order_id: second.order}
    now, then = _by_line(before, orders), _by_line(after, orders)
    lines = {line.pk: line for line in OrderLine.objects.filter(pk__in={*now, *then}).select_related("sku").order_by("order_id", "position")}
    found = []
    for pk, line in lines.items():
        waits, expected = now.get(pk, (0, None))
        waits_after, expected_after = then.get(pk, (0, None))
        number = orders[line.order_id].number
        found.append(Promise(number, pk, line.position, line.sku.code, line.promised_on, waits, expected, waits_after, expected_after))
    return tuple(found)


def _by_line(rows: Sequence[Backorder], orders: dict[int, Order]) -> dict[int, tuple[int, date | None]]:
    """Give line → (units that wait, when the last of them comes), for the lines of both orders."""
    found: dict[int, tuple[int, date | None]] = {}
    for one in expectations(rows):
        row = one.row
        if row.order_id not in orders:
            continue
        units = -(-row.quantity // row.per_unit)
        if row.line_id in found:
            waits, on = found[row.line_id]
            last = None if on is None or one.expected_on is None else max(on, one.expected_on)
            found[row.line_id] = (max(waits, units), last)
        else:
            found[row.line_id] = (units, one.expected_on)
    return found


def _expected(line_ids: Sequence[int]) -> dict[int, date | None]:
    found: dict[int, date | None] = {}
    for line, on in (
        Backorder.objects.filter(line_id__in=line_ids).order_by(F("expected_on").asc(nulls_last=True)).values_list("line_id", "expected_on")
    ):
        found[line] = on
    return found


def _fingerprint(first: OrderLine, second: OrderLine, units: int, kind: str, rows: Sequence[Backorder]) -> str:
    told = [
        [
            (line.pk, line.reserved, line.backordered, line.planned, line.shipped, line.cancelled)
            + (line.order.version, line.order.priority, line.order.waits_since.isoformat(), line.order.open_holds, line.order.state)
            for line in (first, second)
        ],
        [[row.pk, row.quantity, str(row.expected_on)] for row in rows if row.order_id in (first.order_id, second.order_id)],
        units,
        kind,
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def _swap_stock(first: OrderLine, second: OrderLine, preview: Preview, lines: dict[int, list[OrderLine]], actor: str) -> None:
    units = preview.units
    hand_over(
        from_line=second.pk, to_line=first.pk, to_order=first.order_id, units=units, parts=parts_of(first.sku_id, first.kit),
        warehouses=_givers(first, second, units),
    )  # fmt: skip
    first.reserved += units
    first.backordered -= units
    second.reserved -= units
    second.backordered += units
    for line in (first, second):
        order = line.order
        move_on(order, lines[order.pk])
        _fall_back(order, lines[order.pk])
        order.version += 1
        order.refresh(lines[order.pk])
    bulk.save_all([first, second], "reserved", "backordered")
    bulk.save_all([first.order, second.order], "state", "version", *DERIVED)
    keep_waiting([waiting_for(first.order, first), waiting_for(second.order, second)], tried=False)
    got, gave = str(_("taken over")), str(_("given up"))
    told = [(first.order, second.order, got), (second.order, first.order, gave)]
    record(
        [
            fact("order.swapped", "order", one.pk, order_id=one.pk, actor=actor, units=units, sku=preview.sku, what=what, other=other.number)
            for one, other, what in told
        ]
        + [fact("order.filled", "order", first.order_id, order_id=first.order_id, actor=actor, reserved=units, short=first.backordered)]
    )


def _fall_back(order: Order, lines: Sequence[OrderLine]) -> None:
    """Have an order wait again that can no longer go on. One that is held stays where it is: it goes nowhere."""
    goes_on = any(line.reserved for line in lines) and order.accepts_part_deliveries
    if order.state == OrderState.ALLOCATED and any(line.backordered for line in lines) and not goes_on and not order.open_holds:
        order.backorder()


def _swap_places(first: Order, second: Order, actor: str) -> None:
    places = {first.pk: (second.priority, second.waits_since), second.pk: (first.priority, first.waits_since)}
    for order in (first, second):
        order.priority, order.queued_at = places[order.pk]
        order.version += 1
    bulk.save_all([first, second], "priority", "queued_at", "version")
    queue_anew(places)
    record(
        [
            fact("order.place_swapped", "order", one.pk, order_id=one.pk, actor=actor, other=other.number, at=timezone.now().isoformat())
            for one, other in ((first, second), (second, first))
        ]
    )
