"""At the dock: counting in by scans and by hand, on a page that works without its module, and once however often somebody presses."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import Barcode, PurchaseOrder, Receipt, ReceivingScan, Sku, StockLevel, Vendor
from inventory.purchasing import dock
from inventory.purchasing.ordering import order_from_vendor
from inventory.purchasing.scanning import UnknownCode
from oms.core.errors import Conflict, Invalid
from tests import cast


@pytest.fixture
def order(house):
    """Ten chairs and twenty-four mugs on their way to Leeds; mugs come in cases of twelve as well."""
    Barcode.objects.create(code="CASE12", sku=house.mug, units=12)
    return order_from_vendor(house.vendor, house.leeds, [(house.chair, 10), (house.mug, 24)], actor="user:manager")


@pytest.fixture
def clerk(house):
    client = Client()
    client.force_login(cast.person("wim", "warehouse"))
    return client


def scan(order, code, key, **more):
    return dock.scan_goods(order.pk, code, key=key, actor="user:wim", **more)


def counted(order):
    return {row.line.sku.code: row.counted for row in dock.sheet_of(PurchaseOrder.objects.get(pk=order.pk)) if row.counted}


def test_scans_are_counted_and_become_one_receipt(house, order, prove):
    scan(order, "CHAIR", "a")
    scan(order, "CASE12", "b")
    scan(order, "chair", "c")
    assert counted(order) == {"CHAIR": 2, "MUG": 12}
    assert not Receipt.objects.exists()

    receipt = dock.confirm(order.pk, key="k", actor="user:wim")

    assert {row.line.sku.code: row.quantity for row in receipt.lines.all()} == {"CHAIR": 2, "MUG": 12}
    assert not ReceivingScan.objects.exists()
    assert StockLevel.objects.get(sku=house.mug, warehouse=house.leeds).on_hand == 42
    assert dock.confirm(order.pk, key="k", actor="user:wim") == receipt
    with pytest.raises(Invalid, match="Nothing is counted yet"):
        dock.confirm(order.pk, key="another", actor="user:wim")
    assert Receipt.objects.count() == 1
    prove()


def test_a_scan_that_is_sent_twice_counts_once(order):
    first, again = scan(order, "CHAIR", "a"), scan(order, "CHAIR", "a")

    assert first == again
    assert counted(order) == {"CHAIR": 1}


def test_scans_beyond_what_may_come_are_refused(house, order):
    Vendor.objects.update(over_receipt_percent=10)
    generous = order_from_vendor(Vendor.objects.get(), house.leeds, [(house.chair, 10)], actor="user:manager")
    for i in range(11):
        scan(generous, "CHAIR", f"g{i}")
    scan(order, "CASE12", "a")
    scan(order, "CASE12", "b")

    with pytest.raises(Conflict, match="expects 24 of MUG, not 36"):
        scan(order, "CASE12", "c")
    with pytest.raises(Conflict, match="expects 10 of CHAIR and tolerates 1 more, not 12"):
        scan(generous, "CHAIR", "g11")

    assert (counted(order), counted(generous)) == ({"MUG": 24}, {"CHAIR": 11})


def test_what_is_not_on_the_order_says_where_it_is(house, order):
    with pytest.raises(Conflict, match=f"LAMP is not on {order.number}, nor on any other: set it aside"):
        scan(order, "LAMP", "a")
    other = order_from_vendor(house.vendor, house.leeds, [(house.lamp, 1)], actor="user:manager")
    with pytest.raises(Conflict, match=f"LAMP is not on {order.number}, but on {other.number}: open that one"):
        scan(order, "LAMP", "a")
    with pytest.raises(Conflict, match=f"That is {other.number}, not goods"):
        scan(order, other.number, "a")
    with pytest.raises(UnknownCode):
        scan(order, "NOTHING", "a")

    assert counted(order) == {}


def test_the_last_scan_is_taken_back_once(order):
    scan(order, "CHAIR", "a")
    last = scan(order, "CASE12", "b")

    assert dock.undo_scan(order.pk, last.pk) == last
    assert dock.undo_scan(order.pk, last.pk) is None

    assert counted(order) == {"CHAIR": 1}


def test_numbers_are_set_by_hand_and_all_is_taken_as_ordered(house, order, prove):
    chair = order.lines.get(sku=house.chair)
    scan(order, "CHAIR", "a")
    dock.set_count(order.pk, chair.pk, 7, actor="user:wim")
    dock.set_count(order.pk, chair.pk, 7, actor="user:wim")
    assert counted(order) == {"CHAIR": 7}
    for units, refusal in ((-1, Invalid), (11, Conflict)):
        with pytest.raises(refusal):
            dock.set_count(order.pk, chair.pk, units, actor="user:wim")

    assert dock.count_all(order.pk, actor="user:wim") == 27
    assert dock.count_all(order.pk, actor="user:wim") == 0
    dock.set_count(order.pk, chair.pk, 0, actor="user:wim")
    assert counted(order) == {"MUG": 24}
    dock.start_over(order.pk)
    assert counted(order) == {}
    dock.count_all(order.pk, actor="user:wim")
    dock.confirm(order.pk, key="k", actor="user:wim")

    assert PurchaseOrder.objects.get().state == "received"
    with pytest.raises(Conflict, match="takes no more goods: it is received"):
        scan(order, "CHAIR", "z")
    prove()


def test_what_stood_on_the_packages_is_kept_with_the_receipt(house, order):
    house.chair.barcode = "5901234123457"
    house.chair.save()
    scan(order, "]C10105901234123457" + "10LOT-1", "a")
    scan(order, "]C10105901234123457" + "10LOT-1", "b")
    scan(order, "]C10105901234123457" + "10LOT-2", "c")

    receipt = dock.confirm(order.pk, key="k", actor="user:wim")

    assert receipt.lines.get().note == "batch LOT-1; batch LOT-2"
    assert StockLevel.objects.get(sku=house.chair, warehouse=house.leeds).on_hand == 3


# --- the pages ---


def hidden(page, name):
    return re.search(rf'name="{name}" value="([^"]+)"', page.content.decode())[1]


def test_the_dock_works_with_plain_forms(clerk, house, order, prove):
    mine = house.place(("CHAIR", 4))
    cast.run_line("screen", "reserve")
    address = f"/receiving/{order.number}/"
    assert order.number in clerk.get("/receiving/").content.decode()

    page = clerk.get(address)
    answer = clerk.post(address + "scan", {"code": "CASE12", "key": hidden(page, "key")}, follow=True)
    assert answer.redirect_chain == [(address, 302)]
    assert "+12" in answer.content.decode()
    clerk.post(address + "set", {"line": order.lines.get(sku=house.chair).pk, "units": "10"})
    assert counted(order) == {"CHAIR": 10, "MUG": 12}
    page = clerk.get(address)
    again = [clerk.post(address + "confirm", {"key": hidden(page, "key")}) for _ in range(2)]

    receipt = Receipt.objects.get()
    assert [one["Location"] for one in again] == [f"/receiving/receipts/{receipt.pk}/"] * 2
    where = clerk.get(again[0]["Location"]).content.decode()
    assert mine.number in where and "straight to 1 order" in where
    prove()


def test_a_refused_scan_keeps_the_page_and_offers_the_choice(clerk, house, order):
    Barcode.objects.create(code="36000291452", sku=house.chair)
    house.mug.barcode = "036000291452"
    house.mug.save()
    Barcode.objects.create(code="0036000291452", sku=house.chair)
    address = f"/receiving/{order.number}/"

    page = clerk.post(address + "scan", {"code": "036000291452", "key": "a"})
    assert page.status_code == 409
    assert "belongs to CHAIR and MUG: choose which it is" in page.content.decode()
    assert 'name="choose" value="CHAIR"' in page.content.decode()
    assert clerk.post(address + "scan", {"code": "036000291452", "key": "b", "choose": "CHAIR"}).status_code == 302
    unknown = clerk.post(address + "scan", {"code": "NOTHING\x00", "key": "c"}, headers={"HX-Request": "true"})

    assert counted(order) == {"CHAIR": 1}
    assert unknown.status_code == 404
    assert "NOTHING belongs to nothing here" in unknown.content.decode()
    assert "<html" not in unknown.content.decode()


def test_the_page_of_what_is_expected_finds_an_order_by_its_number_and_by_its_goods(clerk, house, order):
    assert clerk.get("/receiving/", {"code": order.number})["Location"] == f"/receiving/{order.number}/"
    assert f"/receiving/{order.number}/" in clerk.get("/receiving/", {"code": "CASE12"}).content.decode()
    assert "No purchase order brings it" in clerk.get("/receiving/", {"code": "LAMP"}).content.decode()
    assert "belongs to nothing here" in clerk.get("/receiving/", {"code": "NOTHING"}).content.decode()


def test_the_pages_cost_the_same_however_much_there_is(clerk, house, order, django_assert_num_queries):
    counts = []
    for size in (3, 30):
        skus = [Sku.objects.create(code=f"D{size}-{i}", name="A thing") for i in range(size)]
        wide = order_from_vendor(house.vendor, house.leeds, [(sku, 2) for sku in skus], actor="user:manager")
        PurchaseOrder.objects.filter(pk=wide.pk).update(expected_on=timezone.localdate())
        dock.count_all(wide.pk, actor="user:wim")
        costs = []
        for address in ("/receiving/", f"/receiving/{wide.number}/"):
            with CaptureQueriesContext(connection) as captured:
                assert clerk.get(address).status_code == 200
            costs.append(len(captured))
        receipt = dock.confirm(wide.pk, key=f"k{size}", actor="user:wim")
        with CaptureQueriesContext(connection) as captured:
            assert clerk.get(f"/receiving/receipts/{receipt.pk}/").status_code == 200
        counts.append([*costs, len(captured)])

    assert counts[0] == counts[1]
    assert max(counts[0]) <= 16
