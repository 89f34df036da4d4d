"""What can be promised of a SKU in the weeks to come, warehouse by warehouse."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from inventory.availability import shelves_of
from inventory.kits import compositions, parts_of
from inventory.models import Sku
from inventory.promising import Shelf, Supply
from inventory.sourcing import places_serving

MOST_WEEKS = 26


@dataclass(frozen=True)
class Week:
    """Up to the Sunday `ends_on`. `to_promise`: units that can leave by then, all weeks before counted. `arrivals`: what comes in it."""

    starts_on: date
    ends_on: date
    to_promise: int
    arrivals: tuple[Supply, ...] = ()

    @property
    def coming(self) -> int:
        """Units that come in this week, pegged or not."""
        return sum(supply.units for supply in self.arrivals)

    @property
    def pegged(self) -> int:
        """Of these, the units that somebody waits for already."""
        return sum(supply.pegged for supply in self.arrivals)


@dataclass(frozen=True)
class PlacePromise:
    """What can be promised from one warehouse: `now` today, then week by week."""

    warehouse_id: int
    warehouse: str
    now: int
    weeks: tuple[Week, ...]


@dataclass(frozen=True)
class PromiseCalendar:
    """`weeks`: (first day, last day) of each; `places`: a row for every warehouse; `now` and `total`: all of them together."""

    weeks: tuple[tuple[date, date], ...]
    places: tuple[PlacePromise, ...]
    now: int
    total: tuple[int, ...]

    @property
    def is_empty(self) -> bool:
        """Say whether nothing is there and nothing comes."""
        return not self.now and not any(week.coming for place in self.places for week in place.weeks)


def promise_calendar(sku: Sku, weeks: int = 8, *, today: date | None = None) -> PromiseCalendar:
    """Give what can be promised of `sku` by the end of each of the coming `weeks`, from every warehouse; of a kit, as many as its components make.

    On hand − reserved − safety + what is expected by then − what of that is pegged to orders that wait. What is overdue counts from tomorrow.
    Weeks end on Sunday; the first begins today. At most eight queries. Locks and changes nothing.
    """
    today = today or timezone.localdate()
    spans = _spans(today, min(max(weeks, 1), MOST_WEEKS))
    parts = parts_of(sku.pk, compositions([sku.pk]).get(sku.pk) if sku.is_kit else None)
    places = places_serving(())
    shelves = shelves_of([part for part, _units in parts], [place.id for place in places], today=today)
    rows = [_row(place.id, place.name, _on(place.id, parts, shelves), spans, today) for place in places]
    total = tuple(sum(row.weeks[number].to_promise for row in rows) for number in range(len(spans)))
    return PromiseCalendar(tuple(spans), tuple(rows), sum(row.now for row in rows), total)


def _spans(today: date, weeks: int) -> list[tuple[date, date]]:
    first = today - timedelta(days=today.weekday())
    return [(max(first + timedelta(weeks=n), today), first + timedelta(weeks=n, days=6)) for n in range(weeks)]


def _on(place: int, parts: Sequence[tuple[int, int]], shelves: dict[int, list[Shelf]]) -> list[tuple[Shelf, int]]:
    """Give what of each part lies and comes in a warehouse, with how many units of it one takes."""
    return [(next((shelf for shelf in shelves.get(sku, ()) if shelf.warehouse == place), Shelf(place, 0, [])), each) for sku, each in parts]


def _row(place: int, name: str, shelves: Sequence[tuple[Shelf, int]], spans: Sequence[tuple[date, date]], today: date) -> PlacePromise:
    arrivals = [supply for shelf, _each in shelves for supply in shelf.later]
    return PlacePromise(
        place,
        name,
        _by(shelves, today - timedelta(days=1)),
        tuple(Week(start, end, _by(shelves, end), tuple(supply for supply in arrivals if start <= supply.on <= end)) for start, end in spans),
    )


def _by(shelves: Sequence[tuple[Shelf, int]], day: date) -> int:
    return max(min((shelf.by(day) // each for shelf, each in shelves), default=0), 0)
