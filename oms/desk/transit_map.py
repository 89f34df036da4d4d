"""The picture of the house: the line as a map, drawn from the same table that the stations run by."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext_lazy as _

from oms.core import stations
from oms.core.models import Trouble
from shipping.models import Shipment
from shipping.states import ShipmentState

MOST_COUNTED = 9_999
PEOPLES_LIMIT_SECONDS = 86_400
# The main line, in the order that an order passes it.
_MAIN = ("screen", "reserve", "invoice", "plan", "pick", "book", "dispatch", "track", "complete")
# Side tracks: the stop on the main line that each leaves from, the nearest first.
_SIDES = {
    "screen": ("standing", "quotation_pdf", "release", "expire", "lapse", "simulate"),
    "reserve": ("backorders", "peg", "replenish", "learn", "import_skus"),
    "invoice": ("invoice_pdf", "purchase_pdf", "send"),
    "plan": ("credit", "settle"),
    "book": ("void",),
    "dispatch": ("hand_over", "post_stock", "match_bills"),
}
# Where people look further: url name, query.
_PAGES = {
    "screen": ("orders", "state=placed"),
    "standing": ("standing_orders", ""),
    "quotation_pdf": ("quotations", ""),
    "release": ("orders", "state=held"),
    "reserve": ("orders", "state=placed"),
    "backorders": ("orders", "state=waiting"),
    "peg": ("orders", "state=waiting"),
    "simulate": ("sourcing", ""),
    "replenish": ("purchasing", ""),
    "learn": ("rules", ""),
    "import_skus": ("import_skus", ""),
    "purchase_pdf": ("purchasing", ""),
    "invoice": ("orders", "state=allocated"),
    "invoice_pdf": ("invoices", ""),
    "send": ("messages", ""),
    "plan": ("orders", "state=allocated"),
    "credit": ("invoices", "show=credit_notes"),
    "settle": ("online_payments", ""),
    "pick": ("shipments", "state=to_do"),
    "book": ("shipments", "state=packed"),
    "void": ("shipments", "state=voided"),
    "dispatch": ("shipments", "state=booked"),
    "hand_over": ("shipments", "state=dispatched"),
    "post_stock": ("ledger", ""),
    "match_bills": ("bills", "show=held"),
    "track": ("shipments", "state=on_the_way"),
    "complete": ("orders", "state=delivered"),
}
# The drawing, in its own units: one is about a pixel on a wide screen.
_STEP, _MARGIN, _TOP, _DOWN, _RADIUS, _SMALL = 148, 74, 52, 58, 18, 13


@dataclass(frozen=True)
class Queue:
    """What waits at a stop: up to MOST_COUNTED + 1 documents, since when, and how many are in trouble."""

    depth: int
    since: datetime | None
    troubles: int = 0


@dataclass(frozen=True)
class Stop:
    """A stop of the map as it stands now. `kind`: inside, outside (it calls somebody), person. `url`: empty where one may not look."""

    name: str
    title: str
    kind: str
    queue: Queue
    limit_seconds: int
    url: str
    is_side: bool = False
    x: int = 0
    y: int = _TOP
    towards: int = 1

    @property
    def shown_depth(self) -> str:
        return f"{MOST_COUNTED}+" if self.queue.depth > MOST_COUNTED else str(self.queue.depth)

    @property
    def mood(self) -> str:
        """Give how it is drawn: trouble speaks louder than lateness, lateness louder than work."""
        since = self.queue.since
        if self.queue.troubles:
            return "is-trouble"
        if since and (timezone.now() - since).total_seconds() > self.limit_seconds:
            return "is-late"
        return "is-waiting" if self.queue.depth else "is-quiet"

    # --- where its parts are drawn ---

    @property
    def radius(self) -> int:
        return _SMALL if self.is_side else _RADIUS

    @property
    def size(self) -> int:
        return 2 * self.radius

    @property
    def box_width(self) -> int:
        """A long number makes a circle a pill."""
        return max(self.size, 9 * len(self.shown_depth) + (10 if self.is_side else 14))

    @property
    def box_x(self) -> int:
        return self.x - self.box_width // 2

    @property
    def box_y(self) -> int:
        return self.y - self.radius

    @property
    def name_x(self) -> int:
        return self.note_x if self.is_side else self.x

    @property
    def name_y(self) -> int:
        if not self.is_side:
            return self.y - self.radius - 10
        return self.y - 3 if self.has_note else self.y + 5

    @property
    def note_x(self) -> int:
        return self.x + self.towards * (self.box_width // 2 + 8)

    @property
    def note_y(self) -> int:
        return self.y + 12 if self.is_side else self.y - 9

    @property
    def has_note(self) -> bool:
        return bool(self.queue.troubles or self.queue.since)


@dataclass(frozen=True)
class TransitMap:
    """All stops, each of the main line followed by those of its side track, and the box they are drawn in."""

    stops: list[Stop]
    main: str
    branches: list[str]
    width: int
    height: int


def draw(pages: Collection[str]) -> TransitMap:
    """Draw the line as it is now, with links to those of `pages` (url names). One query a stop, whatever waits, and one for troubles.

    It runs the way the page is read: from the right where that is Arabic.
    """
    width = 2 * _MARGIN + _STEP * (len(_MAIN) - 1)
    towards = -1 if get_language_bidi() else 1
    waiting = _waiting()
    stops, branches = [], []
    for column, name in enumerate(_MAIN):
        across = _MARGIN + column * _STEP
        x = across if towards > 0 else width - across
        stops.append(_stop(name, waiting, pages, x=x, towards=towards))
        sides = _SIDES.get(name, ())
        stops += [_stop(side, waiting, pages, x=x, y=_TOP + (i + 1) * _DOWN, towards=towards, is_side=True) for i, side in enumerate(sides)]
        if sides:
            branches.append(f"M{x} {_TOP}V{_TOP + len(sides) * _DOWN}")
    height = _TOP + max(map(len, _SIDES.values())) * _DOWN + _SMALL + 8
    return TransitMap(stops, f"M{_MARGIN} {_TOP}H{width - _MARGIN}", branches, width, height)


def _stop(name: str, waiting: dict[str, tuple[str, str, int, Queue]], pages: Collection[str], **place: Any) -> Stop:
    title, kind, limit_seconds, queue = waiting[name]
    page, query = ("trouble", "") if queue.troubles and "trouble" in pages else _PAGES.get(name, ("", ""))
    url = reverse(page) + (f"?{query}" if query else "") if page in pages else ""
    return Stop(name=name, title=title, kind=kind, queue=queue, limit_seconds=limit_seconds, url=url, **place)


def _waiting() -> dict[str, tuple[str, str, int, Queue]]:
    """Give stop → title, kind, limit and what waits: the stations of the line, and where people do the work."""
    troubles = dict(Trouble.objects.values_list("station").annotate(Count("id")).order_by())
    found = {}
    for station in stations.line():
        kind = "outside" if isinstance(station, stations.OutsideStation) else "inside"
        queue = _count(stations.queue_of(station), station.since, troubles.get(station.name, 0))
        found[station.name] = (str(station.title), kind, station.limit_seconds, queue)
    free = Shipment.objects.filter(order__open_holds=0).exclude(order__state="cancelled")
    picking = _count(free.filter(state__in=[ShipmentState.PLANNED, ShipmentState.PICKING]), "created_at")
    leaving = _count(free.filter(state=ShipmentState.BOOKED), "booked_at")
    found["pick"] = (str(_("Pick and pack")), "person", PEOPLES_LIMIT_SECONDS, picking)
    found["dispatch"] = (str(_("Dispatch")), "person", PEOPLES_LIMIT_SECONDS, leaving)
    return found


def _count(queue: QuerySet, since: str, troubles: int = 0) -> Queue:
    """Count up to MOST_COUNTED + 1 rows, so that a long queue costs no more than that: those that have waited longest, for the age is theirs."""
    first = queue.order_by(since).values("pk")[: MOST_COUNTED + 1]
    now = queue.model.objects.filter(pk__in=first).aggregate(depth=Count("pk"), since=Min(since))
    return Queue(now["depth"], now["since"], troubles)
