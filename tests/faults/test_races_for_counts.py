"""Counting while two hundred hands are at the same shelf: a difference is booked once, and what comes and goes is none. Each guard has its twin."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone

from inventory import counting
from inventory.models import Count, CountLine, Shortfall, StockLevel, StockMovement
from inventory.moving import Move, move_stock
from inventory.states import CountState
from oms.core import stations
from orders.placing import place_orders
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.losses import post_count
from shipping.models import Shipment
from tests import cast
from tests.faults.crowd import deadlocks, patiently, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("plain_labels")]

HANDS = 40


def sheets(house, count: int, *, found: int) -> list[int]:
    """So many sheets on which somebody has just written down that `found` mugs lie in Leeds, as `enter_counts` writes it."""
    level, now = StockLevel.objects.get(sku=house.mug, warehouse=house.leeds), timezone.now()
    made = Count.objects.bulk_create([Count(warehouse=house.leeds, created_at=now, created_by="user:warehouse") for _ in range(count)])
    CountLine.objects.bulk_create(
        [
            CountLine(count=one, sku=house.mug, expected=level.on_hand, version=level.version, counted=found, counted_by="user:w", counted_at=now)
            for one in made
        ]
    )
    return [one.pk for one in made]


def post(pk: int) -> None:
    patiently(lambda: post_count(pk, actor="user:warehouse"))


def mugs(house) -> int:
    return StockLevel.objects.get(sku=house.mug, warehouse=house.leeds).on_hand


def booked() -> list[int]:
    """Give the differences of the sheets that were posted, those that found none left out."""
    return sorted(CountLine.objects.filter(count__state=CountState.POSTED).exclude(difference=0).values_list("difference", flat=True))


# --- the same shelf counted by many -----------------------------------------------------------------------------------


def test_two_hundred_sheets_posted_at_once_book_what_is_missing_once(real_house, prove):
    real_house.place(("MUG", 29))
    cast.run_line("screen", "reserve")
    posted = sheets(real_house, 200, found=27)
    before = deadlocks()

    results = together(200, lambda i: post(posted[i]), hands=HANDS)

    assert set(results) == {None}
    assert mugs(real_house) == 27
    assert booked() == [-3]
    assert sum(Shortfall.objects.values_list("quantity", flat=True)) == 2
    assert deadlocks() == before
    prove()


def test_without_looking_at_what_was_booked_since_it_would_be_missing_again(real_house, monkeypatch):
    posted = sheets(real_house, 2, found=27)
    monkeypatch.setattr(counting, "differences", lambda count, lines, levels: {line.pk: line.counted - line.expected for line in lines})

    together(2, lambda i: post(posted[i]))

    assert mugs(real_house) == 24


def test_one_sheet_posted_by_two_hundred_is_posted_once(real_house, prove):
    [sheet] = sheets(real_house, 1, found=27)

    together(200, lambda i: post(sheet), hands=HANDS)

    assert mugs(real_house) == 27
    assert StockMovement.objects.filter(cause="count").count() == 1
    prove()


# --- counting while goods leave and come in ------------------------------------------------------------------------------


def booked_shipments(house, count: int) -> list[int]:
    """So many shipments of one mug each, which lie ready in Leeds for the carrier."""
    house.stock(house.mug, count)
    orders = place_orders([house.draft(("MUG", 1)) for _ in range(count)], actor="user:test")
    cast.run_line("screen", "reserve", "plan")
    ready = list(Shipment.objects.filter(order__in=orders, warehouse=house.leeds).order_by("id").values_list("pk", flat=True))
    for pk in ready:
        pack_shipment(pk, actor="user:warehouse")
    stations.run(stations.named("book"))
    return ready


def counted_while_goods_leave(house, *, shipments: int, counts: int) -> tuple[int, int]:
    """Sheets that say the shelf is right are booked while shipments leave it. Give what lies there in the end, and what should."""
    ready = booked_shipments(house, shipments)
    there = mugs(house)
    posted = sheets(house, counts, found=there)
    acts: list[Callable[[], object]] = [lambda pk=pk: dispatch_shipment(pk, actor="user:warehouse") for pk in ready]
    acts += [lambda pk=pk: post(pk) for pk in posted]

    results = together(len(acts), lambda i: patiently(acts[i * 7 % len(acts)]), hands=HANDS)

    assert [result for result in results if isinstance(result, Exception)] == []
    return mugs(house), there - shipments


def test_sheets_posted_while_shipments_leave_lose_and_find_nothing(real_house, prove):
    before = deadlocks()

    there, right = counted_while_goods_leave(real_house, shipments=50, counts=150)

    assert there == right
    assert booked() == []
    assert deadlocks() == before
    cast.run_line("invoice", "post_stock")
    prove()


def test_without_what_has_left_since_the_shipped_would_be_found_again(real_house, monkeypatch):
    monkeypatch.setattr(counting, "_moved_since", lambda warehouse_id, moments: {})

    there, right = counted_while_goods_leave(real_house, shipments=10, counts=10)

    assert there > right


def counted_while_goods_come_and_go(house, *, counts: int, moves: int) -> tuple[int, int]:
    """The same while goods break and are found. Give what lies there in the end, and what should."""
    house.stock(house.mug, 1000)
    there = mugs(house)
    posted = sheets(house, counts, found=there)
    before = moved_by_hand()

    def act(i):
        if i % 2 and i // 2 < counts:
            return post(posted[i // 2])
        with transaction.atomic():
            return move_stock([Move(house.mug.pk, house.leeds.pk, -3 if i % 4 else 4, "damage", "test", i)], actor="user:test")

    together(counts + moves, lambda i: patiently(lambda: act(i)), hands=HANDS)
    return mugs(house), there + moved_by_hand() - before


def moved_by_hand() -> int:
    return sum(StockMovement.objects.filter(cause="test").values_list("quantity", flat=True))


def test_sheets_posted_while_goods_come_and_go_lose_and_find_nothing(real_house, prove):
    there, right = counted_while_goods_come_and_go(real_house, counts=100, moves=100)

    assert there == right
    assert StockMovement.objects.filter(cause="test").count() == 100
    assert booked() == []
    prove()


def test_without_the_lock_of_the_shelf_what_moves_in_that_moment_would_be_a_difference(real_house, monkeypatch):
    def unlocked(places):
        return {(level.sku_id, level.warehouse_id): level for level in StockLevel.objects.filter(sku__in={sku for sku, _place in places})}

    monkeypatch.setattr(counting, "lock_places", unlocked)
    monkeypatch.setattr("shipping.losses.free_up", lambda places, *, losing, reason, **more: None)

    outcomes = (counted_while_goods_come_and_go(real_house, counts=60, moves=60) for _ in range(6))

    assert any(there != right for there, right in outcomes)
