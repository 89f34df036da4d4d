"""Writing off stock, reserved or not: whoever it was reserved for last waits again, in the open.

It stands on top of orders and shipments because it takes units back from both; inventory knows neither.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory import adjusting, counting
from inventory.models import Count, Reservation, Shortfall, Sku, StockLevel, StockMovement, Warehouse
from inventory.moving import Move, move_stock
from inventory.pegging import supply_changed
from inventory.reserving import OPEN, lock_places, release_parts
from inventory.states import ReservationState
from oms.core import bulk, repeats
from oms.core.errors import Conflict
from oms.core.events import fact, record
from oms.core.locks import lock
from orders.losing import Loss, lose_reserved
from orders.models import Order, OrderLine
from shipping.models import Shipment, ShipmentLine
from shipping.states import BEFORE_DISPATCH, ShipmentState

Place = tuple[int, int]
"""SKU, warehouse."""
Levels = Mapping[Place, StockLevel]
Losing = Callable[[Levels], Mapping[Place, int]]
"""Says, of stock levels as they are now, how many units are gone from each."""

TRIES = 5
MOST_RESERVATIONS = 20_000
# What no shipment has taken up goes first, then what nobody has begun to pick. What is packed stays.
_RANKS = {None: 1, ShipmentState.PLANNED: 2, ShipmentState.PICKING: 3}
_STEPS = {ShipmentState.PLANNED: "pick", ShipmentState.PICKING: "pack", ShipmentState.PACKED: "book", ShipmentState.BOOKED: "hand_over"}


class _MovedOn(Exception):
    """Between looking and locking somebody took, packed or freed what was to be taken back: look again."""


@dataclass
class _Bundle:
    """What can be taken back together: units of one order line in one shipment or none, whole kits; or what a basket holds."""

    order_id: int | None
    line_id: int | None
    warehouse_id: int
    shipment_id: int | None
    rank: int
    parts: tuple[tuple[int, int], ...]
    rows: dict[int, list[Reservation]] = field(default_factory=lambda: defaultdict(list))

    @property
    def newest(self) -> int:
        return max(row.pk for some in self.rows.values() for row in some)

    @property
    def units(self) -> int:
        return min((sum(row.quantity for row in self.rows[sku]) // each for sku, each in self.parts), default=0)


@dataclass(frozen=True)
class _Take:
    """So many units of a bundle, and how many of them are gone, by SKU; the rest of a kit is whole and only freed."""

    bundle: _Bundle
    units: int
    gone: Mapping[int, int]


def write_off(sku: Sku, warehouse: Warehouse, *, units: int, kind: str, note: str, key: str = "", actor: str) -> StockMovement:
    """Write off `units` that are gone from a warehouse, with a note that says why; what was reserved of them becomes a shortfall.

    The same `key` again gives the first movement back. Locks orders, their shipments and reservations, and the stock level. Raises Invalid;
    Conflict where there is not so much, or all that is left of it is packed. Records `stock.adjusted`, and `order.shortfall` for each order that
    lost something.
    """
    adjusting.check_adjustment(warehouse, quantity=-units, kind=kind, note=note)
    place = (sku.pk, warehouse.pk)
    with transaction.atomic():
        known = repeats.taken(actor, key)
        if known is not None:
            return StockMovement.objects.get(pk=int(known))
        free_up([place], losing=lambda levels: {place: units}, reason=note.strip(), actor=actor)
        [movement] = move_stock([Move(*place, -units, kind, "adjustment", sku.pk, note=note.strip()[:200])], actor=actor)
        record([adjusting.adjusted(sku, warehouse, movement)])
        supply_changed([sku.pk])
        repeats.keep(actor, key, str(movement.pk))
    return movement


def correct_stock(sku: Sku, warehouse: Warehouse, *, quantity: int, kind: str, note: str, key: str = "", actor: str) -> StockMovement:
    """Correct stock by `quantity` units, up or down, as people do by hand: down, what is reserved may be lost as well. See `write_off`."""
    if quantity < 0:
        return write_off(sku, warehouse, units=-quantity, kind=kind, note=note, key=key, actor=actor)
    with transaction.atomic():
        known = repeats.taken(actor, key)
        if known is not None:
            return StockMovement.objects.get(pk=int(known))
        movement = adjusting.adjust_stock(sku, warehouse, quantity=quantity, kind=kind, note=note, actor=actor)
        repeats.keep(actor, key, str(movement.pk))
    return movement


def post_count(pk: int, *, actor: str) -> Count:
    """Book what a count found; what is missing although it was reserved becomes a shortfall. See `counting.post_count`."""
    return counting.post_count(pk, make_room=partial(free_up, actor=actor), actor=actor)


def free_up(places: Iterable[Place], *, losing: Losing, reason: str, actor: str) -> list[Shortfall]:
    """Free the units at `places` that `losing` says are gone, the newest reservations first, in the caller's transaction; give the shortfalls.

    Candidates are read without a lock and chosen anew under it: locks the orders, their shipments, the reservations, and at last the stock levels
    of all `places`, which stay locked for the movement that follows. What no shipment has taken up goes first; a shipment that is left with nothing
    is voided; whole kits are freed. Tries again a few times where somebody was quicker. Raises Conflict.
    """
    places = sorted(set(places))
    for _attempt in range(TRIES):
        try:
            with transaction.atomic():
                return _free_up(places, losing, reason, actor)
        except _MovedOn:
            continue
    raise Conflict(_("This stock is moving just now: try again in a moment."))


def _free_up(places: Sequence[Place], losing: Losing, reason: str, actor: str) -> list[Shortfall]:
    wanted = _short(_read_levels(places), losing)
    chosen = _choose(_bundles(_open_rows(wanted)), wanted) if wanted else []
    orders = lock(Order.objects.filter(pk__in={take.bundle.order_id for take in chosen if take.bundle.order_id})) if chosen else []
    shipments = lock(Shipment.objects.filter(order__in=[order.pk for order in orders], state__in=BEFORE_DISPATCH)) if orders else []
    rows = _lock_rows(chosen, orders)
    short = _short(lock_places(places), losing)
    if not short:
        return []
    chosen = _choose(_bundles(rows), short, may_lack=True)
    if any(short.values()):
        raise _MovedOn
    return _take_back(chosen, orders, {shipment.pk: shipment for shipment in shipments}, reason, actor)


def _read_levels(places: Sequence[Place]) -> Levels:
    rows = StockLevel.objects.filter(sku__in={sku for sku, _ in places}, warehouse__in={place for _, place in places})
    return {(level.sku_id, level.warehouse_id): level for level in rows}


def _short(levels: Levels, losing: Losing) -> dict[Place, int]:
    """Give what has to be freed at each place so that what is gone can go. Raises Conflict where there is not so much."""
    short = {}
    for place, units in losing(levels).items():
        level = levels.get(place) or StockLevel(sku_id=place[0], warehouse_id=place[1])
        if units > level.on_hand:
            sku, warehouse = Sku.objects.get(pk=place[0]), Warehouse.objects.get(pk=place[1])
            raise Conflict(
                _("Only %(units)d of %(sku)s lie in %(warehouse)s.") % {"units": level.on_hand, "sku": sku.code, "warehouse": warehouse.name},
                sku=sku.code,
                warehouse=warehouse.code,
            )
        if units > level.free:
            short[place] = units - level.free
    return short


def _open_rows(wanted: Mapping[Place, int]) -> list[Reservation]:
    """Give the open reservations at places, the newest first."""
    rows = Reservation.objects.filter(sku__in={sku for sku, _ in wanted}, warehouse__in={place for _, place in wanted}, state__in=OPEN)
    return [row for row in rows.order_by("-pk")[:MOST_RESERVATIONS] if (row.sku_id, row.warehouse_id) in wanted]


def _lock_rows(chosen: Sequence[_Take], orders: Sequence[Order]) -> list[Reservation]:
    """Lock the reservations of `orders` and those of baskets that were chosen. What an order has stays as it is while the order is locked."""
    if not chosen:
        return []
    of_baskets = [row.pk for take in chosen if take.bundle.rank == 0 for some in take.bundle.rows.values() for row in some]
    whose = Q(order_id__in=[order.pk for order in orders], state=ReservationState.FIRM) | Q(pk__in=of_baskets, state=ReservationState.SOFT)
    return lock(Reservation.objects.filter(whose))


def _bundles(rows: Sequence[Reservation]) -> list[_Bundle]:
    """Put open reservations together as they can be taken back: kits with all their components, from one shelf and shipment. Three queries."""
    kits = dict(OrderLine.objects.filter(pk__in={row.line_id for row in rows if row.line_id}, kit__isnull=False).values_list("id", "kit"))
    found = {row.pk: row for row in rows}
    if kits:
        found |= {
            row.pk: row
            for row in Reservation.objects.filter(line_id__in=kits, order_id__in={row.order_id for row in rows}, state=ReservationState.FIRM)
        }
    taken_up = {
        reservation: (shipment, state)
        for reservation, shipment, state in ShipmentLine.objects.filter(reservation__in=found)
        .exclude(shipment__state=ShipmentState.VOIDED)
        .values_list("reservation_id", "shipment_id", "shipment__state")
    }
    bundles: dict[tuple[int, ...], _Bundle] = {}
    for row in found.values():
        is_soft = row.state == ReservationState.SOFT
        shipment, state = taken_up.get(row.pk, (None, None))
        parts = tuple((sku, each) for sku, each in kits[row.line_id]) if row.line_id in kits and not is_soft else ((row.sku_id, 1),)
        key = (0, row.pk) if is_soft else (row.line_id or 0, row.warehouse_id, shipment or 0)
        if key not in bundles:
            rank = 0 if is_soft else _RANKS.get(state, 9)  # type: ignore[arg-type]
            bundles[key] = _Bundle(None if is_soft else row.order_id, row.line_id, row.warehouse_id, shipment, rank, parts)
        bundles[key].rows[row.sku_id].append(row)
    return list(bundles.values())


def _choose(bundles: Sequence[_Bundle], short: dict[Place, int], *, may_lack: bool = False) -> list[_Take]:
    """Choose what is taken back until nothing is `short` any more, which is counted down here; the newest of the lowest rank first.

    Raises Conflict where only what is packed is left, unless it `may_lack` something.
    """
    chosen = []
    for bundle in sorted(bundles, key=lambda bundle: (bundle.rank, -bundle.newest)):
        if bundle.rank > max(_RANKS.values()):
            break
        wanted = max(-(-short.get((sku, bundle.warehouse_id), 0) // each) for sku, each in bundle.parts)
        units = min(wanted, bundle.units)
        if units <= 0:
            continue
        gone = {}
        for sku, each in bundle.parts:
            place = (sku, bundle.warehouse_id)
            if short.get(place):
                gone[sku] = min(short[place], each * units)
                short[place] -= gone[sku]
        chosen.append(_Take(bundle, units, gone))
    left = [place for place, units in short.items() if units]
    if left and not may_lack:
        raise _all_packed(left[0], short[left[0]], bundles)
    return chosen


def _all_packed(place: Place, units: int, bundles: Sequence[_Bundle]) -> Exception:
    sku, warehouse = Sku.objects.get(pk=place[0]), Warehouse.objects.get(pk=place[1])
    packed = {bundle.shipment_id or 0 for bundle in bundles if bundle.rank > max(_RANKS.values()) and bundle.rows.get(sku.pk)}
    if not packed:  # it was freed between looking at the shelf and at its reservations
        return _MovedOn()
    numbers = [shipment.number for shipment in Shipment.objects.filter(pk__in=packed).order_by("pk")[:5]]
    return Conflict(
        _("%(units)d of these %(sku)s in %(warehouse)s are packed in %(numbers)s: open it and look. If they are not in it, cancel its order first.")
        % {"units": units, "sku": sku.code, "warehouse": warehouse.name, "numbers": ", ".join(numbers)},
        sku=sku.code,
        warehouse=warehouse.code,
        shipments=numbers,
    )


def _take_back(chosen: Sequence[_Take], orders: list[Order], shipments: Mapping[int, Shipment], reason: str, actor: str) -> list[Shortfall]:
    """Release what was chosen, take it out of its shipments, and have its orders wait again."""
    parts = [part for take in chosen for part in _parts(take)]
    release_parts(parts)
    unplanned = _take_out(parts, orders, shipments, actor)
    lost: dict[int, int] = defaultdict(int)
    for take in chosen:
        if take.bundle.rank:
            lost[take.bundle.line_id or 0] += take.units
    left = sorted((shipment for shipment in shipments.values() if shipment.state in _STEPS), key=lambda one: BEFORE_DISPATCH.index(one.state))
    steps = {shipment.order_id: _STEPS[ShipmentState(shipment.state)] for shipment in reversed(left)}
    lines = lose_reserved(orders, Loss(lost, unplanned, steps), reason=reason, actor=actor) if orders else {}
    now = timezone.now()
    shortfalls = [
        Shortfall(
            order_id=take.bundle.order_id,
            line_id=take.bundle.line_id,
            sku_id=sku,
            warehouse_id=take.bundle.warehouse_id,
            quantity=units,
            reason=reason[:200],
            promised_on=lines[take.bundle.line_id].promised_on,
            created_at=now,
            actor=actor,
        )
        for take in chosen
        if take.bundle.order_id and take.bundle.line_id
        for sku, units in take.gone.items()
    ]
    bulk.insert_all(shortfalls)
    if any(not take.bundle.rank for take in chosen):
        record([fact("stock.freed", "basket", 0, actor=actor, units=sum(take.units for take in chosen if not take.bundle.rank))])
    return shortfalls


def _parts(take: _Take) -> list[tuple[Reservation, int, int]]:
    """Give what a take means for its reservations: (row, units, units of the line that they count for), the newest rows first."""
    parts = []
    for sku, each in take.bundle.parts:
        wanted = each * take.units
        for row in sorted(take.bundle.rows[sku], key=lambda row: -row.pk):
            units = min(row.quantity, wanted)
            if units:
                parts.append((row, units, units // each if row.line_units else 0))
                wanted -= units
    return parts


def _take_out(
    parts: Sequence[tuple[Reservation, int, int]], orders: Sequence[Order], shipments: Mapping[int, Shipment], actor: str
) -> dict[int, int]:
    """Take units out of their shipments; give line → units that no shipment takes up any more.

    What is left with nothing is voided. So is what is not packed of an order that is to leave complete: it waits for the rest. A voided shipment
    keeps its lines, to be read.
    """
    unpacked = {pk: shipment for pk, shipment in shipments.items() if shipment.can_pack}
    complete = {order.pk for order in orders if not order.accepts_part_deliveries}
    taken = {row.pk: (units, line_units) for row, units, line_units in parts}
    unplanned: dict[int, int] = defaultdict(int)
    if not unpacked:
        return unplanned
    per_shipment: dict[int, list[ShipmentLine]] = defaultdict(list)
    for line in ShipmentLine.objects.filter(shipment__in=unpacked).select_related("sku").order_by("pk"):
        per_shipment[line.shipment_id].append(line)
    voided: list[Shipment] = []
    lightened: list[Shipment] = []
    changed: list[ShipmentLine] = []
    gone: list[ShipmentLine] = []
    for pk, lines in per_shipment.items():
        shipment = unpacked[pk]
        hit = [line for line in lines if line.reservation_id in taken]
        nothing_left = all(line.reservation_id in taken and taken[line.reservation_id][0] == line.quantity for line in lines)
        if nothing_left or shipment.order_id in complete:
            for line in lines:
                unplanned[line.order_line_id] += line.line_units
            shipment.void()
            voided.append(shipment)
            continue
        for line in hit:
            units, line_units = taken[line.reservation_id]
            unplanned[line.order_line_id] += line_units
            shipment.weight_grams = max(shipment.weight_grams - units * line.sku.weight_grams, 0)
            line.quantity -= units
            line.line_units -= line_units
            (changed if line.quantity else gone).append(line)
        if hit:
            lightened.append(shipment)
    bulk.save_all(voided, "state")
    bulk.save_all(lightened, "weight_grams")
    bulk.save_all(changed, "quantity", "line_units")
    if gone:
        ShipmentLine.objects.filter(pk__in=[line.pk for line in gone]).delete()
    record(fact("shipment.voided", "shipment", shipment.pk, order_id=shipment.order_id, actor=actor, number=shipment.number) for shipment in voided)
    return unplanned
