"""Several people at the same order or shipment at once: one of them wins, and the others are told."""

import itertools
import random

import pytest

from inventory.models import Reservation, StockLevel, StockMovement
from oms.core import stations
from orders.cancelling import cancel_order
from orders.holding import place_hold, release_hold
from orders.models import Order
from orders.placing import place_orders
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.models import Shipment
from tests import cast
from tests.faults.crowd import deadlocks, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("plain_labels")]
SETTLED = {
    "cancelled": {("cancelled", "voided")},
    "shipped": {("shipped", "dispatched")},
    "waiting": {("fulfilling", "packed"), ("fulfilling", "booked")},
}


def test_cancelling_packing_booking_and_dispatching_at_once_ends_in_one_legal_place(real_house, prove):
    real_house.stock(real_house.mug, 100)
    orders = place_orders([real_house.draft(("MUG", 2)) for _ in range(12)], actor="user:test")
    cast.run_line("screen", "reserve", "invoice", "plan")
    shipments = {s.order_id: s.pk for s in Shipment.objects.all()}
    acts = [
        lambda order: cancel_order(order.pk, actor="user:clerk"),
        lambda order: pack_shipment(shipments[order.pk], actor="user:warehouse"),
        lambda order: stations.run_batch(stations.named("book"), only=[shipments[order.pk]]),
        lambda order: dispatch_shipment(shipments[order.pk], actor="user:warehouse"),
    ]
    jobs = list(itertools.product(orders, acts))
    random.Random(5).shuffle(jobs)
    before = deadlocks()

    together(len(jobs), lambda i: jobs[i][1](jobs[i][0]))
    cast.run_line("book", "credit", "void", "post_stock")

    pairs = set(Shipment.objects.values_list("order__state", "state"))
    assert pairs <= set().union(*SETTLED.values())
    left = Shipment.objects.filter(state="dispatched").count()
    assert -sum(StockMovement.objects.filter(kind="issue").values_list("quantity", flat=True)) == 2 * left
    assert sum(StockLevel.objects.values_list("reserved", flat=True)) == 2 * Order.objects.filter(state="fulfilling").count()
    assert deadlocks() == before
    prove()


def test_thirty_who_dispatch_the_same_shipment_send_it_once(real_house, prove):
    real_house.place(("MUG", 2))
    cast.run_line("screen", "reserve", "invoice", "plan")
    shipment = Shipment.objects.get()
    pack_shipment(shipment.pk, actor="user:warehouse")
    cast.run_line("book")

    together(30, lambda i: dispatch_shipment(shipment.pk, actor=f"user:{i}"))
    cast.run_line("post_stock")

    assert StockMovement.objects.filter(kind="issue").count() == 1
    assert Order.objects.get().state == "shipped"
    prove()


def test_holding_and_releasing_at_once_keeps_the_count_of_holds(real_house, prove):
    order = real_house.place(("MUG", 2))
    cast.run_line("screen")
    hold = place_hold(order.pk, reason="who is that?", actor="user:clerk")
    acts = [
        lambda: release_hold(hold.pk, actor="user:manager"),
        lambda: place_hold(order.pk, kind="credit", reason="too much", actor="user:manager"),
        lambda: stations.run_batch(stations.named("reserve")),
    ]

    together(18, lambda i: acts[i % 3]())

    row = Order.objects.get()
    assert (row.open_holds, row.holds.filter(released_at=None).count()) == (1, 1)
    prove()


def test_the_same_batch_taken_up_by_ten_workers_is_worked_once(real_house, prove):
    place_orders([real_house.draft(("MUG", 1)) for _ in range(40)], actor="user:test")
    before = deadlocks()

    def act(i):
        for name in ("screen", "reserve", "invoice", "plan", "post_stock"):
            stations.run(stations.named(name), seconds=20)

    together(10, act)
    cast.run_line("screen", "reserve", "invoice", "plan", "post_stock")

    assert sum(Reservation.objects.values_list("quantity", flat=True)) == 40
    assert Shipment.objects.values("order").distinct().count() == Shipment.objects.count() == 40
    assert deadlocks() == before
    prove()
