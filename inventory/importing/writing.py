"""Writing SKUs from a file: laid beside the tables, checked against them and against itself, then written in a few statements."""

import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.importing.reading import COLUMNS, read_rows
from oms.core.events import fact, record
from oms.core.fates import CHANGED, NEW, REFUSED, SAME
from oms.core.locks import take_turn

MOST_SHOWN = 100
PROGRESS_ROWS = 10_000

READ, CHECKED, WRITTEN = "read", "checked", "written"
Progress = Callable[[str, int], None]
"""Told how many rows are READ, CHECKED or WRITTEN. Of the writing, which is a few statements over all rows, by the share of them that is done."""


@dataclass(frozen=True)
class Fate:
    """What becomes of a row of the file: new, changed, same or refused, with the reason."""

    row: int
    code: str
    fate: str
    reason: str = ""


@dataclass
class Report:
    """What an import did, or would have done. One refused row is enough for nothing to be written."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    refused: int = 0
    is_dry_run: bool = False
    fates: list[Fate] = field(default_factory=list)
    """The refused rows up to MOST_SHOWN; where there are none, the first rows of the file."""

    @property
    def is_written(self) -> bool:
        return not self.refused and not self.is_dry_run


def import_skus(
    file: BinaryIO,
    *,
    actor: str,
    dry_run: bool = False,
    progress: Progress = lambda stage, rows: None,
    keep: Callable[[Report], None] = lambda report: None,
) -> Report:
    """Add and change the SKUs that `file` names, with their barcodes, price, vendor and reorder rule: all of them, or, with one bad row, none.

    Imports take turns. A constant number of statements whatever the file's length; the file is laid down on disk, not in memory. The same file again
    changes nothing. Raises Invalid for what is no such file. Records `sku.imported` where something changed. `dry_run`: tell, and change nothing.
    `keep`: given the report last in the transaction that writes, so that what it keeps is kept with the SKUs or not at all.
    """
    report = Report(is_dry_run=dry_run)
    with tempfile.TemporaryFile() as rows:
        _lay_down(file, rows, report, progress)
        progress(READ, report.rows)
        with transaction.atomic():
            take_turn("sku-import")
            inner = transaction.savepoint()
            with connection.cursor() as cursor:
                cursor.execute(_TABLE)
                rows.seek(0)
                cursor.copy_expert(f"COPY sku_import (number, {', '.join(COLUMNS)}) FROM STDIN", rows)
                for statement in _KNOWN:
                    cursor.execute(statement)
                _check(cursor, report)
                progress(CHECKED, report.rows)
                if not report.refused:
                    _write(cursor, report, progress)
                    _count(cursor, report)
            if report.is_written:
                with connection.cursor() as cursor:
                    cursor.execute("DROP TABLE sku_import")
                transaction.savepoint_commit(inner)
                if report.new or report.changed:
                    record([fact("sku.imported", "sku", 0, actor=actor, new=report.new, changed=report.changed, rows=report.rows)])
                _settle(report)
                keep(report)
            else:
                transaction.savepoint_rollback(inner)
    _settle(report)
    return report


def _settle(report: Report) -> None:
    report.fates.sort(key=lambda fate: fate.row)
    del report.fates[MOST_SHOWN:]


def _lay_down(file: BinaryIO, rows: BinaryIO, report: Report, progress: Progress) -> None:
    """Read the file and write its usable rows as COPY takes them."""
    out = io.TextIOWrapper(rows, encoding="utf-8", newline="\n", write_through=False)
    names = list(COLUMNS)
    for row in read_rows(file):
        report.rows += 1
        if row.reason:
            _refuse(report, Fate(row.number, row.code, REFUSED, row.reason))
        else:
            if "price" in row.values:
                row.values.setdefault("currency", settings.BOOKS_CURRENCY)
            out.write("\t".join([str(row.number), *(_copied(row.values.get(name)) for name in names)]) + "\n")
        if report.rows % PROGRESS_ROWS == 0:
            progress(READ, report.rows)
    out.flush()
    out.detach()


def _copied(value: Any) -> str:
    if value is None:
        return "\\N"
    if value is True or value is False:
        return "t" if value else "f"
    return str(value).replace("\\", "\\\\")


def _refuse(report: Report, fate: Fate) -> None:
    report.refused += 1
    if len(report.fates) < MOST_SHOWN:
        report.fates.append(fate)


def _check(cursor: Any, report: Report) -> None:
    """Refuse what contradicts another row or what is kept already. One statement."""
    reasons = _reasons()
    cursor.execute(
        "SELECT number, code, reason, detail, count(*) OVER () FROM (SELECT DISTINCT ON (number) number, code, reason, detail FROM ("
        + " UNION ALL ".join(_CHECKS)
        + f") wrong ORDER BY number, reason) refused ORDER BY number LIMIT {MOST_SHOWN}"
    )
    total = 0
    for number, code, reason, detail, total in cursor.fetchall():  # noqa: B007
        if len(report.fates) < MOST_SHOWN * 2:
            report.fates.append(Fate(number, code, REFUSED, reasons[reason] % {"detail": detail}))
    report.refused += total


def _write(cursor: Any, report: Report, progress: Progress) -> None:
    for done, statement in enumerate(_WRITE, start=1):
        cursor.execute(statement, {"today": timezone.localdate()})
        if not report.is_dry_run:
            progress(WRITTEN, report.rows * done // len(_WRITE))


def _count(cursor: Any, report: Report) -> None:
    cursor.execute("SELECT fate, count(*) FROM sku_import GROUP BY fate")
    counts = dict(cursor.fetchall())
    report.new, report.changed, report.same = (counts.get(fate, 0) for fate in (NEW, CHANGED, SAME))
    cursor.execute(f"SELECT number, code, fate FROM sku_import ORDER BY number LIMIT {MOST_SHOWN}")
    report.fates = [Fate(*row) for row in cursor.fetchall()]


_TABLE = """
    CREATE TEMP TABLE sku_import (
        number int PRIMARY KEY, code text NOT NULL, name text, barcode text, unit text, weight_grams int, cost numeric(19, 4), tax_category text,
        abc_class text, is_active boolean, price numeric(19, 4), currency text, case_barcode text, case_units int, vendor text, vendor_code text,
        vendor_price numeric(19, 4), pack_size int, minimum_order int, lead_time_days int, reorder_warehouse text, reorder_point int,
        reorder_target int,
        fate text NOT NULL DEFAULT 'same', sku_id bigint, is_kit boolean, vendor_id bigint, buys_from bigint, warehouse_id bigint,
        price_id bigint, price_from date, price_until date, has_price boolean
    ) ON COMMIT DROP
"""
# What the rows name: the SKU, its vendor, the warehouse of its reorder rule (the first one where none is named) and who it is bought from.
_KNOWN = (
    "CREATE INDEX ON sku_import (code)",
    "ANALYZE sku_import",
    "UPDATE sku_import row SET sku_id = sku.id, is_kit = sku.is_kit FROM inventory_sku sku WHERE sku.code = row.code",
    "CREATE INDEX ON sku_import (sku_id)",
    """
    UPDATE sku_import row SET vendor_id = named.id
    FROM (SELECT lower(name) AS name, min(id) AS id FROM inventory_vendor WHERE is_active GROUP BY 1 HAVING count(*) = 1) named
    WHERE named.name = lower(row.vendor)
    """,
    """
    UPDATE sku_import row SET warehouse_id = place.id FROM inventory_warehouse place
    WHERE row.reorder_point IS NOT NULL AND place.kind = 'warehouse' AND place.is_active
        AND CASE WHEN row.reorder_warehouse IS NOT NULL THEN place.code = lower(row.reorder_warehouse) ELSE place.id = (
            SELECT id FROM inventory_warehouse WHERE kind = 'warehouse' AND is_active ORDER BY rank, id LIMIT 1) END
    """,
    """
    UPDATE sku_import row SET buys_from = coalesce(row.vendor_id, (
        SELECT vendor_id FROM inventory_reorderrule rule WHERE rule.sku_id = row.sku_id AND rule.warehouse_id = row.warehouse_id), (
        SELECT vendor_id FROM inventory_vendoritem item WHERE item.sku_id = row.sku_id AND item.is_preferred))
    WHERE row.reorder_point IS NOT NULL
    """,
)
# Each selects the rows that cannot be, with the reason and what it is about.
_CHECKS = (
    """
    SELECT number, code, 'twice' AS reason, first::text AS detail FROM (
        SELECT number, code, min(number) OVER (PARTITION BY code) AS first FROM sku_import) rows WHERE number > first
    """,
    "SELECT number, code, 'letters', NULL FROM sku_import WHERE code <> upper(code)",
    "SELECT number, code, 'nameless', NULL FROM sku_import WHERE sku_id IS NULL AND name IS NULL",
    """
    SELECT number, code, 'barcode_twice', text FROM (
        SELECT number, code, text, min(number) OVER (PARTITION BY text) AS first, count(*) OVER (PARTITION BY text) AS times, is_case FROM (
            SELECT number, code, barcode AS text, false AS is_case FROM sku_import WHERE barcode IS NOT NULL
            UNION ALL SELECT number, code, case_barcode, true FROM sku_import WHERE case_barcode IS NOT NULL) given) rows
    WHERE times > 1 AND (number > first OR is_case)
    """,
    """
    SELECT row.number, row.code, 'barcode_taken', other.code FROM sku_import row
    JOIN inventory_sku other ON other.barcode = row.barcode AND other.barcode <> '' AND other.code <> row.code
    """,
    """
    SELECT row.number, row.code, 'barcode_taken', other.code FROM sku_import row
    JOIN inventory_sku other ON other.barcode = row.case_barcode AND other.barcode <> ''
    """,
    """
    SELECT row.number, row.code, 'barcode_taken', other.code FROM sku_import row
    JOIN inventory_barcode taken ON taken.code = row.case_barcode JOIN inventory_sku other ON other.id = taken.sku_id AND other.code <> row.code
    """,
    """
    SELECT row.number, row.code, 'barcode_taken', other.code FROM sku_import row
    JOIN inventory_barcode taken ON taken.code = row.barcode JOIN inventory_sku other ON other.id = taken.sku_id
    """,
    "SELECT number, code, 'vendor', left(vendor, 60) FROM sku_import WHERE vendor IS NOT NULL AND vendor_id IS NULL",
    "SELECT number, code, 'warehouse', left(reorder_warehouse, 20) FROM sku_import WHERE reorder_point IS NOT NULL AND warehouse_id IS NULL",
    """
    SELECT number, code, 'nobody_sells', NULL FROM sku_import
    WHERE reorder_point IS NOT NULL AND buys_from IS NULL AND vendor IS NULL AND warehouse_id IS NOT NULL
    """,
    "SELECT number, code, 'kit', NULL FROM sku_import WHERE is_kit AND (vendor IS NOT NULL OR reorder_point IS NOT NULL)",
)


def _reasons() -> dict[str, str]:
    return {
        "twice": _("its code is on row %(detail)s already"),
        "letters": _("its code has letters that are not the same in upper case everywhere: use A to Z and digits"),
        "nameless": _("it is new and has no name"),
        "barcode_twice": _("its barcode %(detail)s is in the file more than once"),
        "barcode_taken": _("its barcode belongs to %(detail)s already"),
        "vendor": _("there is no vendor “%(detail)s”, or more than one: add it first"),
        "warehouse": _("there is no warehouse “%(detail)s” that orders are filled from"),
        "nobody_sells": _("it has a reorder_point and nobody to buy from: name a vendor"),
        "kit": _("it is a kit: its components are bought, not itself"),
    }


_CHANGED = " UPDATE sku_import row SET fate = 'changed' FROM done WHERE row.sku_id = done.sku_id AND row.fate = 'same'"
# Every statement writes only what differs, so that the same file again writes nothing.
_WRITE = (
    """
    WITH done AS (
        UPDATE inventory_sku sku SET
            name = coalesce(row.name, sku.name), barcode = coalesce(row.barcode, sku.barcode), unit = coalesce(row.unit, sku.unit),
            weight_grams = coalesce(row.weight_grams, sku.weight_grams), cost = coalesce(row.cost, sku.cost),
            tax_category = coalesce(row.tax_category, sku.tax_category), abc_class = coalesce(row.abc_class, sku.abc_class),
            is_active = coalesce(row.is_active, sku.is_active)
        FROM sku_import row WHERE sku.id = row.sku_id
            AND (coalesce(row.name, sku.name), coalesce(row.barcode, sku.barcode), coalesce(row.unit, sku.unit),
                coalesce(row.weight_grams, sku.weight_grams), coalesce(row.cost, sku.cost), coalesce(row.tax_category, sku.tax_category),
                coalesce(row.abc_class, sku.abc_class), coalesce(row.is_active, sku.is_active))
            IS DISTINCT FROM
                (sku.name, sku.barcode, sku.unit, sku.weight_grams, sku.cost, sku.tax_category, sku.abc_class, sku.is_active)
        RETURNING sku.id AS sku_id)
    """
    + _CHANGED,
    """
    WITH done AS (
        INSERT INTO inventory_sku (code, name, barcode, unit, weight_grams, length_mm, width_mm, height_mm, tax_category, cost, abc_class, is_kit,
            is_active, created_at)
        SELECT code, name, coalesce(barcode, ''), coalesce(unit, 'each'), coalesce(weight_grams, 0), 0, 0, 0, coalesce(tax_category, 'standard'),
            coalesce(cost, 0), coalesce(abc_class, 'C'), false, coalesce(is_active, true), now()
        FROM sku_import WHERE sku_id IS NULL ORDER BY number
        RETURNING id, code)
    UPDATE sku_import row SET sku_id = done.id, fate = 'new' FROM done WHERE row.code = done.code
    """,
    """
    WITH done AS (
        INSERT INTO inventory_barcode AS kept (code, sku_id, units)
        SELECT case_barcode, sku_id, case_units FROM sku_import WHERE case_barcode IS NOT NULL
        ON CONFLICT (code) DO UPDATE SET units = excluded.units WHERE kept.units <> excluded.units
        RETURNING kept.sku_id)
    """
    + _CHANGED,
    # The price that holds today ends yesterday, and the new one holds from today to where the old one would have ended.
    """
    UPDATE sku_import row SET has_price = true, price_id = known.id, price_from = known.since, price_until = known.until,
        price = nullif(row.price, known.unit_price)
    FROM (
        SELECT asked.number, max(kept.id) FILTER (WHERE kept.holds) AS id, max(lower(kept.valid_on)) FILTER (WHERE kept.holds) AS since,
            max(kept.unit_price) FILTER (WHERE kept.holds) AS unit_price,
            coalesce(max(upper(kept.valid_on)) FILTER (WHERE kept.holds),
                min(lower(kept.valid_on)) FILTER (WHERE lower(kept.valid_on) > %(today)s)) AS until
        FROM sku_import asked JOIN (
            SELECT *, coalesce(valid_on, '(,)'::daterange) @> %(today)s::date AS holds FROM inventory_price
            WHERE price_list_id IS NULL AND from_quantity = 1) kept
            ON kept.sku_id = asked.sku_id AND kept.currency = asked.currency
        WHERE asked.price IS NOT NULL GROUP BY asked.number) known
    WHERE known.number = row.number
    """,
    """
    UPDATE inventory_price SET unit_price = row.price FROM sku_import row
    WHERE id = row.price_id AND row.price IS NOT NULL AND row.price_from = %(today)s
    """,
    """
    UPDATE inventory_price SET valid_on = daterange(lower(valid_on), %(today)s) FROM sku_import row
    WHERE id = row.price_id AND row.price IS NOT NULL AND row.price_from IS DISTINCT FROM %(today)s
    """,
    """
    INSERT INTO inventory_price (sku_id, currency, from_quantity, unit_price, valid_on)
    SELECT sku_id, currency, 1, price, CASE WHEN has_price THEN daterange(%(today)s, price_until) END FROM sku_import
    WHERE price IS NOT NULL AND (price_id IS NULL OR price_from IS DISTINCT FROM %(today)s)
    """,
    "UPDATE sku_import SET fate = 'changed' WHERE price IS NOT NULL AND fate = 'same'",
    """
    WITH done AS (
        INSERT INTO inventory_vendoritem AS kept (vendor_id, sku_id, vendor_code, pack_size, minimum_order, lead_time_days, is_preferred)
        SELECT row.vendor_id, row.sku_id, coalesce(row.vendor_code, item.vendor_code, ''), coalesce(row.pack_size, item.pack_size, 1),
            coalesce(row.minimum_order, item.minimum_order, 1), coalesce(row.lead_time_days, item.lead_time_days),
            NOT EXISTS (SELECT FROM inventory_vendoritem first WHERE first.sku_id = row.sku_id AND first.is_preferred)
        FROM sku_import row LEFT JOIN inventory_vendoritem item ON item.vendor_id = row.vendor_id AND item.sku_id = row.sku_id
        WHERE row.vendor_id IS NOT NULL
        ON CONFLICT (vendor_id, sku_id) DO UPDATE SET vendor_code = excluded.vendor_code, pack_size = excluded.pack_size,
            minimum_order = excluded.minimum_order, lead_time_days = excluded.lead_time_days
        WHERE (kept.vendor_code, kept.pack_size, kept.minimum_order, kept.lead_time_days)
            IS DISTINCT FROM (excluded.vendor_code, excluded.pack_size, excluded.minimum_order, excluded.lead_time_days)
        RETURNING kept.sku_id)
    """
    + _CHANGED,
    """
    WITH done AS (
        INSERT INTO inventory_vendorprice AS kept (item_id, from_quantity, unit_price)
        SELECT item.id, 1, row.vendor_price FROM sku_import row
        JOIN inventory_vendoritem item ON item.vendor_id = row.vendor_id AND item.sku_id = row.sku_id WHERE row.vendor_price IS NOT NULL
        ON CONFLICT (item_id, from_quantity) DO UPDATE SET unit_price = excluded.unit_price WHERE kept.unit_price <> excluded.unit_price
        RETURNING kept.item_id),
    told AS (SELECT item.sku_id FROM done JOIN inventory_vendoritem item ON item.id = done.item_id)
    """
    + _CHANGED.replace("done", "told"),
    """
    WITH done AS (
        INSERT INTO inventory_reorderrule AS kept (sku_id, warehouse_id, vendor_id, point, target, safety, is_learned, service_level, cover_days,
            learn_at, created_at)
        SELECT sku_id, warehouse_id, buys_from, reorder_point, reorder_target, 0, false, 0.95, 14, now(), now() FROM sku_import
        WHERE reorder_point IS NOT NULL
        ON CONFLICT (sku_id, warehouse_id) DO UPDATE
            SET vendor_id = excluded.vendor_id, point = excluded.point, target = excluded.target, is_learned = false
        WHERE (kept.vendor_id, kept.point, kept.target) IS DISTINCT FROM (excluded.vendor_id, excluded.point, excluded.target)
        RETURNING kept.sku_id)
    """
    + _CHANGED,
)
