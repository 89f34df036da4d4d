"""The pages of vendors' bills: what they say, what they cost, what they do with nonsense."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounting.billing import approve_bill
from accounting.models import VendorBill
from accounting.unbilled import unbilled_by_age, unbilled_orders
from inventory.models import Vendor
from inventory.purchasing.landing import add_landed_cost
from tests import cast
from tests.accounting.buying import TODAY, bill, order, take_in


def logged_in(name, role):
    client = Client()
    client.force_login(cast.person(name, role))
    return client


@pytest.fixture
def ada(house):
    return logged_in("ada", "accountant")


@pytest.fixture
def hundred(house):
    placed = order(house, (house.mug, 100, "2.10"), (house.lamp, 10, "11.00"))
    take_in(placed, MUG=60)
    return placed


def filled(page):
    """Give what a form would send as it opens."""
    tags = re.findall(r"<input[^>]*>", page.content.decode())
    pairs = [(re.search(r'name="([\w-]+)"', tag), re.search(r'value="([^"]*)"', tag)) for tag in tags]
    return {name[1]: value[1] for name, value in pairs if name and value}


def test_a_bill_is_entered_from_its_order_as_the_form_opens(hundred, ada, prove):
    page = ada.get(f"/purchasing/{hundred.number}/bill")
    mug, lamp = hundred.lines.order_by("id")
    form = filled(page)
    assert (form[f"quantity-{mug.pk}"], form[f"price-{mug.pk}"], form[f"quantity-{lamp.pk}"]) == ("60", "2.10", "0")

    answer = ada.post(f"/purchasing/{hundred.number}/bill", form | {"reference": "R-7", "tax": "25.20", "total": "151,20"}, follow=True)

    made = VendorBill.objects.get()
    assert (made.state, made.total, made.entered_by) == ("posted", Decimal("151.20"), "user:ada")
    assert f"{made.number} is posted." in answer.content.decode()
    again = ada.post(f"/purchasing/{hundred.number}/bill", form | {"reference": "R-7", "tax": "25.20"}, follow=True)
    assert again.status_code == 200
    assert VendorBill.objects.count() == 1
    prove()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reference": ""}, "own number of the bill"),
        ({"tax": "many"}, "An amount is a number like 12.50."),
        ({"tax": "9" * 40}, "The tax is zero or more"),
        ({"total": "1.00"}, "but the bill says 1.00"),
        ({"billed_on": "yesterday"}, "A day is written like"),
        ({"billed_on": ""}, "the day that stands on the bill"),
        ({"quantity": "1.5"}, "A quantity is a whole number"),
        ({"quantity": "-3"}, "A quantity is a whole number"),
        ({"quantity": "0"}, "1 to 1000 lines"),
        ({"price": "NaN"}, "A price is zero or more"),
        ({"price": "-1"}, "A price is zero or more"),
    ],
)
def test_what_is_wrong_is_said_above_the_form_and_what_was_typed_stays(hundred, ada, change, sentence):
    path = f"/purchasing/{hundred.number}/bill"
    mug = hundred.lines.get(sku__code="MUG")
    form = filled(ada.get(path)) | {"reference": "R-7", "note": "typed by hand"}
    form |= {f"{name}-{mug.pk}" if name in ("quantity", "price") else name: value for name, value in change.items()}

    page = ada.post(path, form)

    assert page.status_code in (409, 422)
    assert sentence in page.content.decode()
    assert 'value="typed by hand"' in page.content.decode()
    assert not VendorBill.objects.exists()


def test_a_held_bill_says_why_in_the_list_and_on_its_page_and_is_released_there(hundred, ada, prove):
    made = bill(hundred, "R-1", MUG=80, price={"MUG": "2.30"})
    price = "MUG Blue mug: billed at 2.30 a unit, ordered at 2.10; 16.00 GBP too much in all."
    units = "MUG Blue mug: 80 billed, but only 60 have come that were not billed before."

    listed, page = ada.get("/bills/?show=held").content.decode(), ada.get(f"/bills/{made.number}/").content.decode()
    assert price in listed
    assert price in page
    assert units in page

    answer = logged_in("ben", "manager").post(f"/bills/{made.number}/release", {"note": "Agreed"}, follow=True)

    assert "is released and posted" in answer.content.decode()
    assert VendorBill.objects.get().state == "posted"
    prove()


def test_the_form_leaves_out_what_a_held_bill_is_for_and_says_so(hundred, ada):
    made = bill(hundred, "R-1", MUG=40, price={"MUG": "2.30"})
    mug = hundred.lines.get(sku__code="MUG")

    page = ada.get(f"/purchasing/{hundred.number}/bill")

    assert filled(page)[f"quantity-{mug.pk}"] == "20"
    assert f"{made.number} (R-1) on this order is held" in page.content.decode()
    assert made.number in ada.get("/bills/unbilled/").content.decode()


def test_freight_is_billed_by_who_carried_it(hundred, ada, prove):
    add_landed_cost(hundred.pk, kind="freight", amount=Decimal(40), spread_by="value", key="f", actor="user:test")
    forwarder = Vendor.objects.create(name="Northern Freight", currency="EUR", books_rate=Decimal("0.80"))
    assert "Bill freight and duty" in ada.get(f"/purchasing/{hundred.number}/").content.decode()
    path = f"/purchasing/{hundred.number}/bill?for=costs"
    [cost] = [name for name in filled(ada.get(path)) if name.startswith("cost-")]
    assert unbilled_by_age().freight == Decimal(40)
    assert "£40.00" in ada.get("/bills/unbilled/").content.decode()

    ada.post(path, filled(ada.get(path)) | {"vendor": forwarder.pk, "reference": "NF-1", cost: "50.00"})

    made = VendorBill.objects.get()
    assert (made.vendor, made.state, made.currency, made.books_total) == (forwarder, "posted", "EUR", Decimal(40))
    assert [(row.units, row.value, row.freight) for row in unbilled_orders()] == [(60, Decimal("126.00"), 0)]
    assert "Bill freight and duty" not in ada.get(f"/purchasing/{hundred.number}/").content.decode()
    prove()


def test_a_release_without_a_note_changes_nothing(hundred, ada):
    made = bill(hundred, "R-1", MUG=60, price={"MUG": "2.30"})

    ada.post(f"/bills/{made.number}/release", {"note": " "})
    assert VendorBill.objects.get().state == "held"
    ada.post(f"/bills/{made.number}/reject", {"note": "Not ours"})
    assert VendorBill.objects.get().state == "rejected"


def test_a_credit_note_is_booked_on_the_page_of_its_bill(hundred, ada, prove):
    made = bill(hundred, "R-1", MUG=60)

    ada.post(f"/bills/{made.number}/credit", {"reference": "C-1", "reason": "overcharged", "net": "6,00"})
    ada.post(f"/bills/{made.number}/credit", {"reference": "C-2", "reason": "nonsense"})

    credit = VendorBill.objects.get(kind="credit_note")
    assert (credit.total, credit.credits_id) == (Decimal(-6), made.pk)
    assert ada.get(f"/bills/{credit.number}/").status_code == 200
    prove()


def test_the_order_shows_its_bills_to_who_may_see_money_and_to_nobody_else(hundred, ada):
    made = bill(hundred, "R-1", MUG=10)
    page = ada.get(f"/purchasing/{hundred.number}/").content.decode()
    packer = logged_in("pat", "warehouse").get(f"/purchasing/{hundred.number}/").content.decode()

    assert made.number in page
    assert "50 units received, not billed" in page
    assert made.number not in packer
    assert "Bill it" not in packer


def test_what_has_come_and_is_not_billed_is_listed_by_vendor_with_its_age(hundred, ada):
    bill(hundred, "R-1", MUG=10)
    ahead = bill(hundred, "R-2", LAMP=10)
    page = ada.get("/bills/unbilled/").content.decode()
    assert "Potteries Ltd" in page
    assert "£105.00" in page

    approve_bill(ahead.pk, note="Prepaid", actor="user:ben")
    page = ada.get("/bills/unbilled/").content.decode()

    assert "−£5.00" in page or "-£5.00" in page


def test_an_overdue_bill_says_so(house, ada):
    placed = order(house, (house.mug, 10, "2.10"))
    take_in(placed, MUG=10)
    bill(placed, "R-1", MUG=10, _billed_on=TODAY() - timedelta(days=40), _due_on=TODAY() - timedelta(days=10))

    assert "Overdue" in ada.get("/bills/?show=overdue").content.decode()
    assert "40 days" in ada.get("/bills/").content.decode()
    assert "No bills here" in ada.get("/bills/?show=held").content.decode()


@pytest.mark.parametrize("path", ["/bills/", "/bills/?show=held", "/bills/?show=open", "/bills/unbilled/", "/bills/VB/", "/purchasing/PO/"])
def test_a_page_costs_the_same_for_two_bills_and_for_twenty(house, ada, path):
    placed = order(house, (house.mug, 1000, "2.10"))
    take_in(placed, MUG=100)
    first = bill(placed, "R", MUG=1)
    path = path.replace("VB", first.number).replace("PO", placed.number)
    counts = []
    for size in (2, 18):
        for i in range(size):
            other = order(house, (house.mug, 10, "2.10"))
            take_in(other, MUG=10)
            bill(other, f"{size}-{i}", MUG=8)
            bill(other, f"{size}-{i} dear", MUG=8, price={"MUG": "4.00"})
            bill(placed, f"{size}-{i} same", MUG=1)
        ada.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert ada.get(path).status_code == 200
        counts.append(len(captured))

    assert counts[0] == counts[1]
