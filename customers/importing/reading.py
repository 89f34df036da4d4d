"""Reading a file of customers: one row a customer, each either usable or with the reason why it is not. Nothing is passed over."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, BinaryIO

from babel.core import get_global
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.services import checked_country, checked_email, checked_tags, checked_vat_number
from customers.states import CustomerKind, InvoicePolicy, PaymentMethod, ShipPolicy
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
            values[name] = COLUMNS[name](name, cell.replace(",", ".") if comma_is_point and name == "credit_limit" else cell)
        _check_together(values)
        refuse_card_numbers({name: value for name, value in values.items() if isinstance(value, str) and name not in _NUMBERS})
    except Wrong as error:
        return Row(number, called, reason=str(error))
    except Invalid as error:
        return Row(number, called, reason=error.sentence)
    return Row(number, called, values)


def _check_together(values: dict[str, Any]) -> None:
    if not set(NAMING) & set(values):
        raise Wrong(_("it has neither number nor reference: without one of them the same file would register them twice"))


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


def _currency(name: str, cell: str) -> str:
    if cell.upper() not in get_global("all_currencies"):
        raise Wrong(_("%(column)s is three letters such as GBP, not “%(cell)s”") % {"column": name, "cell": cell[:20]})
    return cell.upper()


# Telephone and VAT numbers are looked at by their own rules, and may be as long as a card's.
_NUMBERS = ("phone", "vat_number", "credit_limit")
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
    **_PLACE,
    **{f"delivery_{name}": read for name, read in _PLACE.items()},
}
