"""Reading an Online Retail file: one row an order line (UCI Machine Learning Repository, “Online Retail”, CC BY 4.0).

Each row is either a usable line or has a reason why it is not. Nothing is passed over.
"""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

COLUMNS = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
LONDON = ZoneInfo("Europe/London")
MOST_UNITS = 1_000_000
MOST_PRICE = Decimal(1_000_000)

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
NO_SALE = {"D": "a discount is no line of an order", "S": "a sample is not sold", "PADS": "a test code is not sold", "TEST": "a test code is not sold"}


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


def read_rows(path: Path) -> Iterator[Row]:
    """Read a file, plain or gzipped. Raises Unreadable before the first row where it is no such file."""
    try:
        opened = gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="") if path.suffix == ".gz" else open(
            path, encoding="utf-8-sig", errors="replace", newline=""
        )
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or error}") from error
    with opened as file:
        reader = csv.reader(file)
        try:
            header = next(reader, [])
        except (OSError, EOFError, csv.Error) as error:
            raise Unreadable(f"{path} is not a CSV file, or not gzipped as its name says: {error}") from error
        missing = [column for column in COLUMNS if column not in header]
        if missing:
            raise Unreadable(f"{path} lacks the columns {', '.join(missing)}; it has {', '.join(header) or 'none'}.")
        places = [header.index(column) for column in COLUMNS]
        for number, cells in enumerate(reader, start=2):
            yield _row(number, cells, places)


def _row(number: int, cells: list[str], places: list[int]) -> Row:
    if len(cells) <= max(places):
        return Row(number, cells, "the row has too few columns")
    invoice, code, description, quantity, placed, price, customer, country = (cells[place].replace("\x00", "").strip() for place in places)
    if not invoice:
        return Row(number, cells, "no invoice number")
    if invoice.upper().startswith("C"):
        return Row(number, cells, "a cancellation: returns cannot be imported yet")
    try:
        units = int(quantity)
        amount = Decimal(price)
        placed_at = datetime.fromisoformat(placed).replace(tzinfo=LONDON)
    except (ValueError, InvalidOperation):
        return Row(number, cells, "quantity, price or date is not readable")
    code = code.upper()
    reason = _reason(code, description, units, amount)
    return Row(number, cells, reason, invoice, code, description, units, amount, placed_at, customer.removesuffix(".0"), country)


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
    if not description:
        return "no description"
    if code in NO_SALE:
        return NO_SALE[code]
    if code.startswith("GIFT_"):
        return "a gift voucher is money, not goods"
    if len(code) > 40:
        return "the stock code is too long"
    return ""
