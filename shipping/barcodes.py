"""Barcodes as plain geometry, for whoever draws them: our documents as SVG, the sandbox carrier's labels as PDF. Pure."""

from itertools import groupby

import segno
from barcode.codex import Code128

QUIET_MODULES = 10


def bars(text: str) -> tuple[int, list[tuple[int, int]]]:
    """Encode `text` (ASCII) in Code 128; give the symbol's width and its bars as (offset, width), all in modules.

    Quiet zones are left to the caller: QUIET_MODULES on either side (ISO/IEC 15417).
    """
    modules = Code128(text).build()[0]
    found, offset = [], 0
    for bit, run in groupby(modules):
        width = len(list(run))
        if bit == "1":
            found.append((offset, width))
        offset += width
    return offset, found


def code128_svg(text: str, *, module_mm: float, height_mm: float) -> str:
    """Draw `text` in Code 128 as an SVG element of its true size, quiet zones and all. `module_mm`: of the thinnest bar."""
    modules, found = bars(text)
    path = "".join(f"M{QUIET_MODULES + offset} 0h{width}v1h-{width}z" for offset, width in found)
    wide = modules + 2 * QUIET_MODULES
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide * module_mm:.2f}mm" height="{height_mm:g}mm"'
        f' viewBox="0 0 {wide} 1" preserveAspectRatio="none"><path d="{path}"/></svg>'
    )


def code128_svg_within(text: str, *, width_mm: float, height_mm: float, most_module_mm: float = 0.5) -> str:
    """Draw `text` as wide as fits into `width_mm`, quiet zones included."""
    module_mm = min(most_module_mm, width_mm / (bars(text)[0] + 2 * QUIET_MODULES))
    return code128_svg(text, module_mm=module_mm, height_mm=height_mm)


def qr_svg(text: str, *, size_mm: float) -> str:
    """Draw `text` as a QR code, an SVG element of `size_mm` with its quiet zone (ISO/IEC 18004: four modules)."""
    code = segno.make(text, micro=False, error="m")
    wide = code.symbol_size(border=4)[0]
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(code.matrix_iter(border=4)) for x, dark in enumerate(row) if dark)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size_mm:g}mm" height="{size_mm:g}mm" viewBox="0 0 {wide} {wide}"><path d="{path}"/></svg>'
    )
