"""The counter's pages: with a scanner and the keyboard, and without JavaScript."""

import re

import pytest
from django.test import Client

from accounting.models import DrawerSession, Taking
from inventory.models import Barcode
from oms.core import pdf
from oms.core.models import StoredResponse
from oms.desk.counter.receipts import receipt_of
from orders.models import Order
from tests import cast
from tests.flows import counter


def at_till(name, role):
    client = Client()
    client.force_login(cast.person(name, role))
    return client


@pytest.fixture
def clerk(house):
    return at_till("anna", "clerk")


@pytest.fixture
def till(house):
    return counter.till(house)


def form(*lines, **changes):
    return {"key": "k" * 32, "sku": [sku for sku, _units in lines], "quantity": [str(units) for _sku, units in lines]} | changes


def lines_on(page):
    text = page.content.decode()
    return list(zip(re.findall(r'name="sku" value="(\w+)"', text), re.findall(r'name="quantity" value="(\d+)"', text), strict=True))


def test_with_one_till_the_counter_is_its_page(clerk, till):
    assert clerk.get("/counter/")["Location"] == f"/counter/{till.pk}/"


def test_with_several_tills_one_is_chosen(clerk, house, till):
    counter.till(house, "Back door", opening_float=None)

    page = clerk.get("/counter/").content.decode()

    assert "Back door" in page and "Shut" in page


def test_a_drawer_is_opened_with_its_float_and_the_till_sells(clerk, house):
    till = counter.till(house, opening_float=None)
    assert "The drawer is shut" in clerk.get(f"/counter/{till.pk}/").content.decode()

    assert clerk.post(f"/counter/{till.pk}/open", {"float": "80"})["Location"] == f"/counter/{till.pk}/"

    assert DrawerSession.objects.get().opening_float == 80
    assert "Nothing scanned yet" in clerk.get(f"/counter/{till.pk}/").content.decode()


def test_a_float_that_is_no_amount_is_said(clerk, house):
    till = counter.till(house, opening_float=None)

    answer = clerk.post(f"/counter/{till.pk}/open", {"float": "lots"})

    assert answer.status_code == 422
    assert "“lots” is not an amount" in answer.content.decode()
    assert not DrawerSession.objects.exists()


@pytest.mark.parametrize(
    ("entry", "lines"),
    [
        ("mug", [("MUG", "1")]),
        ("3 blue mug", [("MUG", "3")]),
        ("CASE-1", [("MUG", "12")]),
        ("2 lamp", [("LAMP", "2")]),
    ],
)
def test_what_is_scanned_or_typed_becomes_a_line(clerk, house, till, entry, lines):
    Barcode.objects.create(code="CASE-1", sku=house.mug, units=12)

    assert lines_on(clerk.post(f"/counter/{till.pk}/", form(entry=entry))) == lines


def test_scanned_again_a_line_counts_one_more(clerk, till):
    assert lines_on(clerk.post(f"/counter/{till.pk}/", form(("MUG", 2), ("LAMP", 1), entry="MUG"))) == [("MUG", "3"), ("LAMP", "1")]


def test_what_means_nothing_stays_to_be_resolved_and_is_not_sold(clerk, till):
    page = clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), entry="xylophone"))
    assert "It means no SKU, or more than one." in page.content.decode()

    refused = clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), unmatched=["xylophone"], unmatched_quantity=["1"], action="pay"))

    assert (refused.status_code, Order.objects.count()) == (422, 0)


def test_enter_goes_on_to_the_money_and_then_takes_it(clerk, till):
    page = clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), entry="")).content.decode()
    assert 'name="step" value="pay"' in page
    assert "£5.94" in page

    sold = clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), entry="", step="pay", told="5.94", given="10"))

    order = Order.objects.get()
    assert (order.state, sold["Location"]) == ("completed", f"/counter/sales/{order.number}/")
    page = clerk.get(sold["Location"]).content.decode()
    for text in ("£4.06", "INV-000001", "VAT 20%", "GB980780684", "Blue mug"):
        assert text in page


def test_a_double_press_sells_once(clerk, till):
    first, second = (clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), action="pay", given="10")) for _ in range(2))

    assert (first["Location"], Order.objects.count()) == (second["Location"], 1)
    assert StoredResponse.objects.filter(key=f"form:{'k' * 32}").count() == 1


def test_a_card_is_paid_by_its_reference(clerk, till):
    clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), entry="", reference="T-1", given=""))

    assert Taking.objects.get().payment.method == "card"


def test_another_total_than_the_customer_was_told_is_said_before_it_is_paid(clerk, till):
    refused = clerk.post(f"/counter/{till.pk}/", form(("MUG", 2), action="pay", told="5.94", given="20"))

    assert (refused.status_code, Order.objects.count()) == (409, 0)
    assert "It comes to 11.88 GBP now, not 5.94" in refused.content.decode()
    assert 'name="told" value="11.88' in refused.content.decode()


def test_a_line_that_still_stands_in_its_field_is_seen_before_it_is_paid(clerk, till):
    refused = clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), action="pay", entry="lamp"))

    assert (refused.status_code, Order.objects.count(), lines_on(refused)) == (409, 0, [("MUG", "1"), ("LAMP", "1")])


def test_short_stock_is_seen_before_it_is_paid_and_refused_then(clerk, till):
    page = clerk.post(f"/counter/{till.pk}/", form(entry="6 lamp")).content.decode()
    assert re.search(r'class="num hide-narrow waits"><a class="number"[^>]*>5</a>', page)

    refused = clerk.post(f"/counter/{till.pk}/", form(("LAMP", 6), action="pay"))

    assert (refused.status_code, Order.objects.count(), lines_on(refused)) == (409, 0, [("LAMP", "6")])


@pytest.mark.parametrize("given", ["x", "-1", "NaN", "1e400"])
def test_money_that_is_none_is_said(clerk, till, given):
    refused = clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), action="pay", given=given))

    assert (refused.status_code, Order.objects.count()) == (422, 0)


def test_somebody_known_is_found_and_buys_in_their_own_name(clerk, house, till):
    page = clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), caller="Anna Field", action="find")).content.decode()
    assert f'name="customer" value="{house.anna.number}"' in page

    clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), customer=house.anna.number, action="pay"))

    assert Order.objects.get().customer == house.anna


def test_the_receipt_is_a_pdf_of_a_rolls_width(clerk, house, till):
    order = counter.sell(till, ("MUG", 2), ("LAMP", 1), given="50")

    answer = clerk.get(f"/counter/sales/{order.number}/receipt.pdf")

    assert (answer.status_code, answer["Content-Type"], answer.content[:5]) == (200, "application/pdf", b"%PDF-")
    roll = pdf._press().lay_out("counter/receipt_paper.html", {"receipt": receipt_of(order)})
    assert [round(page.width / 96 * 25.4) for page in roll.pages] == [80]


def test_what_was_not_sold_at_the_counter_has_no_receipt(clerk, house, till):
    assert clerk.get(f"/counter/sales/{house.place(('MUG', 1)).number}/").status_code == 404


def test_who_counts_does_not_see_what_should_be_there_and_who_may_sees_the_difference(clerk, house, till):
    counter.sell(till, ("MUG", 1), given="10")
    session = DrawerSession.objects.get()
    drawer = clerk.get(f"/counter/{till.pk}/drawer/").content.decode()
    assert "105.94" not in drawer

    closed = clerk.post(f"/counter/drawers/{session.pk}/count", {"pieces-50": "2", "pieces-5": "1"})

    told = clerk.get(closed["Location"]).content.decode()
    assert "£105.00" in told and "0.94" not in told
    manager = at_till("boss", "manager")
    assert "-£0.94" in manager.get(f"/counter/drawers/{session.pk}/").content.decode()
    assert "105.94" in manager.get("/counter/drawers/").content.decode()


def test_pieces_that_are_no_number_are_said_and_nothing_is_closed(clerk, till):
    session = DrawerSession.objects.get()

    answer = clerk.post(f"/counter/drawers/{session.pk}/count", {"pieces-50": "two"})

    assert (answer.status_code, DrawerSession.objects.get().state) == (422, "open")


def test_cash_is_taken_out_for_a_reason(clerk, till):
    clerk.post(f"/counter/{till.pk}/drawer/cash", {"kind": "expense", "amount": "4.50", "reason": "Milk", "key": "k"})
    refused = clerk.post(f"/counter/{till.pk}/drawer/cash", {"kind": "expense", "amount": "4.50", "reason": "", "key": "l"})

    assert (DrawerSession.objects.get().expected, refused.status_code) == (pytest.approx(95.5), 422)
    assert "Milk" in clerk.get(f"/counter/{till.pk}/drawer/").content.decode()


def test_the_page_takes_as_many_queries_whatever_is_bought(clerk, house, till, django_assert_max_num_queries):
    clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), entry=""))
    with django_assert_max_num_queries(40) as one:
        clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), entry="mug"))
    with django_assert_max_num_queries(40) as two:
        clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), ("LAMP", 2), entry="mug"))

    assert len(two) == len(one)
