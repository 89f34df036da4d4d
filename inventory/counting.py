"""Counting what lies in a warehouse, blind: whoever counts never sees what should be there before it is written down.

A count is of a moment. What it finds is the difference to what was there at that moment, so goods that come and go while people count are neither
lost nor found; and a correction of the books that somebody booked since then is taken into account, so two counts of the same shelf never book the
same difference twice.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Count, CountLine, Sku, StockLevel, Warehouse
from inventory.moving import Move, make_levels, move_stock, tell_of_arrivals
from inventory.pegging import supply_changed
from inventory.reserving import lock_places
from inventory.states import AbcClass, CountState, MovementKind
from oms.core import bulk, repeats
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock, lock_one
from oms.core.models import Event

CAUSE = "count"
# How many days a class may go without a count.
DUE_DAYS = {AbcClass.A: 30, AbcClass.B: 90, AbcClass.C: 365}
MOST_LINES = 500
USUAL_LINES = 50
MOST_UNITS = 100_000_000
# These put the books right and move no goods: what they changed was there, or not there, when it was counted.
ONLY_BOOKS = (MovementKind.COUNT, MovementKind.CORRECTION, MovementKind.OPENING)

Place = tuple[int, int]
MakeRoom = Callable[..., Any]
"""Frees what is reserved of units that are gone: `shipping.losses.free_up`, which knows orders and shipments."""


@dataclass(frozen=True)
class Due:
    """So many SKUs of a class are due for a count in a warehouse; `oldest`: when the first of them was counted last, None where one never was."""

    warehouse_id: int
    abc_class: str
    skus: int
    oldest: datetime | None


_WAITING = """
    FROM inventory_stocklevel level
    JOIN inventory_sku sku ON sku.id = level.sku_id AND NOT sku.is_kit
    JOIN inventory_warehouse place ON place.id = level.warehouse_id AND place.kind = 'warehouse' AND place.is_active
    LEFT JOIN LATERAL (
        SELECT max(line.counted_at) AS at FROM inventory_countline line JOIN inventory_count sheet ON sheet.id = line.count_id
        WHERE line.sku_id = level.sku_id AND sheet.warehouse_id = level.warehouse_id AND sheet.state = 'posted'
    ) last ON true
    WHERE level.on_hand > 0
        AND (last.at IS NULL OR last.at < now() - make_interval(days => (%(days)s::jsonb ->> sku.abc_class)::int))
        AND NOT EXISTS (
            SELECT FROM inventory_countline line JOIN inventory_count sheet ON sheet.id = line.count_id
            WHERE line.sku_id = level.sku_id AND sheet.warehouse_id = level.warehouse_id AND sheet.state = 'open'
        )
"""


def due() -> list[Due]:
    """Give what is due for a count, by warehouse and class; what is on an open sheet is not. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT level.warehouse_id, sku.abc_class, count(*), CASE WHEN bool_or(last.at IS NULL) THEN NULL ELSE min(last.at) END"
            f"{_WAITING} GROUP BY 1, 2 ORDER BY min(place.rank), 1, 2",
            {"days": _days()},
        )
        return [Due(*row) for row in cursor.fetchall()]


def open_count(warehouse: str, *, abc_class: str = "", skus: Sequence[str] = (), most: int = USUAL_LINES, key: str = "", actor: str) -> Count:
    """Open a sheet for the warehouse of that code: the chosen SKUs, or up to `most` of those due, A before B before C, the longest uncounted first.

    What is on hand now, and its version, are noted on every line. The same `key` again gives the first sheet back. A constant number of queries.
    Raises Invalid for what is unknown or out of bounds, Conflict where nothing is due. Records `count.opened`.
    """
    with transaction.atomic():
        known = repeats.taken(actor, key)
        if known is not None:
            return Count.objects.get(pk=int(known))
        place = Warehouse.objects.stocking().filter(code=warehouse).first()
        if place is None:
            raise Invalid(_("There is no warehouse %(code)s.") % {"code": warehouse[:20]}, pointer="/warehouse")
        if abc_class and abc_class not in AbcClass.values:
            raise Invalid(_("The class is A, B or C."), pointer="/abc_class")
        if not 1 <= most <= MOST_LINES:
            raise Invalid(_("A sheet has between 1 and %(most)d lines.") % {"most": MOST_LINES}, pointer="/most")
        chosen = _chosen(skus) if skus else _due_skus(place, abc_class, most)
        count = Count.objects.create(warehouse=place, abc_class=abc_class, created_at=timezone.now(), created_by=actor)
        levels = {level.sku_id: level for level in StockLevel.objects.filter(warehouse=place, sku__in=chosen)}
        bulk.insert_all([_line(count, sku, levels.get(sku)) for sku in chosen])
        record([_fact("count.opened", count, actor, lines=len(chosen), warehouse=place.name)])
        repeats.keep(actor, key, str(count.pk))
    return count


def enter_counts(pk: int, counted: Mapping[int, int | None], *, at: datetime | None = None, actor: str) -> Count:
    """Write down what was `counted`, line → units, None to take a number back: in any order, and again to correct it.

    `at`: when it was counted, where that is not now: for what was noted on paper. Locks the sheet and the lines. A constant number of queries.
    Raises NotFound, Invalid, Conflict once it is posted.
    """
    with transaction.atomic():
        count = _locked(pk)
        _refuse_unless_open(count)
        now = timezone.now()
        moment = at or now
        if not count.created_at <= moment <= now:
            raise Invalid(_("It was counted after the sheet was opened, and not in the future."), pointer="/at")
        lines = lock(count.lines.filter(pk__in=counted))
        if len(lines) != len(counted):
            raise Invalid(_("That line is not on %(number)s.") % {"number": count.number})
        levels = _levels(count.warehouse_id, [line.sku_id for line in lines])
        moved = _moved_since(count.warehouse_id, {line.sku_id: moment for line in lines}) if at else {}
        for line in lines:
            units = counted[line.pk]
            if units is not None and not 0 <= units <= MOST_UNITS:
                raise Invalid(_("Count between 0 and %(most)d units.") % {"most": MOST_UNITS}, pointer="/counted")
            level = levels.get(line.sku_id) or StockLevel()
            since = moved.get(line.sku_id, _NOTHING)
            line.counted, line.counted_by, line.counted_at = units, actor if units is not None else "", moment if units is not None else None
            line.expected, line.version = level.on_hand - since.goods, level.version - since.rows
        bulk.save_all(lines, "counted", "counted_by", "counted_at", "expected", "version")
    return count


def differences(count: Count, lines: Sequence[CountLine], levels: Mapping[Place, StockLevel]) -> dict[int, int]:
    """Give line → what was counted less what was there at that moment, as the books say it now. One query, where anything moved since."""
    moments = {line.sku_id: line.counted_at for line in lines if line.counted_at is not None and _level(levels, line, count).version != line.version}
    moved = _moved_since(count.warehouse_id, moments)
    found = {}
    for line in lines:
        if line.counted is not None:
            found[line.pk] = line.counted - (_level(levels, line, count).on_hand - moved.get(line.sku_id, _NOTHING).goods)
    return found


def post_count(pk: int, *, make_room: MakeRoom, actor: str) -> Count:
    """Book what a count found; lines that nobody counted stay due. Posting it again changes nothing.

    `make_room(places, losing=…, reason=…)` frees what is reserved of units that are missing, and locks the stock levels of `places`. Locks the
    sheet, its lines and what make_room locks. A constant number of queries. Raises NotFound, Invalid where nothing was counted, Conflict. Records
    `count.posted`.
    """
    with transaction.atomic():
        count = _locked(pk)
        if count.state == CountState.POSTED:
            return count
        _refuse_unless_open(count)
        lines = [line for line in lock(count.lines.all()) if line.counted is not None]
        if not lines:
            raise Invalid(_("Nothing was counted on %(number)s yet.") % {"number": count.number})
        places = [(line.sku_id, count.warehouse_id) for line in lines]
        make_levels(set(places))

        def losing(levels: Mapping[Place, StockLevel]) -> dict[Place, int]:
            found = differences(count, lines, levels)
            return {(line.sku_id, count.warehouse_id): -found[line.pk] for line in lines if found[line.pk] < 0}

        make_room(places, losing=losing, reason=_("Missing in count %(number)s") % {"number": count.number})
        levels = lock_places(places)
        found = differences(count, lines, levels)
        for line in lines:
            line.difference = found[line.pk]
            line.moved_meanwhile = levels[line.sku_id, count.warehouse_id].version != line.version
            line.expected = (line.counted or 0) - line.difference
        wrong = [line for line in lines if line.difference]
        move_stock([_move(count, line) for line in wrong], actor=actor)
        bulk.save_all(lines, "difference", "moved_meanwhile", "expected")
        _close(count, actor)
        record([_fact("count.posted", count, actor, counted=len(lines), wrong=len(wrong), warehouse=count.warehouse.name)])
        tell_of_arrivals(sorted(line.sku_id for line in wrong if (line.difference or 0) > 0), actor=actor)
        supply_changed(line.sku_id for line in wrong)
    return count


def cancel_count(pk: int, *, actor: str) -> Count:
    """Throw a sheet away. Locks it. Repeating it changes nothing. Raises NotFound, Conflict once it is posted. Records `count.cancelled`."""
    with transaction.atomic():
        count = _locked(pk)
        if count.state == CountState.CANCELLED:
            return count
        _refuse_unless_open(count)
        count.cancel()
        count.closed_at, count.closed_by = timezone.now(), actor
        count.save(update_fields=["state", "closed_at", "closed_by"])
        record([_fact("count.cancelled", count, actor)])
    return count


def _chosen(codes: Sequence[str]) -> list[int]:
    wanted = list(dict.fromkeys(code.strip().upper() for code in codes))
    if len(wanted) > MOST_LINES:
        raise Invalid(_("A sheet has between 1 and %(most)d lines.") % {"most": MOST_LINES}, pointer="/skus")
    known = {sku.code: sku for sku in Sku.objects.filter(code__in=wanted)}
    for position, code in enumerate(wanted):
        if code not in known:
            raise Invalid(_("There is no SKU %(code)s.") % {"code": code[:40]}, pointer=f"/skus/{position}", sku=code[:40])
        if known[code].is_kit:
            raise Invalid(_("%(sku)s is a kit: count its components.") % {"sku": code}, pointer=f"/skus/{position}", sku=code)
    return [known[code].pk for code in wanted]


def _due_skus(place: Warehouse, abc_class: str, most: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT level.sku_id {_WAITING} AND level.warehouse_id = %(place)s AND (%(class)s = '' OR sku.abc_class = %(class)s)"
            " ORDER BY sku.abc_class, last.at NULLS FIRST, sku.code LIMIT %(most)s",
            {"days": _days(), "place": place.pk, "class": abc_class, "most": most},
        )
        found = [sku for (sku,) in cursor.fetchall()]
    if not found:
        raise Conflict(_("Nothing is due for a count in %(warehouse)s: choose the SKUs to count.") % {"warehouse": place.name})
    return found


def _days() -> str:
    return json.dumps({str(name): days for name, days in DUE_DAYS.items()})


def _line(count: Count, sku: int, level: StockLevel | None) -> CountLine:
    return CountLine(count_id=count.pk, sku_id=sku, expected=level.on_hand if level else 0, version=level.version if level else 0)


@dataclass(frozen=True)
class _Moved:
    """What moved since a moment: `goods` that came or went, and how many rows changed what is on hand."""

    goods: int = 0
    rows: int = 0


_NOTHING = _Moved()


def _moved_since(warehouse_id: int, moments: Mapping[int, datetime]) -> dict[int, _Moved]:
    """Give SKU → what moved since its moment."""
    if not moments:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT asked.sku_id, coalesce(sum(moved.quantity) FILTER (WHERE NOT moved.kind = ANY(%s)), 0)::int, count(*)::int"
            " FROM unnest(%s::bigint[], %s::timestamptz[]) AS asked(sku_id, at)"
            " JOIN inventory_stockmovement moved ON moved.sku_id = asked.sku_id AND moved.warehouse_id = %s"
            " AND moved.moved_at > asked.at AND moved.quantity <> 0 GROUP BY asked.sku_id",
            [[str(kind) for kind in ONLY_BOOKS], list(moments), list(moments.values()), warehouse_id],
        )
        return {sku: _Moved(goods, rows) for sku, goods, rows in cursor.fetchall()}


def _levels(warehouse_id: int, skus: Iterable[int]) -> dict[int, StockLevel]:
    return {level.sku_id: level for level in StockLevel.objects.filter(warehouse=warehouse_id, sku__in=list(skus))}


def _level(levels: Mapping[Place, StockLevel], line: CountLine, count: Count) -> StockLevel:
    return levels.get((line.sku_id, count.warehouse_id)) or StockLevel()


def _locked(pk: int) -> Count:
    try:
        return lock_one(Count.objects.select_related("warehouse"), pk)
    except Count.DoesNotExist:
        raise NotFound(_("There is no such count.")) from None


def _refuse_unless_open(count: Count) -> None:
    if count.state != CountState.OPEN:
        raise Conflict(
            _("%(number)s is closed: it is %(state)s. Open another sheet to count again.")
            % {"number": count.number, "state": str(count.get_state_display()).lower()}
        )


def _move(count: Count, line: CountLine) -> Move:
    return Move(line.sku_id, count.warehouse_id, line.difference or 0, MovementKind.COUNT, CAUSE, count.pk, note=count.number)


def _close(count: Count, actor: str) -> None:
    count.post()
    count.closed_at, count.closed_by = timezone.now(), actor
    count.save(update_fields=["state", "closed_at", "closed_by"])


def _fact(kind: str, count: Count, actor: str, **data: Any) -> Event:
    return fact(kind, "count", count.pk, actor=actor, number=count.number, **data)
