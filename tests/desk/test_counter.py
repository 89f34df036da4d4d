"""The counter's pages: with a scanner and the keyboard, and without JavaScript."""

import re
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.test import Client

from accounting.models import DrawerSession, Taking
from inventory.models import Barcode, Price, Sku
from oms.core import pdf
from oms.core.models import User
from oms.desk.counter.receipts import receipt_of
from orders.models import DiscountLimit, Draft, Order, Promotion, PromotionCode
from tests import cast
from tests.flows import counter

KEY = "5" * 32


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
    return {"key": KEY, "sku": [sku for sku, _units in lines], "quantity": [str(units) for _sku, units in lines]} | changes


def article(code, name):
    Price.objects.create(sku=Sku.objects.create(code=code, name=name), unit_price=5)


def lines_on(page):
    text = page.content.decode()
    return list(zip(re.findall(r'name="sku" value="([\w-]+)"', text), re.findall(r'name="quantity" value="(\d+)"', text), strict=True))


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
    assert "It means no SKU." in page.content.decode()

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
    assert Draft.objects.get().order == Order.objects.get()


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


def test_a_discount_is_typed_with_its_line(clerk, house, till):
    DiscountLimit.objects.create(user=User.objects.get(username="anna"), percent=10)

    page = clerk.post(f"/counter/{till.pk}/", form(entry="2 mug -10%")).content.decode()

    assert 'name="discount" value="10"' in page
    assert "List price; 10% off by anna: −0.99" in page
    assert "£10.69" in page and "A second person must agree" not in page


def test_a_discount_above_ones_limit_asks_for_a_second_person_who_agrees_beside_the_total(clerk, till):
    cast.person("boss", "manager")
    page = clerk.post(f"/counter/{till.pk}/", form(entry="2 mug -25%")).content.decode()
    assert "A second person must agree: anna gives 25% off MUG and may give 0%" in page
    typed = form(("MUG", 2), discount=["25"], told="8.90")
    assert clerk.post(f"/counter/{till.pk}/", typed | {"action": "pay"}).status_code == 409

    wrong = clerk.post(f"/counter/{till.pk}/", typed | {"action": "agree", "approver": "boss", "approver_password": "horse"})
    agreed = clerk.post(f"/counter/{till.pk}/", typed | {"action": "agree", "approver": "boss", "approver_password": "correct horse"})

    assert (wrong.status_code, agreed.status_code, Order.objects.count()) == (422, 200, 0)
    page = agreed.content.decode()
    assert "boss has agreed to it." in page and "correct horse" not in page
    signed = re.search(r'name="agreed" value="([^"]+)"', page)[1]
    sold = clerk.post(f"/counter/{till.pk}/", typed | {"agreed": signed, "action": "pay"})
    assert (sold.status_code, Order.objects.get().holds.get().released_by) == (302, "user:boss")
    assert "horse" not in str(Draft.objects.get().typed)


def test_who_agrees_and_takes_the_money_in_one_go_presses_once(clerk, till):
    cast.person("boss", "manager")

    typed = form(("MUG", 2), discount=["25"], told="8.90", action="pay", approver="boss", approver_password="correct horse")
    clerk.post(f"/counter/{till.pk}/", typed)

    assert Order.objects.get().total == Decimal("8.90")


def test_a_code_is_typed_at_the_till_and_one_that_does_not_hold_says_why(clerk, till):
    made = Promotion.objects.create(name="Spring", kind="amount", amount=2, needs_code=True)
    PromotionCode.objects.create(promotion=made, code="SPRING")

    page = clerk.post(f"/counter/{till.pk}/", form(("MUG", 2), action="count", codes="spring, nonsense")).content.decode()

    assert "£9.48" in page and "List price; Spring, code SPRING: −2.00" in page
    assert "There is no promotion code NONSENSE." in page
    clerk.post(f"/counter/{till.pk}/", form(("MUG", 2), action="pay", codes="spring", told="9.48"))
    assert Order.objects.get().discount_total == 2


def test_what_may_mean_several_is_chosen(clerk, house, till):
    article("MUG-RED", "Red mug")
    page = clerk.post(f"/counter/{till.pk}/", form(entry="3 mgu -5%")).content.decode()
    assert "It may mean several." in page
    assert '<option value="MUG">MUG Blue mug</option>' in page

    typed = form(unmatched=["mgu"], unmatched_quantity=["3"], meant=["MUG-RED"], action="count")

    assert lines_on(clerk.post(f"/counter/{till.pk}/", typed)) == [("MUG-RED", "3")]


def test_a_tab_that_is_closed_and_a_log_out_lose_nothing(clerk, till):
    clerk.post(f"/counter/{till.pk}/", form(("MUG", 2), entry="lamp"))
    clerk.logout()
    assert clerk.get(f"/counter/{till.pk}/").status_code == 302

    again = Client()
    again.login(username="anna", password="correct horse")
    page = again.get(f"/counter/{till.pk}/")

    assert lines_on(page) == [("MUG", "2"), ("LAMP", "1")]
    assert f'name="key" value="{UUID(KEY)}"' in page.content.decode()


def test_a_colleague_at_the_same_till_finds_what_was_left_lying_and_takes_it_up(clerk, till):
    clerk.post(f"/counter/{till.pk}/", form(entry="lamp"))
    ben = at_till("ben", "clerk")
    page = ben.get(f"/counter/{till.pk}/")
    assert lines_on(page) == [] and "left lying" in page.content.decode()

    ben.post(f"/counter/{till.pk}/", {"key": "", "action": f"resume:{UUID(KEY)}"})

    assert lines_on(ben.get(f"/counter/{till.pk}/")) == [("LAMP", "1")]
    told = clerk.post(f"/counter/{till.pk}/", form(("LAMP", 1), entry="mug"))
    assert told.status_code == 409 and "ben has had this order since" in told.content.decode()


def test_what_is_parked_is_taken_up_at_another_till_with_a_key_and_what_lies_there_waits_in_its_place(clerk, house, till):
    back = counter.till(house, "Back door")
    parked = clerk.post(f"/counter/{till.pk}/", form(("MUG", 2), action="park", park_note="red coat"))
    assert parked["Location"] == f"/counter/{till.pk}/"
    page = clerk.get(f"/counter/{till.pk}/")
    assert lines_on(page) == []
    assert re.search(rf'value="resume:{UUID(KEY)}" data-key="Digit1">\s*<span dir="auto">red coat</span>', page.content.decode())

    other = "6" * 32
    clerk.post(f"/counter/{back.pk}/", form(("LAMP", 1), key=other, action=f"resume:{UUID(KEY)}"))

    page = clerk.get(f"/counter/{back.pk}/")
    assert lines_on(page) == [("MUG", "2")]
    assert f'value="resume:{UUID(other)}"' in page.content.decode()
    assert Draft.objects.get(key=other).state == "parked"


def test_what_somebody_has_taken_up_elsewhere_is_said_and_nothing_is_lost(clerk, house, till):
    back = counter.till(house, "Back door")
    clerk.post(f"/counter/{till.pk}/", form(("MUG", 2), action="park"))
    at_till("ben", "clerk").post(f"/counter/{back.pk}/", {"key": "", "action": f"resume:{UUID(KEY)}"})
    other = "6" * 32

    answer = clerk.post(f"/counter/{till.pk}/", form(("LAMP", 1), key=other, action=f"resume:{UUID(KEY)}"), follow=True)

    assert "ben has taken it up at another till." in answer.content.decode()
    assert f'value="resume:{UUID(other)}"' in answer.content.decode()


def test_what_is_sold_is_said_to_a_page_that_still_shows_it(clerk, till):
    clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), action="pay"))

    answer = clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), entry="lamp"))

    assert answer.status_code == 409
    assert f"/counter/sales/{Order.objects.get().number}/" in answer.content.decode()


def test_to_start_over_gives_up_what_was_scanned(clerk, till):
    page = clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), entry="lamp")).content.decode()
    seen = {name: re.search(rf'name="{name}" value="(\w+)"', page)[1] for name in ("version", "page")}

    clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), action="over", **seen))

    assert Draft.objects.get().state == "abandoned"
    assert "Nothing scanned yet" in clerk.get(f"/counter/{till.pk}/").content.decode()


def test_what_is_typed_at_a_till_is_no_call(clerk, till):
    clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), action="park", park_note="red coat"))

    assert "red coat" not in clerk.get("/orders/phone/drafts?show=all").content.decode()
    assert "MUG" not in clerk.get(f"/orders/phone/{UUID(KEY)}/").content.decode()


def test_a_scan_takes_as_many_queries_however_much_is_scanned_and_waits(clerk, house, till, django_assert_max_num_queries):
    for number in range(12):
        article(f"S{number}", f"Article {number}")
    clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), entry=""))
    clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), key=uuid4().hex, action="park"))
    with django_assert_max_num_queries(40) as one:
        clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), entry="mug"))
    for _ in range(6):
        clerk.post(f"/counter/{till.pk}/", form(("MUG", 1), key=uuid4().hex, action="park"))
    with django_assert_max_num_queries(40) as many:
        clerk.post(f"/counter/{till.pk}/", form(*[(f"S{number}", 1) for number in range(12)], ("LAMP", 2), entry="mug"))

    assert len(many) == len(one)
