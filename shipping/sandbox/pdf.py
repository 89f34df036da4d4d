"""A very small PDF writer: pages of filled boxes and Helvetica text, in points from the top left corner.

Helvetica and Helvetica Bold are among the fonts that every PDF reader has, so nothing is embedded; what they lack (all
but Latin letters) is written with the nearest Latin ones.
"""

import unicodedata
import zlib

# fmt: off
# Widths of the characters from space to tilde in thousandths of the size (Adobe's metrics of the standard fonts).
WIDTHS = {
    "regular": [
        *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, *[556] * 10, 278, 278, 584, 584),
        *(584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667),
        *(611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222),
        *(222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584),
    ],
    "bold": [
        *(278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, *[556] * 10, 333, 333, 584, 584),
        *(584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667),
        *(611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278),
        *(278, 556, 278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584),
    ],
}
LATIN = str.maketrans(
    {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i"}
    | dict(zip("ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءؤئأإآ،", [
        *("a", "b", "t", "th", "j", "h", "kh", "d", "dh", "r", "z", "s", "sh", "s", "d", "t", "z", "'", "gh", "f", "q"),
        *("k", "l", "m", "n", "h", "w", "y", "a", "a", "'", "u", "i", "a", "i", "a", ","),
    ], strict=True))
)
# fmt: on


def latin(text: str) -> str:
    """Write `text` with letters that Helvetica has. Roughly: it is for a machine that reads the barcode anyway."""
    written = []
    for char in text.translate(LATIN):
        if not _encodable(char):
            char = _nearest(char)
        written.append(char)
    return "".join(written)


def _nearest(char: str) -> str:
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    bare = "".join(c for c in unicodedata.normalize("NFKD", char) if _encodable(c))
    return bare or ("" if unicodedata.combining(char) else "?")


def _encodable(char: str) -> bool:
    return bool(char.encode("cp1252", "ignore")) and char.isprintable()


def width_of(text: str, size: float, font: str = "regular") -> float:
    """Give the width of `text` in points."""
    bare = (unicodedata.normalize("NFKD", char)[0] for char in latin(text))
    return sum(WIDTHS[font][ord(c) - 32] if " " <= c <= "~" else 600 for c in bare) * size / 1000


class Page:
    """One page being drawn."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._drawn: list[bytes] = []

    def box(self, x: float, y: float, width: float, height: float, *, grey: float = 0.0) -> None:
        """Fill a box. `grey`: 0 is black, 1 is white."""
        y = self.height - y - height
        self._drawn.append(f"{grey:g} g {x:.2f} {y:.2f} {width:.2f} {height:.2f} re f".encode())

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        font: str = "regular",
        *,
        within: float = 0.0,
        align: str = "left",
        grey: float = 0.0,
    ) -> None:
        """Write `text` with its baseline at `y`, smaller where it is wider than `within`. `align`: left, centre, right."""
        wide = width_of(text, size, font)
        if within and wide > within:
            size, wide = size * within / wide, within
        x -= {"left": 0.0, "centre": wide / 2, "right": wide}[align]
        escaped = latin(text).encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
        start = f"BT {grey:g} g /{font} {size:.2f} Tf {x:.2f} {self.height - y:.2f} Td (".encode()
        self._drawn.append(start + escaped + b") Tj ET")

    def content(self) -> bytes:
        return zlib.compress(b"\n".join(self._drawn))


def write_pdf(pages: list[Page], *, title: str) -> bytes:
    """Give `pages` as a PDF 1.4 file. The same pages give the same bytes."""
    kids = " ".join(f"{5 + 2 * n} 0 R" for n in range(len(pages)))
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        f"<< /Font << /regular {font.format('Helvetica')} /bold {font.format('Helvetica-Bold')} >> >>".encode(),
        f"<< /Title <FEFF{title.encode('utf-16-be').hex()}> /Producer (Sandbox Parcel) >>".encode(),
    ]
    for n, page in enumerate(pages):
        box = f"[0 0 {page.width:g} {page.height:g}]"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Resources 3 0 R /Contents {6 + 2 * n} 0 R >>".encode())
        content = page.content()
        head = f"<< /Length {len(content)} /Filter /FlateDecode >>\nstream\n".encode()
        objects.append(head + content + b"\nendstream")
    out, offsets = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root 1 0 R /Info 4 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
