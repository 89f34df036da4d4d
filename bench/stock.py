"""Stock at one size of house: promises, allocation, a large receipt, buying, the sweep and the proof, each beside its floor.

All calls are warm, with SKUs drawn anew for each. Where a station is measured, its floor worked a batch of the same shape just before.
"""

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

from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench import house, stock_floor, stock_house
from bench.http import Web, _answer
from inventory.availability import availability_of
from inventory.models import Backorder, PurchaseNeed, PurchaseOrder, PurchaseOrderLine, Sku, StockMovement, Vendor, Warehouse
from inventory.pegging import supply_changed
from inventory.purchasing.receiving import receive_goods
from oms.core import stations
from oms.core.invariants import prove
from oms.desk.proof import all_invariants
from oms.desk.setup import set_up
from orders.models import Order
from orders.placing import place_orders

ASKED = 50
CALLS = 200
FEW, BATCH = 5, 200
LINES = 4
ROUNDS = 3
# Of four lines each, over the 500 empty SKUs: 5,000 lines, ten for each.
WAITING_ORDERS = 1_250


def measure(skus: int, movements: int, *, only: Sequence[str] = ()) -> dict[str, Any]:
    """Measure a house of `skus` SKUs, built where the database is empty. `only`: names of figures; all without."""
    figures: dict[str, Any] = {}
    if not Sku.objects.exists():
        set_up()
        _say("building")
        taken: list[float] = []
        with _timed(taken):
            stock_house.build(skus, movements)
        figures["build_seconds"] = round(taken[0] / 1000)
    dice = random.Random(time.time_ns())
    figures |= {"skus": skus, "movements": StockMovement.objects.count()}
    for name, take in FIGURES.items():
        if not only or name in only:
            _say(name)
            figures[name] = take(skus, dice)
    return figures


# --- promises ---------------------------------------------------------------------------------------------------------


def _availability(skus: int, dice: random.Random) -> dict[str, Any]:
    """Milliseconds to say of 50 SKUs when they can be there: one SQL query, the call, and the call over HTTP."""

    def asked() -> list[str]:
        return [stock_house.code_of(number) for number in dice.sample(range(1, skus + 1), ASKED)]

    def call(codes: list[str]) -> None:
        availability_of([(code, 2) for code in codes], country="GB", postcode="LS1 1AA")

    kit = stock_house.code_of(stock_house.KIT_EVERY * 10)
    floor = _each(lambda codes: stock_floor.availability(codes), asked)
    called = _each(call, asked)
    with CaptureQueriesContext(connection) as few:
        call([*asked()[: FEW - 1], kit])
    with CaptureQueriesContext(connection) as many:
        call([*asked()[:-1], kit])
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
    for _ in range(ROUNDS):
        orders = _placed([stock_house.stocked(skus, dice, LINES) for _ in range(2 * BATCH)], dice)
        _work("screen")
        with _timed(floor):
            stock_floor.allocate(orders[:BATCH])
        with _timed(ours):
            worked = stations.run_batch(stations.named("reserve"), only=orders[BATCH:])
        assert worked == BATCH, worked
    return _beside(floor, ours) | {"orders_per_second": round(BATCH / statistics.median(ours) * 1000)}


# --- a receipt --------------------------------------------------------------------------------------------------------


def _receipt(skus: int, dice: random.Random) -> dict[str, Any]:
    """Milliseconds to take in 500 lines, then to give the 5,000 lines that wait what came; and the sweep while they waited."""
    receiving: list[float] = []
    filling: list[float] = []
    orders = _waiting(dice)
    purchase = _on_order()
    _work("peg")
    with _timed(receiving):
        stock_floor.receive(purchase.pk)
    with _timed(filling):
        for start in range(0, len(orders), 500):
            stock_floor.fill(orders[start : start + 500])
    supply_changed(purchase.lines.values_list("sku_id", flat=True))

    pegging: list[float] = []
    received: list[float] = []
    filled: list[float] = []
    _waiting(dice)
    purchase = _on_order()
    with _timed(pegging):
        _work("peg")
    waiting, sweep = Backorder.objects.count(), _swept()
    units = {line.pk: line.open_quantity for line in purchase.lines.all()}
    with _timed(received):
        receive_goods(purchase.pk, units, key=f"bench {purchase.pk}", actor="bench")
    with _timed(filled):
        _work("backorders")
    _work("peg")
    assert not Backorder.objects.exists(), Backorder.objects.count()
    return {
        "lines": len(units),
        "waiting": waiting,
        "receive": _beside(receiving, received),
        "fill": _beside(filling, filled),
        "peg_ms": round(pegging[0]),
        "sweep_while_waiting": sweep,
    }


def _waiting(dice: random.Random) -> list[int]:
    """Have 5,000 lines wait for what is nowhere. Gives their orders."""
    orders = _wanting(dice)
    _work("screen", "reserve")
    assert Order.objects.filter(pk__in=orders, has_backorders=True).count() == WAITING_ORDERS
    return orders


def _wanting(dice: random.Random) -> list[int]:
    """Place orders for what is nowhere."""
    empty = [stock_house.code_of(number) for number in range(1, stock_house.EMPTY + 1) if number % stock_house.KIT_EVERY]
    return _placed([[empty[(LINES * i + j) % len(empty)] for j in range(LINES)] for i in range(WAITING_ORDERS)], dice)


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
    """Milliseconds to look at every SKU that has a reorder rule and propose what is to be bought; and to go through the rules."""
    floor: list[float] = []
    ours: list[float] = []
    stock_floor.replenish()
    with _timed(floor):
        expected = stock_floor.replenish()
    with _timed(ours):
        looked_at = _work("replenish")
    learned: list[float] = []
    with _timed(learned):
        rules = _work("learn")
    figures = {"needs": PurchaseNeed.objects.count(), "at_floor": expected, "looked_at": looked_at, "rules": rules, "learn_ms": round(learned[0])}
    _work("replenish")
    return _beside(floor, ours) | figures


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


# --- statements -------------------------------------------------------------------------------------------------------


def _statements(skus: int, dice: random.Random) -> dict[str, list[int]]:
    """Statements for 5 documents and for 200, of every station that can be given them here; the others are counted by the tests."""
    counts: dict[str, list[int]] = {}
    _placed([stock_house.stocked(skus, dice, LINES) for _ in range(FEW + BATCH)], dice)
    _wanting(dice)
    for name in ("screen", "reserve", "peg"):
        counts[name] = _both(name)
        _work(name)
    purchase = _on_order()
    _work("peg")
    units = {line.pk: line.open_quantity for line in purchase.lines.all()}
    few = dict(list(units.items())[:FEW])
    many = {pk: count for pk, count in units.items() if pk not in few}
    counts["receive"] = []
    for some in (few, many):
        with CaptureQueriesContext(connection) as captured:
            receive_goods(purchase.pk, some, key=f"count {purchase.pk} {len(some)}", actor="bench")
        counts["receive"].append(len(captured))
    for station in stations.line():
        inside = not isinstance(station, stations.OutsideStation)
        if inside and station.name not in counts and station.waiting().count() >= FEW + BATCH:
            counts[station.name] = _both(station.name)
            _work(station.name)
    return counts


def _both(name: str) -> list[int]:
    waiting = list(stations.named(name).waiting().values_list("pk", flat=True)[: FEW + BATCH])
    counts = []
    for only in (waiting[:FEW], waiting[FEW:]):
        with CaptureQueriesContext(connection) as captured:
            worked = stations.run_batch(stations.named(name), only=only)
        assert worked == len(only), f"{name} worked {worked} of {len(only)}"
        counts.append(len(captured))
    return counts


FIGURES: dict[str, Callable[[int, random.Random], dict[str, Any]]] = {
    "availability": _availability,
    "allocation": _allocation,
    "replenishment": _replenishment,
    "receipt": _receipt,
    "statements": _statements,
    "sweep": _sweep,
    "proof": _proof,
}


# --- tools ------------------------------------------------------------------------------------------------------------


def _placed(codes: Sequence[Sequence[str]], dice: random.Random) -> list[int]:
    """Place an order for each list of codes. Gives the orders."""
    drafts = stock_house.drafts(codes, dice)
    orders = []
    for start in range(0, len(drafts), 200):
        orders += [order.pk for order in place_orders(drafts[start : start + 200], actor="bench")]
    return orders


def _work(*names: str) -> int:
    """Work stations until their queues are empty. Gives how many documents they took up."""
    return sum(stations.run(stations.named(name), seconds=600) for name in names)


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
