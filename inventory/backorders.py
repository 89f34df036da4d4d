"""What orders wait for: a row for every SKU that a line lacks, which is pegged to what will bring it."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from inventory.models import Backorder, Peg, PurchaseOrderLine, StockLevel
from inventory.pegging import supply_changed
from inventory.states import WarehouseKind
from oms.core import bulk
from oms.core.locks import lock

LOOK_AGAIN_HOURS = 1
FILLING = "backorders"
"""The turn of the station that fills them. Also taken by who brings a SKU to a place where it never lay: there is no row yet to wait at, and who
looked a moment too early would not look again."""


@dataclass(frozen=True)
class Waiting:
    """A line that waits for `units` of itself, each made of `parts` (SKU, units). Nothing is waited for any more where `units` is 0.

    `only_from`: the warehouses that the rest of its order binds it to.
    """

    line_id: int
    order_id: int
    units: int
    parts: tuple[tuple[int, int], ...]
    priority: int
    since: datetime
    promised_on: date | None = None
    country: str = ""
    postcode: str = ""
    only_from: tuple[int, ...] | None = None


def keep_waiting(lines: Sequence[Waiting], *, tried: bool) -> None:
    """Keep what `lines` wait for as it is now. `tried`: they were just looked at under the lock of their stock levels and got what they could.

    Locks their backorders by primary key. A constant number of statements. Has the pegs of their SKUs made anew.
    """
    if not lines:
        return
    kept = {(row.line_id, row.sku_id): row for row in lock(Backorder.objects.filter(order_id__in={line.order_id for line in lines}))}
    new, changed, gone = [], [], []
    for line in lines:
        for sku, each in line.parts:
            row = kept.get((line.line_id, sku))
            if row is None and line.units:
                new.append(_row(line, sku, each))
            elif row is not None and not line.units:
                gone.append(row)
            elif row is not None:
                row.quantity, row.priority, row.since = line.units * each, line.priority, line.since
                row.only_from = None if line.only_from is None else list(line.only_from)
                changed.append(row)
    _save(changed, tried=tried)
    _end(gone)
    bulk.insert_all(new)
    supply_changed({row.sku_id for row in (*new, *changed, *gone)})


def queue_anew(places: Mapping[int, tuple[int, datetime]]) -> None:
    """Give what orders wait for another place in the queue: order → (priority, since when). Locks their backorders by primary key.

    Safe to repeat. Has the pegs of their SKUs made anew.
    """
    rows = lock(Backorder.objects.filter(order_id__in=list(places)))
    for row in rows:
        row.priority, row.since = places[row.order_id]
    bulk.save_all(rows, "priority", "since")
    supply_changed({row.sku_id for row in rows})


def forget(order_ids: Iterable[int]) -> None:
    """Forget what orders wait for. Locks their backorders. Safe to repeat. Has the pegs of their SKUs made anew."""
    rows = lock(Backorder.objects.filter(order_id__in=list(order_ids)))
    _end(rows)
    supply_changed({row.sku_id for row in rows})


def fillable() -> QuerySet[Backorder]:
    """Give the backorders that are worth looking at: there is enough free in some warehouse for one, and more than when they were last looked at.

    What somebody could not have for another reason (its warehouse does not serve them, a kit lacks another component) is looked at again
    every hour. What a vendor ships himself is given nothing from here.
    """
    worth_it = Q(tried_at__isnull=True) | Q(tried_at__lt=Now() - timedelta(hours=LOOK_AGAIN_HOURS)) | Q(freed_at__gt=F("tried_at"))
    level = StockLevel.objects.annotate(tried_at=ExpressionWrapper(OuterRef("tried_at"), output_field=DateTimeField())).filter(
        worth_it,
        sku=OuterRef("sku"),
        warehouse__is_active=True,
        warehouse__kind=WarehouseKind.WAREHOUSE,
        on_hand__gte=F("reserved") + F("safety") + OuterRef("per_unit"),
    )
    return Backorder.objects.filter(Exists(level), is_drop_shipped=False)


def drop_shipped_lines(order_ids: Iterable[int]) -> set[int]:
    """Give the lines of orders that a vendor ships himself. One query."""
    return set(Backorder.objects.filter(order_id__in=list(order_ids), is_drop_shipped=True).values_list("line_id", flat=True))


def have_vendor_ship(rows: Sequence[Backorder], lines: Mapping[int, PurchaseOrderLine]) -> None:
    """Have a vendor ship what `rows`, locked by the caller, wait for: each points at its purchase order line and at nothing else.

    `lines`: order line → purchase order line.
    """
    for row in rows:
        row.is_drop_shipped = True
        row.expected_on = lines[row.line_id].expected_on or lines[row.line_id].order.expected_on
    bulk.save_all(rows, "is_drop_shipped", "expected_on")
    Peg.objects.filter(backorder__in=[row.pk for row in rows])._raw_delete("default")
    bulk.insert_all([Peg(backorder_id=row.pk, purchase_line_id=lines[row.line_id].pk, quantity=row.quantity) for row in rows])
    supply_changed({row.sku_id for row in rows})


def vendor_shipped(order_id: int, shipped: Mapping[int, int], *, still_open: Collection[int]) -> None:
    """Note that a vendor has shipped `shipped`, line → units, to the customer of an order that the caller has locked. Locks its backorders.

    What of `still_open`, lines of which the vendor has more to ship, is left goes on waiting for him; what is left of the others waits as all do.
    """
    rows = lock(Backorder.objects.filter(order_id=order_id, line_id__in=shipped, is_drop_shipped=True))
    gone: list[Backorder] = []
    kept: list[Backorder] = []
    for row in rows:
        row.quantity -= shipped[row.line_id]
        row.is_drop_shipped = row.line_id in still_open
        (kept if row.quantity > 0 else gone).append(row)
    pegs = {peg.backorder_id: peg for peg in Peg.objects.filter(backorder__in=[row.pk for row in kept], purchase_line__isnull=False)}
    _end(gone)
    bulk.save_all(kept, "quantity", "is_drop_shipped")
    for row in kept:
        if row.is_drop_shipped and row.pk in pegs:
            pegs[row.pk].quantity -= shipped[row.line_id]
    bulk.save_all([peg for peg in pegs.values() if peg.quantity > 0], "quantity")
    Peg.objects.filter(pk__in=[peg.pk for peg in pegs.values() if peg.quantity <= 0])._raw_delete("default")
    supply_changed({row.sku_id for row in rows})


def _row(line: Waiting, sku: int, each: int) -> Backorder:
    return Backorder(
        line_id=line.line_id,
        order_id=line.order_id,
        sku_id=sku,
        quantity=line.units * each,
        per_unit=each,
        is_part=len(line.parts) > 1,
        priority=line.priority,
        since=line.since,
        promised_on=line.promised_on,
        country=line.country[:2],
        postcode=line.postcode[:20],
        only_from=None if line.only_from is None else list(line.only_from),
    )


def _end(rows: Sequence[Backorder]) -> None:
    if rows:
        keys = [row.pk for row in rows]
        Peg.objects.filter(backorder__in=keys)._raw_delete("default")
        Backorder.objects.filter(pk__in=keys)._raw_delete("default")


def _save(rows: Sequence[Backorder], *, tried: bool) -> None:
    """Write quantities, and the time they were tried by the database's clock, which `StockLevel.freed_at` is told by as well."""
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE inventory_backorder SET quantity = new.quantity, priority = new.priority, since = new.since, only_from = new.only_from,"
                " tried_at = CASE WHEN %s THEN clock_timestamp() ELSE tried_at END"
                " FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::timestamptz[], %s::jsonb[]) AS new(id, quantity, priority, since, only_from)"
                " WHERE inventory_backorder.id = new.id",
                [
                    tried,
                    [row.pk for row in rows],
                    [row.quantity for row in rows],
                    [row.priority for row in rows],
                    [row.since for row in rows],
                    [None if row.only_from is None else json.dumps(row.only_from) for row in rows],
                ],
            )
