"""The picture of the house: the line as a map, drawn from the same table that the stations run by."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oms.core import stations
from oms.core.models import Trouble
from shipping.models import Shipment
from shipping.states import ShipmentState

MOST_COUNTED = 9_999
# Where each station stands: column, and row 0 for the main line; `after` names the stop a side track leaves from.
_MAIN = ("screen", "reserve", "invoice", "plan", "pick", "book", "hand_over", "track", "complete")
_SIDE = {
    "backorders": ("reserve", 1),
    "replenish": ("reserve", 2),
    "invoice_pdf": ("invoice", 1),
    "send": ("invoice", 2),
    "credit": ("plan", 1),
    "void": ("book", 1),
    "post_stock": ("hand_over", 1),
    "expire": ("screen", 1),
}
_STEP, _TOP, _DOWN, _MARGIN = 148, 62, 84, 78


@dataclass(frozen=True)
class Stop:
    """A station as it stands now: what waits, since when, and what is in trouble."""

    name: str
    title: str
    depth: int
    since: datetime | None
    troubles: int
    limit_seconds: int
    is_person: bool
    x: int
    y: int

    @property
    def shown_depth(self) -> str:
        return f"{MOST_COUNTED}+" if self.depth > MOST_COUNTED else str(self.depth)

    @property
    def mood(self) -> str:
        """Give the class it is drawn with."""
        if self.troubles:
            return "is-trouble"
        if self.since and not self.is_person and (timezone.now() - self.since).total_seconds() > self.limit_seconds:
            return "is-late"
        return "is-waiting" if self.depth else ""

    @property
    def text_y(self) -> int:
        return self.y - 28

    @property
    def age_y(self) -> int:
        return self.y + 36


@dataclass(frozen=True)
class TransitMap:
    """All stops, the main line first, with the box they are drawn in."""

    stops: list[Stop]
    branches: list[str]
    width: int
    height: int
    end_x: int
    top: int = _TOP


def draw() -> TransitMap:
    """Draw the line as it is now: one query a station, whatever waits, and one for what is in trouble."""
    troubles = dict(Trouble.objects.values_list("station").annotate(Count("id")).order_by())
    places = {name: (_MARGIN + i * _STEP, _TOP) for i, name in enumerate(_MAIN)}
    for name, (parent, row) in _SIDE.items():
        places[name] = (places[parent][0], _TOP + row * _DOWN)
    stops = [_stop(station, places[station.name], troubles) for station in stations.line() if station.name in places]
    stops.append(_picking(places["pick"]))
    stops.sort(key=lambda stop: (stop.y, stop.x))
    branches = [f"M{x} {_TOP}V{y}" for name, (x, y) in places.items() if name in _SIDE]
    width = places["complete"][0] + _MARGIN
    return TransitMap(stops, branches, width, _TOP + 2 * _DOWN + 46, places["complete"][0])


def _stop(station: stations.Station, place: tuple[int, int], troubles: dict[str, int]) -> Stop:
    queue = stations.queue_of(station).order_by()
    now = _counted(queue, station.since)
    return Stop(
        name=station.name,
        title=str(station.title),
        depth=now["depth"],
        since=now["since"],
        troubles=troubles.get(station.name, 0),
        limit_seconds=station.limit_seconds,
        is_person=False,
        x=place[0],
        y=place[1],
    )


def _picking(place: tuple[int, int]) -> Stop:
    waiting = Shipment.objects.filter(state__in=[ShipmentState.PLANNED, ShipmentState.PICKING], order__open_holds=0)
    now = _counted(waiting, "created_at")
    return Stop(
        name="pick", title=str(_("Pick and pack")), depth=now["depth"], since=now["since"], troubles=0,
        limit_seconds=86_400, is_person=True, x=place[0], y=place[1],
    )  # fmt: skip


def _counted(queue: Any, since: str) -> dict[str, Any]:
    """Count up to MOST_COUNTED + 1 rows, so that a long queue costs no more than that to look at."""
    first = queue.values("pk", since)[: MOST_COUNTED + 1]
    return dict(queue.model.objects.filter(pk__in=first.values("pk")).aggregate(depth=Count("pk"), since=Min(since)))


ORDER_STOPS: list[tuple[str, Callable[[], Any]]] = [
    ("placed", lambda: _("Placed")),
    ("allocated", lambda: _("Reserved")),
    ("fulfilling", lambda: _("In the warehouse")),
    ("shipped", lambda: _("On its way")),
    ("delivered", lambda: _("Delivered")),
    ("completed", lambda: _("Completed")),
]
_REACHED = {"draft": -1, "placed": 0, "backordered": 0, "allocated": 1, "fulfilling": 2, "shipped": 3, "delivered": 4, "completed": 5}


def order_stops(order: Any) -> list[dict[str, str]]:
    """Give the stops of one order, each done, here or still to come."""
    reached = _REACHED.get(order.state, 0)
    marks = ["done" if i < reached or order.state == "completed" else "here" if i == reached else "" for i in range(len(ORDER_STOPS))]
    return [{"title": str(title()), "mark": mark} for (_name, title), mark in zip(ORDER_STOPS, marks, strict=True)]
