"""How customers call our goods: their own part numbers, kept one by one, or many at once from a pasted list."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.reaching import changing
from inventory.finding import Coded, coded_skus
from inventory.models import Sku
from oms.core import bulk
from oms.core.errors import BusinessError, Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.fates import CHANGED, NEW, REFUSED, SAME, Counted
from oms.core.locks import lock_one
from orders.models import CustomerPart

MOST_NUMBERS = 10_000
MOST_ROWS = 2_000
_LETTERS = 40


@dataclass(frozen=True)
class Named:
    """A row of a list: what the customer calls it, what we call it, and, where it cannot be read, why."""

    theirs: str
    ours: str
    reason: str = ""


@dataclass(frozen=True)
class Fate:
    """What becomes of a row: new, changed (it meant `before`), the same, or refused (`reason`)."""

    row: int
    theirs: str
    ours: str
    fate: str
    name: str = ""
    before: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Report(Counted):
    """What a list did, or would do. One refused row is enough for nothing to be written."""

    fates: Sequence[Fate]
    fingerprint: str
    is_written: bool = False


def save_part_number(pk: int, theirs: str, ours: str, *, part: int | None = None, actor: str) -> CustomerPart:
    """Keep what a customer calls a SKU of ours, named by its code or barcode, or change the one given. The same again is left as it is.

    Locks the customer. Raises Invalid, NotFound, and Conflict for a number that means something else already. Records `customer.changed`.
    """
    code, sku = _theirs(theirs), _ours(ours, coded_skus([ours]))
    with changing(pk, "part number", actor=actor) as customer:
        row = CustomerPart(customer=customer) if part is None else CustomerPart.objects.filter(customer=customer, pk=part).first()
        if row is None:
            raise NotFound(_("That is gone by now: look at the customer again."))
        taken = CustomerPart.objects.select_related("sku").filter(customer=customer, code=code).exclude(pk=row.pk).first()
        if taken is not None and (part is not None or taken.sku != sku):
            raise Conflict(_("%(theirs)s is %(ours)s already: change that one.") % {"theirs": code, "ours": taken.sku.code}, pointer="/part_number")
        if taken is not None:
            return taken
        if part is None and CustomerPart.objects.filter(customer=customer).count() >= MOST_NUMBERS:
            raise _too_many()
        row.code, row.sku = code, sku
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError:
            raise Conflict(_("Somebody has just added %(theirs)s: look at the customer again.") % {"theirs": code}) from None
    return row


def remove_part_number(pk: int, part: int, *, actor: str) -> None:
    """Remove one of a customer's part numbers. Removing what is gone changes nothing. Records `customer.changed`."""
    with changing(pk, "part number", actor=actor) as customer:
        CustomerPart.objects.filter(customer=customer, pk=part).delete()


def pasted(text: str) -> list[Named]:
    """Read a list as it is pasted from a sheet: theirs, a tab (or a semicolon), ours, one a line; empty lines are left out.

    Raises Invalid for an empty or too long a list.
    """
    lines = [line for line in text.replace("\x00", "").splitlines() if line.strip()]
    if not lines:
        raise Invalid(_("Paste the list first: what they call it, a tab, and what we call it, one a line."), pointer="/rows")
    _check_length(lines)
    return [_read(line) for line in lines]


def check_part_numbers(pk: int, rows: Sequence[Named]) -> Report:
    """Say what would become of each row of a list. Writes nothing. Three queries, whatever its length."""
    return _report(rows, _known(pk, rows))


def add_part_numbers(pk: int, rows: Sequence[Named], *, confirmed: str | None = None, actor: str) -> Report:
    """Keep all part numbers of a list: all of them or, with one bad row, none. The same list again changes nothing.

    `confirmed`: the fingerprint of the report that somebody has looked at; where it would do something else by now, nothing is written. Locks the
    customer. A constant number of statements. Raises Conflict where it would be too many, NotFound. Records `customer.changed`.
    """
    _check_length(rows)
    try:
        with transaction.atomic():
            customer = lock_one(Customer.objects.all(), pk)
            known = _known(pk, rows)
            report = _report(rows, known)
            if report.refused or confirmed not in (None, report.fingerprint):
                return report
            if report.new or report.changed:
                _write(customer, report, known)
                record([fact("customer.changed", "customer", pk, actor=actor, changed=["part numbers"])])
    except Customer.DoesNotExist:
        raise NotFound(_("There is no such customer.")) from None
    except IntegrityError:
        raise Conflict(_("Somebody has changed the customer's numbers in this moment: check the list again.")) from None
    return replace(report, is_written=True)


@dataclass(frozen=True)
class _Known:
    """What is there of what a list names: the customer's numbers, by code, and ours, by text."""

    parts: dict[str, CustomerPart]
    skus: dict[str, Coded]


def _known(pk: int, rows: Sequence[Named]) -> _Known:
    codes = {_plain(row.theirs) for row in rows}
    parts = CustomerPart.objects.filter(customer=pk, code__in=codes).select_related("sku")
    return _Known({part.code: part for part in parts}, coded_skus({row.ours for row in rows if row.ours}))


def _report(rows: Sequence[Named], known: _Known) -> Report:
    seen: dict[str, int] = {}
    fates = [_fate(number, row, known, seen) for number, row in enumerate(rows, start=1)]
    return Report(fates, hashlib.sha256(repr(fates).encode()).hexdigest())


def _fate(number: int, row: Named, known: _Known, seen: dict[str, int]) -> Fate:
    theirs, ours = _plain(row.theirs)[:_LETTERS], row.ours.strip()[:_LETTERS]
    try:
        if row.reason:
            raise Invalid(row.reason)
        theirs = _theirs(row.theirs)
        sku = _ours(row.ours, known.skus)
        if theirs in seen:
            raise Invalid(_("It stands in row %(row)d already.") % {"row": seen[theirs]})
    except BusinessError as error:
        return Fate(number, theirs, ours, REFUSED, reason=error.sentence)
    seen[theirs] = number
    part = known.parts.get(theirs)
    if part is None:
        return Fate(number, theirs, sku.code, NEW, sku.name)
    if part.sku == sku:
        return Fate(number, theirs, sku.code, SAME, sku.name)
    return Fate(number, theirs, sku.code, CHANGED, sku.name, before=part.sku.code)


def _write(customer: Customer, report: Report, known: _Known) -> None:
    if CustomerPart.objects.filter(customer=customer).count() + report.new > MOST_NUMBERS:
        raise _too_many()
    skus = {code.sku.code: code.sku for code in known.skus.values()}
    changed = [known.parts[fate.theirs] for fate in report.fates if fate.fate == CHANGED]
    for part, fate in zip(changed, (fate for fate in report.fates if fate.fate == CHANGED), strict=True):
        part.sku = skus[fate.ours]
    bulk.save_all(changed, "sku")
    bulk.insert_all([CustomerPart(customer=customer, code=fate.theirs, sku=skus[fate.ours]) for fate in report.fates if fate.fate == NEW])


def _read(line: str) -> Named:
    mark = "\t" if "\t" in line else ";"
    theirs, _mark, ours = line.rstrip().partition(mark)
    if not ours.strip() or mark in ours.strip():
        return Named(theirs.strip(), ours.strip(), _("Write what they call it, a tab, and what we call it."))
    return Named(theirs.strip(), ours.strip())


def _theirs(text: str) -> str:
    code = _plain(text)
    if not code or len(code) > _LETTERS or not code.isprintable():
        raise Invalid(_("A part number has 1 to %(most)d letters or digits.") % {"most": _LETTERS}, pointer="/part_number")
    return code


def _plain(text: str) -> str:
    return " ".join(text.split()).upper()


def _ours(text: str, known: dict[str, Coded]) -> Sku:
    coded = known.get(text)
    if coded is None:
        raise Invalid(_("There is no SKU %(code)s: give its code or its barcode.") % {"code": text.strip()[:_LETTERS] or "—"}, pointer="/sku")
    if coded.units != 1:
        facts = {"code": text.strip()[:_LETTERS], "sku": coded.sku.code}
        raise Invalid(_("%(code)s is a package: give the code of what is in it, %(sku)s.") % facts, pointer="/sku")
    return coded.sku


def _too_many() -> Conflict:
    return Conflict(_("A customer has at most %(most)d of them: remove one first.") % {"most": MOST_NUMBERS})


def _check_length(rows: Sequence[object]) -> None:
    if len(rows) > MOST_ROWS:
        raise Invalid(_("At most %(most)d at once: send the list in parts.") % {"most": MOST_ROWS}, pointer="/rows")
