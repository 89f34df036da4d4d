"""Replaying Online Retail files: every row read ends up accepted, known already, or rejected with its reason."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import DataError, IntegrityError, transaction

from customers.models import Channel
from inventory.models import Sku
from oms.core.errors import BusinessError
from oms.desk.importing.parties import Parties
from oms.desk.importing.reading import Row, Survey, read_rows
from orders.models import Order, OrderCharge, OrderLine
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


@dataclass
class _Verdict:
    """What became of the rows of a batch, to be told once it is committed."""

    accepted: int = 0
    already: int = 0
    orders: int = 0
    rejected: list[tuple[Row, str]] = field(default_factory=list)

    def reject(self, rows: Iterable[Row], reason: str) -> None:
        self.rejected += [(row, reason) for row in rows]


class Rejects:
    """The file of rejected rows: file, row number, reason and the cells as they came, under the columns of the first file."""

    def __init__(self, path: Path, tally: Tally, columns: Sequence[str]) -> None:
        self.file = open(path, "w", newline="", encoding="utf-8")  # noqa: SIM115  (open as long as the import runs)
        self.writer = csv.writer(self.file)
        self.writer.writerow(["File", "Row", "Reason", *columns])
        self.tally = tally
        self.source = ""

    def add(self, row: Row, reason: str) -> None:
        self.writer.writerow([self.source, row.number, reason, *row.cells])
        self.tally.rejected += 1
        self.tally.reasons[reason] = self.tally.reasons.get(reason, 0) + 1


def replay(
    files: Sequence[tuple[Path, Survey]],
    *,
    channel: Channel,
    rejects_path: Path,
    batch: int,
    progress: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """Place the orders of `files` in batches, each batch in one transaction.

    Keyed by invoice number: a second run, or one after a crash, finds what is there and goes on behind it. An order that the database
    refuses is rejected alone. Raises Unreadable.
    """
    tally = Tally()
    parties = Parties(channel)
    rejects = Rejects(rejects_path, tally, files[0][1].header)
    try:
        for path, found in files:
            rejects.source = path.name
            orders: list[list[Row]] = []
            for rows in _by_invoice(path, found, tally, rejects):
                orders.append(rows)
                if len(orders) >= batch:
                    _settle(orders, channel, parties, tally, rejects)
                    orders = []
                    progress(tally)
            _settle(orders, channel, parties, tally, rejects)
            progress(tally)
    finally:
        rejects.file.close()
    return tally


def _by_invoice(path: Path, found: Survey, tally: Tally, rejects: Rejects) -> Iterator[list[Row]]:
    """Give the usable rows of each invoice together, as soon as its last one is read: rows of an invoice may stand apart in the file,
    and only the invoices that are not at their end are held.
    """
    begun: dict[str, list[Row]] = {}
    for row in read_rows(path):
        tally.read += 1
        if row.reason:
            rejects.add(row, row.reason)
            continue
        begun.setdefault(row.invoice, []).append(row)
        if found.last_rows[row.invoice] == row.number:
            yield begun.pop(row.invoice)


def _settle(orders: list[list[Row]], channel: Channel, parties: Parties, tally: Tally, rejects: Rejects) -> None:
    """Place a batch, and tell what became of its rows once it is committed. One the database refuses is settled order by order."""
    if not orders:
        return
    try:
        with transaction.atomic():
            verdict = _place(orders, channel, parties)
    except (DataError, IntegrityError) as refusal:
        parties.look_up()
        if len(orders) > 1:
            for rows in orders:
                _settle([rows], channel, parties, tally, rejects)
            return
        verdict = _Verdict()
        verdict.reject(orders[0], f"the database refuses the order: {str(refusal).splitlines()[0]}")
    tally.accepted += verdict.accepted
    tally.already += verdict.already
    tally.orders += verdict.orders
    for row, reason in verdict.rejected:
        rejects.add(row, reason)


def _place(orders: list[list[Row]], channel: Channel, parties: Parties) -> _Verdict:
    verdict = _Verdict()
    there = _contents(channel, [rows[0].invoice for rows in orders])
    new = []
    for rows in orders:
        contents = there.get(rows[0].invoice)
        if contents is None:
            new.append(rows)
        else:
            _compare(rows, contents, verdict)
    new = _sellable(new, verdict)
    parties.meet(rows[0] for rows in new)
    results = place_orders([_draft(rows, channel, parties) for rows in new], actor=ACTOR)
    for rows, result in zip(new, results, strict=True):
        if isinstance(result, BusinessError):
            verdict.reject(rows, result.sentence)
        else:
            verdict.accepted += len(rows)
            verdict.orders += 1
    return verdict


def _contents(channel: Channel, invoices: list[str]) -> dict[str, Counter[tuple[object, ...]]]:
    """Give what each order that is there already was placed with. Three statements; two of them only where there is one."""
    there: dict[int, tuple[str, Counter[tuple[object, ...]]]] = {
        pk: (invoice, Counter())
        for pk, invoice in Order.objects.filter(channel=channel, external_reference__in=invoices).values_list("id", "external_reference")
    }
    if there:
        for pk, *line in OrderLine.objects.filter(order__in=there).values_list("order_id", "sku__code", "quantity", "unit_price"):
            there[pk][1][tuple(line)] += 1
        for pk, *charge in OrderCharge.objects.filter(order__in=there).values_list("order_id", "kind", "description"):
            there[pk][1][tuple(charge)] += 1
    return dict(there.values())


def _compare(rows: list[Row], contents: Counter[tuple[object, ...]], verdict: _Verdict) -> None:
    """Know each row again in the order that is there. One that is not in it was never imported, and is not said to be."""
    for row in rows:
        what = (row.charge_kind, row.description[:200]) if row.charge_kind else (row.code, row.quantity, row.price)
        if contents[what]:
            contents[what] -= 1
            verdict.already += 1
        else:
            verdict.reject([row], "the order is there already, without this row")


def _sellable(orders: list[list[Row]], verdict: _Verdict) -> list[list[Row]]:
    """Give the orders that can be placed. Reject rows of SKUs that nobody knows, and orders without goods or with too many lines."""
    codes = {row.code for rows in orders for row in rows if not row.charge_kind}
    known = set(Sku.objects.filter(code__in=codes, is_active=True).values_list("code", flat=True))
    kept = []
    for rows in orders:
        if len(rows) > MOST_LINES:
            verdict.reject(rows, f"the order has more than {MOST_LINES} lines")
            continue
        goods = [row for row in rows if not row.charge_kind]
        if not goods:
            verdict.reject(rows, "the order has charges and no goods")
            continue
        unknown = [row for row in goods if row.code not in known]
        verdict.reject(unknown, "there is no such SKU: import with --opening-stock to make it")
        rest = [row for row in rows if row.charge_kind or row.code in known]
        if len(unknown) < len(goods):
            kept.append(rest)
        else:
            verdict.reject(rest, "the order has charges and no goods")
    return kept


def _draft(rows: list[Row], channel: Channel, parties: Parties) -> OrderDraft:
    first = rows[0]
    return OrderDraft(
        channel=channel,
        customer_id=parties.of(first),
        lines=[LineDraft(row.code, row.quantity, row.price) for row in rows if not row.charge_kind],
        ship_to=parties.address_of(first),
        charges=[ChargeDraft(row.description[:200], row.price * row.quantity, row.charge_kind) for row in rows if row.charge_kind],
        external_reference=first.invoice,
        placed_at=first.placed_at,
    )
