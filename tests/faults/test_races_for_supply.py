"""What comes in while everybody wants it: it goes to those who waited longest, it is bought once and taken in once. Each guard has its twin."""

from dataclasses import replace

import pytest
from django.db import connection, transaction

from inventory.models import PurchaseNeed, PurchaseOrder, Reservation
from inventory.purchasing import needs
from inventory.purchasing.needs import approve_needs, reject_needs
from oms.core import stations
from oms.core.locks import lock
from orders import reserving
from orders.models import Order, OrderLine
from orders.placing import place_orders
from orders.reserving import reserve_orders
from tests import cast
from tests.faults.crowd import deadlocks, patiently, together

pytestmark = pytest.mark.django_db(transaction=True)


def reserve(pk):
    with transaction.atomic():
        reserve_orders(lock(Order.objects.filter(pk=pk)))


def newcomers_and_arrivals(house, *, waiting: int, newcomers: int) -> list[int]:
    """Chairs come in, four at a time, while `newcomers` ask for them and ten workers fill `waiting` older orders. Give who got one, by age."""
    old = place_orders([house.draft(("CHAIR", 1)) for _ in range(waiting)], actor="user:test")
    cast.run_line("screen", "reserve")
    new = place_orders([house.draft(("CHAIR", 1)) for _ in range(newcomers)], actor="user:test")
    cast.run_line("screen")
    house.stock(house.chair, 4)
    filling = replace(stations.named("backorders"), batch=5)
    number = {order.pk: position for position, order in enumerate([*old, *new])}

    def act(i):
        if i < newcomers:
            return patiently(lambda: reserve(new[i].pk))
        if i % 2:
            return patiently(lambda: house.stock(house.chair, 4, warehouse=(house.leeds, house.ghent)[i % 4 // 2]))
        return patiently(lambda: stations.run(filling, seconds=20))

    results = together(newcomers + 20, act)
    assert [result for result in results if isinstance(result, Exception)] == []
    cast.run_line("backorders")
    return sorted(number[order] for order in OrderLine.objects.filter(reserved=1).values_list("order_id", flat=True))


def test_what_comes_in_goes_to_those_who_waited_longest_however_many_newcomers_ask(real_house, prove):
    before = deadlocks()

    filled = newcomers_and_arrivals(real_house, waiting=60, newcomers=180)

    assert filled == list(range(44))
    assert sum(Reservation.objects.values_list("quantity", flat=True)) == 44
    assert deadlocks() == before
    prove()


def test_without_keeping_it_back_newcomers_would_overtake(real_house, monkeypatch):
    monkeypatch.setattr(reserving, "_waited_for", lambda skus: {})

    filled = newcomers_and_arrivals(real_house, waiting=60, newcomers=60)

    assert len(filled) == 44 and filled != list(range(44))


def approved_by_many(house, count: int) -> int:
    """So many approve the same needs in the same moment. Give how many units were ordered."""
    for sku in (house.chair, house.lamp):
        cast.reorder(house, sku, point=10, target=50)
    cast.run_line("replenish")
    wanted = list(PurchaseNeed.objects.values_list("pk", flat=True))
    together(count, lambda i: approve_needs(wanted if i % 2 else wanted[::-1], actor=f"user:{i}"))
    return sum(PurchaseOrder.objects.values_list("lines__quantity", flat=True))


def test_the_same_needs_approved_by_many_at_once_are_bought_once(real_house, prove):
    before = deadlocks()

    assert approved_by_many(real_house, 40) == 50 + 45
    assert set(PurchaseNeed.objects.values_list("state", flat=True)) == {"ordered"}
    assert deadlocks() == before
    prove()


def test_without_the_lock_and_the_legal_moves_they_would_be_bought_more_than_once(real_house, monkeypatch):
    monkeypatch.setattr(needs, "lock", list)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE inventory_purchaseneed DISABLE TRIGGER USER")
    try:
        assert approved_by_many(real_house, 20) > 95
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE inventory_purchaseneed ENABLE TRIGGER USER")


def test_needs_approved_and_rejected_at_once_are_either_and_never_both(real_house, prove):
    for sku in (real_house.chair, real_house.lamp):
        cast.reorder(real_house, sku, point=10, target=50)
    cast.run_line("replenish")
    wanted = list(PurchaseNeed.objects.values_list("pk", flat=True))

    together(20, lambda i: (approve_needs if i % 2 else reject_needs)(wanted, actor=f"user:{i}"))

    bought = {line for line in PurchaseOrder.objects.values_list("lines__sku", flat=True) if line}
    assert bought == set(PurchaseNeed.objects.filter(state="ordered").values_list("sku", flat=True))
    assert set(PurchaseNeed.objects.values_list("state", flat=True)) <= {"ordered", "rejected"}
    prove()
