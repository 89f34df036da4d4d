"""Transfers, counts and corrections over REST: the same services, once for every key."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import Count, Shortfall, StockLevel, StockMovement, Transfer
from tests import cast
from tests.api.storefront import Storefront


@pytest.fixture
def shop(house):
    return Storefront(house.web)


def plan(shop, *lines, key="plan", **changes):
    lines = [{"sku": sku, "quantity": units} for sku, units in lines or [("MUG", 10)]]
    body = {"source": "leeds", "destination": "ghent", "expected_on": (timezone.localdate() + timedelta(days=2)).isoformat(), "lines": lines}
    return shop.send("post", "/transfers", body | changes, key=key)


def on_hand(sku, place):
    return StockLevel.objects.get(sku=sku, warehouse=place).on_hand


def test_a_transfer_goes_there_in_parts_and_nothing_twice(house, shop, prove):
    planned = plan(shop)
    number = planned.json()["number"]
    assert (planned.status_code, planned["Location"]) == (201, f"/api/v1/transfers/{number}")
    assert plan(shop).json() == planned.json() and Transfer.objects.count() == 1

    assert shop.send("post", f"/transfers/{number}/send", key="s").json()["state"] == "sent"
    come = {"lines": [{"sku": "mug", "quantity": 4}]}
    first, again = (shop.send("post", f"/transfers/{number}/receipts", come, key="r") for _ in range(2))
    assert first.json()["lines"] == [{"sku": "MUG", "quantity": 10, "received": 4, "lost": 0, "value": "21.00"}]
    assert again["Idempotent-Replayed"] == "true" and on_hand(house.mug, house.ghent) == 24
    lost = shop.send("post", f"/transfers/{number}/losses", {"note": "Stolen"}, key="l").json()

    assert (lost["state"], lost["lines"][0]["lost"]) == ("received", 6)
    assert shop.send("get", f"/transfers/{number}").json() == lost
    assert [one["number"] for one in shop.send("get", "/transfers?state=received").json()["data"]] == [number]
    cast.run_line("post_stock")
    prove()


@pytest.mark.parametrize(
    ("change", "status", "where"),
    [
        ({"lines": []}, 422, "/lines"),
        ({"lines": [{"sku": "NOPE", "quantity": 1}]}, 422, "/lines/0/sku"),
        ({"lines": [{"sku": "MUG", "quantity": -1}]}, 422, "/lines/0/quantity"),
        ({"lines": [{"sku": "MUG", "quantity": 1.5}]}, 422, "/lines/0/quantity"),
        ({"destination": "leeds"}, 422, "/destination"),
        ({"expected_on": "2020-01-01"}, 422, "/expected_on"),
        ({"value": "1"}, 422, "/value"),
    ],
)
def test_a_transfer_that_is_wrong_says_where(house, shop, change, status, where):
    answer = plan(shop, **change)

    assert answer.status_code == status
    assert answer.json()["errors"][0]["pointer"] == where
    assert not Transfer.objects.exists()


def test_what_a_planned_transfer_carries_is_replaced_once_and_not_once_it_has_left(house, shop):
    number = plan(shop).json()["number"]
    body = {"lines": [{"sku": "lamp", "quantity": 2}, {"sku": "MUG", "quantity": 3}]}

    changed, again = (shop.send("put", f"/transfers/{number}/lines", body, key="c") for _ in range(2))

    assert [(line["sku"], line["quantity"]) for line in changed.json()["lines"]] == [("MUG", 3), ("LAMP", 2)]
    assert again["Idempotent-Replayed"] == "true" and again.json() == changed.json()
    wrong = shop.send("put", f"/transfers/{number}/lines", {"lines": [{"sku": "NOPE", "quantity": 2}]}, key="w")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/lines/0/sku")
    shop.send("post", f"/transfers/{number}/send", key="s")
    assert shop.send("put", f"/transfers/{number}/lines", body | {"lines": body["lines"][:1]}, key="d").status_code == 409
    assert shop.send("put", "/transfers/TR-9999/lines", body, key="e").status_code == 404


def test_what_is_not_on_a_transfer_or_not_called_off_in_time_is_refused(house, shop):
    number = plan(shop).json()["number"]
    assert shop.send("post", f"/transfers/{number}/receipts", {"lines": [{"sku": "MUG", "quantity": 1}]}, key="a").status_code == 409
    shop.send("post", f"/transfers/{number}/send", key="b")

    wrong = shop.send("post", f"/transfers/{number}/receipts", {"lines": [{"sku": "LAMP", "quantity": 1}]}, key="c")
    late = shop.send("post", f"/transfers/{number}/cancel", key="d")

    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/lines/0/sku")
    assert late.status_code == 409
    assert shop.send("get", "/transfers/TR-9999").status_code == 404
    assert shop.send("get", "/transfers?state=gone").status_code == 422


def test_a_sheet_is_as_blind_here_and_books_once(house, shop, prove):
    opened = shop.send("post", "/counts", {"warehouse": "leeds", "skus": ["MUG", "LAMP"]}, key="o")
    number = opened.json()["number"]
    assert opened["Location"] == f"/api/v1/counts/{number}"
    assert {line["expected"] for line in opened.json()["lines"]} == {None}

    body = {"lines": [{"sku": "mug", "counted": 28}, {"sku": "LAMP", "counted": None}]}
    entered = shop.send("post", f"/counts/{number}/entries", body, key="e").json()
    assert [line["expected"] for line in entered["lines"]] == [None, None]
    posted, again = (shop.send("post", f"/counts/{number}/post", key="p") for _ in range(2))

    assert posted.json()["state"] == "posted" and again.json() == posted.json()
    mug = posted.json()["lines"][0]
    assert (mug["expected"], mug["counted"], mug["difference"], mug["moved_meanwhile"]) == (30, 28, -2, False)
    assert on_hand(house.mug, house.leeds) == 28
    assert shop.send("post", f"/counts/{number}/entries", body, key="late").status_code == 409
    assert shop.send("post", f"/counts/{number}/cancel", key="x").status_code == 409
    assert Count.objects.count() == 1
    prove()


@pytest.mark.parametrize(
    "body",
    [
        {"lines": [{"sku": "MUG", "counted": -1}]},
        {"lines": [{"sku": "CHAIR", "counted": 1}]},
        {"lines": [{"sku": "MUG", "counted": 1}, {"sku": "mug", "counted": 2}]},
        {"lines": [{"sku": "MUG", "counted": 1}], "at": "2040-01-01T00:00:00Z"},
        {"lines": [{"sku": "MUG", "counted": 1}], "at": "2001-01-01T00:00:00Z"},
    ],
)
def test_numbers_that_make_no_sense_are_refused(house, shop, body):
    number = shop.send("post", "/counts", {"warehouse": "leeds", "skus": ["MUG"]}, key="o").json()["number"]

    assert shop.send("post", f"/counts/{number}/entries", body, key="e").status_code == 422
    assert Count.objects.get().lines.get().counted is None


def test_stock_that_is_gone_becomes_a_shortfall_of_the_shops_own_orders(house, shop, prove):
    mine = house.place(("MUG", 30))
    cast.run_line("screen", "reserve")
    body = {"warehouse": "leeds", "quantity": -3, "kind": "damage", "note": "Dropped"}

    for _ in range(2):
        assert shop.send("post", "/stock/mug/corrections", body, key="c").status_code == 201

    [row] = shop.send("get", "/shortfalls").json()["data"]
    assert (row["order"], row["sku"], row["quantity"], row["reason"], row["settled_at"]) == (mine.number, "MUG", 3, "Dropped", None)
    stranger = Storefront(house.phone)
    assert stranger.send("get", "/shortfalls").json()["data"] == []
    assert stranger.send("post", f"/shortfalls/{row['id']}/settle").status_code == 404
    assert shop.send("post", f"/shortfalls/{row['id']}/settle").json()["settled_at"]
    assert shop.send("get", "/shortfalls").json()["data"] == []
    assert Shortfall.objects.get().settled_by.startswith("key:")
    assert StockMovement.objects.filter(kind="damage").count() == 1
    prove()


def test_the_worth_of_stock_is_corrected_once(house, shop, prove):
    body = {"warehouse": "leeds", "amount": "-5.00", "note": "Credit note"}

    for _ in range(2):
        answer = shop.send("post", "/stock/LAMP/cost-corrections", body, key="k")

    assert answer.json() == {"sku": "LAMP", "warehouse": "leeds", "amount": "-5.00", "stays": "-5.00", "expensed": "0.00"}
    assert StockLevel.objects.get(sku=house.lamp).value == Decimal("50.00")
    assert shop.send("post", "/stock/LAMP/cost-corrections", body | {"amount": 1.5}, key="n").status_code == 422
    assert shop.send("post", "/stock/LAMP/cost-corrections", body | {"warehouse": "nowhere"}, key="m").status_code == 404
    cast.run_line("post_stock")
    prove()
