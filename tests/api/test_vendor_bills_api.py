"""Vendors' bills over REST."""

from datetime import timedelta

import pytest

from accounting.models import VendorBill
from tests.accounting.buying import TODAY, order, take_in
from tests.api.storefront import Storefront


@pytest.fixture
def shop(house):
    return Storefront(house.web)


@pytest.fixture
def hundred(house):
    placed = order(house, (house.mug, 100, "2.10"))
    take_in(placed, MUG=60)
    return placed


def body(placed, quantity=60, price="2.10", **changes):
    line = {"purchase_order": placed.number, "sku": "mug", "quantity": quantity, "unit_price": price}
    return {"reference": "R-1", "billed_on": TODAY().isoformat(), "lines": [line], "tax": "25.20"} | changes


def test_a_bill_is_entered_once_for_its_key_and_read(shop, hundred, prove):
    first = shop.send("post", "/vendor-bills", body(hundred), key="k1")
    again = shop.send("post", "/vendor-bills", body(hundred), key="k1")

    assert first.status_code == 201
    made = first.json()
    assert (made["state"], made["total"], made["open"], made["differences"]) == ("posted", "151.20", "151.20", [])
    assert first["Location"] == f"/api/v1/vendor-bills/{made['number']}"
    assert (again.status_code, again.content, again["Idempotent-Replayed"]) == (201, first.content, "true")
    assert shop.send("get", f"/vendor-bills/{made['number']}").json() == made
    assert VendorBill.objects.count() == 1
    prove()


def test_the_same_paper_with_another_key_is_a_conflict_that_names_the_first(shop, hundred):
    made = shop.send("post", "/vendor-bills", body(hundred, 10), key="k1").json()

    answer = shop.send("post", "/vendor-bills", body(hundred, 10), key="k2")

    assert answer.status_code == 409
    assert made["number"] in answer.json()["detail"]
    assert answer.json()["data"]["number"] == made["number"]


def test_a_held_bill_is_released_with_a_note(shop, hundred, prove):
    made = shop.send("post", "/vendor-bills", body(hundred, price="2.30"), key="k1").json()
    assert made["state"] == "held"
    assert [row["kind"] for row in made["differences"]] == ["price"]

    assert shop.send("post", f"/vendor-bills/{made['number']}/release", {}, key="k2").status_code == 422
    released = shop.send("post", f"/vendor-bills/{made['number']}/release", {"note": "Agreed"}, key="k3")

    assert (released.status_code, released.json()["state"], released.json()["differences"]) == (200, "posted", [])
    prove()


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": ""},
        {"reference": "a\u0001b"},
        {"lines": []},
        {"tax": "-1"},
        {"tax": 1.5},
        {"tax": "NaN"},
        {"total": "1.00"},
        {"currency": "EUR"},
        {"books_rate": "2"},
        {"billed_on": "2026-13-01"},
        {"billed_on": (TODAY() + timedelta(days=9)).isoformat()},
        {"due_on": "2020-01-01"},
        {"state": "posted"},
        {"vendor": 10**18},
        {"lines": [{"purchase_order": "PO-9999", "sku": "MUG", "quantity": 1, "unit_price": "1"}]},
        {"lines": [{"sku": "MUG", "quantity": 1, "unit_price": "1"}]},
        {"lines": [{"landed_cost": 1, "quantity": 1, "unit_price": "1"}]},
        {"lines": [{"landed_cost": 999, "unit_price": "1"}]},
        {"lines": [{"unit_price": "1"}]},
    ],
    ids=str,
)
def test_what_a_bill_cannot_be_is_refused_with_a_sentence(shop, hundred, changes):
    answer = shop.send("post", "/vendor-bills", body(hundred, **changes), key="k1")

    assert answer.status_code in (404, 422), answer.content
    assert answer.json()["detail"]
    assert not VendorBill.objects.exists()


def test_bills_are_listed_by_state_and_vendor(shop, hundred, house):
    for i in range(3):
        shop.send("post", "/vendor-bills", body(hundred, 10, "2.10" if i else "9.00", reference=f"R-{i}"), key=f"k{i}")

    def references(query):
        return [row["reference"] for row in shop.send("get", f"/vendor-bills{query}").json()["data"]]

    assert references("") == ["R-2", "R-1", "R-0"]
    assert references("?state=held") == ["R-0"]
    assert references(f"?vendor={house.vendor.pk}&state=posted&limit=1") == ["R-2"]
    assert references("?vendor=1000000") == []
    for query in ("?state=odd", "?vendor=x", "?colour=red", "?limit=0"):
        assert shop.send("get", f"/vendor-bills{query}").status_code == 422
    assert shop.send("get", "/vendor-bills/VB-99999").status_code == 404
