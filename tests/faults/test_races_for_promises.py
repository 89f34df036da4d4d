"""Two who pass each other by, and two hundred who want the same: what is held, promised and reserved is there, and once. Each guard has its twin."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from inventory import baskets, moving, reserving
from inventory.baskets import hold_stock
from inventory.kits import define_kit
from inventory.models import Reservation, Sku, StockLevel
from inventory.purchasing.ordering import order_from_vendor
from inventory.purchasing.receiving import receive_goods
from inventory.states import ReservationState
from oms.core import stations
from oms.core.errors import Conflict
from oms.core.locks import lock
from orders.cancelling import cancel_order
from orders.models import Order, OrderLine
from orders.placing import place_orders
from orders.reserving import fill_backorders, reserve_orders
from tests import cast
from tests.faults.crowd import deadlocks, in_the_middle, patiently, together, without

pytestmark = pytest.mark.django_db(transaction=True)

HANDS = 40


@pytest.fixture
def unchecked():
    """A house whose database lets more be reserved than there is: for twins, in which only the lock was left to keep them from it."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE inventory_stocklevel DROP CONSTRAINT reserved_within_on_hand")
    yield
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inventory_stocklevel SET reserved = 0")
        cursor.execute("ALTER TABLE inventory_stocklevel ADD CONSTRAINT reserved_within_on_hand CHECK (reserved >= 0 AND reserved <= on_hand)")


def reserve(pk):
    with transaction.atomic():
        reserve_orders(lock(Order.objects.filter(pk=pk)))


def held() -> int:
    return sum(Reservation.objects.filter(state__in=("soft", "firm")).values_list("quantity", flat=True))


def on_shelves(*skus: Sku) -> list[tuple[int, int]]:
    return [(level.on_hand, level.reserved) for level in StockLevel.objects.filter(sku__in=skus).order_by("id")]


# --- kits that share a component -------------------------------------------------------------------------------------


def crowd_wants_lamps(house, count: int) -> list:
    """So many orders for lamps, alone and inside two kinds of kits, and fifty lamps. Give what each got or raised."""
    house.stock(house.lamp, 45)
    house.stock(house.mug, 500)
    cast.kit(house, "SET", LAMP=1, MUG=2)
    cast.kit(house, "PAIR", LAMP=2)
    wanted = [("LAMP", 1), ("SET", 1), ("PAIR", 1)]
    orders = place_orders([house.draft(wanted[i % 3]) for i in range(count)], actor="user:test")
    return together(count, lambda i: patiently(lambda: reserve(orders[i].pk)), hands=HANDS)


def test_two_hundred_who_want_the_last_fifty_lamps_alone_and_in_kits_get_fifty(real_house, prove):
    before = deadlocks()

    results = crowd_wants_lamps(real_house, 200)

    assert set(results) == {None}
    assert sum(Reservation.objects.filter(sku=real_house.lamp).values_list("quantity", flat=True)) == 50
    assert (50, 50) in on_shelves(real_house.lamp)
    assert deadlocks() == before
    prove()


def test_without_the_lock_kits_and_single_lamps_would_share_the_same_ones(real_house, unchecked, monkeypatch):
    monkeypatch.setattr(reserving, "lock", list)

    crowd_wants_lamps(real_house, 80)

    assert sum(Reservation.objects.filter(sku=real_house.lamp).values_list("quantity", flat=True)) > 50


# --- baskets ----------------------------------------------------------------------------------------------------------


def two_hundred_baskets(house) -> list:
    """Two hundred ask for one of twenty mugs, all of which are in baskets that have run out and are being swept."""
    StockLevel.objects.filter(sku=house.mug, warehouse=house.leeds).update(safety=30)
    for i in range(20):
        hold_stock(f"old{i}", [("MUG", 1)], actor="user:clerk")
    Reservation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    def act(i):
        if i % 10 == 0:
            return [stations.run_batch(stations.named("lapse")) for _ in range(5)]
        return patiently(lambda: hold_stock(f"b{i}", [("MUG", 1)], actor="user:clerk"))

    return together(200, act, hands=HANDS)


def test_two_hundred_baskets_and_the_sweeper_hold_no_more_than_there_is_and_free_all_that_ran_out(real_house, prove):
    before = deadlocks()

    results = two_hundred_baskets(real_house)
    cast.run_line("lapse")

    units = [result.units[0] for i, result in enumerate(results) if i % 10]
    assert held() == sum(units) <= 20
    assert Reservation.objects.filter(basket__startswith="old", state="released").count() == 20
    assert hold_stock("late", [("MUG", 20)], actor="user:clerk").units[0] == 20 - sum(units)
    assert deadlocks() == before
    prove()


def test_without_the_lock_baskets_would_hold_what_is_not_there(real_house, unchecked, monkeypatch):
    monkeypatch.setattr(baskets, "lock", list)
    real_house.stock(real_house.chair, 20)

    together(80, lambda i: hold_stock(f"b{i}", [("CHAIR", 1)], actor="user:clerk"))

    assert held() > 20


def held_anew_and_ordered(house):
    hold_stock("b", [("LAMP", 3)], actor="user:clerk")
    in_the_middle(lambda: hold_stock("b", [("LAMP", 5)], actor="user:clerk"), lambda: house.place(("LAMP", 5), basket="b"))
    return Reservation.objects.filter(state=ReservationState.SOFT, order_id__isnull=False)


def test_a_basket_that_is_held_anew_while_it_is_ordered_goes_with_the_order(real_house, prove):
    taken = held_anew_and_ordered(real_house)

    assert sum(taken.values_list("quantity", flat=True)) == 5
    cast.run_line("screen", "reserve")
    assert OrderLine.objects.get().reserved == 5
    prove()


def test_without_its_turn_the_order_would_leave_its_basket_behind(real_house, monkeypatch):
    monkeypatch.setattr(baskets, "take_turns", lambda names: None)

    assert not held_anew_and_ordered(real_house).exists()


def test_baskets_ordered_in_two_batches_in_any_order_never_deadlock(real_house, prove):
    names = [f"b{i}" for i in range(20)]
    for name in names:
        hold_stock(name, [("MUG", 1)], actor="user:clerk")
    before = deadlocks()

    def act(i):
        return place_orders([real_house.draft(("MUG", 1), basket=name) for name in (names if i % 2 else reversed(names))], actor="user:test")

    results = together(12, act)

    assert all(isinstance(result, list) for result in results)
    assert Reservation.objects.filter(state="soft", order_id__isnull=False).count() == 20
    assert deadlocks() == before
    prove()


# --- a place where the SKU never lay: there is no row yet to wait at ------------------------------------------------------


def looked_at_while_it_comes_in(house) -> int:
    order = house.place(("CHAIR", 10))
    cast.run_line("screen", "reserve")
    house.stock(house.chair, 1, warehouse=house.ghent)
    in_the_middle(lambda: house.stock(house.chair, 100), lambda: stations.run(stations.named("backorders")))
    cast.run_line("backorders")
    return OrderLine.objects.get(order=order).reserved


def test_who_is_looked_at_in_the_moment_in_which_it_comes_in_is_filled_all_the_same(real_house, prove):
    assert looked_at_while_it_comes_in(real_house) == 10
    prove()


def test_without_its_turn_it_would_lie_there_and_nobody_look_again(real_house, monkeypatch):
    monkeypatch.setattr(moving, "take_turn", lambda name: None)

    assert looked_at_while_it_comes_in(real_house) == 1


def make_kit(house):
    return define_kit(house.chair.pk, {"MUG": 1}, actor="user:manager")


def test_a_sku_is_not_made_a_kit_in_the_moment_in_which_it_comes_in(real_house, prove):
    _, refusal = in_the_middle(lambda: real_house.stock(real_house.chair, 5), lambda: make_kit(real_house))

    assert isinstance(refusal, Conflict)
    assert not Sku.objects.get(pk=real_house.chair.pk).is_kit
    prove()


def test_a_kit_takes_nothing_in_the_moment_in_which_it_becomes_one(real_house, prove):
    real_house.stock(real_house.chair, 5)
    cast.run_line("post_stock")
    with transaction.atomic():
        moving.move_stock([moving.Move(real_house.chair.pk, real_house.leeds.pk, -5, "scrap", "adjustment", 1)], actor="user:test")
    _, refusal = in_the_middle(lambda: make_kit(real_house), lambda: real_house.stock(real_house.chair, 5))

    assert isinstance(refusal, Conflict)
    assert Sku.objects.get(pk=real_house.chair.pk).is_kit
    prove()


def test_without_the_lock_a_kit_would_have_stock_of_its_own(real_house, monkeypatch):
    monkeypatch.setattr(moving, "lock", list)
    in_the_middle(lambda: real_house.stock(real_house.chair, 5), lambda: make_kit(real_house))

    assert Sku.objects.get(pk=real_house.chair.pk).is_kit
    assert StockLevel.objects.get(sku=real_house.chair).on_hand == 5


# --- cancelling, allocating and receiving at once ---------------------------------------------------------------------


def two_hundred_orders_at_odds(house) -> list:
    """Two hundred chairs are wanted and a hundred come in, in ten parts, while sixty orders are cancelled and stations fill and reserve."""
    purchase = order_from_vendor(house.vendor, house.leeds, [(house.chair, 100)], actor="user:manager")
    line = purchase.lines.get().pk
    orders = place_orders([house.draft(("CHAIR", 1)) for _ in range(200)], actor="user:test")
    cast.run_line("screen")
    stations.run_batch(stations.named("reserve"), only=[order.pk for order in orders[:120]])
    cancelled = [order.pk for order in orders[::10]] + [order.pk for order in orders[::5]]

    def act(i):
        if i < 60:
            return cancel_order(cancelled[i], actor="user:clerk")
        if i < 100:
            return receive_goods(purchase.pk, {line: 10}, key=f"r{i % 10}", actor="user:warehouse")
        return stations.run_batch(stations.named(("reserve", "backorders", "peg")[i % 3]))

    return together(200, lambda i: patiently(lambda: act(i * 7 % 200)), hands=HANDS)


def test_cancelling_allocating_and_receiving_the_same_at_once_loses_nothing(real_house, prove):
    before = deadlocks()

    results = two_hundred_orders_at_odds(real_house)
    cast.run_line("reserve", "backorders", "peg")

    assert [result for result in results if isinstance(result, Exception)] == []
    assert StockLevel.objects.get(sku=real_house.chair).on_hand == 100
    assert Order.objects.filter(state="cancelled").count() == 40
    wanted = OrderLine.objects.filter(cancelled=0)
    assert held() == sum(wanted.values_list("reserved", flat=True)) == 100
    assert sum(wanted.values_list("backordered", flat=True)) == 60
    assert deadlocks() == before
    prove()


def cancelled_while_it_is_filled(house, *, locking) -> tuple[int, int]:
    """What an order waits for has come, and in the moment in which it is called off it is given it. Give (units cancelled, units held)."""
    order = house.place(("CHAIR", 1))
    cast.run_line("screen", "reserve")
    house.stock(house.chair, 1)

    def fill():
        with transaction.atomic():
            fill_backorders(locking(Order.objects.waiting_for_backorders().filter(pk=order.pk)))

    in_the_middle(lambda: cancel_order(order.pk, actor="user:clerk"), fill)
    return OrderLine.objects.get(order=order).cancelled, held()


def test_what_is_called_off_in_the_moment_in_which_it_is_filled_holds_nothing(real_house, prove):
    assert cancelled_while_it_is_filled(real_house, locking=lock) == (1, 0)
    prove()


def test_without_the_lock_and_the_checks_an_order_called_off_would_hold_stock(real_house):
    put_back = without("orders_orderline", "orders_order")
    try:
        assert cancelled_while_it_is_filled(real_house, locking=list) == (1, 1)
    finally:
        put_back()


def cancelled_while_goods_come_in(house) -> tuple[int, int]:
    """What an order waits for comes in in the moment in which it is called off, and who waits is looked at. Give (units held, units wanted)."""
    purchase = order_from_vendor(house.vendor, house.leeds, [(house.chair, 1)], actor="user:manager")
    line = purchase.lines.get().pk
    first, second = house.place(("CHAIR", 1)), house.place(("CHAIR", 1))
    cast.run_line("screen", "reserve", "peg")

    def come_in():
        receive_goods(purchase.pk, {line: 1}, key="r", actor="user:warehouse")
        stations.run_batch(stations.named("backorders"))

    in_the_middle(lambda: cancel_order(first.pk, actor="user:clerk"), come_in)
    cast.run_line("backorders", "peg")
    return held(), OrderLine.objects.get(order=second).reserved


def test_what_comes_in_in_the_moment_in_which_the_first_is_called_off_is_the_seconds(real_house, prove):
    assert cancelled_while_goods_come_in(real_house) == (1, 1)
    prove()
