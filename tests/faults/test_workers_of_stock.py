"""Real Celery workers that fill, peg, buy and free what lapsed, killed while goods come in: nothing is lost or given twice."""

import random
from datetime import timedelta

import pytest
import redis
from django.utils import timezone

from inventory.baskets import hold_stock
from inventory.models import Backorder, Peg, PegsDue, PurchaseNeed, Reservation, StockLevel
from inventory.purchasing.ordering import order_from_vendor
from inventory.purchasing.receiving import receive_goods
from oms.core import stations
from oms.core.models import Lease, Trouble
from orders.models import OrderLine
from orders.placing import place_orders
from tests import cast
from tests.faults.test_workers import kill, start_worker, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
WAITING = 120
STATIONS = ("backorders", "peg", "replenish", "lapse")


def everything_settled() -> bool:
    return not any(stations.queue_of(stations.named(name)).exists() for name in STATIONS)


def test_workers_killed_while_goods_come_in_fill_the_oldest_once_and_peg_the_rest(real_house, prove, loud_redis):
    dice, house, broker = random.Random(3), real_house, redis.Redis.from_url(loud_redis)
    kit = cast.kit(house, "SET", CHAIR=1, MUG=1)
    cast.reorder(house, house.chair, point=30, target=60)
    place_orders([house.draft((("CHAIR", "SET")[i % 4 == 0], 1)) for i in range(WAITING)], actor="user:test")
    cast.run_line("screen", "reserve")
    purchase = order_from_vendor(house.vendor, house.leeds, [(house.chair, 100)], actor="user:manager")
    line = purchase.lines.get().pk
    for i in range(20):
        hold_stock(f"b{i}", [("MUG", 1)], actor="user:clerk")
    Reservation.objects.filter(state="soft").update(expires_at=timezone.now() - timedelta(seconds=1))

    worker = start_worker(loud_redis)
    try:
        for delivery in range(6):
            before = OrderLine.objects.filter(reserved=1).count()
            receive_goods(purchase.pk, {line: 15}, key=f"r{delivery}", actor="user:warehouse")
            aim = before + dice.randint(0, 14)
            wait_until(lambda: OrderLine.objects.filter(reserved=1).count() >= aim, seconds=15, meanwhile=stations.sweep)
            if delivery % 2:
                kill(worker)
                broker.flushdb()
                worker = start_worker(loud_redis)
        settled = wait_until(everything_settled, seconds=60, meanwhile=stations.sweep)
    finally:
        kill(worker)
        broker.flushdb()

    assert settled
    filled = list(OrderLine.objects.filter(reserved=1).order_by("order_id").values_list("order_id", flat=True))
    assert filled == list(OrderLine.objects.order_by("order_id").values_list("order_id", flat=True)[:90])
    assert StockLevel.objects.get(sku=house.chair, warehouse=house.leeds).reserved == 90
    assert sum(Backorder.objects.filter(sku=house.chair).values_list("quantity", flat=True)) == WAITING - 90
    assert sum(Peg.objects.values_list("quantity", flat=True)) == 10
    assert Reservation.objects.filter(state="released").count() == 20
    assert PurchaseNeed.objects.filter(sku=house.chair).count() == 1
    assert not (PegsDue.objects.exists() or Trouble.objects.exists() or Lease.objects.exists())
    assert not StockLevel.objects.filter(sku=kit).exists()
    cast.run_line("post_stock")
    prove()
