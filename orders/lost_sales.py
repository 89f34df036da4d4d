"""Lost sales: what was wanted in calls that came to nothing, and why; on the page, in the exports and over the API."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat, Lower, TruncDate
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Channel
from inventory.models import Price
from oms.core.errors import Invalid
from oms.core.exports import BATCH
from oms.core.money import ZERO
from oms.core.pages import Page, cursor_of, values_of
from orders.models import LostLine, LostSale
from orders.states import LostReason

USUAL_DAYS = 90
BY: dict[str, str | Promise] = {
    "both": gettext_lazy("By SKU and reason"),
    "sku": gettext_lazy("By SKU"),
    "reason": gettext_lazy("By reason"),
}
_MONEY = DecimalField(max_digits=23, decimal_places=4)
_ORDER = ("-worth", "-units", "thing", "why")


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
    rows = _grouped(filter)
    if after:
        rows = rows.filter(_beyond(after))
    found = list(rows.order_by(*_ORDER)[: size + 1])
    more = len(found) > size
    found = found[:size]
    last = found[-1] if more else None
    return Page([_row(one) for one in found], cursor_of([last[name.lstrip("-")] for name in _ORDER]) if last else "")


def total_lost(filter: Filter) -> Lost:
    """Give all that was lost together, calls in which nothing was named among them. One query."""
    figures = _summed(calls_lost(filter).values(thing=Value("", output_field=CharField())), filter, "lines__", "")
    row = next(iter(figures.annotate(why=Value("", output_field=CharField())).order_by()), None)
    return _row(row) if row else Lost("", "", "", "", 0, 0, None, None)


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


def _grouped(filter: Filter) -> QuerySet[Any, dict[str, Any]]:
    """Give a row for each SKU, each reason, or each pair of them, as the filter has it."""
    if filter.by == "reason":
        calls = calls_lost(filter).values(why=F("reason"), thing=Value("", output_field=CharField()))
        return _summed(calls, filter, "lines__", "")
    wanted = LostLine.objects.filter(_about(filter), lost_sale__in=calls_lost(filter))
    # What we do not have goes by its words, small and capital letters alike; no code of ours begins with this mark and goes on in small letters.
    thing = Case(When(sku=None, then=Concat(Value("~"), Lower("text"))), default=F("sku__code"), output_field=CharField())
    why = F("lost_sale__reason") if filter.by == "both" else Value("", output_field=CharField())
    rows = wanted.values(thing=thing, why=why, code=F("sku__code"), name=F("sku__name"))
    return _summed(rows, filter, "", "lost_sale__").annotate(words=Max("text"))


def _summed(rows: QuerySet[Any], filter: Filter, line: str, call: str) -> QuerySet[Any, dict[str, Any]]:
    """Sum the groups of `rows`. `line`, `call`: the way from a row to its lines and its call."""
    about = _about(filter, line)
    units = F(f"{line}quantity")
    value = Sum(ExpressionWrapper(units * _list_price(line, call), output_field=_MONEY), filter=about, output_field=_MONEY)
    return rows.annotate(
        times=Count(f"{call}id", distinct=True),
        units=Coalesce(Sum(units, filter=about), 0, output_field=IntegerField()),
        value=value,
        worth=Coalesce(value, ZERO, output_field=_MONEY),
        last_at=Max(f"{call}noted_at"),
    )


def _list_price(line: str, call: str) -> Subquery:
    """Give what a unit cost everybody on the day of the call, in the books' currency."""
    day = TruncDate(ExpressionWrapper(OuterRef(f"{call}noted_at"), output_field=DateTimeField()))
    prices = Price.objects.filter(
        Q(valid_on__isnull=True) | Q(valid_on__contains=day),
        sku=OuterRef(f"{line}sku"),
        price_list=None,
        from_quantity=1,
        currency=settings.BOOKS_CURRENCY,
    )
    return Subquery(prices.values("unit_price")[:1], output_field=_MONEY)


def _about(filter: Filter, line: str = "") -> Q:
    about = Q()
    if filter.sku:
        about &= Q(**{f"{line}sku__code": filter.sku})
    if filter.words:
        about &= Q(**{f"{line}sku": None, f"{line}text__iexact": filter.words})
    if filter.text:
        found = [f"{line}{column}__icontains" for column in ("sku__code", "sku__name", "text")]
        about &= Q(**{found[0]: filter.text}) | Q(**{found[1]: filter.text}) | Q(**{found[2]: filter.text})
    return about


def _beyond(cursor: str) -> Q:
    worth, units, thing, why = values_of(cursor, [_MONEY.to_python, int, str, str])
    behind = Q(thing__gt=thing) | Q(thing=thing, why__gt=why)
    return Q(worth__lt=worth) | Q(worth=worth) & (Q(units__lt=units) | Q(units=units) & behind)


def _row(found: dict[str, Any]) -> Lost:
    code = found.get("code") or ""
    return Lost(
        sku=code,
        name=found.get("name") or "",
        words="" if code else found.get("words") or "",
        reason=found["why"],
        units=found["units"],
        times=found["times"],
        worth=found["value"],
        last_at=found["last_at"],
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
