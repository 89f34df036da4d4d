"""Reading a file of SKUs: one row a SKU, each either usable or with the reason why it is not. Nothing is passed over."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from babel.core import get_global
from django.utils.translation import gettext as _

from oms.core.sheets import INT_MAX, Reader, Wrong, amount, check_header, check_letters, name_of_something, open_sheet, plain, text, whole, yes_or_no

MOST_ROWS = 500_000
MOST_BYTES = 60_000_000


@dataclass(frozen=True)
class Row:
    """A row of the file: its number (the header is row 1), its code as it came, and its values by column, or the reason it cannot be used."""

    number: int
    code: str
    values: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


def read_rows(file: BinaryIO) -> Iterator[Row]:
    """Read a CSV file or a workbook. Raises Invalid where it is neither, and where it is larger than we take."""
    sheet = open_sheet(file, most_rows=MOST_ROWS)
    check_header(sheet.header, list(COLUMNS), ["code"])
    for number, cells in sheet.rows:
        yield _row(number, sheet.header, cells, comma_is_point=sheet.has_decimal_commas)


def _row(number: int, header: list[str], cells: list[str], *, comma_is_point: bool) -> Row:
    code = plain(cells[header.index("code")]) if len(cells) > header.index("code") else ""
    if len(cells) != len(header):
        return Row(number, code, reason=_("it has %(cells)d cells, and the header %(columns)d") % {"cells": len(cells), "columns": len(header)})
    values: dict[str, Any] = {}
    try:
        for name, cell in zip(header, cells, strict=True):
            if cell := cell.strip():
                check_letters(name, cell)
                if comma_is_point and name in ("cost", "price", "vendor_price"):
                    cell = cell.replace(",", ".")
                values[name] = COLUMNS[name](name, cell)
        _check_together(values)
    except Wrong as error:
        return Row(number, code, reason=str(error))
    return Row(number, values["code"], values)


def _check_together(values: dict[str, Any]) -> None:
    if "code" not in values:
        raise Wrong(_("it has no code"))
    for name, other in (
        ("case_barcode", "case_units"),
        ("case_units", "case_barcode"),
        ("currency", "price"),
        ("reorder_point", "reorder_target"),
        ("reorder_target", "reorder_point"),
        ("vendor_code", "vendor"),
        ("vendor_price", "vendor"),
        ("pack_size", "vendor"),
        ("minimum_order", "vendor"),
        ("lead_time_days", "vendor"),
    ):
        if name in values and other not in values:
            raise Wrong(_("%(column)s says nothing without %(other)s") % {"column": name, "other": other})
    if "reorder_point" in values and values["reorder_target"] <= values["reorder_point"]:
        raise Wrong(_("reorder_target must be above reorder_point"))


def _code(name: str, cell: str) -> str:
    return name_of_something(40)(name, cell.upper())


def _currency(name: str, cell: str) -> str:
    if cell.upper() not in get_global("all_currencies"):
        raise Wrong(_("%(column)s is three letters such as GBP, not “%(cell)s”") % {"column": name, "cell": cell[:20]})
    return cell.upper()


def _class(name: str, cell: str) -> str:
    if cell.upper() not in ("A", "B", "C"):
        raise Wrong(_("%(column)s is A, B or C, not “%(cell)s”") % {"column": name, "cell": cell[:20]})
    return cell.upper()


# column → how it is read. An empty cell leaves what is there as it is.
COLUMNS: dict[str, Reader] = {
    "code": _code,
    "name": text(200),
    "barcode": name_of_something(40),
    "unit": text(20),
    "weight_grams": whole(0, INT_MAX),
    "cost": amount("zero"),
    "tax_category": text(20),
    "abc_class": _class,
    "is_active": yes_or_no,
    "price": amount("above"),
    "currency": _currency,
    "case_barcode": name_of_something(40),
    "case_units": whole(1, 1_000_000),
    "vendor": text(200),
    "vendor_code": name_of_something(60),
    "vendor_price": amount("above"),
    "pack_size": whole(1, 1_000_000),
    "minimum_order": whole(1, 1_000_000_000),
    "lead_time_days": whole(0, 3650),
    "reorder_warehouse": text(20),
    "reorder_point": whole(0, 1_000_000_000),
    "reorder_target": whole(1, 1_000_000_000),
}
