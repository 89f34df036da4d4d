"""Vendors' bills: entered against what was ordered and what has come, held where they differ, released, sent back, credited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting import posting
from accounting.clearing import Ground, in_books, lock_ground, note_differences, open_differences, reverse_bill, save_posted, true_up
from accounting.ledger import Draft, post
from accounting.matching import Difference
from accounting.models import BillDifference, VendorBill, VendorBillLine
from accounting.states import BillKind, BillState, CreditReason
from inventory.models import PurchaseOrder, Vendor
from inventory.states import PurchaseState
from oms.core import bulk
from oms.core.errors import Conflict, Invalid, NotAllowed, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock_one
from oms.core.models import Event
from oms.core.money import ZERO, digits, round_amount

ACTOR = "station:match_bills"
MOST = Decimal(10) ** 13
MOST_UNITS = 1_000_000_000
MOST_LINES = 1000
MOST_DAYS = 3650
BEFORE_SENT = (PurchaseState.DRAFT, PurchaseState.APPROVED)


@dataclass(frozen=True)
class BillLineDraft:
    """A line as the vendor bills it: units of a purchase order's line, or a landed cost (one unit). `unit_price` in the bill's currency."""

    unit_price: Decimal
    quantity: int = 1
    purchase_line_id: int | None = None
    landed_cost_id: int | None = None


@dataclass(frozen=True)
class BillDraft:
    """A bill as it stands on paper.

    `reference`: the vendor's own number. `tax`, and `total` where it is given to be checked, in the bill's currency; `currency`: the orders'
    where none is given. `due_on`: by the terms of the order. `books_rate`: the vendor's rate today. `key`: made by the form.
    """

    vendor_id: int
    reference: str
    billed_on: date
    lines: Sequence[BillLineDraft]
    tax: Decimal = ZERO
    total: Decimal | None = None
    currency: str = ""
    due_on: date | None = None
    books_rate: Decimal | None = None
    note: str = ""
    key: str = ""


def enter_bill(draft: BillDraft, *, actor: str) -> VendorBill:
    """Enter a vendor's bill: posted at once where it agrees with what was ordered and has come, held where it differs.

    Locks the purchase orders. The same `key` again gives the first bill back. Raises Conflict for a bill of that vendor and reference that is
    there already, and on orders that were not sent or were called off; Invalid for amounts, days, lines, a currency or a total that cannot
    be. Records `bill.entered`, and `bill.posted` or `bill.held`.
    """
    reference = " ".join(draft.reference.split())
    _check(draft, reference)
    with transaction.atomic():
        lines = [
            VendorBillLine(
                purchase_line_id=line.purchase_line_id, landed_cost_id=line.landed_cost_id, quantity=line.quantity, unit_price=line.unit_price
            )
            for line in draft.lines
        ]
        ground = lock_ground(lines)
        known = _known(draft, reference)
        if known is not None:
            return known
        vendor = _vendor(draft.vendor_id)
        _check_ground(draft, vendor, ground)
        bill = _bill(draft, reference, vendor, lines, ground, actor)
        if not _insert(bill):
            known = _known(draft, reference)
            assert known is not None, "a bill that is there already has a key or a reference"
            return known
        for line in lines:
            line.bill_id = bill.pk
        bulk.insert_all(lines)
        record([fact("bill.entered", "bill", bill.pk, actor=actor, number=bill.number, vendor=vendor.name, reference=reference)])
        _settle([(bill, lines)], ground, actor=actor)
    return bill


def approve_bill(pk: int, *, note: str, actor: str) -> VendorBill:
    """Release a held bill in spite of its differences, and post it.

    Locks the bill and its purchase orders. A bill that is posted already is given back as it is. Raises Invalid without a note, NotAllowed
    where more than BILL_FOUR_EYES_ABOVE is at stake and the same person entered it, Conflict where it was decided otherwise or differs by
    something else than was shown. Records `bill.released` and `bill.posted`.
    """
    note = _note(note, _("Say why the bill is released: the note stays with it."))
    with transaction.atomic():
        bill = _locked(pk)
        if bill.state == BillState.POSTED:
            return bill
        if not bill.can_decide:
            raise _decided(bill)
        lines = list(bill.lines.order_by("id"))
        ground = lock_ground(lines)
        found = {line.pk: differences for line, differences in zip(lines, ground.compare(bill, lines), strict=True)}
        _check_release(bill, found, open_differences(bill), actor)
        bill.decided_by, bill.decided_at, bill.decision = actor, timezone.now(), note
        note_differences({line.pk: [] for line in lines}, settled_by=actor)
        ground.take(bill, lines)
        save_posted([(bill, lines)], ground, actor=actor)
        record([fact("bill.released", "bill", pk, actor=actor, number=bill.number, note=note), _posted(bill, actor)])
    return bill


def reject_bill(pk: int, *, note: str, actor: str) -> VendorBill:
    """Send a held bill back: it is not paid, and its reference may be entered again. Safe to repeat. Records `bill.rejected`."""
    note = _note(note, _("Say why the bill is sent back: the note stays with it."))
    with transaction.atomic():
        bill = _locked(pk)
        if bill.state == BillState.REJECTED:
            return bill
        if not bill.can_decide:
            raise _decided(bill)
        bill.reject()
        bill.decided_by, bill.decided_at, bill.decision = actor, timezone.now(), note
        bulk.save_all([bill], "state", "decided_by", "decided_at", "decision")
        bill.lines.filter(is_watched=True).update(is_watched=False)
        record([fact("bill.rejected", "bill", pk, actor=actor, number=bill.number, note=note)])
    return bill


def credit_bill(
    pk: int,
    *,
    reference: str,
    reason: str,
    billed_on: date,
    net: Decimal = ZERO,
    tax: Decimal = ZERO,
    note: str = "",
    actor: str,
) -> VendorBill:
    """Book the vendor's credit note on a posted bill, and give it.

    `reason`: the whole bill is taken back, and what it cleared is received and not invoiced again; or an allowance of `net` and `tax`, because
    they charged too much (off the price variance) or goods went back to them (off their write-off). Locks the bill and its purchase orders.
    The same reference and reason on the same bill gives the first credit note back. Raises Invalid and Conflict. Records `bill.credited`.
    """
    reference = " ".join(reference.split())
    _check_reference(reference)
    _check_days(billed_on, None)
    if reason not in CreditReason.values:
        raise Invalid(_("Say why it is credited."), pointer="/reason")
    with transaction.atomic():
        bill = _locked(pk)
        known = _same_reference(bill.vendor_id, reference)
        if known is not None:
            if known.credits_id == pk and known.credit_reason == reason and (known.reverses_id or (known.net_total, known.tax_total) == (-net, -tax)):
                return known
            raise _entered_before(known)
        if not bill.can_credit:
            raise Conflict(_("%(number)s is not in the books: there is nothing to credit.") % {"number": bill.number})
        if reason == CreditReason.WRONG_BILL:
            credit = _take_back(bill, reference, billed_on, note, actor)
        else:
            credit = _allow(bill, reference, reason, billed_on, net, tax, note, actor)
        record([fact("bill.credited", "bill", pk, actor=actor, number=bill.number, credit_note=credit.number, reference=reference)])
    return credit


def rematch_bills(bills: list[VendorBill]) -> None:
    """Look again at bills whose purchase orders have moved on: post those that no longer differ, square those that are billed ahead.

    `bills` are locked by the caller. Locks their purchase orders. A constant number of statements. Records `bill.posted`.
    """
    lines: dict[int, list[VendorBillLine]] = {bill.pk: [] for bill in bills}
    for line in VendorBillLine.objects.filter(bill__in=bills).order_by("id"):
        lines[line.bill_id].append(line)
    ground = lock_ground([line for some in lines.values() for line in some])
    ahead = [line for bill in bills if bill.state == BillState.POSTED for line in lines[bill.pk] if ground.has_moved(line)]
    true_up(ahead, ground, actor=ACTOR)
    _settle([(bill, lines[bill.pk]) for bill in bills if bill.state == BillState.HELD], ground, actor=ACTOR)


# --- deciding ---


def _settle(bills: Sequence[tuple[VendorBill, list[VendorBillLine]]], ground: Ground, *, actor: str) -> None:
    """Post those of `bills` that differ in nothing, hold the others. In their order: the first takes what has come."""
    found: dict[int, list[Difference]] = {}
    for bill, lines in bills:
        differences = ground.compare(bill, lines)
        found |= {line.pk: some for line, some in zip(lines, differences, strict=True)}
        if any(differences):
            _hold(bill, lines, ground)
        else:
            ground.take(bill, lines)
    note_differences(found, settled_by=actor)
    held = [(bill, lines) for bill, lines in bills if bill.state == BillState.HELD]
    bulk.save_all([bill for bill, _ in held], "state")
    bulk.save_all([line for _, lines in held for line in lines], "is_watched", "received_seen", "price_seen")
    save_posted([(bill, lines) for bill, lines in bills if bill.state == BillState.POSTED], ground, actor=actor)
    record(
        _posted(bill, actor)
        if bill.state == BillState.POSTED
        else fact("bill.held", "bill", bill.pk, actor=actor, number=bill.number, differences=sum(len(found[line.pk]) for line in lines))
        for bill, lines in bills
        if bill.state == BillState.POSTED or actor != ACTOR
    )


def _hold(bill: VendorBill, lines: Sequence[VendorBillLine], ground: Ground) -> None:
    if bill.state == BillState.ENTERED:
        bill.hold()
    for line in lines:
        line.is_watched = line.purchase_line_id is not None
    ground.look(lines)


def _posted(bill: VendorBill, actor: str) -> Event:
    return fact("bill.posted", "bill", bill.pk, actor=actor, number=bill.number, total=str(bill.total), currency=bill.currency)


def _check_release(bill: VendorBill, found: dict[int, list[Difference]], shown: list[BillDifference], actor: str) -> None:
    known = {(row.line_id, row.kind, row.expected, row.billed) for row in shown}
    if any((line, row.kind, row.expected, row.billed) not in known for line, rows in found.items() for row in rows):
        raise Conflict(_("%(number)s differs by something else now than was shown: look at it again.") % {"number": bill.number})
    at_stake = in_books(sum((abs(row.amount) for rows in found.values() for row in rows), ZERO), bill)
    if at_stake > settings.BILL_FOUR_EYES_ABOVE and bill.entered_by == actor:
        raise NotAllowed(
            _("%(amount)s %(currency)s differ on %(number)s, which you entered: somebody else has to release it.")
            % {"amount": at_stake, "currency": settings.BOOKS_CURRENCY, "number": bill.number}
        )


# --- entering ---


def _bill(draft: BillDraft, reference: str, vendor: Vendor, lines: list[VendorBillLine], ground: Ground, actor: str) -> VendorBill:
    """Make the bill from its draft, and complete its lines."""
    orders = [ground.lines[pk].order for pk in sorted(ground.lines)]
    currency = orders[0].currency if orders else draft.currency or vendor.currency
    for line in lines:
        line.net = round_amount(line.unit_price * line.quantity, currency)
        line.description = _description(line, ground)
    net = sum((line.net for line in lines), ZERO)
    _check_amounts(draft, net, currency)
    rate = _rate(draft, currency, vendor, orders)
    tax, total = round_amount(draft.tax, currency), net + draft.tax
    return VendorBill(
        vendor=vendor,
        reference=reference,
        key=draft.key,
        billed_on=draft.billed_on,
        due_on=draft.due_on or draft.billed_on + timedelta(days=orders[0].terms_days if orders else vendor.terms_days),
        currency=currency,
        books_rate=rate,
        net_total=net,
        tax_total=tax,
        total=total,
        books_tax=round_amount(tax * rate, settings.BOOKS_CURRENCY),
        books_total=round_amount(total * rate, settings.BOOKS_CURRENCY),
        note=draft.note.strip()[:300],
        entered_by=actor,
        created_at=timezone.now(),
    )


def _description(line: VendorBillLine, ground: Ground) -> str:
    if line.purchase_line_id:
        sku = ground.lines[line.purchase_line_id].sku
        return f"{sku.code} {sku.name}"[:250]
    assert line.landed_cost_id is not None
    cost = ground.costs[line.landed_cost_id]
    return f"{cost.get_kind_display()} {cost.order.number} {cost.note}".strip()[:250]


def _rate(draft: BillDraft, currency: str, vendor: Vendor, orders: Sequence[PurchaseOrder]) -> Decimal:
    if currency == settings.BOOKS_CURRENCY:
        if draft.books_rate not in (None, 1):
            raise Invalid(_("A bill in %(currency)s has no rate but 1.") % {"currency": currency}, pointer="/books_rate")
        return Decimal(1)
    if draft.books_rate is not None:
        return draft.books_rate
    if vendor.currency == currency:
        return vendor.books_rate
    if orders:
        return orders[0].books_rate
    raise Invalid(_("Give the rate of %(currency)s on the day of the bill.") % {"currency": currency}, pointer="/books_rate")


def _insert(bill: VendorBill) -> bool:
    """Insert a bill; say whether it was the first of its key and reference."""
    try:
        with transaction.atomic():
            bill.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _known(draft: BillDraft, reference: str) -> VendorBill | None:
    """Give the bill that the same form made before. Raises Conflict where somebody else has entered the same paper."""
    if draft.key:
        known = VendorBill.objects.select_related("vendor").filter(key=draft.key).first()
        if known is not None:
            if known.vendor_id == draft.vendor_id and known.reference.upper() == reference.upper():
                return known
            raise Conflict(_("That form was used for another bill: open it again."))
    first = _same_reference(draft.vendor_id, reference)
    if first is not None:
        raise _entered_before(first)
    return None


def _same_reference(vendor_id: int, reference: str) -> VendorBill | None:
    gone = (BillState.REJECTED, BillState.REVERSED)
    return VendorBill.objects.select_related("vendor").filter(vendor=vendor_id, reference__iexact=reference).exclude(state__in=gone).first()


def _entered_before(first: VendorBill) -> Conflict:
    return Conflict(
        _("%(reference)s of %(vendor)s is entered already, as %(number)s on %(day)s: look at it instead of entering it again.")
        % {"reference": first.reference, "vendor": first.vendor.name, "number": first.number, "day": timezone.localdate(first.created_at)},
        pointer="/reference",
        number=first.number,
    )


def _vendor(pk: int) -> Vendor:
    vendor = Vendor.objects.filter(pk=pk).first()
    if vendor is None:
        raise NotFound(_("There is no such vendor."))
    return vendor


# --- crediting ---


def _take_back(bill: VendorBill, reference: str, billed_on: date, note: str, actor: str) -> VendorBill:
    if bill.credit_notes.exists():
        raise Conflict(_("Part of %(number)s is credited already: credit the rest as an amount.") % {"number": bill.number})
    lines = list(bill.lines.order_by("id"))
    ground = lock_ground(lines)
    credit = _credit_note(bill, reference, CreditReason.WRONG_BILL, billed_on, bill.net_total, bill.tax_total, note, actor)
    reverse_bill(bill, lines, credit, ground=ground, actor=actor)
    return credit


def _allow(bill: VendorBill, reference: str, reason: str, billed_on: date, net: Decimal, tax: Decimal, note: str, actor: str) -> VendorBill:
    for value, pointer in ((net, "/net"), (tax, "/tax")):
        if not value.is_finite() or not 0 <= value <= MOST or value != round_amount(value, bill.currency):
            raise Invalid(_("An amount is zero or more, in whole cents."), pointer=pointer)
    if net <= 0:
        raise Invalid(_("Say how much is credited, without tax."), pointer="/net")
    before = [(note.net_total, note.tax_total) for note in bill.credit_notes.all()]
    left_net, left_tax = bill.net_total + sum((n for n, _t in before), ZERO), bill.tax_total + sum((t for _n, t in before), ZERO)
    if net > left_net or tax > left_tax:
        raise Invalid(
            _("Of %(number)s only %(net)s and %(tax)s tax are left to credit.")
            % {"number": bill.number, "net": round_amount(left_net, bill.currency), "tax": round_amount(left_tax, bill.currency)},
            pointer="/net",
        )
    credit = _credit_note(bill, reference, reason, billed_on, net, tax, note, actor)
    bulk.insert_all([VendorBillLine(bill=credit, description=str(CreditReason(reason).label), quantity=-1, unit_price=net, net=-net)])
    credit.post()
    bulk.save_all([credit], "state")
    post(
        [
            Draft(
                source="vendor_bill",
                source_id=credit.pk,
                event="posted",
                currency=settings.BOOKS_CURRENCY,
                memo=f"Credit note {reference} of {bill.vendor.name} for {bill.reference}",
                lines=posting.vendor_credit(reason=reason, net=-(credit.books_total - credit.books_tax), tax=-credit.books_tax),
                actor=actor,
            )
        ]
    )
    return credit


def _credit_note(bill: VendorBill, reference: str, reason: str, billed_on: date, net: Decimal, tax: Decimal, note: str, actor: str) -> VendorBill:
    """Save a credit note over `net` and `tax`, at the rate of the bill: what it takes back was owed at that rate."""
    whole = reason == CreditReason.WRONG_BILL
    credit = VendorBill(
        kind=BillKind.CREDIT_NOTE,
        vendor=bill.vendor,
        reference=reference,
        credits=bill,
        reverses=bill if whole else None,
        credit_reason=reason,
        billed_on=billed_on,
        due_on=billed_on,
        currency=bill.currency,
        books_rate=bill.books_rate,
        net_total=-net,
        tax_total=-tax,
        total=-(net + tax),
        books_tax=-bill.books_tax if whole else -in_books(tax, bill),
        books_total=-bill.books_total if whole else -in_books(net + tax, bill),
        note=note.replace("\x00", "").strip()[:300],
        entered_by=actor,
        created_at=timezone.now(),
    )
    if not _insert(credit):
        raise Conflict(
            _("%(reference)s is being entered by somebody else: look for it in a moment.") % {"reference": reference}, pointer="/reference"
        )
    return credit


# --- refusing what cannot be ---


def _check(draft: BillDraft, reference: str) -> None:
    _check_reference(reference)
    _check_days(draft.billed_on, draft.due_on)
    if not draft.lines or len(draft.lines) > MOST_LINES:
        raise Invalid(_("A bill has 1 to %(most)d lines: say what it is for.") % {"most": MOST_LINES}, pointer="/lines")
    things = [(line.purchase_line_id, line.landed_cost_id) for line in draft.lines]
    for i, line in enumerate(draft.lines):
        if (line.purchase_line_id is None) == (line.landed_cost_id is None):
            raise Invalid(_("A line is for a purchase order's line or for a landed cost."), pointer=f"/lines/{i}")
        if not 1 <= line.quantity <= (MOST_UNITS if line.purchase_line_id else 1):
            raise Invalid(_("A line bills at least one unit, and a landed cost once."), pointer=f"/lines/{i}/quantity")
        if not line.unit_price.is_finite() or not 0 <= line.unit_price <= MOST or line.unit_price != round(line.unit_price, 4):
            raise Invalid(_("A price is zero or more, with at most four decimals."), pointer=f"/lines/{i}/unit_price")
    if len(set(things)) < len(things):
        raise Invalid(_("The same thing stands on two lines: add them up."), pointer="/lines")
    if draft.books_rate is not None and not (
        draft.books_rate.is_finite() and 0 < draft.books_rate <= 1_000_000 and draft.books_rate == round(draft.books_rate, 8)
    ):
        raise Invalid(_("A rate is a number above zero, with at most eight decimals."), pointer="/books_rate")
    if len(draft.key) > 100 or "\x00" in draft.key + draft.note:
        raise Invalid(_("The form was not sent whole: open it again."))


def _check_reference(reference: str) -> None:
    if not reference or len(reference) > 60 or not reference.isprintable():
        raise Invalid(_("Give the vendor's own number of the bill, up to 60 characters."), pointer="/reference")


def _check_days(billed_on: date, due_on: date | None) -> None:
    today = timezone.localdate()
    if not today - timedelta(days=MOST_DAYS) <= billed_on <= today + timedelta(days=1):
        raise Invalid(_("The day of the bill lies in the last ten years, and not in the future."), pointer="/billed_on")
    if due_on is not None and not billed_on <= due_on <= today + timedelta(days=MOST_DAYS):
        raise Invalid(_("A bill is due on its own day or later."), pointer="/due_on")


def _check_amounts(draft: BillDraft, net: Decimal, currency: str) -> None:
    if not draft.tax.is_finite() or not 0 <= draft.tax <= MOST or draft.tax != round_amount(draft.tax, currency):
        raise Invalid(
            _("The tax is zero or more, with at most %(digits)d decimals of %(currency)s.") % {"digits": digits(currency), "currency": currency},
            pointer="/tax",
        )
    if net > MOST:
        raise Invalid(_("That is more than a bill can come to: look at its quantities and prices."), pointer="/lines")
    if draft.total is not None and draft.total != net + draft.tax:
        raise Invalid(
            _("The lines and the tax come to %(sum)s, but the bill says %(total)s: correct what differs.")
            % {"sum": net + draft.tax, "total": draft.total},
            pointer="/total",
        )


def _check_ground(draft: BillDraft, vendor: Vendor, ground: Ground) -> None:
    for i, line in enumerate(draft.lines):
        ordered = ground.lines.get(line.purchase_line_id or 0)
        if line.purchase_line_id and (ordered is None or ordered.order.vendor_id != vendor.pk):
            raise Invalid(_("That line is not of a purchase order with %(vendor)s.") % {"vendor": vendor.name}, pointer=f"/lines/{i}")
        if line.landed_cost_id and line.landed_cost_id not in ground.costs:
            raise Invalid(_("There is no such landed cost."), pointer=f"/lines/{i}")
    orders = {line.order.pk: line.order for line in ground.lines.values()}
    for order in orders.values():
        if order.state in BEFORE_SENT:
            raise Conflict(_("%(number)s was not sent to the vendor yet: nothing can be billed on it.") % {"number": order.number})
        if order.state == PurchaseState.CANCELLED:
            raise Conflict(_("%(number)s is cancelled: send the bill back.") % {"number": order.number})
    if not orders and draft.currency not in ("", vendor.currency, settings.BOOKS_CURRENCY):
        raise Invalid(_("%(vendor)s bills in %(currency)s.") % {"vendor": vendor.name, "currency": vendor.currency}, pointer="/currency")
    currencies = {order.currency for order in orders.values()} | ({draft.currency} if draft.currency else set())
    if len(currencies) > 1:
        raise Invalid(
            _("The bill and its orders are in different currencies (%(currencies)s): ask the vendor for a bill in the order's.")
            % {"currencies": ", ".join(sorted(currencies))},
            pointer="/currency",
        )


def _note(note: str, sentence: str) -> str:
    note = note.replace("\x00", "").strip()[:300]
    if not note:
        raise Invalid(sentence, pointer="/note")
    return note


def _locked(pk: int) -> VendorBill:
    try:
        return lock_one(VendorBill.objects.select_related("vendor"), pk)
    except VendorBill.DoesNotExist:
        raise NotFound(_("There is no such bill.")) from None


def _decided(bill: VendorBill) -> Conflict:
    return Conflict(_("%(number)s is %(state)s already.") % {"number": bill.number, "state": bill.get_state_display().lower()})
