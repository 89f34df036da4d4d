"""Replaying Online Retail files: every row read ends up accepted, known already, or rejected with its reason."""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from customers.models import Channel
from inventory.models import Sku
from oms.core.errors import BusinessError
from oms.desk.importing.parties import Parties
from oms.desk.importing.reading import Row, read_rows
from orders.models import Order
from orders.placing import MOST_LINES, ChargeDraft, LineDraft, OrderDraft, place_orders

ACTOR = "import:online-retail"


@dataclass
class Tally:
    """What became of the rows. accepted + already + rejected = read, always."""

    read: int = 0
    accepted: int = 0
    already: int = 0
    rejected: int = 0
    orders: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def adds_up(self) -> bool:
        return self.accepted + self.already + self.rejected == self.read


class Rejects:
    """The file of rejected rows: row number, reason and the row as it came. Written as it goes, so a crash loses nothing that was decided."""

    def __init__(self, path: Path, tally: Tally) -> None:
        self.file = open(path, "w", newline="", encoding="utf-8")  # noqa: SIM115  (open as long as the import runs)
        self.writer = csv.writer(self.file)
        self.writer.writerow(["File", "Row", "Reason", "Cells"])
        self.tally = tally
        self.source = ""

    def add(self, rows: Iterable[Row], reason: str = "") -> None:
        for row in rows:
            why = reason or row.reason
            self.writer.writerow([self.source, row.number, why, *row.cells])
            self.tally.rejected += 1
            self.tally.reasons[why] = self.tally.reasons.get(why, 0) + 1


def replay(
    paths: list[Path], *, channel: Channel, rejects_path: Path, batch: int, progress: Callable[[Tally], None] = lambda tally: None
) -> Tally:
    """Place the orders of `paths` in batches, each batch in one transaction.

    Keyed by invoice number: a second run, or one after a crash, finds what is there and goes on behind it. Raises Unreadable.
    """
    tally = Tally()
    parties = Parties(channel)
    rejects = Rejects(rejects_path, tally)
    try:
        for path in paths:
            rejects.source = path.name
            orders: list[list[Row]] = []
            for rows in _by_invoice(path, tally, rejects):
                orders.append(rows)
                if len(orders) >= batch:
                    _place(orders, channel, parties, tally, rejects)
                    orders = []
                    progress(tally)
            if orders:
                _place(orders, channel, parties, tally, rejects)
            progress(tally)
    finally:
        rejects.file.close()
    return tally


def _by_invoice(path: Path, tally: Tally, rejects: Rejects) -> Iterator[list[Row]]:
    """Give the usable rows of each invoice together. An invoice whose rows stand apart in the file is still one order: files are small
    enough to hold (a month is 40,000 rows), so nothing is assumed of their order.
    """
    invoices: dict[str, list[Row]] = {}
    for row in read_rows(path):
        tally.read += 1
        if row.reason:
            rejects.add([row])
        else:
            invoices.setdefault(row.invoice, []).append(row)
    yield from invoices.values()


def _place(orders: list[list[Row]], channel: Channel, parties: Parties, tally: Tally, rejects: Rejects) -> None:
    kept = [rows for rows in orders if not _rejected_whole(rows, rejects)]
    with transaction.atomic():
        known = set(
            Order.objects.filter(channel=channel, external_reference__in=[rows[0].invoice for rows in kept]).values_list(
                "external_reference", flat=True
            )
        )
        new = _without_unknown([rows for rows in kept if rows[0].invoice not in known], rejects)
        parties.meet(rows[0] for rows in new)
        results = place_orders([_draft(rows, channel, parties) for rows in new], actor=ACTOR)
    tally.already += sum(len(rows) for rows in kept if rows[0].invoice in known)
    for rows, result in zip(new, results, strict=True):
        if isinstance(result, BusinessError):
            rejects.add(rows, result.sentence)
        else:
            tally.accepted += len(rows)
            tally.orders += 1


def _without_unknown(orders: list[list[Row]], rejects: Rejects) -> list[list[Row]]:
    """Reject rows of SKUs that nobody knows, and orders of which no goods are left."""
    codes = {row.code for rows in orders for row in rows if not row.charge_kind}
    known = set(Sku.objects.filter(code__in=codes, is_active=True).values_list("code", flat=True))
    kept = []
    for rows in orders:
        unknown = [row for row in rows if not row.charge_kind and row.code not in known]
        rest = [row for row in rows if row.charge_kind or row.code in known]
        rejects.add(unknown, "there is no such SKU: import with --opening-stock to make it")
        if rest and not _rejected_whole(rest, rejects):
            kept.append(rest)
    return kept


def _rejected_whole(rows: list[Row], rejects: Rejects) -> bool:
    if all(row.charge_kind for row in rows):
        rejects.add(rows, "the order has charges and no goods")
        return True
    if len(rows) > MOST_LINES:
        rejects.add(rows, f"the order has more than {MOST_LINES} lines")
        return True
    return False


def _draft(rows: list[Row], channel: Channel, parties: Parties) -> OrderDraft:
    first = rows[0]
    return OrderDraft(
        channel=channel,
        customer_id=parties.of(first),
        lines=[LineDraft(row.code, row.quantity, row.price) for row in rows if not row.charge_kind],
        charges=[ChargeDraft(row.description[:200], row.price * row.quantity, row.charge_kind) for row in rows if row.charge_kind],
        external_reference=first.invoice,
        placed_at=first.placed_at,
    )
