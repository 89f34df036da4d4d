"""Where an order's units lie, and what will bring the rest."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet, Sum
from django.utils import timezone

from inventory.models import Backorder, Peg, Reservation
from inventory.states import ReservationState


@dataclass(frozen=True)
class Lies:
    """Units of a SKU that are reserved in a warehouse."""

    warehouse: str
    sku: str
    units: int


@dataclass(frozen=True)
class Brings:
    """Units that are pegged to something on its way. `number` and `source` name it: PO-1004 from Potteries Ltd; a transfer from Leeds."""

    kind: str
    number: str
    source: str
    warehouse: str
    units: int
    on: date | None

    @property
    def is_late(self) -> bool:
        return self.on is not None and self.on < timezone.localdate()


@dataclass(frozen=True)
class WaitsFor:
    """A SKU that a line waits for. `expected_on` None: not all of it is on its way. `is_bound`: it must come
    to where the rest of its order lies, because it is too little to go by itself, or the order ships complete.
    """

    sku: str
    units: int
    promised_on: date | None
    expected_on: date | None
    brings: tuple[Brings, ...]
    is_bound: bool = False

    @property
    def unknown(self) -> int:
        """Units that nothing brings."""
        return 0 if self.is_there else self.units - sum(one.units for one in self.brings)

    @property
    def is_there(self) -> bool:
        return not self.brings and self.expected_on is not None

    @property
    def days_slipped(self) -> int:
        """By how many days it comes later than its customer was told."""
        if self.promised_on is None or self.expected_on is None:
            return 0
        return max((self.expected_on - self.promised_on).days, 0)

    @property
    def has_slipped(self) -> bool:
        """Say whether it comes later than promised, or nobody knows when while the day has passed or nothing brings it."""
        if self.days_slipped:
            return True
        return self.promised_on is not None and not self.is_there and self.promised_on < timezone.localdate()


@dataclass(frozen=True)
class LineStock:
    """What of an order's line lies where, and what it waits for."""

    lies: tuple[Lies, ...] = ()
    waits_for: tuple[WaitsFor, ...] = ()


def stock_of_lines(order_id: int) -> dict[int, LineStock]:
    """Give line → where its units are reserved and what it waits for. Three queries, whatever the order's size."""
    lies: dict[int, list[Lies]] = defaultdict(list)
    held = Reservation.objects.filter(order_id=order_id, state=ReservationState.FIRM, line_id__isnull=False)
    grouped = (
        held.values_list("line_id", "warehouse__name", "sku__code")
        .annotate(units=Sum("quantity"))
        .order_by("line_id", "sku__code", "warehouse__name")
    )
    for line, warehouse, sku, units in grouped:
        lies[line].append(Lies(warehouse, sku, units))
    waiting = Backorder.objects.filter(order_id=order_id).select_related("sku").order_by("line_id", "id")
    pegs: dict[int, list[Brings]] = defaultdict(list)
    rows = list(waiting)
    for peg in _pegs(Peg.objects.filter(backorder__in=[row.pk for row in rows])) if rows else ():
        pegs[peg.backorder_id].append(_brings(peg))
    waits: dict[int, list[WaitsFor]] = defaultdict(list)
    for row in rows:
        waits[row.line_id].append(
            WaitsFor(row.sku.code, row.quantity, row.promised_on, row.expected_on, tuple(pegs[row.pk]), row.only_from is not None)
        )
    return {line: LineStock(tuple(lies[line]), tuple(waits[line])) for line in {*lies, *waits}}


def _pegs(rows: QuerySet[Peg]) -> QuerySet[Peg]:
    return rows.select_related(
        "purchase_line__order__vendor", "purchase_line__order__warehouse", "transfer_line__transfer__source", "transfer_line__transfer__destination"
    ).order_by("id")


def _brings(peg: Peg) -> Brings:
    if peg.purchase_line is not None:
        order = peg.purchase_line.order
        on = peg.purchase_line.expected_on or order.expected_on
        return Brings("purchase", order.number, order.vendor.name, order.warehouse.name, peg.quantity, on)
    transfer = peg.transfer_line.transfer  # type: ignore[union-attr]
    return Brings("transfer", transfer.number, transfer.source.name, transfer.destination.name, peg.quantity, transfer.expected_on)
