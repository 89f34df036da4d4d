"""Reading a file of SKUs: one row a SKU, each either usable or with the reason why it is not. Nothing is passed over."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from babel.core import get_global
from django.utils.translation import gettext as _

from oms.core.errors import Invalid

MOST_ROWS = 500_000
MOST_BYTES = 60_000_000
INT_MAX = 2_147_483_647
_NUMBER = re.compile(r"\d{1,12}(\.\d{1,4})?")
_WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
# What a spreadsheet takes for a formula; our own exports write an apostrophe before it.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


class Wrong(Exception):
    """A cell that cannot be used; the sentence says why."""


@dataclass(frozen=True)
class Row:
    """A row of the file: its number (the header is row 1), its code as it came, and its values by column, or the reason it cannot be used."""

    number: int
    code: str
    values: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


def read_rows(file: BinaryIO) -> Iterator[Row]:
    """Read a CSV file in UTF-8, with or without its mark, with commas, semicolons or tabs between the cells.

    Empty rows are left out. Raises Invalid before the first row where it is no such file, and where it is larger than we take.
    """
    start = file.read(4)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in start:
        raise Invalid(_("The file is in UTF-16. Save it as “CSV UTF-8” and send it again."), pointer="/file")
    if start.startswith(b"PK\x03\x04"):
        raise Invalid(_("That is a workbook, not a CSV file. Save it as “CSV UTF-8” and send it again."), pointer="/file")
    file.seek(0)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        yield from _rows(text)
    except csv.Error as error:
        raise Invalid(_("The file is not CSV: %(error)s.") % {"error": error}, pointer="/file") from None
    finally:
        text.detach()


def _rows(text: io.TextIOWrapper) -> Iterator[Row]:
    first = text.readline(100_000)
    mark = max(",;\t", key=first.count)
    header = [name.strip().lower() for name in next(csv.reader([first], delimiter=mark), [])]
    _check_header(header)
    reader = csv.reader(text, delimiter=mark)
    for number, cells in enumerate(reader, start=2):
        if number > MOST_ROWS + 1:
            raise Invalid(_("The file has more than %(most)d rows: send it in parts.") % {"most": MOST_ROWS}, pointer="/file")
        if any(cells):
            yield _row(number, header, cells, comma_is_point=mark != ",")


def _check_header(header: list[str]) -> None:
    unknown = [name for name in header if name not in COLUMNS]
    if "code" not in header or unknown or len(set(header)) != len(header):
        raise Invalid(
            _("The first row names the columns, “code” among them, each once. We know: %(known)s. Not known: %(unknown)s.")
            % {"known": ", ".join(COLUMNS), "unknown": ", ".join(name[:30].replace("\x00", "") for name in unknown[:10]) or "—"},
            pointer="/file",
        )


def _row(number: int, header: list[str], cells: list[str], *, comma_is_point: bool) -> Row:
    code = _plain(cells[header.index("code")]) if len(cells) > header.index("code") else ""
    if len(cells) != len(header):
        return Row(number, code, reason=_("it has %(cells)d cells, and the header %(columns)d") % {"cells": len(cells), "columns": len(header)})
    values: dict[str, Any] = {}
    try:
        for name, cell in zip(header, cells, strict=True):
            if cell := cell.strip():
                _check_letters(name, cell)
                if comma_is_point and name in ("cost", "price", "vendor_price"):
                    cell = cell.replace(",", ".")
                values[name] = COLUMNS[name](name, cell)
        _check_together(values)
    except Wrong as error:
        return Row(number, code, reason=str(error))
    return Row(number, values["code"], values)


def _check_letters(name: str, cell: str) -> None:
    if "\x00" in cell:
        raise Wrong(_("%(column)s has a NUL character") % {"column": name})
    if any("\udc80" <= letter <= "\udcff" for letter in cell):
        raise Wrong(_("%(column)s is not UTF-8: save the file as “CSV UTF-8”") % {"column": name})


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


def _plain(cell: str) -> str:
    """Give a cell as it may be shown, whatever is in it."""
    return cell.strip().replace("\x00", "").encode("utf-8", "replace").decode()[:40]


def _text(most: int) -> Callable[[str, str], str]:
    def read(name: str, cell: str) -> str:
        if cell.startswith("'") and cell[1:].startswith(_FORMULA):
            cell = cell[1:]
        if len(cell) > most:
            raise Wrong(_("%(column)s is longer than %(most)d letters") % {"column": name, "most": most})
        if not cell.isprintable():
            raise Wrong(_("%(column)s has characters that cannot be printed") % {"column": name})
        return cell

    return read


def _name(most: int) -> Callable[[str, str], str]:
    """Read what is a name of something for programs too: no formula, no space in it."""
    text = _text(most)

    def read(name: str, cell: str) -> str:
        if cell.startswith(_FORMULA) or cell.startswith("'"):
            raise Wrong(_("%(column)s begins like a formula: %(cell)s") % {"column": name, "cell": cell[:20]})
        return text(name, cell)

    return read


def _code(name: str, cell: str) -> str:
    return _name(40)(name, cell.upper())


def _whole(least: int, most: int) -> Callable[[str, str], int]:
    def read(name: str, cell: str) -> int:
        if not (cell.isascii() and cell.isdigit() and len(cell) <= 10 and least <= int(cell) <= most):
            raise Wrong(_("%(column)s is a whole number from %(least)d to %(most)d, not “%(cell)s”") % _told(name, cell, least, most))
        return int(cell)

    return read


def _amount(least: str) -> Callable[[str, str], str]:
    """Read an amount; it goes to the database as it was written, which is exact."""

    def read(name: str, cell: str) -> str:
        if not (cell.isascii() and _NUMBER.fullmatch(cell)):
            raise Wrong(_("%(column)s is an amount such as 12.50, with at most four decimals, not “%(cell)s”") % _told(name, cell))
        if least == "above" and not cell.strip("0."):
            raise Wrong(_("%(column)s must be above zero") % {"column": name})
        return cell

    return read


def _currency(name: str, cell: str) -> str:
    if cell.upper() not in get_global("all_currencies"):
        raise Wrong(_("%(column)s is three letters such as GBP, not “%(cell)s”") % _told(name, cell))
    return cell.upper()


def _class(name: str, cell: str) -> str:
    if cell.upper() not in ("A", "B", "C"):
        raise Wrong(_("%(column)s is A, B or C, not “%(cell)s”") % _told(name, cell))
    return cell.upper()


def _yes_or_no(name: str, cell: str) -> bool:
    if cell.lower() not in _WORDS:
        raise Wrong(_("%(column)s is yes or no, not “%(cell)s”") % _told(name, cell))
    return _WORDS[cell.lower()]


def _told(name: str, cell: str, least: int = 0, most: int = 0) -> dict[str, Any]:
    return {"column": name, "cell": cell[:20], "least": least, "most": most}


# column → how it is read. An empty cell leaves what is there as it is.
COLUMNS: dict[str, Callable[[str, str], Any]] = {
    "code": _code,
    "name": _text(200),
    "barcode": _name(40),
    "unit": _text(20),
    "weight_grams": _whole(0, INT_MAX),
    "cost": _amount("zero"),
    "tax_category": _text(20),
    "abc_class": _class,
    "is_active": _yes_or_no,
    "price": _amount("above"),
    "currency": _currency,
    "case_barcode": _name(40),
    "case_units": _whole(1, 1_000_000),
    "vendor": _text(200),
    "vendor_code": _name(60),
    "vendor_price": _amount("above"),
    "pack_size": _whole(1, 1_000_000),
    "minimum_order": _whole(1, 1_000_000_000),
    "lead_time_days": _whole(0, 3650),
    "reorder_warehouse": _text(20),
    "reorder_point": _whole(0, 1_000_000_000),
    "reorder_target": _whole(1, 1_000_000_000),
}
