"""Tables that people keep in files: CSV, and the first sheet of a workbook (XLSX), read row by row whatever program has written them."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell

from oms.core.errors import Invalid

INT_MAX = 2_147_483_647
# What a workbook may unpack to: a small file can hold a very large one.
MOST_UNPACKED = 300_000_000
MOST_COLUMNS = 100
_NUMBER = re.compile(r"\d{1,12}(\.\d{1,4})?")
_WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
# What a spreadsheet takes for a formula; our own exports write an apostrophe before it.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


class Wrong(Exception):
    """A cell that cannot be used; the sentence says why."""


@dataclass(frozen=True)
class Sheet:
    """A table: its columns in lower case, and its rows, each with its number (the header is row 1), empty ones left out.

    `has_decimal_commas`: an amount may be written 12,50.
    """

    header: list[str]
    rows: Iterator[tuple[int, list[str]]]
    has_decimal_commas: bool


def open_sheet(file: BinaryIO, *, most_rows: int) -> Sheet:
    """Open a CSV file in UTF-8, with or without its mark, with commas, semicolons or tabs between the cells, or a workbook.

    The rows are read as they are asked for. Raises Invalid where it is neither, and, among the rows, where there are more than `most_rows`.
    """
    start = file.read(4)
    file.seek(0)
    if start.startswith(b"PK\x03\x04"):
        rows, mark = _workbook_rows(file), ""
    elif start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in start:
        raise Invalid(_("The file is in UTF-16. Save it as “CSV UTF-8” and send it again."), pointer="/file")
    else:
        rows, mark = _csv_rows(file)
    header = [name.strip().lower() for name in next(rows, [])]
    return Sheet(header, _numbered(rows, most_rows), has_decimal_commas=mark not in ("", ","))


def check_header(header: Sequence[str], known: Sequence[str], needed: Sequence[str]) -> None:
    """Raise Invalid where a column is not known or there twice, or none of the `needed` ones is there."""
    unknown = [name for name in header if name not in known]
    if not set(needed) & set(header) or unknown or len(set(header)) != len(header):
        raise Invalid(
            _("The first row names the columns, “%(needed)s” among them, each once. We know: %(known)s. Not known: %(unknown)s.")
            % {
                "needed": _("” or “").join(needed),
                "known": ", ".join(known),
                "unknown": ", ".join(name[:30].replace("\x00", "") for name in unknown[:10]) or "—",
            },
            pointer="/file",
        )


def check_letters(name: str, cell: str) -> None:
    """Raise Wrong for a cell that no text can be."""
    if "\x00" in cell:
        raise Wrong(_("%(column)s has a NUL character") % {"column": name})
    if any("\udc80" <= letter <= "\udcff" for letter in cell):
        raise Wrong(_("%(column)s is not UTF-8: save the file as “CSV UTF-8”") % {"column": name})


def plain(cell: str) -> str:
    """Give a cell as it may be shown, whatever is in it."""
    return cell.strip().replace("\x00", "").encode("utf-8", "replace").decode()[:40]


def write_workbook(file: BinaryIO, header: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    """Write a workbook of one sheet. Texts stay texts: none of them becomes a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in (header, *rows):
        sheet.append([_written(sheet, value) for value in row])
    book.save(file)


# --- cells ---


Reader = Callable[[str, str], Any]


def text(most: int, *, has_lines: bool = False) -> Reader:
    def read(name: str, cell: str) -> str:
        if cell.startswith("'") and cell[1:].startswith(FORMULA):
            cell = cell[1:]
        cell = cell.replace("\r\n", "\n") if has_lines else cell
        if len(cell) > most:
            raise Wrong(_("%(column)s is longer than %(most)d letters") % {"column": name, "most": most})
        if not (cell.replace("\n", " ") if has_lines else cell).isprintable():
            raise Wrong(_("%(column)s has characters that cannot be printed") % {"column": name})
        return cell

    return read


def name_of_something(most: int) -> Reader:
    """Read what is a name of something for programs too: no formula, no space in it."""
    plainly = text(most)

    def read(name: str, cell: str) -> str:
        if cell.startswith(FORMULA) or cell.startswith("'"):
            raise Wrong(_("%(column)s begins like a formula: %(cell)s") % {"column": name, "cell": cell[:20]})
        return plainly(name, cell)

    return read


def whole(least: int, most: int) -> Reader:
    def read(name: str, cell: str) -> int:
        if not (cell.isascii() and cell.isdigit() and len(cell) <= 10 and least <= int(cell) <= most):
            raise Wrong(_("%(column)s is a whole number from %(least)d to %(most)d, not “%(cell)s”") % _told(name, cell, least, most))
        return int(cell)

    return read


def amount(least: str) -> Reader:
    """Read an amount; it stays as it was written, which is exact. `least`: zero, or above."""

    def read(name: str, cell: str) -> str:
        if not (cell.isascii() and _NUMBER.fullmatch(cell)):
            raise Wrong(_("%(column)s is an amount such as 12.50, with at most four decimals, not “%(cell)s”") % _told(name, cell))
        if least == "above" and not cell.strip("0."):
            raise Wrong(_("%(column)s must be above zero") % {"column": name})
        return cell

    return read


def one_of(choices: Sequence[str]) -> Reader:
    def read(name: str, cell: str) -> str:
        if cell.lower() not in choices:
            raise Wrong(_("%(column)s is one of %(choices)s, not “%(cell)s”") % (_told(name, cell) | {"choices": ", ".join(choices)}))
        return cell.lower()

    return read


def yes_or_no(name: str, cell: str) -> bool:
    if cell.lower() not in _WORDS:
        raise Wrong(_("%(column)s is yes or no, not “%(cell)s”") % _told(name, cell))
    return _WORDS[cell.lower()]


def _told(name: str, cell: str, least: int = 0, most: int = 0) -> dict[str, Any]:
    return {"column": name, "cell": cell[:20], "least": least, "most": most}


# --- files ---


def _csv_rows(file: BinaryIO) -> tuple[Iterator[list[str]], str]:
    lines = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    first = lines.readline(100_000)
    mark = max(",;\t", key=first.count)

    def rows() -> Iterator[list[str]]:
        try:
            yield from csv.reader([first], delimiter=mark)
            yield from csv.reader(lines, delimiter=mark)
        except csv.Error as error:
            raise Invalid(_("The file is not CSV: %(error)s.") % {"error": error}, pointer="/file") from None
        finally:
            if not lines.closed:
                lines.detach()

    return rows(), mark


def _workbook_rows(file: BinaryIO) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(file) as packed:
            if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
                raise Invalid(_("The workbook is too large: send it in parts, or as CSV."), pointer="/file")
        sheet = load_workbook(file, read_only=True, data_only=True, keep_links=False).worksheets[0]
        sheet.reset_dimensions()
        width = 0
        for row in sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True):
            cells = [_as_text(value) for value in row]
            while len(cells) > width and not cells[-1]:
                cells.pop()
            width = width or len(cells)
            yield cells
    except Invalid:
        raise
    except Exception as error:  # Whatever a broken or hostile workbook makes of the reader, it is the file's fault.
        raise Invalid(
            _("The workbook cannot be read (%(error)s). Save it as XLSX again, or as “CSV UTF-8”.") % {"error": error}, pointer="/file"
        ) from None


def _numbered(rows: Iterator[list[str]], most_rows: int) -> Iterator[tuple[int, list[str]]]:
    for number, cells in enumerate(rows, start=2):
        if number > most_rows + 1:
            raise Invalid(_("The file has more than %(most)d rows: send it in parts.") % {"most": most_rows}, pointer="/file")
        if any(cells):
            yield number, cells


def _as_text(value: Any) -> str:
    """Give a workbook's value as somebody would have typed it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(Decimal(repr(value)), "f")
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value)


def _written(sheet: Any, value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.make_naive(value)  # A workbook knows no time zones: its times are those of here.
    if isinstance(value, str) and value.startswith("="):
        cell = WriteOnlyCell(sheet, value)
        cell.data_type = "s"
        return cell
    return value
