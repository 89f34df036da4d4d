"""Who gets what there is too little of, when many ask at once: those who came first, and nobody what is not there."""

from dataclasses import replace

import pytest
from django.db import transaction

from inventory import reserving
from inventory.models import Reservation, StockLevel
from oms.core import stations
from oms.core.locks import lock
from orders.models import Order, OrderLine
from orders.reserving import reserve_orders
from tests import cast
from tests.faults.crowd import elsewhere, together

pytestmark = pytest.mark.django_db(transaction=True)


def reserve(order):
    with transaction.atomic():
        reserve_orders(lock(Order.objects.filter(pk=order.pk)))


def test_a_newcomer_never_overtakes_one_who_began_to_wait_a_moment_ago(real_house, prove, monkeypatch):
    first, newcomer = real_house.place(("CHAIR", 2)), real_house.place(("CHAIR", 2))
    cast.run_line("screen")

    def in_between():
        reserve(first)
        real_house.stock(real_house.chair, 2)

    def lock_late(rows):
        if rows.model is StockLevel:
            monkeypatch.setattr(reserving, "lock", lock)
            elsewhere(in_between)
        return lock(rows)

    monkeypatch.setattr(reserving, "lock", lock_late)
    reserve(newcomer)
    cast.run_line("backorders")

    assert [Order.objects.get(pk=order.pk).lines.get().reserved for order in (first, newcomer)] == [2, 0]
    prove()


def test_many_workers_fill_the_oldest_backorders_first(real_house, prove, monkeypatch):
    orders = [real_house.place(("CHAIR", 1)) for _ in range(60)]
    cast.run_line("screen", "reserve")
    real_house.stock(real_house.chair, 25)
    small = replace(stations.named("backorders"), batch=3)

    together(12, lambda i: stations.run(small, seconds=20))

    filled = set(OrderLine.objects.filter(reserved=1).values_list("order_id", flat=True))
    assert filled == {order.pk for order in orders[:25]}
    prove()


def test_what_comes_in_at_ten_doors_at_once_goes_to_the_oldest_once(real_house, prove):
    orders = [real_house.place(("CHAIR", 1)) for _ in range(40)]
    cast.run_line("screen", "reserve")

    def act(i):
        real_house.stock(real_house.chair, 2, warehouse=(real_house.leeds, real_house.ghent)[i % 2])
        stations.run(stations.named("backorders"), seconds=20)

    together(10, act)
    cast.run_line("backorders")

    filled = set(OrderLine.objects.filter(reserved=1).values_list("order_id", flat=True))
    assert filled == {order.pk for order in orders[:20]}
    assert sum(Reservation.objects.values_list("quantity", flat=True)) == 20
    prove()


def test_orders_of_any_size_leave_nothing_that_one_of_them_could_have_had(real_house, prove):
    real_house.anna.accepts_part_deliveries = False
    real_house.anna.save()
    real_house.stock(real_house.chair, 50)

    def act(i):
        order = real_house.place(("CHAIR", 1 + i % 5))
        reserve(order)
        return order

    together(60, act)

    reserved = sum(Reservation.objects.filter(sku=real_house.chair).values_list("quantity", flat=True))
    assert reserved == 50
    assert sum(OrderLine.objects.values_list("backordered", flat=True)) == sum(1 + i % 5 for i in range(60)) - 50
    prove()
