"""Stock held for a while: for a basket on the web, for somebody on the telephone. It lapses by itself unless an order takes it up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.allocation import Allocation, Demand, Place, Rule, Wanted, allocate_one
from inventory.availability import spoken_for
from inventory.kits import compositions, parts_of
from inventory.models import Reservation, Sku, StockLevel
from inventory.reserving import free_units, release_rows
from inventory.sourcing import places_serving, rules_in_force
from inventory.states import ReservationState
from oms.core import bulk
from oms.core.errors import Invalid
from oms.core.events import fact, record
from oms.core.locks import lock, take_turn, take_turns

USUAL_MINUTES = 15
MOST_MINUTES = 120
MOST_LINES = 1000
MOST_UNITS = 1_000_000


@dataclass(frozen=True)
class Held:
    """What a basket holds: per line how many units, and until when; `places`: per line where, and `days` the days from there to the destination."""

    units: Mapping[int, int]
    until: datetime
    places: Mapping[int, Sequence[str]]
    days: Mapping[int, int]


def hold_stock(
    basket: str, lines: Sequence[tuple[str, int]], *, minutes: int = USUAL_MINUTES, country: str = "", postcode: str = "", actor: str
) -> Held:
    """Hold stock for `basket`: exactly `lines`, (SKU code, units), for `minutes` from now; what it held before is let go in the same step.

    What is not there, or is waited for by orders already, is not held: see `Held.units`, by position. Asking again with the same lines only
    makes it last longer. Waits its turn per basket, then locks its reservations and the stock levels. Raises Invalid for unknown SKUs and figures
    out of bounds. Records `stock.freed` for what was let go.
    """
    _check(basket, lines, minutes)
    skus = _skus([code for code, _units in lines])
    kits = compositions([sku.pk for sku in skus.values() if sku.is_kit])
    demands = [Demand(position, units, parts_of(sku.pk, kits.get(sku.pk))) for position, (code, units) in enumerate(lines) if (sku := skus[code])]
    with transaction.atomic():
        take_turn(_turn(basket))
        before = lock(Reservation.objects.filter(basket=basket, state=ReservationState.SOFT, order_id__isnull=True))
        levels = _locked({sku for demand in demands for sku, _each in demand.parts} | {row.sku_id for row in before})
        freed = _let_go(before, levels)
        places = places_serving({country})
        free = free_units(levels.values(), spoken_for(sorted({sku for sku, _warehouse in levels})), places)
        allocation = allocate_one(Wanted(demands, country, postcode), free=free, places=places, rules=_without_split(rules_in_force()))
        now = timezone.now()
        until = now + timedelta(minutes=minutes)
        held: list[Reservation] = []
        for take in allocation.takes:
            for position, (sku_id, each) in enumerate(take.parts):
                levels[sku_id, take.warehouse].reserved += each * take.units
                held.append(
                    Reservation(
                        basket=basket,
                        sku_id=sku_id,
                        warehouse_id=take.warehouse,
                        quantity=each * take.units,
                        line_units=0 if position else take.units,
                        state=ReservationState.SOFT,
                        expires_at=until,
                        created_at=now,
                    )
                )
        bulk.save_all(list(levels.values()), "reserved")
        bulk.insert_all(held)
        if freed:
            record([fact("stock.freed", "basket", 0, actor=actor, units=freed)])
    units = {demand.reference: demand.quantity - allocation.short.get(demand.reference, 0) for demand in demands}
    where, days = _where(allocation, places, country, postcode)
    return Held(units, until, where, days)


def let_go(basket: str, *, actor: str) -> int:
    """Let go what `basket` holds; give the units. Locks its reservations and the stock levels. Safe to repeat. Records `stock.freed`."""
    with transaction.atomic():
        take_turn(_turn(basket))
        freed = release_rows(lock(Reservation.objects.filter(basket=basket, state=ReservationState.SOFT, order_id__isnull=True)))
        if freed:
            record([fact("stock.freed", "basket", 0, actor=actor, units=freed)])
    return freed


def take_up(baskets: Mapping[int, str]) -> None:
    """Have orders, order → basket, take up what their baskets still hold: it does not lapse any more. In the caller's transaction; two statements.

    Waits its turn per basket: what is being held anew in this moment is taken up as well. Against the sweeper: whoever has the row first has it.
    What lapsed a moment ago is simply not there to take up.
    """
    if not baskets:
        return
    take_turns(_turn(basket) for basket in baskets.values())
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inventory_reservation AS held SET order_id = taken.order_id, expires_at = NULL"
            " FROM unnest(%s::bigint[], %s::text[]) AS taken(order_id, basket)"
            " WHERE held.basket = taken.basket AND held.state = 'soft' AND held.order_id IS NULL AND held.expires_at > now()",
            [list(baskets), list(baskets.values())],
        )


def lapsed() -> QuerySet[Reservation]:
    """Give the soft reservations whose time has run out."""
    return Reservation.objects.filter(state=ReservationState.SOFT, expires_at__lte=Now()).order_by("expires_at", "id")


def lapse(rows: list[Reservation]) -> None:
    """Free soft reservations whose time has run out. Records `stock.freed`."""
    units = release_rows(rows)
    record([fact("stock.freed", "basket", 0, actor="station:lapse", units=units)])


def _turn(basket: str) -> str:
    return f"basket:{basket}"


def _check(basket: str, lines: Sequence[tuple[str, int]], minutes: int) -> None:
    if not basket or len(basket) > 80 or not basket.isascii() or not basket.isprintable():
        raise Invalid(_("Name the basket with 1 to 80 printable ASCII characters."), pointer="/basket")
    if not 1 <= minutes <= MOST_MINUTES:
        raise Invalid(_("Stock is held for 1 to %(most)d minutes.") % {"most": MOST_MINUTES}, pointer="/minutes")
    if len(lines) > MOST_LINES:
        raise Invalid(_("A basket has at most %(most)d lines.") % {"most": MOST_LINES}, pointer="/lines")
    for position, (code, units) in enumerate(lines):
        if not 1 <= units <= MOST_UNITS:
            raise Invalid(
                _("The quantity of %(code)s must be between 1 and %(most)d.") % {"code": code[:40], "most": MOST_UNITS},
                pointer=f"/lines/{position}/quantity",
            )


def _skus(codes: Sequence[str]) -> dict[str, Sku]:
    known = {sku.code: sku for sku in Sku.objects.filter(code__in={code.strip().upper() for code in codes}, is_active=True)}
    for position, code in enumerate(codes):
        if code.strip().upper() not in known:
            raise Invalid(_("There is no SKU %(code)s for sale.") % {"code": code[:40]}, pointer=f"/lines/{position}/sku", sku=code[:40])
    return {code: known[code.strip().upper()] for code in codes}


def _locked(skus: set[int]) -> dict[tuple[int, int], StockLevel]:
    return {(level.sku_id, level.warehouse_id): level for level in lock(StockLevel.objects.filter(sku__in=skus))}


def _where(allocation: Allocation, places: Sequence[Place], country: str, postcode: str) -> tuple[dict[int, list[str]], dict[int, int]]:
    """Give per line the warehouses it is held in, and the most days on the road from them."""
    known = {place.id: place for place in places}
    where: dict[int, list[str]] = {}
    days: dict[int, int] = {}
    for take in allocation.takes:
        place = known[take.warehouse]
        lane = place.lane_to(country, postcode)
        where.setdefault(take.reference, []).append(place.name)
        days[take.reference] = max(days.get(take.reference, 0), lane.days if lane else 0)
    return where, days


def _without_split(rules: Sequence[Rule]) -> list[Rule]:
    """Leave out what asks for what an order is worth: a basket holds what there is, wherever it lies, and the order chooses anew."""
    return [rule for rule in rules if rule.policy not in ("split_value", "never_split")]


def _let_go(rows: Sequence[Reservation], levels: dict[tuple[int, int], StockLevel]) -> int:
    for row in rows:
        levels[row.sku_id, row.warehouse_id].reserved -= row.quantity
        row.state = ReservationState.RELEASED
    bulk.save_all(rows, "state")
    return sum(row.quantity for row in rows)
