"""Stock at one size of house: promises, allocation, a large receipt, buying, the sweep and the proof, each beside its floor.

`python -m bench.stock --skus N --movements M` in an environment that names a database: it builds the house where there is none, prints JSON.
`make bench` runs it for each size, in a database and a process of its own.
"""

import argparse
import json
import logging
import random
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import django

django.setup()
logging.disable(logging.WARNING)

from django.db import connection  # noqa: E402
from django.db.models import F, Sum  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench import house, stock_floor, stock_house  # noqa: E402
from bench.http import Web, _answer  # noqa: E402
from inventory.availability import availability_of  # noqa: E402
from inventory.models import Backorder, PurchaseNeed, PurchaseOrder, PurchaseOrderLine, Sku, StockMovement, Vendor, Warehouse  # noqa: E402
from inventory.pegging import supply_changed  # noqa: E402
from inventory.purchasing.receiving import receive_goods  # noqa: E402
from oms.core import stations  # noqa: E402
from oms.core.invariants import prove  # noqa: E402
from oms.desk.proof import all_invariants  # noqa: E402
from oms.desk.setup import set_up  # noqa: E402
from orders.models import Order  # noqa: E402
from orders.placing import place_orders  # noqa: E402

ASKED = 50
CALLS = 200
BATCH = 200
LINES = 4
ROUNDS = 3
WAITING_ORDERS = 1_250
"""Of four lines each, over the 500 empty SKUs: 5,000 lines, ten for each."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.stock", description=__doc__)
    parser.add_argument("--skus", type=int, default=10_000)
    parser.add_argument("--movements", type=int, default=250_000)
    parser.add_argument("--only", nargs="*", default=[], help="figures to take: all without")
    arguments = parser.parse_args()
    figures: dict[str, Any] = {}
    if not Sku.objects.exists():
        set_up()
        _say("building")
        started = time.perf_counter()
        stock_house.build(arguments.skus, arguments.movements)
        figures["build_s"] = round(time.perf_counter() - started, 1)
    dice = random.Random(time.time_ns())
    figures |= {"skus": arguments.skus, "movements": StockMovement.objects.count()}
    for name, measure in FIGURES.items():
        if not arguments.only or name in arguments.only:
            _say(name)
            figures[name] = measure(arguments.skus, dice)
    print(json.dumps(figures))
    return 0


# --- promises ---------------------------------------------------------------------------------------------------------


def _availability(skus: int, dice: random.Random) -> dict[str, Any]:
    """Milliseconds to say of 50 SKUs when they can be there: one SQL query, the call, and the call over HTTP."""

    def asked() -> list[str]:
        return [stock_house.code_of(number) for number in dice.sample(range(1, skus + 1), ASKED)]

    def call(codes: list[str]) -> None:
        availability_of([(code, 2) for code in codes], country="GB", postcode="LS1 1AA")

    floor = _each(lambda codes: stock_floor.availability(codes), asked)
    called = _each(call, asked)
    with CaptureQueriesContext(connection) as few:
        call(asked()[:5])
    with CaptureQueriesContext(connection) as many:
        call(asked())
    with Web() as web:
        served = _each_served(web.port, house.api_key(), asked)
    return {
        "floor": floor,
        "call": called,
        "http": served,
        "ratio": round(called["p50_ms"] / floor["p50_ms"], 1),
        "statements": [len(few), len(many)],
    }


def _each_served(port: int, key: str, asked: Callable[[], list[str]]) -> dict[str, float]:
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def get(codes: list[str]) -> None:
            wanted = urlencode({"sku": ",".join(codes), "quantity": ",".join("2" for _ in codes), "country": "GB", "postcode": "LS1 1AA"})
            sock.sendall(f"GET /api/v1/availability?{wanted} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
            answer = _answer(sock)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise AssertionError(answer[:500].decode(errors="replace"))

        return _each(get, asked)


def _each(work: Callable[[list[str]], Any], asked: Callable[[], list[str]]) -> dict[str, float]:
    for _ in range(20):
        work(asked())
    taken = []
    for _ in range(CALLS):
        wanted = asked()
        started = time.perf_counter()
        work(wanted)
        taken.append((time.perf_counter() - started) * 1000)
    taken.sort()
    return {"p50_ms": round(statistics.median(taken), 1), "p95_ms": round(taken[int(len(taken) * 0.95)], 1)}


# --- allocation -------------------------------------------------------------------------------------------------------


def _allocation(skus: int, dice: random.Random) -> dict[str, Any]:
    """Milliseconds to allocate 200 orders of four lines, median of three rounds; each round takes its floor on 200 others."""
    floor: list[float] = []
    ours: list[float] = []
    counts = []
    for _ in range(ROUNDS):
        orders = _screened([stock_house.stocked(skus, dice, LINES) for _ in range(2 * BATCH)], dice)
        with _timed(floor):
            stock_floor.allocate(orders[:BATCH])
        counts.append(_statements("reserve", orders[BATCH : BATCH + 5]))
        with _timed(ours):
            worked = stations.run_batch(stations.named("reserve"), only=orders[BATCH + 5 :])
        assert worked == BATCH - 5, worked
    orders = _screened([stock_house.stocked(skus, dice, LINES) for _ in range(BATCH)], dice)
    counts.append(_statements("reserve", orders))
    return _beside(floor, ours) | {"orders_per_second": round(BATCH / statistics.median(ours) * 1000), "statements": [counts[0], counts[-1]]}


# --- a receipt --------------------------------------------------------------------------------------------------------


def _receipt(skus: int, dice: random.Random) -> dict[str, Any]:
    """Milliseconds to take in 500 lines, then to give the 5,000 lines that wait what came; and the sweep while they waited."""
    figures: dict[str, Any] = {}
    at_floor = _waiting(dice)
    purchase = _on_order()
    stations.run(stations.named("peg"), seconds=600)
    receiving: list[float] = []
    filling: list[float] = []
    with _timed(receiving):
        stock_floor.receive(purchase.pk)
    with _timed(filling):
        for start in range(0, len(at_floor), 500):
            stock_floor.fill(at_floor[start : start + 500])
    supply_changed(purchase.lines.values_list("sku_id", flat=True))

    _waiting(dice)
    purchase = _on_order()
    pegging: list[float] = []
    received: list[float] = []
    filled: list[float] = []
    counts: dict[str, list[int]] = {"peg": _both(stations.named("peg"))}
    with _timed(pegging):
        stations.run(stations.named("peg"), seconds=600)
    figures["sweep_while_waiting"] = _swept()
    units = {line.pk: line.open_quantity for line in purchase.lines.all()}
    with _timed(received), CaptureQueriesContext(connection) as captured:
        receive_goods(purchase.pk, units, key=f"bench {purchase.pk}", actor="bench")
    counts["receive"] = [len(captured)]
    figures["sweep_with_all_to_fill"] = _swept()
    waiting = Backorder.objects.count()
    counts["backorders"] = _both(stations.named("backorders"))
    left = Backorder.objects.count()
    with _timed(filled):
        stations.run(stations.named("backorders"), seconds=600)
    stations.run(stations.named("peg"), seconds=600)
    assert not Backorder.objects.exists(), Backorder.objects.count()
    filled = [filled[0] * waiting / left]
    return figures | {
        "lines": len(units),
        "waiting": waiting,
        "receive": _beside(receiving, received),
        "fill": _beside(filling, filled),
        "peg_ms": round(pegging[0]),
        "statements": counts,
    }


def _waiting(dice: random.Random) -> list[int]:
    """Have 5,000 lines wait for what is nowhere. Gives their orders."""
    empty = list(
        Sku.objects.filter(is_active=True, pk__lte=stock_house.EMPTY)
        .exclude(levels__on_hand__gt=F("levels__reserved"))
        .values_list("code", flat=True)
    )
    wanted = [[empty[(LINES * i + j) % len(empty)] for j in range(LINES)] for i in range(WAITING_ORDERS)]
    orders = _screened(wanted, dice)
    stations.run(stations.named("reserve"), seconds=600)
    assert Order.objects.filter(pk__in=orders, has_backorders=True).count() == WAITING_ORDERS
    return orders


def _on_order() -> PurchaseOrder:
    """Have everything that is waited for on its way, on one purchase order."""
    short = Backorder.objects.values_list("sku_id").annotate(units=Sum("quantity")).order_by("sku_id")
    now = timezone.now()
    purchase = PurchaseOrder.objects.create(
        vendor=Vendor.objects.all()[0],
        warehouse=Warehouse.objects.get(code="leeds"),
        state="sent",
        sent_at=now,
        created_at=now,
        created_by="bench",
        expected_on=timezone.localdate() + timedelta(days=3),
    )
    costs = dict(Sku.objects.filter(pk__in=[sku for sku, _ in short]).values_list("pk", "cost"))
    PurchaseOrderLine.objects.bulk_create(PurchaseOrderLine(order=purchase, sku_id=sku, quantity=units, unit_cost=costs[sku]) for sku, units in short)
    supply_changed(costs)
    return purchase


# --- buying -----------------------------------------------------------------------------------------------------------


def _replenishment(skus: int, dice: random.Random) -> dict[str, Any]:
    """Milliseconds to look at every reorder rule of the catalogue and propose what is to be bought."""
    floor: list[float] = []
    ours: list[float] = []
    stock_floor.replenish()
    with _timed(floor):
        expected = stock_floor.replenish()
    counts = _both(stations.named("replenish"))
    before = PurchaseNeed.objects.count()
    with _timed(ours):
        stations.run(stations.named("replenish"), seconds=600)
    return _beside(floor, ours) | {"needs": PurchaseNeed.objects.count(), "at_floor": expected, "before": before, "statements": counts}


# --- the sweep and the proof ------------------------------------------------------------------------------------------


def _swept() -> dict[str, Any]:
    """Milliseconds to ask every station whether it has work, as the sweep does every few seconds, and how old its oldest is."""
    exist, old = {}, {}
    for station in stations.line():
        exist[station.name] = _best(stations.queue_of(station).exists)
        old[station.name] = _best(partial(stations.oldest, station))
    slowest = max(exist, key=exist.__getitem__)
    eldest = max(old, key=old.__getitem__)
    return {
        "exists_ms": round(sum(exist.values()), 1),
        "slowest": f"{slowest} {exist[slowest]:.1f}",
        "oldest_ms": round(sum(old.values()), 1),
        "slowest_oldest": f"{eldest} {old[eldest]:.1f}",
    }


def _sweep(skus: int, dice: random.Random) -> dict[str, Any]:
    return _swept()


def _proof(skus: int, dice: random.Random) -> dict[str, Any]:
    """Seconds to prove everything, and the slowest of the proofs."""
    seconds = {}
    for invariant in all_invariants():
        started = time.perf_counter()
        broken = prove([invariant])
        seconds[invariant.sentence] = time.perf_counter() - started
        assert not broken, broken
    slowest = max(seconds, key=seconds.__getitem__)
    return {"seconds": round(sum(seconds.values()), 1), "slowest": slowest, "slowest_seconds": round(seconds[slowest], 1)}


FIGURES: dict[str, Callable[[int, random.Random], dict[str, Any]]] = {
    "availability": _availability,
    "allocation": _allocation,
    "replenishment": _replenishment,
    "receipt": _receipt,
    "sweep": _sweep,
    "proof": _proof,
}


# --- tools ------------------------------------------------------------------------------------------------------------


def _screened(codes: Sequence[Sequence[str]], dice: random.Random) -> list[int]:
    """Place an order for each list of codes and screen it. Gives the orders."""
    drafts = stock_house.drafts(codes, dice)
    orders = []
    for start in range(0, len(drafts), 200):
        orders += [order.pk for order in place_orders(drafts[start : start + 200], actor="bench")]
    stations.run(stations.named("screen"), seconds=600)
    return orders


def _both(station: stations.Station) -> list[int]:
    """Work a batch of 5 and one of 200, and give the statements of each."""
    waiting = list(station.waiting().values_list("pk", flat=True)[: BATCH + 5])
    return [_statements(station.name, waiting[:5]), _statements(station.name, waiting[5:])]


def _statements(name: str, only: Sequence[int]) -> int:
    with CaptureQueriesContext(connection) as captured:
        worked = stations.run_batch(stations.named(name), only=only)
    assert worked == len(only), f"{name} worked {worked} of {len(only)}"
    return len(captured)


def _beside(floor: list[float], ours: list[float]) -> dict[str, Any]:
    low, high = statistics.median(floor), statistics.median(ours)
    return {"floor_ms": round(low, 1), "ms": round(high, 1), "ratio": round(high / low, 1)}


def _best(work: Callable[[], Any]) -> float:
    """Milliseconds of the best of five."""
    taken: list[float] = []
    for _ in range(5):
        with _timed(taken):
            work()
    return min(taken)


@contextmanager
def _timed(taken: list[float]) -> Iterator[None]:
    started = time.perf_counter()
    yield
    taken.append((time.perf_counter() - started) * 1000)


def _say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
