"""How a station works: what troubles it, what wakes it, and how many statements it takes."""

import random
import socket
import time
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounting import posting
from accounting.models import Invoice, JournalEntry
from accounting.paying import record_payment
from inventory.adjusting import open_stock
from inventory.baskets import hold_stock
from inventory.models import Price, ReorderRule, Reservation, Sku
from inventory.moving import Move, move_stock
from inventory.purchasing.ordering import order_from_vendor
from inventory.purchasing.receiving import receive_goods
from oms.core import stations, tasks
from oms.core.models import Event, NumberSeries, Trouble, User
from orders import screening
from orders.cancelling import cancel_order
from orders.models import Draft, Hold, Order
from orders.standing import StandingDraft, set_up_standing_order
from orders.states import ScreeningKind
from shipping.carriers.base import TrackingUpdate
from shipping.fulfilling import pack_shipment
from shipping.models import Carrier, Shipment
from shipping.tracking import keep_update
from tests import cast
from tests.accounting import buying

INSIDE = (
    "standing", "screen", "release", "reserve", "backorders", "peg", "learn", "replenish", "invoice", "plan", "track", "post_stock", "match_bills",
    "complete", "credit", "expire", "lapse",
)  # fmt: skip


# --- trouble ---


@pytest.fixture
def strange(house, monkeypatch):
    """Three orders, the second of which the screening cannot make sense of; and a way to make it sensible."""
    orders = [house.place(("MUG", 1)) for _ in range(3)]
    plain = screening._objections

    def objections(order, cases):
        if order.pk == orders[1].pk:
            raise ValueError("a strange order")
        return plain(order, cases)

    monkeypatch.setattr(screening, "_objections", objections)
    orders[1].mend = lambda: monkeypatch.setattr(screening, "_objections", plain)
    return orders


def screened():
    return list(Order.objects.exclude(screened_at=None).order_by("pk").values_list("pk", flat=True))


def let_time_pass():
    Trouble.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_a_trouble_waits_longer_each_time_and_never_more_than_an_hour(strange):
    pauses = []
    for _ in range(8):
        let_time_pass()
        cast.run_line("screen")
        trouble = Trouble.objects.get()
        pauses.append(round((trouble.due_at - trouble.last_at).total_seconds()))

    assert pauses == [5, 30, 120, 600, 1800, 3600, 3600, 3600]
    assert (trouble.attempts, trouble.label) == (8, strange[1].number)
    assert screened() == [strange[0].pk, strange[2].pk]


def test_a_trouble_that_is_due_is_tried_again_and_forgotten_when_it_works(strange, prove):
    cast.run_line("screen")
    strange[1].mend()

    cast.run_line("screen")
    assert screened() == [strange[0].pk, strange[2].pk]
    let_time_pass()
    cast.run_line("screen")

    assert screened() == [order.pk for order in strange]
    assert not Trouble.objects.exists()
    prove()


def test_a_trouble_that_is_retried_too_early_is_kept_and_counted(strange):
    cast.run_line("screen")

    stations.retry(Trouble.objects.get())
    stations.retry(Trouble.objects.get())
    cast.run_line("screen")

    assert Trouble.objects.get().attempts == 2
    assert "a strange order" in Trouble.objects.get().detail


@pytest.mark.django_db(transaction=True)
def test_what_the_database_refuses_at_commit_troubles_its_own_order_only(real_house, prove, monkeypatch):
    orders = [real_house.place(("MUG", quantity)) for quantity in (1, 2, 3)]
    cast.run_line("screen", "reserve")
    plain = posting.invoice

    def out_of_balance(*, goods, charges, tax):
        lines = plain(goods=goods, charges=charges, tax=tax)
        return lines[:-1] if goods == Decimal("9.90") else lines

    monkeypatch.setattr(posting, "invoice", out_of_balance)
    cast.run_line("invoice")

    assert list(Invoice.objects.order_by("number").values_list("order", "number")) == [(orders[0].pk, "INV-000001"), (orders[2].pk, "INV-000002")]
    trouble = Trouble.objects.get()
    assert (trouble.station, trouble.label) == ("invoice", orders[1].number)
    assert "out of balance" in trouble.error
    assert NumberSeries.objects.get(code="invoice").next_value == 3
    prove()


# --- wake-ups ---


def documents():
    return (Invoice.objects.count(), Shipment.objects.count(), JournalEntry.objects.count(), Event.objects.count())


def test_wake_ups_that_are_doubled_and_shuffled_change_nothing(house, prove):
    for _ in range(4):
        house.place(("MUG", 2), ("CHAIR", 1))
    calls = [name for name in INSIDE for _ in range(6)]
    random.Random(3).shuffle(calls)

    for name in calls:
        tasks.work_station(name)
    cast.run_line(*INSIDE)
    once = documents()
    for name in calls:
        tasks.work_station(name)

    assert documents() == once
    assert once[:2] == (4, 4)
    prove()


@pytest.mark.django_db(transaction=True)
def test_wake_ups_that_are_lost_are_made_up_for_by_the_sweep(real_house, prove):
    order = real_house.place(("MUG", 2))
    assert screened() == []

    swept = []
    while hungry := [name for name in stations.sweep() if name in INSIDE]:
        swept.append(hungry)
        stations.run(stations.named(hungry[0]))

    assert [hungry[0] for hungry in swept] == ["screen", "reserve", "invoice", "plan", "post_stock"]
    assert Order.objects.get(pk=order.pk).state == "fulfilling"
    prove()


@pytest.fixture
def sent(loud_redis, monkeypatch):
    """The names of the stations for which a wake-up was sent."""
    names: list[str] = []
    monkeypatch.setattr(stations, "_send", names.append)
    return names


def test_one_wake_up_of_a_station_is_under_way_at_a_time(sent):
    for _ in range(5):
        stations.wake(["screen", "reserve"])
    assert sent == ["screen", "reserve"]

    stations.lower_flag("screen")
    stations.wake(["screen", "reserve"])

    assert sent == ["screen", "reserve", "screen"]


@pytest.mark.django_db(transaction=True)
def test_a_redis_that_takes_calls_and_never_answers_holds_nobody_up(real_house, sent, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(settings, "REDIS_URL", f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        started = time.monotonic()

        for _ in range(10):
            real_house.place(("MUG", 1))

        assert time.monotonic() - started < 5
    assert Order.objects.count() == 10
    assert sent == []


# --- statements ---


def place(house, count):
    for _ in range(count):
        house.place(("MUG", 1), ("CHAIR", 1))


def send(house, count):
    """Have `count` orders sent, each with its own shipment."""
    house.stock(house.mug, count)
    for _ in range(count):
        house.place(("MUG", 1))
    cast.run_line("screen", "reserve", "invoice", "plan")
    for shipment in Shipment.objects.filter(state="planned"):
        pack_shipment(shipment.pk, actor="user:test")
    cast.run_line("book")


def ready_to_screen(house, count):
    place(house, count)


def ready_to_reserve(house, count):
    place(house, count)
    cast.run_line("screen")


def ready_to_fill(house, count):
    house.stock(house.mug, count)
    place(house, count)
    cast.run_line("screen", "reserve", "invoice", "plan")
    house.stock(house.chair, count)


def ready_to_replenish(house, count):
    start = Sku.objects.count()
    for i in range(count):
        sku = Sku.objects.create(code=f"S{start + i}", name="A thing", weight_grams=1, cost=Decimal(1))
        ReorderRule.objects.create(sku=sku, warehouse=house.leeds, vendor=house.vendor, point=1, target=5)


def ready_to_learn(house, count):
    """Have `count` learned rules, each for a SKU that was sold and came in before."""
    start = Sku.objects.count()
    skus = [Sku.objects.create(code=f"L{start + i}", name="A thing", weight_grams=1, cost=Decimal(1)) for i in range(count)]
    open_stock([(sku.pk, house.leeds.pk, 50) for sku in skus], actor="user:test")
    move_stock([Move(sku.pk, house.leeds.pk, -9, "issue", "test", sku.pk) for sku in skus], actor="user:test")
    purchase = order_from_vendor(house.vendor, house.leeds, [(sku, 1) for sku in skus], actor="user:test")
    receive_goods(purchase.pk, {line.pk: 1 for line in purchase.lines.all()}, key=f"learn {start}", actor="user:test")
    for sku in skus:
        ReorderRule.objects.create(sku=sku, warehouse=house.leeds, vendor=house.vendor, point=1, target=2, is_learned=True)


def ready_to_invoice(house, count):
    ready_to_reserve(house, count)
    house.stock(house.mug, count)
    cast.run_line("reserve")


def ready_to_plan(house, count):
    ready_to_invoice(house, count)
    cast.run_line("invoice")


def ready_to_track(house, count):
    send(house, count)
    for shipment in Shipment.objects.filter(state="booked"):
        for status in ("collected", "delivered"):
            news = TrackingUpdate(
                event_id=f"{shipment.pk} {status}", tracking_number=shipment.tracking_number, status=status, occurred_at=timezone.now()
            )
            keep_update(Carrier.objects.get(), news)


def ready_to_post_stock(house, count):
    for _ in range(count):
        house.stock(house.mug, 1)


def ready_to_complete(house, count):
    ready_to_track(house, count)
    cast.run_line("track")
    for order in Order.objects.filter(state="delivered"):
        record_payment(order.pk, amount=order.balance, method="card", reference=f"R{order.pk}", actor="user:test")


def ready_to_credit(house, count):
    ready_to_invoice(house, count)
    cast.run_line("invoice")
    for order in Order.objects.exclude(state="cancelled"):
        if order.paid_total < order.invoiced_total:
            record_payment(order.pk, amount=Decimal(1), method="card", reference=f"R{order.pk}", actor="user:test")
        cancel_order(order.pk, actor="user:clerk")


def ready_to_expire(house, count):
    owner, _created = User.objects.get_or_create(username="clerk")
    long_ago = timezone.now() - timedelta(days=15)
    Draft.objects.bulk_create(
        Draft(key=uuid.uuid4(), owner=owner, customer=house.anna, started_at=long_ago, saved_at=long_ago, lapses_at=long_ago) for _ in range(count)
    )


def ready_to_peg(house, count):
    """Have `count` SKUs, each waited for by an order and on its way with one purchase."""
    start = Sku.objects.count()
    skus = [Sku.objects.create(code=f"P{start + i}", name="A thing", weight_grams=1, cost=Decimal(1)) for i in range(count)]
    for sku in skus:
        Price.objects.create(sku=sku, unit_price=Decimal(2))
        house.place((sku.code, 2))
    cast.run_line("screen", "reserve")
    order_from_vendor(house.vendor, house.leeds, [(sku, 1) for sku in skus], actor="user:test")


def ready_to_release(house, count):
    """Have `count` orders held for every reason there is, and the reasons gone."""
    orders = [house.place(("MUG", 1)) for _ in range(count)]
    cast.run_line("screen")
    kinds = [kind for kind in ScreeningKind if kind != "credit"]
    Hold.objects.bulk_create(
        Hold(order=order, kind=kind, reason="gone", placed_by="station:screen", placed_at=timezone.now(), look_again_at=timezone.now())
        for order in orders
        for kind in kinds
    )
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(open_holds=len(kinds))


def ready_to_stand(house, count):
    """Have `count` standing orders due."""
    draft = StandingDraft({"MUG": 1, "LAMP": 1}, timezone.localdate())
    for _ in range(count):
        set_up_standing_order(house.anna.pk, draft, channel=house.web, actor="user:test")


def ready_to_lapse(house, count):
    for i in range(count):
        hold_stock(f"{Sku.objects.count()}-{i}-{count}", [("MUG", 1)], actor="user:test")
    Reservation.objects.filter(state="soft").update(expires_at=timezone.now() - timedelta(seconds=1))


def ready_to_match(house, count):
    """Have `count` bills come before their goods, and then the goods."""
    for _ in range(count):
        order = buying.order(house, (house.mug, 4, "2.10"))
        buying.bill(order, order.number, MUG=4)
        buying.take_in(order, MUG=4)


READY = {
    "standing": ready_to_stand,
    "match_bills": ready_to_match,
    "screen": ready_to_screen,
    "release": ready_to_release,
    "reserve": ready_to_reserve,
    "backorders": ready_to_fill,
    "learn": ready_to_learn,
    "replenish": ready_to_replenish,
    "invoice": ready_to_invoice,
    "plan": ready_to_plan,
    "track": ready_to_track,
    "post_stock": ready_to_post_stock,
    "complete": ready_to_complete,
    "credit": ready_to_credit,
    "expire": ready_to_expire,
    "peg": ready_to_peg,
    "lapse": ready_to_lapse,
}


@pytest.mark.parametrize("name", INSIDE)
def test_a_station_needs_the_same_statements_for_five_documents_and_for_fifty(house, plain_labels, name):
    station, counts, worked = stations.named(name), [], []
    cast.run_line(*INSIDE)

    for size in (5, 50):
        READY[name](house, size)
        with CaptureQueriesContext(connection) as captured:
            worked.append(stations.run_batch(station))
        counts.append(len(captured))
        cast.run_line(*INSIDE)

    assert not Trouble.objects.exists()
    assert worked[1] >= 10 * worked[0] >= 50
    assert counts[0] == counts[1]


def test_every_station_that_works_inside_is_counted():
    inside = {station.name for station in stations.line() if not isinstance(station, stations.OutsideStation)}

    assert inside == set(INSIDE) == set(READY)
