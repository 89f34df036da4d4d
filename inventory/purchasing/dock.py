"""At the dock: what people count in, scan by scan, until they confirm it. Kept in rows, so that no reload and no flat battery loses a scan."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import PurchaseOrder, PurchaseOrderLine, Receipt, ReceivingScan, Sku
from inventory.pegging import ON_ITS_WAY
from inventory.purchasing.receiving import known_receipt, lock_purchase, receive_goods, too_many
from inventory.purchasing.scanning import Scan, identify
from oms.core import bulk
from oms.core.errors import Conflict, Invalid

MOST_SCANS = 20_000


@dataclass(frozen=True)
class Counted:
    """A line of the sheet: what is expected of it, and what is counted so far and not confirmed."""

    line: PurchaseOrderLine
    counted: int

    @property
    def tolerated(self) -> int:
        """Give how many may come beyond what is expected."""
        return max(self.line.may_come - self.line.open_quantity, 0)

    @property
    def state(self) -> str:
        """Say how far it is: nothing, some, all, over."""
        expected = self.line.open_quantity
        if not self.counted:
            return "nothing"
        return "some" if self.counted < expected else "all" if self.counted == expected else "over"


def sheet_of(order: PurchaseOrder) -> list[Counted]:
    """Give the lines that still take something, or of which something is counted, in the order of the purchase order. Two queries."""
    counted = _counted(order)
    lines = order.lines.select_related("sku").order_by("id")
    return [Counted(line, counted.get(line.pk, 0)) for line in lines if line.may_come > 0 or counted.get(line.pk)]


def scan_goods(pk: int, text: str, *, key: str, actor: str, choose: str = "") -> ReceivingScan:
    """Count what a code says onto its line of a purchase order.

    `key`: made for each scan; the same key again counts nothing and gives the first. `choose`: the SKU somebody chose where several have the code.
    Locks the purchase order. Raises what `identify` does; Conflict where the order does not expect it, or not so many.
    """
    with transaction.atomic():
        order = _lock_for_counting(pk)
        if (known := _known(order, key)) is not None:
            return known
        found = identify(text, vendor_id=order.vendor_id, choose=choose)
        line = _line_for(order, found)
        counted = _counted(order).get(line.pk, 0)
        if counted + found.units > line.may_come:
            raise too_many(order, line, counted + found.units)
        if order.scans.count() >= MOST_SCANS:
            raise Conflict(_("That is a lot of scans: confirm what is counted, and go on."))
        return ReceivingScan.objects.create(
            order=order,
            line=line,
            key=key,
            units=found.units,
            code=found.text[:100],
            note=found.note[:200],
            actor=actor,
            scanned_at=timezone.now(),
        )


def set_count(pk: int, line_pk: int, units: int, *, actor: str) -> PurchaseOrderLine:
    """Set by hand what is counted of a line. Safe to repeat. Locks the purchase order. Raises Invalid, Conflict for more than the line takes."""
    with transaction.atomic():
        order = _lock_for_counting(pk)
        line = order.lines.select_related("sku").filter(pk=line_pk).first()
        if line is None:
            raise Invalid(_("That line is not on %(number)s.") % {"number": order.number})
        if units < 0:
            raise Invalid(_("What has come cannot be less than nothing."), pointer="/units")
        if units > line.may_come:
            raise too_many(order, line, units)
        difference = units - _counted(order).get(line.pk, 0)
        if difference:
            _count(order, [(line, difference)], actor=actor)
    return line


def count_all(pk: int, *, actor: str) -> int:
    """Count everything that is still expected as come; give the units added. Safe to repeat. Locks the purchase order."""
    with transaction.atomic():
        order = _lock_for_counting(pk)
        missing = [(row.line, row.line.open_quantity - row.counted) for row in sheet_of(order) if row.line.open_quantity > row.counted]
        _count(order, missing, actor=actor)
    return sum(units for _, units in missing)


def undo_scan(pk: int, scan_pk: int) -> ReceivingScan | None:
    """Take back the last scan of a purchase order, where it is still `scan_pk`: a double click takes back one. Locks the purchase order."""
    with transaction.atomic():
        order = _lock_for_counting(pk)
        last = order.scans.select_related("line__sku").order_by("-id").first()
        if last is None or last.pk != scan_pk:
            return None
        ReceivingScan.objects.filter(pk=last.pk).delete()
    return last


def start_over(pk: int) -> int:
    """Throw away what is counted of a purchase order and not confirmed; give how many scans. Locks the purchase order."""
    with transaction.atomic():
        return lock_purchase(pk).scans.all().delete()[0]


def confirm(pk: int, *, key: str, actor: str) -> Receipt:
    """Receive what is counted: once for `key`, and once for what is counted, whoever presses first.

    Locks the purchase order, its lines and the stock levels. Raises Invalid where nothing is counted, and what `receive_goods` does.
    """
    with transaction.atomic():
        order = lock_purchase(pk)
        if (known := known_receipt(order, key)) is not None:
            return known
        counted = {line: units for line, units in _counted(order).items() if units}
        if not counted:
            raise Invalid(_("Nothing is counted yet: scan what has come, or take all as ordered."))
        receipt = receive_goods(pk, counted, key=key, actor=actor, notes=_notes(order))
        order.scans.all().delete()
    return receipt


def expecting(sku: Sku) -> list[PurchaseOrderLine]:
    """Give the lines that still bring a SKU to one of our warehouses, the soonest first. One query."""
    rows = PurchaseOrderLine.objects.filter(sku=sku, order__in=expected_orders()).select_related("order__vendor", "order__warehouse")
    return sorted((line for line in rows if line.may_come > 0), key=lambda line: (line.expected_on or line.order.expected_on or date.max, line.pk))


def expected_orders() -> QuerySet[PurchaseOrder]:
    """Give the purchase orders that still bring something to one of our warehouses."""
    return PurchaseOrder.objects.filter(state__in=ON_ITS_WAY, drop_ship_order_id__isnull=True)


def _lock_for_counting(pk: int) -> PurchaseOrder:
    order = lock_purchase(pk)
    if order.drop_ship_order_id is not None:
        raise Conflict(_("%(number)s goes straight to the customer: nothing of it comes here.") % {"number": order.number})
    if not order.can_receive:
        raise Conflict(
            _("%(number)s takes no more goods: it is %(state)s.") % {"number": order.number, "state": order.get_state_display().lower()},
            state=order.state,
        )
    return order


def _known(order: PurchaseOrder, key: str) -> ReceivingScan | None:
    if not key:
        raise Invalid(_("The form has no key: open the page again."))
    known = ReceivingScan.objects.filter(key=key).select_related("line__sku").first()
    if known is not None and known.order_id != order.pk:
        raise Conflict(_("That scan was counted on another purchase order."))
    return known


def _line_for(order: PurchaseOrder, found: Scan) -> PurchaseOrderLine:
    if found.sku is None:
        raise Conflict(_("That is %(other)s, not goods of %(number)s.") % {"other": found.purchase, "number": order.number}, purchase=found.purchase)
    line = order.lines.select_related("sku").filter(sku=found.sku).first()
    if line is not None:
        return line
    others = ", ".join(line.order.number for line in expecting(found.sku)[:3])
    if others:
        raise Conflict(
            _("%(sku)s is not on %(number)s, but on %(others)s: open that one for it.")
            % {"sku": found.sku.code, "number": order.number, "others": others},
            sku=found.sku.code,
        )
    raise Conflict(
        _("%(sku)s is not on %(number)s, nor on any other: set it aside, and ask who buys.") % {"sku": found.sku.code, "number": order.number},
        sku=found.sku.code,
    )


def _counted(order: PurchaseOrder) -> dict[int, int]:
    return dict(ReceivingScan.objects.filter(order=order).values_list("line").annotate(units=Sum("units")).order_by())


def _count(order: PurchaseOrder, some: Sequence[tuple[PurchaseOrderLine, int]], *, actor: str) -> None:
    """Count by hand. The key says where it belongs: two who do it at once wait for each other at the order."""
    now = timezone.now()
    last = order.scans.order_by("-id").values_list("id", flat=True).first() or 0
    bulk.insert_all(
        [
            ReceivingScan(order=order, line=line, key=f"hand {line.pk} after {last} {now.timestamp()}", units=units, actor=actor, scanned_at=now)
            for line, units in some
        ]
    )


def _notes(order: PurchaseOrder) -> dict[int, str]:
    """Give line → what stood on its packages, each once."""
    notes: dict[int, list[str]] = defaultdict(list)
    for line, note in ReceivingScan.objects.filter(~Q(note=""), order=order).order_by("id").values_list("line", "note"):
        if note not in notes[line]:
            notes[line].append(note)
    return {line: "; ".join(some)[:200] for line, some in notes.items()}
