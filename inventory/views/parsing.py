"""What forms of the warehouse say."""

import re

from django.http import QueryDict
from django.utils.translation import gettext as _

from oms.core.errors import Invalid


def whole_number(text: str) -> int:
    """Give the whole number that `text` is, with or without a sign. Raises Invalid."""
    text = text.strip()
    if not text.removeprefix("-").removeprefix("+").isdigit() or not text.isascii() or len(text) > 11:
        raise Invalid(_("A quantity is a whole number."), pointer="/quantity")
    return int(text)


MOST_LINES = 1000


def plain(text: str, most: int) -> str:
    """Give what was typed without what no text has, cut to `most` characters."""
    return text.replace("\x00", "").strip()[:most]


def quantities(form: QueryDict) -> dict[int, str]:
    """Give what was typed at the lines of a form, line → text: the fields `line-12`. Nothing where nothing was typed."""
    found = {}
    for name, value in form.items():
        key = name.removeprefix("line-")
        if name.startswith("line-") and key.isascii() and key.isdigit() and len(key) < 19 and str(value).strip():
            found[int(key)] = str(value)
    return found


def pairs(text: str) -> list[tuple[str, int]]:
    """Give the SKUs and units of a list, one a line: `MUG 12`, with a space, tab, comma or semicolon between. Raises Invalid, naming the line."""
    lines = [line.strip() for line in text.replace("\x00", "").splitlines() if line.strip()]
    if len(lines) > MOST_LINES:
        raise Invalid(_("That is more than %(most)d lines: send them in parts.") % {"most": MOST_LINES}, pointer="/lines")
    found = []
    for line in lines:
        code, _separator, units = re.sub(r"[\t,;]+", " ", line).strip().rpartition(" ")
        if not code.strip() or not units.isascii() or not units.isdigit() or len(units) > 9:
            raise Invalid(_("Write a SKU and its units on every line, such as MUG 12: “%(line)s” is not.") % {"line": line[:60]}, pointer="/lines")
        found.append((code.strip(), int(units)))
    return found
