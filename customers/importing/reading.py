"""Reading a file of customers: one row a customer, each either usable or with the reason why it is not. Nothing is passed over."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO

from babel.core import get_global
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.services import checked_country, checked_email, checked_tags, checked_vat_number
from customers.states import ConsentChannel, CustomerKind, InvoicePolicy, PaymentMethod, ShipPolicy
from oms.core.cards import refuse_card_numbers
from oms.core.errors import Invalid
from oms.core.readable import row_of
from oms.core.sheets import Reader, Wrong, amount, check_header, check_letters, one_of, open_sheet, plain, text, whole, yes_or_no

MOST_ROWS = 50_000
MOST_BYTES = 30_000_000
# What names a customer, so that the same file again changes nothing.
NAMING = ("number", "reference")
ADDRESS = ("street", "city", "region", "postcode", "country")
DELIVERY = tuple(f"delivery_{name}" for name in ADDRESS)
CONTACT = ("contact_name", "contact_role", "contact_email", "contact_phone")


@dataclass(frozen=True)
class Row:
    """A row of the file: its number (the header is row 1), how it calls its customer, and its values by column, or the reason it cannot be used."""

    number: int
    called: str
    values: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


def read_rows(file: BinaryIO) -> Iterator[Row]:
    """Read a CSV file or a workbook. Raises Invalid where it is neither, and where it is larger than we take."""
    sheet = open_sheet(file, most_rows=MOST_ROWS)
    check_header(sheet.header, list(COLUMNS), NAMING)
    for number, cells in sheet.rows:
        yield _row(number, sheet.header, cells, comma_is_point=sheet.has_decimal_commas)


def _row(number: int, header: list[str], cells: list[str], *, comma_is_point: bool) -> Row:
    if len(cells) != len(header):
        told = {"cells": len(cells), "columns": len(header)}
        return Row(number, plain(cells[0]), reason=_("it has %(cells)d cells, and the header %(columns)d") % told)
    given = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}
    called = plain(next((given[name] for name in ("number", "reference", "name") if name in given), ""))
    values: dict[str, Any] = {}
    try:
        for name, cell in given.items():
            check_letters(name, cell)
            _check_for_cards(name, cell)
            values[name] = COLUMNS[name](name, cell.replace(",", ".") if comma_is_point and name == "credit_limit" else cell)
        _check_together(values)
    except Wrong as error:
        return Row(number, called, reason=str(error))
    except Invalid as error:
        return Row(number, called, reason=error.sentence)
    return Row(number, called, values)


def _check_together(values: dict[str, Any]) -> None:
    if not set(NAMING) & set(values):
        raise Wrong(_("it has neither number nor reference: without one of them the same file would register them twice"))
    if set(CONTACT[1:]) & set(values) and "contact_name" not in values:
        raise Wrong(_("a contact needs its contact_name"))
    for channel in ConsentChannel.values:
        said = f"consent_{channel}"
        parts = (said, f"{said}_on", f"{said}_source")
        if set(parts) & set(values) and not set(parts) <= set(values):
            raise Wrong(_("%(column)s says yes or no, %(column)s_on since which day, and %(column)s_source where they said so") % {"column": said})


def _check_for_cards(name: str, cell: str) -> None:
    """Refuse the number of a card before anything else is said of the cell: what it has is not to be told again."""
    if name in _NUMBERS:
        return
    try:
        refuse_card_numbers({name: cell})
    except Invalid as error:
        raise Wrong(f"{name}: {error.sentence}") from None


def _number(name: str, cell: str) -> int:
    pk = row_of(cell, Customer.NUMBER_PREFIX)
    if pk is None:
        raise Wrong(_("%(column)s is one of ours, such as C-1017, not “%(cell)s”") % {"column": name, "cell": cell[:20]})
    return pk


def _credit_limit(name: str, cell: str) -> Decimal:
    return Decimal(amount("zero")(name, cell))


def _email(_name: str, cell: str) -> str:
    return checked_email(cell)


def _emails(name: str, cell: str) -> list[str]:
    return [checked_email(part) for part in _parts(name, cell)]


def _parts(name: str, cell: str) -> list[str]:
    parts = [text(254)(name, part.strip()) for part in cell.replace(",", ";").split(";") if part.strip()]
    if len(parts) > 20:
        raise Wrong(_("%(column)s has more than %(most)d") % {"column": name, "most": 20})
    return parts


def _vat_number(name: str, cell: str) -> str:
    return checked_vat_number(text(30)(name, cell))


def _tags(name: str, cell: str) -> list[str]:
    return checked_tags(text(1000)(name, cell))


def _country(_name: str, cell: str) -> str:
    return checked_country(cell)


def _day(name: str, cell: str) -> date:
    try:
        day = date.fromisoformat(cell.removesuffix("T00:00:00"))
    except ValueError:
        raise Wrong(_("%(column)s is a day such as 2027-03-31, not “%(cell)s”") % {"column": name, "cell": cell[:20]}) from None
    if day > timezone.localdate():
        raise Wrong(_("%(column)s is still to come: %(cell)s") % {"column": name, "cell": cell[:20]})
    return day


def _currency(name: str, cell: str) -> str:
    if cell.upper() not in get_global("all_currencies"):
        raise Wrong(_("%(column)s is three letters such as GBP, not “%(cell)s”") % {"column": name, "cell": cell[:20]})
    return cell.upper()


# Telephone and VAT numbers are looked at by their own rules, and may be as long as a card's.
_NUMBERS = ("phone", "telephones", "contact_phone", "vat_number", "credit_limit")
_PLACE: dict[str, Reader] = {
    "street": text(300, has_lines=True),
    "city": text(100),
    "region": text(100),
    "postcode": text(20),
    "country": _country,
}
# column → how it is read. An empty cell leaves what is there as it is.
COLUMNS: dict[str, Reader] = {
    "number": _number,
    "reference": text(100),
    "channel": text(30),
    "name": text(200),
    "kind": one_of(CustomerKind.values),
    "email": _email,
    "emails": _emails,
    "phone": text(40),
    "telephones": _parts,
    "language": one_of(["en", "de", "ar"]),
    "vat_number": _vat_number,
    "group": text(30),
    "tags": _tags,
    "currency": _currency,
    "payment_method": one_of(PaymentMethod.values),
    "terms_days": whole(0, 365),
    "credit_limit": _credit_limit,
    "invoice_policy": one_of(InvoicePolicy.values),
    "ship_policy": one_of(ShipPolicy.values),
    "accepts_part_deliveries": yes_or_no,
    "preferred_carrier": text(30),
    "delivery_window": text(60),
    "tax_exemption": text(100),
    "is_do_not_call": yes_or_no,
    "note": text(4000, has_lines=True),
    "pinned_note": text(4000, has_lines=True),
    "contact_name": text(200),
    "contact_role": text(100),
    "contact_phone": text(40),
    "contact_email": _email,
    **{
        f"consent_{channel}{part}": read
        for channel in ConsentChannel.values
        for part, read in (("", yes_or_no), ("_on", _day), ("_source", text(100)))
    },
    **_PLACE,
    **{f"delivery_{name}": read for name, read in _PLACE.items()},
}
