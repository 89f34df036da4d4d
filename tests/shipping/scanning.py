"""Reads barcodes as a scanner does: by the widths of their bars."""

import re
from collections.abc import Sequence

from barcode.charsets import code128


def read_code128(bars: Sequence[tuple[float, float]]) -> str:
    """Read (offset, width) bars, in any unit, back into text. Fails on a wrong check character."""
    first, unit = bars[0][0], min(width for _, width in bars)
    modules = ["0"] * round((bars[-1][0] + bars[-1][1] - first) / unit)
    for offset, width in bars:
        start, wide = round((offset - first) / unit), round(width / unit)
        modules[start : start + wide] = "1" * wide
    bits = "".join(modules)
    values = [code128.CODES.index(bits[i : i + 11]) for i in range(0, len(bits) - 13, 11)]
    assert values[-1] == (values[0] + sum(i * v for i, v in enumerate(values[1:-1], 1))) % 103
    text, charset = "", {104: "B", 105: "C"}[values[0]]
    for value in values[1:-1]:
        if value in (99, 100) and (value, charset) != (99, "C"):
            charset = "C" if value == 99 else "B"
        else:
            text += f"{value:02d}" if charset == "C" else chr(value + 32)
    return text


def barcodes_in(html: str) -> list[str]:
    """Read every barcode that is drawn in a page as a path of bars of full height."""
    paths = re.findall(r'preserveAspectRatio="none"><path d="([^"]+)"', html)
    return [read_code128([(int(x), int(w)) for x, w in re.findall(r"M(\d+) 0h(\d+)v1", path)]) for path in paths]
