"""Reading an Online Retail file: one row an order line (UCI Machine Learning Repository, “Online Retail”, CC BY 4.0).

Each row is either a usable line or has a reason why it is not. Nothing is passed over.
"""

import codecs
import csv
import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

COLUMNS = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
LONDON = ZoneInfo("Europe/London")
MOST_UNITS = 1_000_000
MOST_PRICE = Decimal(1_000_000)
PRICE_STEP = Decimal("0.0001")
# How long a cell may be: what its column in the database takes, with what is put before it.
MOST_LETTERS = {"invoice number": 100, "stock code": 40, "customer": 80, "country": 80}

# Codes that are charges and no goods → what kind of charge.
CHARGES = {
    "POST": "shipping",
    "DOT": "shipping",
    "C2": "shipping",
    "M": "other",
    "B": "other",
    "BANK CHARGES": "handling",
    "AMAZONFEE": "handling",
    "CRUK": "other",
}
NO_SALE = {
    "D": "a discount is no line of an order",
    "S": "a sample is not sold",
    "PADS": "a test code is not sold",
    "TEST": "a test code is not sold",
}


class Unreadable(Exception):
    """The file is not what it says; the sentence says what it should be."""


@dataclass(frozen=True)
class Row:
    """A row of the file: its number (the header is row 1), its cells as they came, and, where it can be used, what it says."""

    number: int
    cells: list[str]
    reason: str = ""
    invoice: str = ""
    code: str = ""
    description: str = ""
    quantity: int = 0
    price: Decimal = Decimal(0)
    placed_at: datetime | None = None
    customer: str = ""
    country: str = ""

    @property
    def charge_kind(self) -> str:
        return CHARGES.get(self.code, "")


@dataclass(frozen=True)
class Survey:
    """What a file holds, found by reading it to its end: its header, how many rows, and the last usable row of each invoice."""

    header: list[str]
    rows: int
    last_rows: dict[str, int]


def survey(path: Path) -> Survey:
    """Read a file to its end and keep only where each invoice ends. Raises Unreadable, also for what is damaged further on."""
    rows, last_rows = 0, {}
    for row in read_rows(path):
        rows += 1
        if not row.reason:
            last_rows[row.invoice] = row.number
    with _opened(path) as file:
        return Survey(next(csv.reader(file)), rows, last_rows)


def read_rows(path: Path) -> Iterator[Row]:
    """Read a file, plain or gzipped, in UTF-8 or, byte by byte where it is not that, Latin-1.

    Raises Unreadable: before the first row where it is no such file, at the row where it is damaged.
    """
    number = 1
    try:
        with _opened(path) as file:
            reader = csv.reader(file)
            header = next(reader, [])
            missing = [column for column in COLUMNS if column not in header]
            if missing:
                raise Unreadable(f"{path} lacks the columns {', '.join(missing)}; it has {', '.join(header) or 'none'}.")
            places = [header.index(column) for column in COLUMNS]
            for number, cells in enumerate(reader, start=2):
                yield _row(number, cells, places)
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise Unreadable(f"{path} cannot be read behind row {number}, or is not gzipped as its name says: {reason}") from error


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="as-latin-1", newline="")
    return open(path, encoding="utf-8-sig", errors="as-latin-1", newline="")


def _as_latin_1(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("as-latin-1", _as_latin_1)


def _row(number: int, cells: list[str], places: list[int]) -> Row:
    if len(cells) <= max(places):
        return Row(number, cells, "the row has too few columns")
    invoice, code, description, quantity, placed, price, customer, country = (cells[place].replace("\x00", "").strip() for place in places)
    if not invoice:
        return Row(number, cells, "no invoice number")
    if invoice.upper().startswith("C"):
        return Row(number, cells, "a cancellation: returns cannot be imported yet")
    try:
        units = int(_plain(quantity))
        amount = Decimal(_plain(price))
        placed_at = datetime.fromisoformat(placed)
    except (ValueError, InvalidOperation):
        return Row(number, cells, "quantity, price or date is not readable")
    if placed_at.tzinfo is None:
        placed_at = placed_at.replace(tzinfo=LONDON)
    code, customer = code.upper(), customer.removesuffix(".0")
    reason = _too_long(invoice, code, customer, country) or _reason(code, description, units, amount)
    return Row(number, cells, reason, invoice, code, description, units, amount, placed_at, customer, country)


def _plain(number: str) -> str:
    """Refuse what Python would take for a number and nobody else: 1_000, digits of other scripts."""
    if not re.fullmatch(r"[-+0-9.eE]+", number):
        raise ValueError(number)
    return number


def _too_long(*cells: str) -> str:
    """Say which cell the database would have to cut: an order cut in its number is not found again."""
    for (name, most), cell in zip(MOST_LETTERS.items(), cells, strict=True):
        if len(cell) > most:
            return f"the {name} is longer than {most} letters"
    return ""


def _reason(code: str, description: str, units: int, price: Decimal) -> str:
    if not code:
        return "no stock code"
    if units <= 0:
        return "the quantity is not above zero"
    if units > MOST_UNITS:
        return f"the quantity is above {MOST_UNITS}"
    if not price.is_finite() or price <= 0:
        return "the price is not above zero"
    if price > MOST_PRICE:
        return f"the price is above {MOST_PRICE}"
    if price != price.quantize(PRICE_STEP):
        return "the price has more than four decimals"
    if not description:
        return "no description"
    if code in NO_SALE:
        return NO_SALE[code]
    if code.startswith("GIFT_"):
        return "a gift voucher is money, not goods"
    return ""
