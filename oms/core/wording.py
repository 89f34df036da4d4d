"""Events worded for people."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from oms.core.models import Event

Facts = dict[str, Any]

_SENTENCES: dict[str, Callable[[Facts], str]] = {
    "order.placed": lambda f: _("Order placed over %(total)s %(currency)s") % _with(f, "total", "currency"),
    "order.screened": lambda f: _("Screened: nothing speaks against it"),
    "order.held": lambda f: _("Put on hold: %(reason)s") % _with(f, "reason"),
    "order.hold_released": lambda f: _("Hold released: %(reason)s") % _with(f, "reason"),
    "order.allocated": lambda f: _("Stock reserved: %(reserved)s units, %(short)s short") % _with(f, "reserved", "short"),
    "order.backordered": lambda f: _("Waits for stock: %(short)s units short") % _with(f, "short"),
    "order.filled": lambda f: _("More stock reserved: %(reserved)s units, %(short)s short") % _with(f, "reserved", "short"),
    "order.shortfall": lambda f: _("%(units)s units reserved for it are gone: %(reason)s") % _with(f, "units", "reason"),
    "shortfall.settled": lambda f: _("Dealt with: %(units)s × %(sku)s that were gone") % _with(f, "units", "sku"),
    "order.planned": lambda f: _("Shipment planned"),
    "order.shipped": lambda f: _("Everything has left"),
    "order.delivered": lambda f: _("Everything has arrived"),
    "order.completed": lambda f: _("Delivered, invoiced and paid: closed"),
    "order.cancelled": lambda f: _("Cancelled. %(reason)s") % _with(f, "reason"),
    "draft.handed_over": lambda f: _("Handed to %(to)s") % _with(f, "to"),
    "draft.taken_over": lambda f: _("Taken over from %(before)s") % _with(f, "before"),
    "sale.lost": lambda f: _("Nothing was ordered"),
    "draft.lapsed": lambda f: _("Nobody came back to it: given up"),
    "order.prioritised": lambda f: _("Priority %(before)s becomes %(priority)s") % _with(f, "before", "priority"),
    "order.swapped": lambda f: _("%(units)s of %(sku)s: %(what)s, in exchange with %(other)s") % _with(f, "units", "sku", "what", "other"),
    "order.place_swapped": lambda f: _("Place in the queue exchanged with %(other)s") % _with(f, "other"),
    "invoice.issued": lambda f: _("Invoice %(number)s over %(total)s %(currency)s") % _with(f, "number", "total", "currency"),
    "invoice.credited": lambda f: _("Invoice %(number)s credited by %(credit_note)s") % _with(f, "number", "credit_note"),
    "payment.received": lambda f: _("Payment of %(amount)s %(currency)s, %(reference)s") % _with(f, "amount", "currency", "reference"),
    "payment.in_doubt": lambda f: _("Somebody must look at what was paid online: %(reason)s") % _with(f, "reason"),
    "payment.seen_to": lambda f: _("Dealt with: what was paid online, %(reference)s") % _with(f, "reference"),
    "drawer.opened": lambda f: _("Drawer of %(till)s opened with %(float)s %(currency)s") % _with(f, "till", "float", "currency"),
    "drawer.cash_moved": lambda f: (
        _("%(amount)s %(currency)s moved in the drawer of %(till)s: %(reason)s") % _with(f, "amount", "currency", "till", "reason")
    ),
    "drawer.counted": lambda f: _("Drawer of %(till)s counted: %(counted)s %(currency)s") % _with(f, "till", "counted", "currency"),
    "shipment.carrier_chosen": lambda f: _("%(number)s goes with %(carrier)s") % _with(f, "number", "carrier"),
    "shipment.picking": lambda f: _("%(number)s is being picked") % _with(f, "number"),
    "shipment.packed": lambda f: _("%(number)s packed: %(packages)s packages, %(weight_grams)s g") % _with(f, "number", "packages", "weight_grams"),
    "shipment.booked": lambda f: _("%(number)s booked with %(carrier)s, %(tracking_number)s") % _with(f, "number", "carrier", "tracking_number"),
    "shipment.dispatched": lambda f: _("%(number)s left with %(carrier)s") % _with(f, "number", "carrier"),
    "shipment.in_transit": lambda f: _("%(number)s on its way: %(said)s") % _with(f, "number", "said"),
    "shipment.delivered": lambda f: _("%(number)s delivered") % _with(f, "number"),
    "shipment.exception": lambda f: _("%(number)s is held up: %(said)s") % _with(f, "number", "said"),
    "shipment.returned": lambda f: _("%(number)s comes back: %(said)s") % _with(f, "number", "said"),
    "shipment.lost": lambda f: _("%(number)s is lost: %(said)s") % _with(f, "number", "said"),
    "shipment.voided": lambda f: _("%(number)s called off") % _with(f, "number"),
    "stock.freed": lambda f: _("%(units)s units are free again") % _with(f, "units"),
    "stock.adjusted": lambda f: _("Stock corrected by %(quantity)s in %(warehouse)s: %(note)s") % _with(f, "quantity", "warehouse", "note"),
    "stock.cost_corrected": lambda f: (
        _("Worth corrected by %(amount)s as of %(effective_on)s: %(note)s") % _with(f, "amount", "effective_on", "note")
    ),
    "count.opened": lambda f: _("%(number)s opened: %(lines)s SKUs to count") % _with(f, "number", "lines"),
    "count.posted": lambda f: _("%(number)s booked: %(counted)s counted, %(wrong)s were wrong") % _with(f, "number", "counted", "wrong"),
    "count.cancelled": lambda f: _("%(number)s thrown away") % _with(f, "number"),
    "stock.arrived": lambda f: _("Stock arrived"),
    "transfer.planned": lambda f: _("%(number)s planned, from %(source)s to %(destination)s") % _with(f, "number", "source", "destination"),
    "transfer.changed": lambda f: _("%(number)s changed: %(changes)s") % _with(f, "number", "changes"),
    "transfer.sent": lambda f: _("%(number)s left with %(units)s units for %(destination)s") % _with(f, "number", "units", "destination"),
    "transfer.received": lambda f: _("%(units)s units of %(number)s came into %(destination)s") % _with(f, "units", "number", "destination"),
    "transfer.lost": lambda f: _("%(units)s units of %(number)s written off: %(note)s") % _with(f, "units", "number", "note"),
    "transfer.expected": lambda f: _("%(number)s is now expected on %(expected_on)s") % _with(f, "number", "expected_on"),
    "transfer.cancelled": lambda f: _("%(number)s called off") % _with(f, "number"),
    "purchase.proposed": lambda f: _("Proposed for buying: %(count)s") % {"count": f.get("count", 1)},
    "purchase.ordered": lambda f: _("%(number)s sent to %(vendor)s") % _with(f, "number", "vendor"),
    "purchase.received": lambda f: _("%(units)s units received on %(number)s") % _with(f, "units", "number"),
    "order.drop_shipped": lambda f: _("%(vendor)s is to ship %(units)s units to the customer: %(number)s") % _with(f, "vendor", "units", "number"),
    "purchase.drop_shipped": lambda f: (
        _("The vendor has shipped %(units)s units of %(number)s as %(shipment)s") % _with(f, "units", "number", "shipment")
    ),
    "purchase.landed": lambda f: _("%(amount)s %(currency)s brought in the goods of %(number)s") % _with(f, "amount", "currency", "number"),
    "purchase.receipt_reversed": lambda f: _("Receipt of %(units)s units on %(number)s taken back") % _with(f, "units", "number"),
    "purchase.rejected": lambda f: _("Not bought"),
    "bill.entered": lambda f: _("Bill %(reference)s of %(vendor)s entered") % _with(f, "reference", "vendor"),
    "bill.held": lambda f: _("Held for what differs (%(differences)s)") % _with(f, "differences"),
    "bill.posted": lambda f: _("Posted over %(total)s %(currency)s") % _with(f, "total", "currency"),
    "bill.released": lambda f: _("Released: %(note)s") % _with(f, "note"),
    "bill.rejected": lambda f: _("Sent back: %(note)s") % _with(f, "note"),
    "bill.credited": lambda f: _("Credited by %(credit_note)s (%(reference)s)") % _with(f, "credit_note", "reference"),
    "purchase.need_changed": lambda f: _("To buy: %(quantity)s of %(sku)s") % _with(f, "quantity", "sku"),
    "purchase.drafted": lambda f: _("%(number)s drafted for %(vendor)s") % _with(f, "number", "vendor"),
    "purchase.acknowledged": lambda f: (
        _("%(number)s confirmed by the vendor: %(later)s lines later, %(refused)s units refused") % _with(f, "number", "later", "refused")
    ),
    "purchase.changed": lambda f: _("%(number)s changed: %(changes)s") % _with(f, "number", "changes"),
    "purchase.cancelled": lambda f: _("%(number)s called off. %(reason)s") % _with(f, "number", "reason"),
    "purchase.closed": lambda f: _("%(number)s closed, %(outstanding)s units outstanding") % _with(f, "number", "outstanding"),
    "rule.set": lambda f: _("Reorder rule in %(warehouse)s: at %(point)s up to %(target)s") % _with(f, "warehouse", "point", "target"),
    "promise.slipped": lambda f: _("Promised for %(promised_on)s, now expected %(expected_on)s") % _with(f, "promised_on", "expected_on"),
    "promise.lost": lambda f: _("Promised for %(promised_on)s, and nothing that is on its way brings it now") % _with(f, "promised_on"),
    "quotation.made": lambda f: _("Quotation over %(total)s %(currency)s") % _with(f, "total", "currency"),
    "quotation.accepted": lambda f: _("Accepted: it is %(order)s now") % _with(f, "order"),
    "quotation.declined": lambda f: _("Declined"),
    "quotation.withdrawn": lambda f: _("Withdrawn"),
    "standing.set_up": lambda f: _("Standing order: %(rhythm)s") % _with(f, "rhythm"),
    "standing.changed": lambda f: _("Standing order changed: %(rhythm)s") % _with(f, "rhythm"),
    "standing.paused": lambda f: _("Standing order paused"),
    "standing.resumed": lambda f: _("Standing order goes on"),
    "standing.skipped": lambda f: _("Left out on %(on)s") % _with(f, "on"),
    "standing.ended": lambda f: _("Standing order ended"),
    "standing.placed": lambda f: _("Placed by itself as %(order)s; next on %(next_on)s") % _with(f, "order", "next_on"),
    "promotion.changed": lambda f: _("%(name)s changed: %(changes)s") % _with(f, "name", "changes"),
    "screening.changed": lambda f: _("Screening rules now: %(rules)s") % _with(f, "rules"),
    "customer.erased": lambda f: _("Erased on request"),
    "customer.merged": lambda f: _("%(gone)s merged into %(kept)s") % _with(f, "kept", "gone"),
    "customer.unmerged": lambda f: _("%(gone)s and %(kept)s are two again") % _with(f, "kept", "gone"),
    "blocklist.added": lambda f: _("Put on the blocklist: %(reason)s") % _with(f, "reason"),
    "blocklist.lifted": lambda f: _("Taken off the blocklist"),
    "sourcing.changed": lambda f: _("Sourcing rules now: %(rules)s") % _with(f, "rules"),
    "capacity.changed": lambda f: _("%(warehouse)s takes on %(capacity)s") % _with(f, "warehouse", "capacity"),
    "simulation.done": lambda f: _("Sourcing simulated over %(days)s days") % _with(f, "days"),
    "sku.imported": lambda f: _("%(new)s SKUs added and %(changed)s changed from a file of %(rows)s rows") % _with(f, "new", "changed", "rows"),
    "kit.defined": lambda f: _("Kit of %(components)s") % _with(f, "components"),
    "customer.imported": lambda f: (
        _("%(new)s customers added and %(changed)s changed from a file of %(rows)s rows") % _with(f, "new", "changed", "rows")
    ),
    "customer.exported": lambda f: _("Customers taken out as a file (%(format)s)") % _with(f, "format"),
    "customer.terms_changed": lambda f: _terms(f),
    "customer.registered": lambda f: _("Customer registered"),
    "customer.changed": lambda f: _("Customer changed: %(changed)s") % {"changed": ", ".join(map(str, f.get("changed") or ["…"]))},
}


def worded(event: Event) -> str:
    """Word an event; one that nobody has worded is told by its kind."""
    sentence = _SENTENCES.get(event.kind)
    return sentence(event.data) if sentence else event.kind.replace(".", " ").replace("_", " ").capitalize()


def _terms(facts: Facts) -> str:
    before = facts.get("before") or {}
    told = {
        "days": facts.get("terms_days", ""),
        "limit": _limit(facts.get("credit_limit"), facts.get("currency", "")),
        "days_before": before.get("terms_days", ""),
        "limit_before": _limit(before.get("credit_limit"), facts.get("currency", "")),
        "reason": facts.get("reason", ""),
    }
    return _("Terms %(days)s days and credit %(limit)s, before %(days_before)s days and %(limit_before)s: %(reason)s") % told


def _limit(limit: Any, currency: str) -> str:
    return _("without a limit") if limit is None else f"{_plain(limit)} {currency}"


def _with(facts: Facts, *names: str) -> Facts:
    return {name: _plain(facts.get(name, "")) for name in names}


def _plain(value: Any) -> str:
    """Write an amount without the digits that no currency has."""
    text = str(value)
    return text[:-2] if text.endswith("00") and "." in text and len(text.partition(".")[2]) == 4 else text
