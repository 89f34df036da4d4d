"""What one order has and another wants, while both are planned, shipped, called off, and lost from the shelf: every unit is one order's, once."""

from typing import Any

import pytest
from django.db import transaction

from inventory import handing_over
from inventory.models import Reservation, Shortfall, StockLevel
from inventory.purchasing.changing import Changed, cancel_purchase, change_order, close_purchase
from inventory.purchasing.ordering import order_from_vendor
from inventory.purchasing.receiving import receive_goods
from oms.core import stations
from oms.core.errors import Conflict
from oms.core.locks import lock
from orders import swapping
from orders.cancelling import cancel_order
from orders.models import Order, OrderLine
from orders.placing import place_orders
from orders.prioritising import set_priority
from orders.reserving import reserve_orders
from orders.swapping import apply_swap, preview_swap
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.losses import write_off
from shipping.models import Shipment
from shipping.planning import plan_shipments
from tests import cast
from tests.faults.crowd import deadlocks, in_the_middle, patiently, together, without

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("plain_labels")]

HANDS = 40


def pairs(house, count: int) -> list[tuple[int, int]]:
    """So many pairs of lines: one that waits for three chairs, and another that has three."""
    house.stock(house.chair, 3 * count)
    having = place_orders([house.draft(("CHAIR", 3)) for _ in range(count)], actor="user:test")
    wanting = place_orders([house.draft(("CHAIR", 3)) for _ in range(count)], actor="user:test")
    cast.run_line("screen", "reserve")
    return [(wants.placed_lines[0].pk, has.placed_lines[0].pk) for wants, has in zip(wanting, having, strict=True)]


def held() -> int:
    return sum(Reservation.objects.filter(state="firm").values_list("quantity", flat=True))


def test_swapping_shipping_and_calling_off_at_once_gives_every_chair_to_one_order(real_house, prove):
    found = pairs(real_house, 50)
    owner = dict(OrderLine.objects.values_list("pk", "order_id"))
    seen = {pair: preview_swap(*pair, units=2).seen for pair in found}
    before = deadlocks()

    def ship(pair):
        stations.run_batch(stations.named("plan"), only=[owner[line] for line in pair])
        for shipment in Shipment.objects.filter(order__in=[owner[line] for line in pair]).values_list("pk", flat=True):
            pack_shipment(shipment, actor="user:warehouse")
            stations.run_batch(stations.named("book"), only=[shipment])
            dispatch_shipment(shipment, actor="user:warehouse")

    acts = [
        lambda pair: apply_swap(*pair, units=2, seen=seen[pair], actor="user:clerk"),
        lambda pair: apply_swap(*pair, units=2, seen=seen[pair], actor="user:clerk"),
        ship,
        lambda pair: (
            cancel_order(owner[pair[pair[0] % 2]], actor="user:clerk") if pair[0] % 3 == 0 else set_priority(owner[pair[0]], 2, actor="user:c")
        ),
    ]
    results = together(200, lambda i: patiently(lambda: acts[i % 4](found[i // 4])), hands=HANDS)
    cast.run_line("backorders", "credit", "void", "post_stock")

    assert sum(StockLevel.objects.filter(sku=real_house.chair).values_list("reserved", flat=True)) == held()
    assert held() + sum(OrderLine.objects.values_list("shipped", flat=True)) <= 150
    swapped = (*results[::4], *results[1::4])
    assert any(not isinstance(result, Exception) for result in swapped), {str(result) for result in swapped}
    assert deadlocks() == before
    prove()


def swapped_by_many(house, count: int) -> int:
    """Many press the same button. Give how many units are held in the end, of three."""
    [pair] = pairs(house, 1)
    seen = preview_swap(*pair, units=3).seen
    together(count, lambda i: apply_swap(*pair, units=3, seen=seen, actor=f"user:{i}"), hands=HANDS)
    return held()


def test_the_same_swap_pressed_by_two_hundred_is_done_once(real_house, prove):
    assert swapped_by_many(real_house, 200) == 3
    assert sorted(OrderLine.objects.values_list("reserved", flat=True)) == [0, 3]
    prove()


def test_without_the_locks_a_swap_would_make_units_out_of_nothing(real_house, monkeypatch):
    monkeypatch.setattr(swapping, "lock", list)
    monkeypatch.setattr(handing_over, "lock", list)

    assert any(swapped_by_many(real_house, 20) > 3 * turn for turn in range(1, 7))


def swapped_while_it_is_planned(house) -> tuple[Any, OrderLine]:
    """What an order has is taken up by a shipment in the moment in which it is swapped away. Give what the swap gave, and the order's line."""
    [(wants, has)] = pairs(house, 1)
    seen = preview_swap(wants, has, units=3).seen

    def plan():
        plan_shipments(lock(Order.objects.filter(lines=has)))

    _, swapped = in_the_middle(plan, lambda: apply_swap(wants, has, units=3, seen=seen, actor="user:clerk"))
    return swapped, OrderLine.objects.get(pk=has)


def test_what_is_planned_in_the_moment_in_which_it_is_swapped_is_shipped_and_not_swapped(real_house, prove):
    swapped, line = swapped_while_it_is_planned(real_house)

    assert isinstance(swapped, Conflict)
    assert (line.reserved, line.planned, held()) == (3, 3, 3)
    prove()


def test_without_the_lock_and_the_check_a_shipment_would_send_what_another_order_has(real_house, monkeypatch):
    monkeypatch.setattr(swapping, "lock", list)
    put_back = without("orders_orderline")
    try:
        swapped, line = swapped_while_it_is_planned(real_house)

        assert not isinstance(swapped, Exception)
        assert (line.reserved, line.planned, held()) == (0, 3, 3)
    finally:
        put_back()


def test_sixty_orders_while_mugs_break_get_what_is_left(real_house, prove):
    orders = place_orders([real_house.draft(("MUG", 1)) for _ in range(60)], actor="user:test")
    before = deadlocks()

    def reserve(pk):
        with transaction.atomic():
            reserve_orders(lock(Order.objects.filter(pk=pk)))

    def act(i):
        if i < 60:
            return patiently(lambda: reserve(orders[i].pk))
        return patiently(lambda: write_off(real_house.mug, real_house.leeds, units=1, kind="damage", note="broke", actor=f"user:{i}"))

    results = together(72, act)
    cast.run_line("backorders")

    assert not [result for result in results[:60] if isinstance(result, Exception)]
    broken = sum(not isinstance(result, Exception) for result in results[60:])
    assert sum(StockLevel.objects.filter(sku=real_house.mug).values_list("on_hand", flat=True)) == 50 - broken
    assert held() == 50 - broken
    assert sum(Shortfall.objects.values_list("quantity", flat=True)) <= broken
    assert deadlocks() == before
    prove()


def test_a_purchase_order_changed_closed_called_off_and_received_at_once_stays_one_story(real_house, prove):
    purchase = order_from_vendor(real_house.vendor, real_house.leeds, [(real_house.chair, 60)], actor="user:manager")
    line = purchase.lines.get().pk
    place_orders([real_house.draft(("CHAIR", 1)) for _ in range(50)], actor="user:test")
    cast.run_line("screen", "reserve")
    acts = [
        lambda i: receive_goods(purchase.pk, {line: 5}, key=f"r{i}", actor="user:warehouse"),
        lambda i: change_order(purchase.pk, {line: Changed(quantity=40 + i)}, version=purchase.version + i // 5, actor="user:manager"),
        lambda i: cancel_purchase(purchase.pk, actor="user:manager") if i > 40 else stations.run_batch(stations.named("peg")),
        lambda i: close_purchase(purchase.pk, actor="user:manager") if i > 70 else stations.run_batch(stations.named("backorders")),
        lambda i: receive_goods(purchase.pk, {line: 5}, key=f"r{i - 1}", actor="user:warehouse"),
    ]
    before = deadlocks()

    together(80, lambda i: acts[i % 5](i))
    cast.run_line("backorders", "peg")

    row = purchase.lines.get()
    assert StockLevel.objects.filter(sku=real_house.chair, on_hand=row.received).exists() or not row.received
    assert row.received <= row.quantity
    assert deadlocks() == before
    prove()
