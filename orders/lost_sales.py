"""Lost sales: what was wanted in calls that came to nothing, and why; on the page, in the exports and over the API."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import DecimalField, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Channel
from oms.core.errors import Invalid
from oms.core.exports import BATCH
from oms.core.pages import Page, cursor_of, values_of
from oms.core.reading import read
from orders.models import LostLine, LostSale
from orders.states import LostReason

USUAL_DAYS = 90
BY: dict[str, str | Promise] = {
    "both": gettext_lazy("By SKU and reason"),
    "sku": gettext_lazy("By SKU"),
    "reason": gettext_lazy("By reason"),
}
_MONEY = DecimalField(max_digits=23, decimal_places=4)
# What we do not have goes by its words, small and capital letters alike; no code of ours begins with this mark and goes on in small letters.
_THING = "CASE WHEN l.sku_id IS NULL THEN '~' || lower(l.text) ELSE k.code END"
# What a unit cost everybody on the day of the call: periods never overlap, so there is one price at most.
_PRICED = """
    LEFT JOIN inventory_sku k ON k.id = l.sku_id
    LEFT JOIN inventory_price p ON p.sku_id = l.sku_id AND p.price_list_id IS NULL AND p.from_quantity = 1 AND p.currency = %s
        AND coalesce(p.valid_on, '(,)'::daterange) @> (s.noted_at AT TIME ZONE %s)::date
"""
_FIGURES = """
    count(DISTINCT s.id), coalesce(sum(l.quantity), 0), sum(l.quantity * p.unit_price), max(s.noted_at), min(k.code), min(k.name), max(l.text)
"""
_BEYOND = """
    HAVING coalesce(sum(l.quantity * p.unit_price), 0) < %s OR coalesce(sum(l.quantity * p.unit_price), 0) = %s AND (
        coalesce(sum(l.quantity), 0) < %s OR coalesce(sum(l.quantity), 0) = %s AND (thing, why) > (%s, %s))
"""


@dataclass(frozen=True)
class Filter:
    """Which calls: noted on the days from `since` to `until`, for a `reason`, about a `sku` (its code), about something asked for in `words`, about
    what `text` is found in; of customers of a `channel` only.
    """

    since: date
    until: date
    reason: str = ""
    sku: str = ""
    words: str = ""
    text: str = ""
    by: str = "both"
    channel: Channel | None = None

    @property
    def is_narrowed(self) -> bool:
        """Something less than all of the period is asked for."""
        return bool(self.reason or self.sku or self.words or self.text)


@dataclass(frozen=True)
class Lost:
    """What was lost of a SKU, or of something that we do not have, and why: units, in how many calls, worth what at the list price of the day.

    `worth`: None where nothing of it had a price; `reason` is empty where it is of all reasons, `sku` and `words` where it is of everything.
    """

    sku: str
    name: str
    words: str
    reason: str
    units: int
    times: int
    worth: Decimal | None
    last_at: datetime | None

    @property
    def why(self) -> str:
        return str(LostReason(self.reason).label) if self.reason else ""


def asked_for(wanted: dict[str, str], *, channel: Channel | None = None) -> Filter:
    """Give the filter that an address asks for, the last USUAL_DAYS days without a period. Raises Invalid for what is none."""
    until = _day(wanted, "until") or timezone.localdate()
    since = _day(wanted, "since") or max(until, date.min + timedelta(days=USUAL_DAYS)) - timedelta(days=USUAL_DAYS - 1)
    if since > until:
        raise Invalid(_("The period ends before it begins: give a later day to end on, or an earlier one to begin on."), parameter="until")
    if wanted.get("reason") and wanted["reason"] not in LostReason.values:
        raise Invalid(_("A reason is one of: %(names)s.") % {"names": ", ".join(LostReason.values)}, parameter="reason")
    if wanted.get("by") and wanted["by"] not in BY:
        raise Invalid(_("Lost sales are listed by one of: %(names)s.") % {"names": ", ".join(BY)}, parameter="by")
    return Filter(
        since=since,
        until=until,
        reason=wanted.get("reason", ""),
        sku=wanted.get("sku", "").strip().upper(),
        words=wanted.get("words", "").strip(),
        text=wanted.get("q", "").strip(),
        by=wanted.get("by") or "both",
        channel=channel,
    )


def calls_lost(filter: Filter) -> QuerySet[LostSale]:
    """Give the calls that `filter` means, to be ordered by when they were noted."""
    rows = LostSale.objects.filter(noted_at__gte=_begins(filter.since))
    if filter.until < date.max:
        rows = rows.filter(noted_at__lt=_begins(filter.until + timedelta(days=1)))
    if filter.reason:
        rows = rows.filter(reason=filter.reason)
    if filter.channel is not None:
        rows = rows.filter(customer__channel=filter.channel)
    if about := _about(filter):
        rows = rows.filter(Exists(LostLine.objects.filter(about, lost_sale=OuterRef("pk"))))
    return rows


def lost_sales(filter: Filter, *, after: str = "", size: int = 50) -> Page[Lost]:
    """Give what was lost, the dearest first. One query. Raises Invalid for a cursor that is not one of ours."""
    thing = "''" if filter.by == "reason" else _THING
    why = "''" if filter.by == "sku" else "s.reason"
    lines, values = _lines(filter)
    having, seen = _BEYOND.replace("thing", thing).replace("why", why) if after else "", _seen(after) if after else []
    # The pieces of the statement are constants of ours, and what the ORM makes of the filter; every value is bound.
    statement = (
        f"SELECT {thing} AS thing, {why} AS why, {_FIGURES} FROM {lines} GROUP BY 1, 2 {having}"
        f" ORDER BY coalesce(sum(l.quantity * p.unit_price), 0) DESC, coalesce(sum(l.quantity), 0) DESC, 1, 2 LIMIT %s"
    )
    found = read(statement, [*values, *seen, size + 1])
    more = len(found) > size
    found = found[:size]
    rows = [_row(one) for one in found]
    return Page(rows, cursor_of([rows[-1].worth or _MONEY.to_python("0"), rows[-1].units, *found[-1][:2]]) if more else "")


def total_lost(filter: Filter) -> Lost:
    """Give all that was lost together, calls in which nothing was named among them. One query."""
    lines, values = _lines(replace(filter, by="reason"))
    [found] = read(f"SELECT '', '', {_FIGURES} FROM {lines}", values)
    return _row(found)


HEADER = ("sku", "name", "wanted", "reason", "units", "times", "value", "currency", "last_at")


def exported(filter: Filter) -> Iterator[Sequence[Any]]:
    """Give the rows of the export, as HEADER names them, each page of them read when it is asked for."""
    after = ""
    while True:
        page = lost_sales(filter, after=after, size=BATCH)
        for row in page.rows:
            yield row.sku, row.name, row.words, row.reason, row.units, row.times, row.worth, settings.BOOKS_CURRENCY, row.last_at
        if not page.next:
            return
        after = page.next


def _lines(filter: Filter) -> tuple[str, list[Any]]:
    """Give the lines that the filter means, as the FROM and WHERE of a statement, with their values; by reason also calls that have none."""
    wanted, wanted_values = LostLine.objects.filter(_about(filter)).order_by().values("pk").query.sql_with_params()
    calls, calls_values = calls_lost(filter).order_by().values("pk").query.sql_with_params()
    priced = [settings.BOOKS_CURRENCY, timezone.get_current_timezone_name()]
    join = "LEFT JOIN" if filter.by == "reason" else "JOIN"
    narrowed, narrowed_values = (f" AND l.id IN ({wanted})", list(wanted_values)) if _about(filter) else ("", [])
    statement = f"orders_lostsale s {join} orders_lostline l ON l.lost_sale_id = s.id{narrowed} {_PRICED} WHERE s.id IN ({calls})"
    return statement, [*narrowed_values, *priced, *calls_values]


def _about(filter: Filter) -> Q:
    about = Q()
    if filter.sku:
        about &= Q(sku__code=filter.sku)
    if filter.words:
        about &= Q(sku=None, text__iexact=filter.words)
    if filter.text:
        about &= Q(sku__code__icontains=filter.text) | Q(sku__name__icontains=filter.text) | Q(text__icontains=filter.text)
    return about


def _seen(cursor: str) -> list[Any]:
    worth, units, thing, why = values_of(cursor, [_MONEY.to_python, int, str, str])
    return [worth, worth, units, units, thing, why]


def _row(found: Sequence[Any]) -> Lost:
    _thing, reason, times, units, worth, last_at, code, name, text = found
    is_of_one_thing = bool(_thing)
    return Lost(
        sku=code if is_of_one_thing and code else "",
        name=name if is_of_one_thing and name else "",
        words=text if is_of_one_thing and not code else "",
        reason=reason,
        units=units,
        times=times,
        worth=worth,
        last_at=last_at,
    )


def _day(wanted: dict[str, str], name: str) -> date | None:
    text = wanted.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(_("“%(text)s” is not a date: write 2027-03-31.") % {"text": text[:20]}, parameter=name) from None


def _begins(day: date) -> datetime:
    """Give the instant at which `day` begins here."""
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))
