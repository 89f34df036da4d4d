"""Which warehouse serves which country, at a glance."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.utils import timezone

from inventory.models import Lane, Reservation, Warehouse
from inventory.states import ReservationState

MOST_LANES = 500


@dataclass(frozen=True)
class Cell:
    """How a warehouse serves a country: its lane to the whole of it, and how many more lanes there are to parts of it. None: only to parts."""

    lane: Lane | None
    parts: int


@dataclass(frozen=True)
class PlaceServed:
    """A warehouse with how it serves each country, in their order; `everywhere`: it has no lanes, so nothing keeps it from anybody.

    `taken_today`: orders it has taken on today.
    """

    warehouse: Warehouse
    cells: tuple[Cell | None, ...]
    everywhere: bool
    taken_today: int

    @property
    def is_full(self) -> bool:
        return self.warehouse.daily_capacity is not None and self.taken_today >= self.warehouse.daily_capacity


@dataclass(frozen=True)
class Coverage:
    countries: tuple[str, ...]
    places: tuple[PlaceServed, ...]
    lanes: tuple[Lane, ...]
    more: bool


def coverage() -> Coverage:
    """Give every warehouse × every country that a lane leads to, and the lanes themselves, up to MOST_LANES. Three queries."""
    warehouses = list(Warehouse.objects.stocking())
    lanes = list(
        Lane.objects.filter(warehouse__in=warehouses)
        .select_related("warehouse")
        .order_by("warehouse__rank", "warehouse_id", "country", "postcode_prefix")
    )
    countries = tuple(sorted({lane.country for lane in lanes}))
    leading: dict[tuple[int, str], list[Lane]] = defaultdict(list)
    for lane in lanes:
        leading[lane.warehouse_id, lane.country].append(lane)
    taken = _taken_today(warehouses)
    with_lanes = {lane.warehouse_id for lane in lanes}
    places = tuple(
        PlaceServed(
            warehouse,
            tuple(_cell(leading.get((warehouse.pk, country))) for country in countries),
            warehouse.pk not in with_lanes,
            taken.get(warehouse.pk, 0),
        )
        for warehouse in warehouses
    )
    return Coverage(countries, places, tuple(lanes[:MOST_LANES]), len(lanes) > MOST_LANES)


def _cell(lanes: Sequence[Lane] | None) -> Cell | None:
    if not lanes:
        return None
    whole = next((lane for lane in lanes if not lane.postcode_prefix), None)
    return Cell(whole, len(lanes) - (whole is not None))


def _taken_today(warehouses: Sequence[Warehouse]) -> dict[int, int]:
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = Reservation.objects.filter(warehouse__in=warehouses, created_at__gte=today, state__in=[ReservationState.FIRM, ReservationState.CONSUMED])
    return dict(rows.values_list("warehouse_id").annotate(orders=Count("order_id", distinct=True)).order_by())
