"""Real Celery workers and a real Redis, killed and emptied in mid-run: every order still ends with exactly one of everything."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection

from accounting.models import Invoice, JournalEntry
from oms.core import stations
from orders.models import Order
from orders.placing import place_orders
from shipping.models import Shipment

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parent.parent.parent
ORDERS = 240


def start_worker(redis_url: str) -> subprocess.Popen:
    database = connection.settings_dict
    url = f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    environment = os.environ | {"DATABASE_URL": url, "REDIS_URL": redis_url, "STATION_BATCH": "7", "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-m", "celery", "-q", "-A", "oms", "worker", "-Q", "line", "-c", "2", "-l", "ERROR"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat", "-n", f"test{random.random()}@%h"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def kill(worker: subprocess.Popen) -> None:
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(20)


def wait_until(true, *, seconds: float, meanwhile=lambda: None) -> bool:
    """Ask until `true` or the time is up, with a pause between the questions."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        meanwhile()
        time.sleep(0.1)
    return bool(true())


def everything_planned() -> bool:
    """Planned and invoiced: the two stations work side by side, and either may be done first."""
    return Order.objects.filter(state="fulfilling").count() == ORDERS == Invoice.objects.count()


def test_workers_killed_and_redis_emptied_in_mid_run_lose_and_double_nothing(real_house, prove, loud_redis):
    broker = redis.Redis.from_url(loud_redis)
    real_house.stock(real_house.mug, ORDERS * 2)
    real_house.stock(real_house.lamp, ORDERS * 2)
    dice = random.Random(11)
    place_orders([real_house.draft(("MUG", 1), ("LAMP", 1)) for _ in range(ORDERS)], actor="user:test")

    worker = start_worker(loud_redis)
    deaths = 0
    try:
        while deaths < 4 and not everything_planned():
            done = Order.objects.exclude(screened_at=None).count() + Invoice.objects.count() + Shipment.objects.count()
            aim = done + dice.randint(1, 90)
            wait_until(
                lambda: Order.objects.exclude(screened_at=None).count() + Invoice.objects.count() + Shipment.objects.count() >= aim,
                seconds=15,
                meanwhile=stations.sweep,
            )
            kill(worker)
            broker.flushdb()
            deaths += 1
            worker = start_worker(loud_redis)
        assert wait_until(everything_planned, seconds=60, meanwhile=stations.sweep)
    finally:
        kill(worker)
        broker.flushdb()

    assert deaths >= 1
    cast_rest()
    assert Invoice.objects.count() == Order.objects.count() == ORDERS
    assert Invoice.objects.values("order").distinct().count() == ORDERS
    assert JournalEntry.objects.filter(source="invoice").count() == ORDERS
    assert Shipment.objects.values("order").distinct().count() == Shipment.objects.count() == ORDERS
    prove()


def cast_rest() -> None:
    """Book the stock that the opening moved: the workers were only asked for the line."""
    stations.run(stations.named("post_stock"))


def test_without_redis_orders_are_placed_at_once_and_nobody_waits(real_house, loud_redis, monkeypatch):
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    started = time.monotonic()

    for _ in range(20):
        real_house.place(("MUG", 1))

    assert Order.objects.count() == 20
    assert time.monotonic() - started < 5
    stations.run(stations.named("screen"))
    assert not Order.objects.filter(screened_at=None).exists()
