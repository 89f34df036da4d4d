"""Sourcing over REST."""

import pytest

from inventory.sourcing import rules_in_force
from oms.core import stations
from orders.models import OrderLine, SourcingSimulation
from tests.api.storefront import Storefront
from tests.cast import prepaid, run_line


@pytest.fixture
def shop(house):
    return Storefront(house.web)


STEPS = [{"policy": "serves", "active": True}, {"policy": "cost", "active": True}, {"policy": "split_value", "active": True, "amount": "20.00"}]


def test_rules_are_read_and_changed(house, shop):
    before = shop.send("get", "/sourcing/rules").json()

    answer = shop.send("put", "/sourcing/rules", {"rules": STEPS, "version": before["version"]})

    assert answer.status_code == 200
    assert [(step["policy"], step["amount"]) for step in answer.json()["rules"] if step["active"]] == [
        ("serves", None), ("cost", None), ("split_value", "20.0000"),
    ]  # fmt: skip
    assert shop.send("put", "/sourcing/rules", {"rules": STEPS, "version": before["version"]}).status_code == 409
    assert shop.send("put", "/sourcing/rules", {"rules": STEPS}).json() == answer.json()


@pytest.mark.parametrize(
    "rules",
    [
        [{"policy": "nearest", "active": True}],
        [{"policy": "cost", "active": "yes"}],
        [{"policy": "cost", "active": True}] * 2,
        [{"policy": "split_value", "active": True}],
        [{"policy": "split_value", "active": True, "amount": "-1"}],
        [{"policy": "cost", "active": True, "colour": "red"}],
        [{"policy": "never_split", "active": True}, {"policy": "split_value", "active": True, "amount": "1"}],
    ],
)
def test_rules_that_make_no_sense_are_refused(house, shop, rules):
    before = rules_in_force()

    assert shop.send("put", "/sourcing/rules", {"rules": rules}).status_code == 422
    assert rules_in_force() == before


def test_a_simulation_is_asked_for_once_and_read_until_it_is_done(house, shop):
    house.place(("MUG", 40))
    run_line("screen", "reserve")
    body = {"rules": [{"policy": "never_split", "active": True}], "days": 7}

    first = shop.send("post", "/sourcing/simulations", body, key="k1")
    again = shop.send("post", "/sourcing/simulations", body, key="k1")
    stations.run(stations.named("simulate"), seconds=30)

    assert (first.status_code, again.content) == (202, first.content)
    assert SourcingSimulation.objects.count() == 1
    answer = shop.send("get", first["Location"].removeprefix("/api/v1")).json()
    assert (answer["state"], answer["result"]["today"]["splits"], answer["result"]["edited"]["splits"]) == ("done", 1, 0)
    assert [row["id"] for row in shop.send("get", "/sourcing/simulations").json()["data"]] == [answer["id"]]
    assert shop.send("post", "/sourcing/simulations", body | {"days": 91}, key="k2").status_code == 422


def test_an_order_says_why_and_what_it_waits_for(house, shop):
    order = house.place(("MUG", 2), ("CHAIR", 1))
    run_line("screen", "reserve")

    answer = shop.send("get", f"/orders/{order.number}/sourcing").json()

    assert answer["decisions"][0]["steps"][-1] == "A part from Leeds (2 units); the rest waits."
    mug, chair = answer["lines"]
    assert (mug["reserved"], mug["waits_for"]) == ([{"warehouse": "Leeds", "sku": "MUG", "units": 2}], [])
    assert (chair["waits_for"][0]["unknown"], chair["expected_on"]) == (1, None)


def test_a_swap_is_previewed_and_done_once(house, shop):
    prepaid(house.web)
    has = house.place(("LAMP", 5))
    run_line("screen", "reserve")
    waits = house.place(("LAMP", 3))
    run_line("screen", "reserve", "backorders", "peg")
    body = {"line": 1, "other": has.number, "other_line": 1, "units": 2}

    preview = shop.send("post", f"/orders/{waits.number}/swaps/preview", body)
    assert preview.status_code == 200
    assert [(row["order"], row["waits"], row["waits_after"]) for row in preview.json()["promises"]] == [(has.number, 0, 2), (waits.number, 3, 1)]
    seen = body | {"seen": preview.json()["seen"]}
    first = shop.send("post", f"/orders/{waits.number}/swaps", seen, key="k1")
    again = shop.send("post", f"/orders/{waits.number}/swaps", seen, key="k1")

    assert (first.status_code, again.content) == (200, first.content)
    assert shop.send("post", f"/orders/{waits.number}/swaps", seen, key="k2").status_code == 409
    assert OrderLine.objects.get(order=waits).reserved == 2


def test_how_urgent_an_order_is_can_be_said_over_and_over(house, shop):
    order = house.place(("MUG", 1))

    for _ in range(2):
        assert shop.send("put", f"/orders/{order.number}/priority", {"priority": 2}).json() == {"number": order.number, "priority": 2}
    assert shop.send("put", f"/orders/{order.number}/priority", {"priority": 0}).status_code == 422
    assert shop.send("put", "/orders/SO-9999/priority", {"priority": 2}).status_code == 404
