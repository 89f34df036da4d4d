"""Reserving stock and letting it go: the only code that changes `reserved`."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from django.utils import timezone

from inventory.allocation import Allocation, Demand, Free, allocate
from inventory.models import Reservation, StockLevel, Warehouse
from inventory.states import ReservationState
from oms.core import bulk
from oms.core.locks import lock


def reserve(demands: Sequence[tuple[int, Sequence[Demand]]], *, kept_back: Callable[[set[int]], Mapping[int, int]]) -> list[Allocation]:
    """Reserve stock for orders, first come first served: one warehouse that can fill an order, else split, else short.

    `demands`: (order id, what its lines still want). `kept_back(skus)`: SKU → units that somebody else waits for already; asked
    under the lock, so that who began to wait a moment ago counts as well.
    Locks the stock levels of all SKUs wanted, by primary key, added up over the whole batch before; five statements whatever
    its size. Short stock is not an error: see `Allocation.short`. The caller's order lock keeps a repeat from reserving twice.
    """
    skus = {demand.sku for _, wanted in demands for demand in wanted}
    warehouses = list(Warehouse.objects.stocking().values_list("id", flat=True))
    levels = {(level.sku_id, level.warehouse_id): level for level in lock(StockLevel.objects.filter(sku__in=skus, warehouse__in=warehouses))}
    free = _free(levels.values(), kept_back(skus), warehouses)
    allocations = allocate([wanted for _, wanted in demands], free=free, warehouses=warehouses)
    now = timezone.now()
    reservations = []
    touched = {}
    for (order_id, _), allocation in zip(demands, allocations, strict=True):
        for take in allocation.takes:
            reservations.append(
                Reservation(
                    line_id=take.reference,
                    order_id=order_id,
                    sku_id=take.sku,
                    warehouse_id=take.warehouse,
                    quantity=take.quantity,
                    line_units=take.quantity,
                    created_at=now,
                )
            )
            level = levels[take.sku, take.warehouse]
            level.reserved += take.quantity
            touched[level.pk] = level
    bulk.insert_all(reservations)
    bulk.save_all(list(touched.values()), "reserved")
    return allocations


def release(order_ids: Iterable[int]) -> int:
    """Release all open reservations of orders; give the units freed. Locks their stock levels. Safe to repeat."""
    reservations = lock(Reservation.objects.filter(order_id__in=list(order_ids), state__in=[ReservationState.SOFT, ReservationState.FIRM]))
    if not reservations:
        return 0
    per_place: dict[tuple[int, int], int] = defaultdict(int)
    for reservation in reservations:
        per_place[reservation.sku_id, reservation.warehouse_id] += reservation.quantity
        reservation.state = ReservationState.RELEASED
    levels = lock_places(per_place)
    for place, quantity in per_place.items():
        levels[place].reserved -= quantity
    bulk.save_all(list(levels.values()), "reserved")
    bulk.save_all(reservations, "state")
    return sum(per_place.values())


def lock_places(places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], StockLevel]:
    """Lock the stock levels at (sku, warehouse) `places`, by primary key."""
    places = set(places)
    rows = lock(StockLevel.objects.filter(sku__in={sku for sku, _ in places}, warehouse__in={place for _, place in places}))
    return {key: level for level in rows if (key := (level.sku_id, level.warehouse_id)) in places}


def _free(levels: Iterable[StockLevel], kept_back: Mapping[int, int], warehouses: Sequence[int]) -> Free:
    free: Free = defaultdict(dict)
    for level in levels:
        free[level.sku_id][level.warehouse_id] = level.free
    for sku, quantity in kept_back.items():
        for warehouse in warehouses:
            taken = min(quantity, free[sku].get(warehouse, 0))
            if taken:
                free[sku][warehouse] -= taken
                quantity -= taken
    return free
