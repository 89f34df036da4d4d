"""What happens to a purchase order once the vendor has it: he confirms it, we change it, call it off, or expect nothing more."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from inventory.models import PurchaseOrder, PurchaseOrderLine
from inventory.pegging import supply_changed
from inventory.purchasing.ordering import Wanted, add_lines, check_cost, check_quantity, check_version, locked_order, price_for, tolerance
from inventory.states import PurchaseState
from oms.core import bulk
from oms.core.errors import Conflict, Invalid
from oms.core.events import fact, record
from oms.core.locks import lock
from oms.core.messages import queue
from oms.core.models import Message

MOST_DAYS_AHEAD = 730


@dataclass(frozen=True)
class Confirmed:
    """What a vendor says of a line: how many come, and when. None: as ordered, as expected."""

    quantity: int | None = None
    expected_on: date | None = None


@dataclass(frozen=True)
class Changed:
    """What is to be different on a line. None: as it is. A quantity of what has come (none, where nothing has) calls the rest off."""

    quantity: int | None = None
    expected_on: date | None = None
    unit_cost: Decimal | None = None


def acknowledge_order(
    pk: int, lines: Mapping[int, Confirmed], *, vendor_reference: str = "", version: int | None = None, actor: str
) -> PurchaseOrder:
    """Keep what the vendor has confirmed: per line how many and when; a line not named comes as ordered.

    What he will not deliver is not counted as coming, so it is proposed for buying again; a later day makes promises slip in the open. Said again,
    the latest word counts. Locks the order and its lines. Raises NotFound, Invalid, and Conflict where it was changed since `version` or the
    vendor does not have it. Records `purchase.acknowledged`; has the pegs made anew.
    """
    with transaction.atomic():
        order = locked_order(pk)
        check_version(order, version)
        if not order.can_acknowledge:
            raise Conflict(_("%(number)s is not with the vendor: there is nothing to confirm.") % {"number": order.number})
        rows = _locked_lines(order, lines)
        later = 0
        for line in rows.values():
            said = lines.get(line.pk, Confirmed())
            quantity = line.quantity if said.quantity is None else said.quantity
            if not line.received <= quantity <= line.quantity:
                raise Invalid(
                    _("Of %(sku)s the vendor can confirm %(least)d to %(most)d: change the order first where he delivers more.")
                    % {"sku": line.sku.code, "least": line.received, "most": line.quantity},
                    sku=line.sku.code,
                )
            day = _checked_day(said.expected_on) or line.due_on
            later += bool(line.due_on and day and day > line.due_on)
            line.acknowledged, line.expected_on = quantity, day
        bulk.save_all(list(rows.values()), "acknowledged", "expected_on")
        if order.state == PurchaseState.SENT:
            order.acknowledge()
        order.acknowledged_at = timezone.now()
        order.vendor_reference = vendor_reference.replace("\x00", "").strip()[:60] or order.vendor_reference
        order.version += 1
        order.save(update_fields=["state", "acknowledged_at", "vendor_reference", "version"])
        refused = sum(line.quantity - (line.acknowledged or 0) for line in rows.values())
        record([fact("purchase.acknowledged", "purchase", pk, actor=actor, number=order.number, later=later, refused=refused)])
        supply_changed(line.sku_id for line in rows.values())
    return order


def change_order(
    pk: int,
    lines: Mapping[int, Changed],
    *,
    version: int,
    added: Sequence[Wanted] = (),
    expected_on: date | None = None,
    note: str | None = None,
    actor: str,
) -> PurchaseOrder:
    """Change quantities, days and prices, call lines off, or put more on (`added`) while nothing has come.

    What the vendor has already is sent to him anew, as the next revision. A price that was the vendor's own at the old quantity is his own at the new
    one. Where nothing would be different nothing happens. Locks the order and its lines. Raises NotFound; Invalid for less than has come, a price
    below zero, days out of bounds and what cannot be bought; Conflict where it was changed since `version`, is over, is to be longer though some
    of it has come, or nothing would be left of it. Records `purchase.changed`; has the pegs made anew.
    """
    with transaction.atomic():
        order = locked_order(pk)
        check_version(order, version)
        if not order.can_change:
            raise Conflict(_("%(number)s is over: it cannot be changed any more.") % {"number": order.number})
        if order.drop_ship_order_id and any(change.quantity is not None for change in lines.values()):
            raise Conflict(_("A customer waits for just that much of %(number)s: cancel it, and order anew.") % {"number": order.number})
        rows = _locked_lines(order, lines)
        said = [words for line_pk, change in lines.items() if (words := _change(order, rows[line_pk], change))]
        said += _change_order(order, expected_on, note)
        new = _added(order, added, rows.values())
        said += [f"{line.sku.code} 0 → {line.quantity}" for line in new]
        if not said:
            return order
        if not any(line.quantity for line in (*rows.values(), *new)):
            raise Conflict(_("Nothing would be left of %(number)s: cancel it instead.") % {"number": order.number})
        _reprice(order, [rows[line_pk] for line_pk, change in lines.items() if change.quantity is not None and change.unit_cost is None])
        bulk.save_all(list(rows.values()), "quantity", "over", "expected_on", "unit_cost", "acknowledged")
        if order.can_receive:
            order.revision += 1
            if not any(line.open_quantity for line in (*rows.values(), *new)):
                order.receive_all()
        order.version += 1
        order.save(update_fields=["state", "revision", "version", "expected_on", "note"])
        record([fact("purchase.changed", "purchase", pk, actor=actor, number=order.number, revision=order.revision, changes="; ".join(said)[:1000])])
        supply_changed(line.sku_id for line in (*rows.values(), *new))
    return order


def cancel_purchase(pk: int, *, reason: str = "", version: int | None = None, actor: str) -> PurchaseOrder:
    """Call an order off. The vendor is told, where he has it; what is low because of it is proposed again.

    Locks the order. Safe to repeat. Raises NotFound, and Conflict where something has come or it was changed since `version`. Records
    `purchase.cancelled`; has the pegs made anew.
    """
    with transaction.atomic():
        order = locked_order(pk)
        if order.state == PurchaseState.CANCELLED:
            return order
        check_version(order, version)
        if not order.can_cancel:
            raise Conflict(_("Some of %(number)s has come: close it instead, and the rest is not expected any more.") % {"number": order.number})
        was_sent = order.can_receive
        order.cancel()
        order.version += 1
        order.save(update_fields=["state", "version"])
        if was_sent and order.vendor.email:
            data = {"number": order.number, "name": order.vendor.name}
            queue([Message(kind="purchase_cancelled", recipient=order.vendor.email, language=order.vendor.language, data=data)])
        why = reason.replace("\x00", "").strip()[:300]
        record([fact("purchase.cancelled", "purchase", pk, order_id=order.drop_ship_order_id, actor=actor, number=order.number, reason=why)])
        supply_changed(order.lines.values_list("sku_id", flat=True))
    return order


def close_purchase(pk: int, *, version: int | None = None, actor: str) -> PurchaseOrder:
    """Close an order: what has not come of it is not expected any more.

    Locks the order and its lines. Safe to repeat. Raises NotFound, and Conflict where nothing has come or it was changed since `version`. Records
    `purchase.closed`; has the pegs made anew.
    """
    with transaction.atomic():
        order = locked_order(pk)
        if order.state == PurchaseState.CLOSED:
            return order
        check_version(order, version)
        if not order.can_close:
            raise Conflict(_("Nothing of %(number)s has come: cancel it instead.") % {"number": order.number})
        lines = lock(order.lines.all())
        order.close()
        order.version += 1
        order.save(update_fields=["state", "version"])
        outstanding = sum(line.open_quantity for line in lines)
        record([fact("purchase.closed", "purchase", pk, actor=actor, number=order.number, outstanding=outstanding)])
        supply_changed(line.sku_id for line in lines)
    return order


def _locked_lines(order: PurchaseOrder, named: Mapping[int, object]) -> dict[int, PurchaseOrderLine]:
    rows = {line.pk: line for line in lock(order.lines.select_related("sku"))}
    for line in rows.values():
        line.order = order
    if not set(named) <= set(rows):
        raise Invalid(_("That line is not on %(number)s.") % {"number": order.number}, pointer="/lines")
    return rows


def _checked_day(day: date | None) -> date | None:
    today = timezone.localdate()
    if day is not None and not today <= day <= today + timedelta(days=MOST_DAYS_AHEAD):
        raise Invalid(_("The day must lie between today and two years from now."), pointer="/expected_on")
    return day


def _change(order: PurchaseOrder, line: PurchaseOrderLine, change: Changed) -> str:
    """Change a line, and say how in words; empty where nothing is different."""
    said = []
    sku = line.sku.code
    if change.quantity is not None and change.quantity != line.quantity:
        if change.quantity < line.received:
            raise Invalid(_("Of %(sku)s %(received)d have come already: no fewer can be ordered.") % {"sku": sku, "received": line.received}, sku=sku)
        check_quantity(change.quantity, sku, least=0)
        said.append(f"{line.quantity} → {change.quantity}")
        is_off = change.quantity == line.received or not order.can_receive
        line.quantity, line.over = change.quantity, 0 if is_off else tolerance(order, change.quantity)
        line.acknowledged = None
    if change.expected_on is not None and change.expected_on != line.due_on:
        line.expected_on = _checked_day(change.expected_on)
        said.append(date_format(change.expected_on, "j M"))
    if change.unit_cost is not None and change.unit_cost != line.unit_cost:
        check_cost(change.unit_cost, sku)
        if line.received:
            raise Conflict(_("Some of %(sku)s has come at its price: correct the cost of what is there instead.") % {"sku": sku})
        said.append(f"{line.unit_cost.normalize():f} → {change.unit_cost.normalize():f}")
        line.unit_cost = change.unit_cost
    return f"{sku} {', '.join(said)}" if said else ""


def _change_order(order: PurchaseOrder, expected_on: date | None, note: str | None) -> list[str]:
    said = []
    if expected_on is not None and expected_on != order.expected_on:
        order.expected_on = _checked_day(expected_on)
        said.append(date_format(expected_on, "j M"))
    if note is not None and (cleaned := note.replace("\x00", "").strip()[:500]) != order.note:
        order.note = cleaned
        said.append(_("note"))
    return said


def _added(order: PurchaseOrder, added: Sequence[Wanted], lines: Collection[PurchaseOrderLine]) -> list[PurchaseOrderLine]:
    if not added:
        return []
    if not order.can_lengthen:
        raise Conflict(_("%(number)s cannot be made longer any more: make another order.") % {"number": order.number})
    return add_lines(order, added, on_it={line.sku_id for line in lines})


def _reprice(order: PurchaseOrder, lines: Sequence[PurchaseOrderLine]) -> None:
    """Give changed quantities the vendor's price at that quantity, where theirs was his own. What has come keeps its price."""
    lines = [line for line in lines if not line.received and line.quantity]
    if not lines:
        return
    catalogue = price_for(order.vendor, [line.sku_id for line in lines])
    for line in lines:
        if (order.vendor_id, line.sku_id) in catalogue.items:
            own = {price.unit_price for price in catalogue.items[order.vendor_id, line.sku_id].prices.all()}
            if line.unit_cost in own:
                line.unit_cost = catalogue.cost(order.vendor_id, line.sku_id, line.quantity)
