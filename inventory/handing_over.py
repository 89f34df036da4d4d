"""Giving what is reserved for one order line to another: the stock stays where it is, only whose it is changes."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Reservation
from inventory.reserving import lock_places
from inventory.states import ReservationState
from oms.core import bulk
from oms.core.errors import Conflict
from oms.core.locks import lock


def places_of(line_id: int) -> dict[int, int]:
    """Give warehouse → units of a line that are reserved there. One query."""
    found: dict[int, int] = defaultdict(int)
    for row in Reservation.objects.filter(line_id=line_id, state=ReservationState.FIRM):
        found[row.warehouse_id] += row.line_units
    return {place: units for place, units in found.items() if units}


def places_of_order(order_id: int) -> set[int]:
    """Give the warehouses in which anything is reserved for an order. One query."""
    return set(Reservation.objects.filter(order_id=order_id, state=ReservationState.FIRM).values_list("warehouse_id", flat=True))


def hand_over(
    *, from_line: int, to_line: int, to_order: int, units: int, parts: Sequence[tuple[int, int]], warehouses: Collection[int] | None
) -> dict[int, int]:
    """Hand `units` that are reserved for one line, each made of `parts`, to another, from `warehouses` (None: from any); give warehouse → units.

    In the caller's transaction, which holds both orders. Locks the reservations of the line, then their stock levels, of which nothing changes.
    What moves is released and reserved anew, so each row is one line's for ever. Raises Conflict where that much is not reserved there.
    """
    rows = lock(Reservation.objects.filter(line_id=from_line, state=ReservationState.FIRM))
    lock_places({(row.sku_id, row.warehouse_id) for row in rows})
    there: dict[int, list[Reservation]] = defaultdict(list)
    for row in rows:
        if warehouses is None or row.warehouse_id in warehouses:
            there[row.warehouse_id].append(row)
    now, made, ended, moved = timezone.now(), [], [], {}
    for warehouse, some in sorted(there.items()):
        had = sum(row.line_units for row in some)
        taken = min(units, had)
        if not taken:
            continue
        units -= taken
        moved[warehouse] = taken
        ended += some
        for line, order, count in ((to_line, to_order, taken), (from_line, some[0].for_order, had - taken)):
            made += [
                Reservation(
                    line_id=line, order_id=order, sku_id=sku, warehouse_id=warehouse, quantity=each * count,
                    line_units=0 if position else count, created_at=now,
                )
                for position, (sku, each) in enumerate(parts)
                if count
            ]  # fmt: skip
    if units:
        raise Conflict(_("Not so many are reserved there any more: look again."))
    for row in ended:
        row.state = ReservationState.RELEASED
    bulk.save_all(ended, "state")
    bulk.insert_all(made)
    return moved
