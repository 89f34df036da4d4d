"""The pages of the sourcing: rules, simulations, why this warehouse, and swaps."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import Backorder, Lane, PurchaseOrder, Warehouse
from inventory.pegging import supply_changed
from inventory.purchasing.ordering import order_from_vendor
from inventory.sourcing import all_rules, rules_in_force
from oms.core import stations
from orders.models import Order, OrderLine, SourcingSimulation
from tests import cast


def desk_of(role):
    client = Client()
    client.force_login(cast.person(f"{role}-1", role))
    return client


@pytest.fixture
def manager(house):
    return desk_of("manager")


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def form(*on, amount="", order=None):
    return {"policy": order or [rule.policy for rule in all_rules()], "on": list(on), "amount": amount}


def test_the_steps_are_switched_and_put_in_force(house, manager):
    page = manager.get("/sourcing/")
    version = page.context["version"]

    manager.post("/sourcing/rules", form("serves", "cost", "split_value", amount="12,50") | {"version": version})

    assert [(rule.policy, rule.amount) for rule in rules_in_force()] == [("serves", None), ("cost", None), ("split_value", Decimal("12.5"))]


def test_a_step_is_moved_without_a_script_and_nothing_is_in_force_before_it_is_said_so(house, manager):
    answer = manager.post("/sourcing/edit", form("serves", "distance", "cost") | {"move": "up:cost"}, follow=True)

    rows = [row.policy for row in answer.context["rows"]]
    assert rows.index("cost") < rows.index("distance")
    assert answer.context["is_edited"]
    assert "edited and not in force" in text_of(answer)
    assert [rule.policy for rule in rules_in_force()] == ["serves", "carries", "capacity"]


def test_a_step_stays_among_its_like(house, manager):
    answer = manager.post("/sourcing/edit", form("serves", "distance") | {"move": "up:distance"}, follow=True)

    assert [row.policy for row in answer.context["rows"]][:3] == ["serves", "carries", "capacity"]


def test_who_is_too_late_with_a_change_is_told_so(house, manager):
    version = manager.get("/sourcing/").context["version"]
    manager.post("/sourcing/rules", form("serves") | {"version": version})

    answer = manager.post("/sourcing/rules", form("cost") | {"version": version})

    assert answer.status_code == 409
    assert [rule.policy for rule in rules_in_force()] == ["serves"]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"on": ["split_value"], "amount": ""}, "worth"),
        ({"on": ["split_value"], "amount": "NaN"}, "an amount"),
        ({"on": ["split_value"], "amount": "-5"}, "above 0"),
        ({"on": ["split_value"], "amount": "1e99"}, "at most"),
        ({"on": ["split_value", "never_split"], "amount": "5"}, "one of the two"),
    ],
)
def test_rules_that_make_no_sense_are_refused(house, manager, fields, why):
    answer = manager.post("/sourcing/rules", form() | fields)

    assert answer.status_code == 422
    assert why in text_of(answer)
    assert [rule.policy for rule in rules_in_force()] == ["serves", "carries", "capacity"]


def test_a_capacity_is_set_and_taken_away(house, manager):
    path = f"/sourcing/warehouses/{house.leeds.pk}/capacity"
    manager.post(path, {"capacity": "40"})
    assert Warehouse.objects.get(pk=house.leeds.pk).daily_capacity == 40

    assert manager.post(path, {"capacity": "-1"}).status_code == 422
    assert manager.post(path, {"capacity": "99999999"}).status_code == 422
    assert Warehouse.objects.get(pk=house.leeds.pk).daily_capacity == 40

    manager.post(path, {"capacity": ""})
    assert Warehouse.objects.get(pk=house.leeds.pk).daily_capacity is None


def test_who_may_not_change_the_rules_reads_them(house):
    page = desk_of("clerk").get("/sourcing/").content.decode()

    assert "The nearest first" in page
    assert "Put in force" not in page and "Simulate" not in page


def test_the_page_costs_the_same_for_one_lane_and_for_many(house, manager):
    counts = []
    for country in (["GB"], ["BE", "DE", "FR", "SA"]):
        Lane.objects.bulk_create([Lane(warehouse=house.leeds, country=code, km=5) for code in country])
        manager.get("/sourcing/")
        with CaptureQueriesContext(connection) as captured:
            manager.get("/sourcing/")
        counts.append(len(captured))

    assert counts[0] == counts[1] <= 14


def test_a_simulation_is_asked_for_watched_and_put_in_force(house, manager):
    Lane.objects.create(warehouse=house.leeds, country="GB", km=20, cost=4)
    house.place(("MUG", 40))
    cast.run_line("screen", "reserve")

    answer = manager.post("/sourcing/simulations/", form("serves", "never_split") | {"days": "7"}, follow=True)
    simulation = SourcingSimulation.objects.get()
    assert "about to take it up" in text_of(answer)
    assert b"every 1s" in answer.content
    stations.run(stations.named("simulate"), seconds=30)

    fragment = manager.get(f"/sourcing/simulations/{simulation.pk}/", headers={"HX-Request": "true"})
    assert fragment.content.strip().startswith(b"<div id")
    assert b"every 1s" not in fragment.content
    told = text_of(fragment)
    assert "Splits: shipments beyond the first 1 0 -1" in told
    assert "Unfilled lines 0 1 +1" in told
    manager.post(f"/sourcing/simulations/{simulation.pk}/apply")
    assert [rule.policy for rule in rules_in_force()] == ["serves", "never_split"]


def waiting(house):
    """An order that waits for three of the lamps that another has, and a purchase that brings some."""
    cast.prepaid(house.web)
    has = house.place(("LAMP", 5))
    cast.run_line("screen", "reserve")
    waits = house.place(("LAMP", 3), ("MUG", 2))
    cast.run_line("screen", "reserve", "backorders")
    purchase = order_from_vendor(house.vendor, house.leeds, [(house.lamp, 9)], actor="user:manager")
    PurchaseOrder.objects.filter(pk=purchase.pk).update(expected_on=timezone.localdate() + timedelta(days=7))
    supply_changed([house.lamp.pk])
    cast.run_line("peg")
    return waits, has, purchase


def test_an_order_says_why_its_warehouse_and_what_it_waits_for(house, manager):
    waits, _has, purchase = waiting(house)

    told = text_of(manager.get(f"/orders/{waits.number}/"))

    assert "Why this warehouse" in told
    assert "Serves the destination: Leeds, Ghent." in told
    assert "A part from Leeds (2 units); the rest waits." in told
    assert re.search(rf"3 · {purchase.number} from Potteries Ltd ?, expected \d+ \w+", told)


def test_a_swap_shows_both_promises_and_is_done_once(house, manager):
    waits, has, _purchase = waiting(house)
    line, theirs = OrderLine.objects.get(order=waits, position=1), OrderLine.objects.get(order=has)

    assert has.number in text_of(manager.get(f"/orders/{waits.number}/swap?line={line.pk}"))
    page = manager.get(f"/orders/{waits.number}/swap/{has.number}?line={line.pk}&with={theirs.pk}&units=3")
    assert "3 of LAMP from" in text_of(page) and "later than promised" in text_of(page)
    sent = {"line": line.pk, "with": theirs.pk, "units": 3, "seen": page.context["preview"].seen}
    path = f"/orders/{waits.number}/swap/{has.number}/apply"

    assert manager.post(path, sent).status_code == 302
    assert manager.post(path, sent).status_code in (409, 422)

    assert (OrderLine.objects.get(pk=line.pk).reserved, OrderLine.objects.get(pk=theirs.pk).backordered) == (3, 3)


@pytest.mark.parametrize("query", ["", "?line=0", "?line=x", "?line=99999999999999999999"])
def test_a_swap_of_no_line_is_not_found(house, manager, query):
    order = house.place(("MUG", 1))

    assert manager.get(f"/orders/{order.number}/swap{query}").status_code == 404


def test_a_clerk_says_how_urgent_an_order_is(house):
    order = house.place(("CHAIR", 1))
    cast.run_line("screen", "reserve")
    clerk = desk_of("clerk")

    clerk.post(f"/orders/{order.number}/priority", {"priority": "1"})
    assert clerk.post(f"/orders/{order.number}/priority", {"priority": "x"}).status_code == 422

    assert (Order.objects.get(pk=order.pk).priority, Backorder.objects.get().priority) == (1, 1)
