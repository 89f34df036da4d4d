"""Reads of stock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import Count as Tally
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from inventory.kits import Composition
from inventory.models import Count, KitComponent, Sku, Transfer, VendorItem
from inventory.numbers import SkuNumbers, made_of, numbers_of
from inventory.states import TransferState

WEEKS = 26


@dataclass(frozen=True)
class WeekSold:
    """Units of a SKU that went out to customers in the week that begins on `starts_on`. Its bar: `x`, and `height` of 96 for the best week."""

    starts_on: date
    units: int
    x: int
    height: float

    @property
    def y(self) -> float:
        return round(100 - self.height, 1)


@dataclass(frozen=True)
class Sales:
    """What was sold of a SKU, week by week, the oldest first."""

    weeks: list[WeekSold]

    @property
    def total(self) -> int:
        return sum(week.units for week in self.weeks)

    @property
    def best(self) -> int:
        return max(week.units for week in self.weeks)

    @property
    def per_week(self) -> float:
        return self.total / len(self.weeks)


@dataclass(frozen=True)
class Component:
    """A component of a kit: how many one kit takes, and what there is of it."""

    sku: Sku
    units: int
    numbers: SkuNumbers
    is_limit: bool

    @property
    def makes(self) -> int:
        """For how many kits it lasts, over all warehouses."""
        return self.numbers.to_promise // self.units


def to_promise(skus: Sequence[Sku]) -> dict[int, int]:
    """Give SKU → units that can be promised now over all warehouses; of a kit, as many as its components make. At most five queries."""
    return {pk: numbers.to_promise for pk, numbers in numbers_of(skus).items()}


def sales_of(sku: Sku, *, weeks: int = WEEKS, today: date | None = None) -> Sales:
    """Give what was sold of a SKU in the last `weeks`, this one included: what went out to customers. One query, on an index of its own."""
    today = today or timezone.localdate()
    first = today - timedelta(days=today.weekday(), weeks=weeks - 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (date_trunc('week', moved_at AT TIME ZONE %s))::date, -sum(quantity)::int FROM inventory_stockmovement"
            " WHERE sku_id = %s AND kind = 'issue' AND moved_at >= %s::date - 1 GROUP BY 1",
            [timezone.get_current_timezone_name(), sku.pk, first],
        )
        sold = dict(cursor.fetchall())
    units = [sold.get(first + timedelta(weeks=number), 0) for number in range(weeks)]
    best = max(max(units), 1)
    return Sales([WeekSold(first + timedelta(weeks=number), one, 20 * number + 2, round(96 * one / best, 1)) for number, one in enumerate(units)])


def vendors_of(sku: Sku) -> QuerySet[VendorItem]:
    """Give who sells us a SKU, the preferred first, with their prices. Two queries."""
    return VendorItem.objects.filter(sku=sku).select_related("vendor").prefetch_related("prices").order_by("-is_preferred", "vendor__name")


def components_of(kit: Sku) -> list[Component]:
    """Give the components of a kit as it was defined, kits inside it whole, and which of them runs out first. Six queries at most."""
    rows = list(KitComponent.objects.filter(kit=kit).select_related("component"))
    known = numbers_of([row.component for row in rows])
    fewest = min((known[row.component_id].to_promise // row.units for row in rows), default=0)
    return [Component(row.component, row.units, known[row.component_id], known[row.component_id].to_promise // row.units == fewest) for row in rows]


@dataclass(frozen=True)
class Making:
    """How many of a kit can be made now of what may be promised, and the components that run out first."""

    makes: int
    limits: list[str]


def making_of(composition: Composition) -> Making:
    """Say how many can be made of `composition`, whole in one warehouse each. Four queries."""
    skus = Sku.objects.in_bulk([pk for pk, _units in composition])
    known = numbers_of(list(skus.values()))
    lasts = {pk: known[pk].to_promise // units for pk, units in composition}
    fewest = min(lasts.values(), default=0)
    return Making(sum(made_of(composition, known).values()), [skus[pk].code for pk, units in lasts.items() if units == fewest])


def kits_with(sku: Sku) -> QuerySet[KitComponent]:
    """Give the kits that a SKU is a part of."""
    return KitComponent.objects.filter(component=sku).select_related("kit").order_by("kit__code")


def transfers_shown(show: str) -> QuerySet[Transfer]:
    """Give the transfers of a list, with what each carries: `open` (planned or on the road), `draft`, `late`, or all."""
    rows = Transfer.objects.select_related("source", "destination").annotate(
        skus=Tally("lines"),
        units=Sum("lines__quantity"),
        open_units=Sum(F("lines__quantity") - F("lines__received") - F("lines__lost")),
        worth=Sum("lines__value"),
    )
    going = (TransferState.DRAFT, TransferState.SENT, TransferState.PARTLY_RECEIVED)
    if show == "draft":
        return rows.filter(state=TransferState.DRAFT)
    if show == "late":
        return rows.filter(state__in=going, expected_on__lt=timezone.localdate())
    return rows if show == "all" else rows.filter(state__in=going)


def counts_shown() -> QuerySet[Count]:
    """Give sheets with how far each is, and what it found."""
    return Count.objects.select_related("warehouse").annotate(
        skus=Tally("lines"),
        counted=Tally("lines", filter=Q(lines__counted__isnull=False)),
        wrong=Tally("lines", filter=Q(lines__difference__isnull=False) & ~Q(lines__difference=0)),
    )
