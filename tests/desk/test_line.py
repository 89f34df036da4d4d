"""The map of the line, and the few stops of one order."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from oms.core import stations
from oms.core.models import Event
from oms.desk import selectors, transit_map
from oms.desk.context import NAVIGATION
from oms.desk.order_line import order_stops
from orders.cancelling import cancel_order
from orders.holding import place_hold
from orders.models import Order
from tests import cast

PAGES = {name for name, *_rest in NAVIGATION}


def stop(name, pages=PAGES):
    return next(stop for stop in transit_map.draw(pages).stops if stop.name == name)


def address_of_changes(page):
    return re.search(r'hx-get="(/line/changes[^"]+)"', page.content.decode())[1].replace("&amp;", "&")


def test_every_station_of_the_line_has_its_stop_and_people_have_theirs(house):
    drawn = {stop.name for stop in transit_map.draw(PAGES).stops}

    assert drawn == {station.name for station in stations.line()} | {"pick", "dispatch"}


def test_a_stop_says_how_many_wait_and_since_when(house):
    order = house.place(("MUG", 1))
    house.place(("MUG", 1))

    screen = stop("screen")

    assert (screen.queue.depth, screen.queue.since, screen.mood) == (2, order.placed_at, "is-waiting")
    assert stop("reserve").mood == "is-quiet"


def test_what_waits_longer_than_its_limit_is_late(house):
    house.place(("MUG", 1), placed_at=timezone.now() - timedelta(minutes=6))

    assert stop("screen").mood == "is-late"


def test_what_is_in_trouble_leaves_the_queue_and_shows(house):
    order = house.place(("MUG", 1))
    stations.note_trouble(stations.named("screen"), order, RuntimeError("broken"))

    screen = stop("screen")

    assert (screen.queue.depth, screen.queue.troubles, screen.mood, screen.url) == (0, 1, "is-trouble", "/trouble/")


def test_a_long_queue_is_counted_no_further_than_people_read(house, monkeypatch):
    monkeypatch.setattr(transit_map, "MOST_COUNTED", 2)
    for _ in range(5):
        house.place(("MUG", 1))

    assert stop("screen").shown_depth == "2+"


def test_however_long_the_queue_the_age_is_that_of_the_oldest(house, monkeypatch):
    monkeypatch.setattr(transit_map, "MOST_COUNTED", 2)
    oldest = timezone.now() - timedelta(days=9)
    for minutes in (1, 2, 3):
        house.place(("MUG", 1), placed_at=timezone.now() - timedelta(minutes=minutes))
    house.place(("MUG", 1), placed_at=oldest)
    with connection.cursor() as cursor:  # No index that would give the oldest first by luck.
        cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off")

    assert stop("screen").queue.since == oldest


def test_what_is_held_or_waits_is_counted_whole_however_many_are_open(house, monkeypatch):
    monkeypatch.setattr(selectors, "MOST_COUNTED", 3)
    held, short = house.place(("MUG", 1)), house.place(("CHAIR", 1))
    cast.run_line("screen", "reserve")
    for _ in range(5):
        house.place(("MUG", 1))
    place_hold(held.pk, reason="ask", actor="user:test")
    place_hold(short.pk, reason="ask", actor="user:test")

    now = selectors.figures()

    assert (now.shown_open, now.shown_waiting, now.shown_held) == ("3+", "1", "2")


def test_stops_lead_only_to_pages_that_one_may_open(house):
    assert stop("send", pages={"orders"}).url == ""
    assert stop("screen", pages={"orders"}).url == "/orders/?state=placed"


def test_the_line_runs_the_way_the_page_is_read(house):
    rightwards = [stop.x for stop in transit_map.draw(PAGES).stops if not stop.is_side]
    with translation.override("ar"):
        leftwards = [stop.x for stop in transit_map.draw(PAGES).stops if not stop.is_side]

    assert rightwards == sorted(rightwards) and leftwards == sorted(leftwards, reverse=True)


def test_asking_for_changes_reads_no_session_and_costs_one_look_up(house, settings):
    plain = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings.MIDDLEWARE = ["oms.desk.login.LoginMiddleware" if name == plain else name for name in settings.MIDDLEWARE]
    client = Client()
    client.force_login(cast.person("anna", "clerk"))
    address = address_of_changes(client.get("/"))

    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)

    assert answer.status_code == 204 and not answer.content
    assert len(captured) == 1 and "core_event" in captured[0]["sql"]


def test_pages_ask_for_a_login_all_the_same(house, settings):
    plain = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings.MIDDLEWARE = ["oms.desk.login.LoginMiddleware" if name == plain else name for name in settings.MIDDLEWARE]

    for path in ("/", "/line/", "/orders/", "/trouble/"):
        assert Client().get(path)["Location"] == f"/login/?next={path}"


def test_a_stranger_learns_nothing_of_changes(house):
    for token in ("", "x", "ImxpbmUi:1:x"):
        assert Client().get("/line/changes", {"seen": "0", "token": token}).status_code == 403


def test_the_page_is_drawn_again_even_when_nothing_happens(house):
    client = Client()
    client.force_login(cast.person("anna", "clerk"))

    assert re.search(r'hx-trigger="line-changed from:body, every \d+s"', client.get("/").content.decode())


# --- one order ---------------------------------------------------------------------------------------------------------


def marks(order):
    order = Order.objects.get(pk=order.pk)
    return [(stop.title, stop.mark) for stop in order_stops(order, Event.objects.filter(order_id=order.pk))]


def test_an_order_stands_where_it_has_come_to(house):
    order = house.place(("MUG", 1))
    assert marks(order)[:2] == [("Placed", "here"), ("Reserved", "")]

    cast.run_line("screen", "reserve", "invoice", "plan")

    assert marks(order) == [
        ("Placed", "done"), ("Reserved", "done"), ("In the warehouse", "here"), ("On its way", ""), ("Delivered", ""), ("Completed", ""),
    ]  # fmt: skip
    order = Order.objects.get(pk=order.pk)
    dated = order_stops(order, Event.objects.filter(order_id=order.pk))
    assert [bool(stop.at) for stop in dated] == [True, True, True, False, False, False]


def test_a_mark_says_that_an_order_waits_or_is_stopped(house):
    waiting = house.place(("CHAIR", 1))
    cast.run_line("screen", "reserve")
    held = house.place(("MUG", 1))
    place_hold(held.pk, reason="ask", actor="user:test")

    assert marks(waiting)[0] == ("Placed", "here is-waiting")
    assert marks(held)[0] == ("Placed", "here is-stopped")


def test_a_cancelled_order_ends_where_it_was_called_off(house):
    order = house.place(("MUG", 1))
    cast.run_line("screen", "reserve")
    cancel_order(order.pk, actor="user:test")

    assert marks(order) == [("Placed", "done"), ("Reserved", "done"), ("Cancelled", "here last is-stopped")]


@pytest.mark.parametrize("kind", ["order.placed", "shipment.lost", "something.new"])
def test_every_event_is_told_in_words(house, kind):
    order = house.place(("MUG", 1))
    Event.objects.create(kind=kind, subject="order", subject_id=order.pk, order_id=order.pk, actor="station:screen", happened_at=timezone.now())
    client = Client()
    client.force_login(cast.person("anna", "clerk"))

    page = client.get(f"/orders/{order.number}/").content.decode()

    assert "the line" in page and "something.new" not in page
