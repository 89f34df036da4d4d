"""What carriers tell us, in any order, twice, and late: the same journey always ends in the same place."""

from datetime import timedelta
from itertools import permutations

import pytest
from django.db import transaction
from django.utils import timezone

from oms.core import stations
from oms.core.models import Trouble
from orders.cancelling import cancel_order
from orders.models import Order
from shipping.carriers.base import TrackingUpdate
from shipping.fulfilling import pack_shipment
from shipping.models import Carrier, Shipment, TrackingEvent
from shipping.tracking import keep_update, mark_delivered
from tests import cast

JOURNEYS = {
    "on its way": ["collected", "in_transit", "out_for_delivery"],
    "stopped": ["collected", "in_transit", "exception"],
    "stopped at once": ["collected", "exception"],
    "going on again": ["collected", "exception", "in_transit"],
    "delivered": ["collected", "in_transit", "exception", "delivered"],
    "sent back": ["collected", "in_transit", "returned"],
}


@pytest.fixture
def booked(house, plain_labels) -> Shipment:
    house.place(("MUG", 5))
    cast.run_line("screen", "reserve", "invoice", "plan")
    pack_shipment(Shipment.objects.get().pk, actor="user:test")
    cast.run_line("book")
    return Shipment.objects.get()


def news_of(shipment, statuses):
    start = timezone.now() - timedelta(hours=1)
    return [
        TrackingUpdate(event_id=f"e{i}", tracking_number=shipment.tracking_number, status=status, occurred_at=start + timedelta(minutes=i))
        for i, status in enumerate(statuses)
    ]


def told(updates, *, one_by_one):
    """Tell the house `updates`, see where the shipment and its order stand, and forget it all again."""
    with transaction.atomic():
        for update in updates:
            keep_update(Carrier.objects.get(), update)
            if one_by_one:
                stations.run(stations.named("track"))
        stations.run(stations.named("track"))
        shipment = Shipment.objects.get()
        where = (shipment.state, Order.objects.get().state, shipment.last_status, TrackingEvent.objects.filter(applied_at=None).count())
        transaction.set_rollback(True)
    return where


@pytest.mark.parametrize("one_by_one", [True, False], ids=["each on its own", "all at once"])
@pytest.mark.parametrize("statuses", JOURNEYS.values(), ids=JOURNEYS.keys())
def test_news_in_any_order_ends_in_the_same_state(booked, statuses, one_by_one):
    news = news_of(booked, statuses)
    in_order = told(news, one_by_one=True)

    ends = {told(shuffled, one_by_one=one_by_one)[:2] for shuffled in permutations(news)}

    assert ends == {in_order[:2]}


@pytest.mark.parametrize("statuses", JOURNEYS.values(), ids=JOURNEYS.keys())
def test_news_told_twice_changes_nothing(booked, statuses):
    news = news_of(booked, statuses)

    assert told([*news, *news, *reversed(news)], one_by_one=True) == told(news, one_by_one=True)


@pytest.mark.parametrize("late", ["collected", "in_transit", "exception", "returned", "lost"])
def test_what_is_delivered_never_goes_back(booked, late, prove):
    collected, delivered, *_ = news_of(booked, ["collected", "delivered"])
    for update in (collected, delivered):
        keep_update(Carrier.objects.get(), update)
    cast.run_line("track")

    after = TrackingUpdate(event_id="late", tracking_number=booked.tracking_number, status=late, occurred_at=timezone.now())
    keep_update(Carrier.objects.get(), after)
    cast.run_line("track")

    assert (Shipment.objects.get().state, Order.objects.get().state) == ("delivered", "delivered")
    assert not TrackingEvent.objects.filter(applied_at=None).exists()
    prove()


def test_news_of_a_shipment_nobody_knows_waits_and_is_in_nobodys_way(booked):
    known, *_ = news_of(booked, ["collected"])
    keep_update(Carrier.objects.get(), TrackingUpdate(event_id="x", tracking_number="NOBODY", status="delivered", occurred_at=timezone.now()))
    keep_update(Carrier.objects.get(), known)

    cast.run_line("track")

    assert list(TrackingEvent.objects.filter(applied_at=None).values_list("event_id", flat=True)) == ["x"]
    assert Shipment.objects.get().state == "in_transit"


def test_goods_that_leave_although_their_order_was_cancelled_are_somebodys_trouble(booked, house, prove):
    other = house.place(("LAMP", 1))
    cast.run_line("screen", "reserve", "invoice", "plan")
    second = Shipment.objects.get(order=other)
    pack_shipment(second.pk, actor="user:test")
    cast.run_line("book")
    for event_id, shipment in (("a", booked), ("b", Shipment.objects.get(pk=second.pk))):
        keep_update(
            Carrier.objects.get(),
            TrackingUpdate(event_id=event_id, tracking_number=shipment.tracking_number, status="collected", occurred_at=timezone.now()),
        )
    cancel_order(booked.order_id, actor="user:clerk")

    cast.run_line("track")

    assert Trouble.objects.get().error == f"{booked.number} has left, but {booked.order.number} was cancelled: have the carrier bring it back."
    assert Shipment.objects.get(pk=booked.pk).state == "booked"
    assert Shipment.objects.get(pk=second.pk).state == "in_transit"
    cast.run_line("credit", "post_stock")
    prove()


def test_a_delivery_noted_by_hand_twice_is_noted_once(booked, prove):
    keep_update(Carrier.objects.get(), news_of(booked, ["collected"])[0])
    cast.run_line("track")

    first = mark_delivered(booked.pk, actor="user:test").delivered_at
    again = mark_delivered(booked.pk, actor="user:test").delivered_at

    assert first == again
    assert Order.objects.get().lines.get().delivered == 5
    prove()
