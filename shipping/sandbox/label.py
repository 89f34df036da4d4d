"""The sandbox carrier's parcel label: 4 × 6 inches, one page a parcel."""

from shipping.barcodes import bars
from shipping.sandbox.pdf import Page, write_pdf
from shipping.sandbox.requests import Asked, Party
from shipping.sandbox.tariff import service_for

WIDTH, HEIGHT, MARGIN = 288.0, 432.0, 14.0
RIGHT = WIDTH - MARGIN
INNER = WIDTH - 2 * MARGIN


def make_label(asked: Asked, *, tracking_number: str, shipped_on: str) -> bytes:
    """Draw the label as a PDF. `shipped_on`: as it is to be printed."""
    pieces = len(asked.weights_grams)
    pages = [_page(asked, tracking_number, shipped_on, piece, pieces) for piece in range(1, pieces + 1)]
    return write_pdf(pages, title=f"Label {tracking_number}")


def _page(asked: Asked, tracking_number: str, shipped_on: str, piece: int, pieces: int) -> Page:
    page, service = Page(WIDTH, HEIGHT), service_for(asked)

    page.box(0, 0, WIDTH, 62)
    page.text(MARGIN, 29, "SANDBOX PARCEL", 17, "bold", grey=1)
    page.text(MARGIN, 46, f"{service.name} · {shipped_on}", 9.5, grey=0.85)
    page.box(WIDTH - 62, 0, 62, 62, grey=1)
    page.box(WIDTH - 62, 0, 1.2, 62)
    page.text(WIDTH - 31, 46, service.mark, 44, "bold", align="centre")
    page.box(WIDTH - 62, 61, 62, 1.2)

    page.text(MARGIN, 76, "FROM", 6.5, "bold")
    for n, line in enumerate(_lines(asked.sender)[:5]):
        page.text(MARGIN + 30, 76 + 9.5 * n, line, 8, within=140)
    weight = asked.weights_grams[piece - 1] / 1000
    page.text(RIGHT, 78, f"{weight:.2f} kg", 11, "bold", align="right")
    page.text(RIGHT, 92, f"Piece {piece} of {pieces}", 9, align="right", within=70)

    _rule(page, 124)
    page.text(MARGIN, 139, "TO", 6.5, "bold")
    for n, line in enumerate(_lines(asked.recipient)[:6]):
        page.text(MARGIN + 30, 143 + 17 * n, line, 14, "bold" if n == 0 else "regular", within=INNER - 30)
    if asked.recipient.phone:
        page.text(MARGIN + 30, 243, f"Tel. {asked.recipient.phone}", 8, within=INNER - 30)

    _rule(page, 250)
    page.text(MARGIN, 281, f"{asked.recipient.country} · {_depot(asked.recipient)}", 28, "bold", within=INNER - 70)
    page.text(RIGHT, 263, "REFERENCE", 6.5, "bold", align="right")
    page.text(RIGHT, 276, asked.reference, 10, align="right", within=90)
    _rule(page, 293)

    _barcode(page, tracking_number, y=307, height=78)
    page.text(WIDTH / 2, 401, _grouped(tracking_number), 13, "bold", align="centre", within=INNER)
    page.text(WIDTH / 2, 422, "Printed by the sandbox carrier: nobody will collect this", 6.5, align="centre", grey=0.35)
    return page


def _lines(party: Party) -> list[str]:
    town = f"{party.postcode}  {party.city}" if party.country != "GB" else f"{party.city}  {party.postcode}"
    country = " · ".join(part for part in (party.region, party.country) if part)
    return [line for line in (party.company, party.name, *party.lines[:2], town.strip(), country) if line]


def _depot(party: Party) -> str:
    """Give the part of the postcode that the parcel is sorted by."""
    return (party.postcode.split()[0] if party.postcode.split() else party.city)[:8].upper()


def _grouped(number: str) -> str:
    head, rest = number[: len(number) % 4 or 4], number[len(number) % 4 or 4 :]
    return " ".join([head, *(rest[i : i + 4] for i in range(0, len(rest), 4))])


def _rule(page: Page, y: float) -> None:
    page.box(MARGIN, y, INNER, 1.2)


def _barcode(page: Page, text: str, *, y: float, height: float) -> None:
    """Draw Code 128 as wide as fits with its quiet zones, in modules of whole thousandths of a point."""
    modules, found = bars(text)
    unit = min(1.6, (WIDTH - 10) / (modules + 20))
    start = (WIDTH - modules * unit) / 2
    for offset, width in found:
        page.box(start + offset * unit, y, width * unit, height)
