"""Reserving stock and letting it go: the only code that changes `reserved`."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.allocation import Allocation, Demand, Free, Place, Wanted, allocate_one
from inventory.models import Reservation, Sku, SourcingDecision, StockLevel, Warehouse
from inventory.sourcing import places_serving, rules_in_force
from inventory.states import ReservationState
from oms.core import bulk
from oms.core.errors import Conflict
from oms.core.locks import lock

OPEN = (ReservationState.SOFT, ReservationState.FIRM)


@dataclass(frozen=True)
class Asking:
    """An order that asks for stock. `has_basket`: it took up soft reservations, its own before all others. `is_waiting`: it waited for it.

    `anew`: what it has reserved is let go in the same step and chosen anew, its own before all others; everything of it is in `wanted`. `values`:
    of an order that has been given something before, line → what a unit of it is sold for.
    """

    order_id: int
    wanted: Wanted
    has_basket: bool = False
    is_waiting: bool = False
    anew: bool = False
    values: Mapping[int, Decimal] = field(default_factory=dict)


def reserve(asking: Sequence[Asking], *, kept_back: Callable[[set[int]], Mapping[int, int]]) -> list[Allocation]:
    """Reserve stock for orders, first come first served, from the warehouses that the sourcing rules choose; what is left is short.

    `kept_back(skus)`: SKU → units that somebody else waits for already; asked
    under the lock, so that who began to wait a moment ago counts as well.
    Locks the reservations that are the orders' own, then the stock levels of all SKUs wanted, by primary key, added up over the whole batch
    before, kits taken apart; a constant number of statements whatever its size. Stock kept for safety is not touched. Short stock is not an
    error: see `Allocation.short`. The caller's order lock keeps a repeat from reserving twice. Every choice leaves a SourcingDecision, but where
    somebody who waits got nothing again.
    """
    skus = {sku for one in asking for demand in one.wanted.demands for sku, _ in demand.parts}
    places = places_serving({one.wanted.country for one in asking}, in_turn=True)
    rules = rules_in_force()
    own = _own(asking)
    already = _already(asking)
    skus |= {row.sku_id for rows in own.values() for row in rows}
    warehouses = {place.id for place in places} | {row.warehouse_id for rows in own.values() for row in rows}
    levels = {(level.sku_id, level.warehouse_id): level for level in lock(StockLevel.objects.filter(sku__in=skus, warehouse__in=warehouses))}
    free = free_units(levels.values(), kept_back(skus), places)
    now = timezone.now()
    used: dict[int, int] = {}
    allocations, reservations, decisions = [], [], []
    touched: dict[int, StockLevel] = {}
    for one in asking:
        for row in own.get(one.order_id, ()):
            level = levels[row.sku_id, row.warehouse_id]
            level.reserved -= row.quantity
            touched[level.pk] = level
            free[row.sku_id][row.warehouse_id] = free[row.sku_id].get(row.warehouse_id, 0) + row.quantity
        wanted = replace(one.wanted, already=already[one.order_id]) if one.order_id in already else one.wanted
        allocation = allocate_one(wanted, free=free, places=places, rules=rules, used=used)
        allocations.append(allocation)
        for take in allocation.takes:
            for position, (sku, each) in enumerate(take.parts):
                reservations.append(
                    Reservation(
                        line_id=take.reference,
                        order_id=one.order_id,
                        sku_id=sku,
                        warehouse_id=take.warehouse,
                        quantity=each * take.units,
                        line_units=0 if position else take.units,
                        was_awaited=one.is_waiting,
                        created_at=now,
                    )
                )
                level = levels[sku, take.warehouse]
                level.reserved += each * take.units
                touched[level.pk] = level
        if allocation.trace and (allocation.takes or not one.values):
            decisions.append(SourcingDecision(order_id=one.order_id, made_at=now, trace=allocation.trace))
    bulk.insert_all(reservations)
    bulk.save_all(list(touched.values()), "reserved")
    bulk.insert_all(decisions)
    _end([row for rows in own.values() for row in rows])
    return allocations


def reserve_there(wanted: Sequence[tuple[int, int, int]], *, order_id: int, warehouse_id: int) -> list[Reservation]:
    """Reserve for an order's lines, firmly, units that lie free in one place: (line, SKU, units). Locks its stock levels.

    For goods that are known to be somebody's when they come; the database refuses more than is there.
    """
    levels = lock_places({(sku, warehouse_id) for _, sku, _ in wanted})
    now = timezone.now()
    rows = []
    for line_id, sku, units in wanted:
        levels[sku, warehouse_id].reserved += units
        rows.append(
            Reservation(
                line_id=line_id,
                order_id=order_id,
                sku_id=sku,
                warehouse_id=warehouse_id,
                quantity=units,
                line_units=units,
                was_awaited=True,
                created_at=now,
            )
        )
    bulk.save_all(list(levels.values()), "reserved")
    return list(bulk.insert_all(rows))


def reserve_at_hand(demands: Sequence[Demand], *, order_id: int, warehouse_id: int) -> list[Reservation]:
    """Reserve for an order's lines, firmly, what lies free in one place: all of it, or nothing. Locks its stock levels.

    For who stands before the shelf and takes it away: what is kept for safety is kept from promises, not from them. Raises Conflict, with the
    line's position in `demands` in its pointer, where less is free than is wanted.
    """
    levels = lock_places({(sku, warehouse_id) for demand in demands for sku, _each in demand.parts})
    now = timezone.now()
    rows = []
    for position, demand in enumerate(demands):
        for number, (sku, each) in enumerate(demand.parts):
            level = levels.get((sku, warehouse_id), StockLevel(sku_id=sku, warehouse_id=warehouse_id))
            if level.free < each * demand.quantity:
                raise _not_at_hand(level, each * demand.quantity, position)
            level.reserved += each * demand.quantity
            rows.append(
                Reservation(
                    line_id=demand.reference,
                    order_id=order_id,
                    sku_id=sku,
                    warehouse_id=warehouse_id,
                    quantity=each * demand.quantity,
                    line_units=0 if number else demand.quantity,
                    created_at=now,
                )
            )
    bulk.save_all(list(levels.values()), "reserved")
    return list(bulk.insert_all(rows))


def _not_at_hand(level: StockLevel, wanted: int, position: int) -> Conflict:
    facts = {
        "sku": Sku.objects.values_list("code", flat=True).get(pk=level.sku_id),
        "warehouse": Warehouse.objects.values_list("name", flat=True).get(pk=level.warehouse_id),
        "free": level.free,
        "wanted": wanted,
    }
    if level.free:
        sentence = _("Only %(free)d of %(sku)s are free in %(warehouse)s, not %(wanted)d: sell that many, or take the line out.") % facts
    else:
        sentence = _("No %(sku)s is free in %(warehouse)s: take the line out, or order it for the customer.") % facts
    return Conflict(sentence, pointer=f"/lines/{position}", **facts)


def _own(asking: Sequence[Asking]) -> dict[int, list[Reservation]]:
    """Lock what is the orders' own and is chosen anew: what they took up with their basket, and what of them must be chosen as one."""
    baskets = [one.order_id for one in asking if one.has_basket]
    anew = [one.order_id for one in asking if one.anew]
    if not baskets and not anew:
        return {}
    rows: dict[int, list[Reservation]] = defaultdict(list)
    mine = Q(order_id__in=baskets, state=ReservationState.SOFT) | Q(order_id__in=anew, state=ReservationState.FIRM)
    for row in lock(Reservation.objects.filter(mine)):
        rows[row.for_order].append(row)
    return rows


def _already(asking: Sequence[Asking]) -> dict[int, dict[int, Decimal]]:
    """Give order → warehouse → what it has reserved there is sold for. One query; none where nobody has anything.

    What has gone out binds nothing any more: a rest that was too little to be a part of its own goes by itself then, instead of waiting for ever.
    """
    values = {one.order_id: one.values for one in asking if one.values and not one.anew}
    if not values:
        return {}
    found: dict[int, dict[int, Decimal]] = {}
    taken = Reservation.objects.filter(order_id__in=values, state=ReservationState.FIRM, line_units__gt=0)
    for order, line, warehouse, units in taken.values_list("order_id", "line_id", "warehouse_id").annotate(units=Sum("line_units")).order_by():
        places = found.setdefault(order, {})
        places[warehouse] = places.get(warehouse, Decimal(0)) + values[order].get(line, Decimal(0)) * units
    return found


def _end(rows: Sequence[Reservation]) -> None:
    for row in rows:
        row.state = ReservationState.RELEASED
    bulk.save_all(rows, "state")


def release(order_ids: Iterable[int]) -> int:
    """Release all open reservations of orders; give the units freed. Locks their stock levels. Safe to repeat."""
    return release_rows(lock(Reservation.objects.filter(order_id__in=list(order_ids), state__in=OPEN)))


def release_rows(reservations: Sequence[Reservation]) -> int:
    """Release open `reservations`, locked by the caller; give the units freed. Locks their stock levels. Three statements."""
    if not reservations:
        return 0
    per_place: dict[tuple[int, int], int] = defaultdict(int)
    for reservation in reservations:
        per_place[reservation.sku_id, reservation.warehouse_id] += reservation.quantity
    levels = lock_places(per_place)
    for place, quantity in per_place.items():
        levels[place].reserved -= quantity
    bulk.save_all(list(levels.values()), "reserved")
    _end(reservations)
    return sum(per_place.values())


def release_parts(parts: Sequence[tuple[Reservation, int, int]]) -> None:
    """Release of open reservations so many units, and so many of those their line counts: (row, units, line units), locked by the caller.

    A row of which nothing is left keeps its figures and is released. Locks their stock levels. Three statements.
    """
    per_place: dict[tuple[int, int], int] = defaultdict(int)
    for row, units, line_units in parts:
        per_place[row.sku_id, row.warehouse_id] += units
        if units == row.quantity:
            row.state = ReservationState.RELEASED
        else:
            row.quantity -= units
            row.line_units = min(row.line_units - line_units, row.quantity)
    levels = lock_places(per_place)
    for place, quantity in per_place.items():
        levels[place].reserved -= quantity
    bulk.save_all(list(levels.values()), "reserved")
    bulk.save_all([row for row, _units, _line_units in parts], "state", "quantity", "line_units")


def lock_places(places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], StockLevel]:
    """Lock the stock levels at (sku, warehouse) `places`, by primary key."""
    places = set(places)
    rows = lock(StockLevel.objects.filter(sku__in={sku for sku, _ in places}, warehouse__in={place for _, place in places}))
    return {key: level for level in rows if (key := (level.sku_id, level.warehouse_id)) in places}


def free_units(levels: Iterable[StockLevel], kept_back: Mapping[int, int], places: Sequence[Place]) -> Free:
    """Give what may be promised of `levels`, without what is kept back for others, taken off where it is asked for first."""
    free: Free = defaultdict(dict)
    for level in levels:
        free[level.sku_id][level.warehouse_id] = level.to_promise
    for sku, quantity in kept_back.items():
        for place in places:
            taken = min(quantity, free[sku].get(place.id, 0))
            if taken:
                free[sku][place.id] -= taken
                quantity -= taken
    return free
