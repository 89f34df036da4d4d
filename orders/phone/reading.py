"""What a line may mean, however it is written: typed in one go, scanned, or pasted from an e-mail or a spreadsheet. Pure.

A line is read in several ways, the likeliest first; which of them is meant is decided by what there is to buy (orders.phone.matching).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_ROWS = 1000
MOST_CHARACTERS = 200
_QUANTITY = r"\d{1,7}"
_TIMES = r"[x×*]"
_BEFORE = re.compile(rf"^({_QUANTITY})(?:\s*{_TIMES}\s*|\s+)(\S.*)$", re.IGNORECASE)
_AFTER = re.compile(rf"^(\S.*?)(?:\s*[×*]\s*|\s+x\s*)({_QUANTITY})$", re.IGNORECASE)
_LAST = re.compile(rf"^(\S.*?)\s+({_QUANTITY})$")
_DISCOUNT = re.compile(r"^(.*?)\s+-?(\d{1,2}(?:[.,]\d{1,2})?)\s*%$")
_WHOLE = re.compile(rf"^({_QUANTITY})(?:[.,]0+)?(?:\s*(?:{_TIMES}|pcs?|pieces?|units?|ea|each|stk\.?|stück))?$", re.IGNORECASE)
_BULLET = re.compile(r"^(?:[-–•·*>]\s+)+")
_SEPARATORS = "\t;|"
_ALONE = re.compile(r"[^\s()\[\],]+")
# A spreadsheet's first line, which names its columns.
_HEADINGS = {
    "sku", "code", "article", "item", "product", "part", "qty", "quantity", "amount", "description", "name", "artikel", "artikelnummer", "menge",
    "anzahl", "bezeichnung",
}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """So many of what `text` means. `discount`: per cent off, as typed. `is_code`: only a code is looked for, never a name."""

    quantity: int
    text: str
    discount: str = ""
    is_code: bool = False


def pasted_lines(text: str) -> list[str]:
    """Take a pasted list apart into its lines, without empty ones and the names of its columns. At most MOST_ROWS."""
    lines = [_BULLET.sub("", line.strip(" \r\u00a0")).strip(" \u00a0") for line in text.replace("\x00", "").splitlines()]
    lines = [line[:MOST_CHARACTERS] for line in lines if line.strip()]
    if len(lines) > 1 and _is_heading(lines[0]):
        lines = lines[1:]
    return lines[:MOST_ROWS]


def readings(line: str) -> list[Reading]:
    """Give the ways in which a line may be read, the likeliest first; nothing for an empty one."""
    line = line.strip()[:MOST_CHARACTERS]
    if not line:
        return []
    discount = ""
    if match := _DISCOUNT.match(line):
        line, discount = match[1].strip(), match[2].replace(",", ".")
    found: dict[tuple[int, str], Reading] = {}
    for quantity, text, is_code in _ways(line):
        text = text.strip().strip("\"'").strip()
        if text and quantity >= 1:
            found.setdefault((quantity, text), Reading(quantity, text, discount, is_code))
    return list(found.values())


def _ways(line: str) -> Iterator[tuple[int, str, bool]]:
    cells = _cells(line)
    if len(cells) > 1:
        yield from _of_cells(cells)
        return
    if match := _AFTER.match(line):
        yield int(match[2]), match[1], False
    if match := _BEFORE.match(line):
        quantity, rest = int(match[1]), match[2]
        yield quantity, rest, False
        if match := _LAST.match(line):
            yield int(match[2]), match[1], True
        yield from ((quantity, word, True) for word in _words(rest))
    elif match := _LAST.match(line):
        yield int(match[2]), match[1], True
    yield 1, line, False
    yield from ((1, word, True) for word in _words(line))


def _of_cells(cells: list[str]) -> Iterator[tuple[int, str, bool]]:
    """Read a row of a table: the cell with a whole number says how many, unless it is a code itself; what the others say is wanted."""
    numbers = [position for position, cell in enumerate(cells) if _WHOLE.match(cell)]
    others = [cell for position, cell in enumerate(cells) if position not in numbers and not _is_price(cell)]
    for position in numbers:
        match = _WHOLE.match(cells[position])
        quantity = int(match[1]) if match else 1
        rest = [cell for other, cell in enumerate(cells) if other != position]
        yield from ((quantity, cell, True) for cell in rest)
        yield from ((quantity, cell, False) for cell in sorted(others, key=len, reverse=True)[:1])
    if not numbers:
        yield from ((1, cell, True) for cell in cells)
        for cell in cells:
            yield from _ways(cell)


def _cells(line: str) -> list[str]:
    for separator in _SEPARATORS:
        if separator in line:
            return [cell.strip().strip("\"'").strip() for cell in line.split(separator) if cell.strip()]
    cells = [cell.strip().strip("\"'").strip() for cell in line.split(",") if cell.strip()]
    return cells if any(_WHOLE.match(cell) for cell in cells) else [line]


def _words(text: str) -> list[str]:
    """Give the words of a longer text that may be a code among others: the first, the last, what stands in brackets."""
    words = _ALONE.findall(text)
    return list(dict.fromkeys([words[0], words[-1], *re.findall(r"[(\[]([^\s()\[\]]+)[)\]]", text)])) if len(words) > 1 else []


def _is_price(cell: str) -> bool:
    return bool(re.fullmatch(r"\D{0,4}\d+[.,]\d{1,2}\D{0,4}", cell))


def _is_heading(line: str) -> bool:
    words = re.findall(r"\w+", line.lower())
    return not any(word.isdigit() for word in words) and bool(_HEADINGS.intersection(words))
