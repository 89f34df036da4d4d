"""Code 128 as plain geometry, for whoever draws it: our documents as SVG, the sandbox carrier's labels as PDF. Pure."""

from itertools import groupby

from barcode.codex import Code128


def bars(text: str) -> tuple[int, list[tuple[int, int]]]:
    """Encode `text` (ASCII) in Code 128; give the symbol's width and its bars as (offset, width), all in modules.

    Quiet zones are left to the caller: ten modules on either side (ISO/IEC 15417).
    """
    modules = Code128(text).build()[0]
    found, offset = [], 0
    for bit, run in groupby(modules):
        width = len(list(run))
        if bit == "1":
            found.append((offset, width))
        offset += width
    return offset, found
