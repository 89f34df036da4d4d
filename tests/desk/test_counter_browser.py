"""The counter in a real browser, with keys alone: what is scanned outlives the page, the tab and the log-in."""

from decimal import Decimal

import pytest
from django.contrib.sessions.models import Session

from oms.core.models import User
from orders.models import DiscountLimit, Draft, Hold, Order
from tests import cast
from tests.desk.chromium import CHROMIUM
from tests.desk.test_browser import page
from tests.flows import counter

__all__ = ["page"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def at_till(page, real_house, live_server):
    """Open a till on the page, or on another one."""
    till = counter.till(real_house)
    address = f"{live_server.url}/counter/{till.pk}/"

    def go(where=page):
        where.goto(address)
        where.wait_for_selector("#entry:focus")
        return where

    return go


def scan(page, text, seen):
    page.keyboard.type(f"{text}\n")
    page.wait_for_selector(f"#lines >> text={seen}")


def quantities(page):
    return [field.input_value() for field in page.query_selector_all("[name=quantity]")]


def test_a_page_that_crashes_in_the_middle_of_a_sale_is_gone_on_with_in_the_next_tab(page, at_till, prove):
    at_till()
    scan(page, "2 mug", "Blue mug")
    scan(page, "lamp", "Desk lamp")
    with pytest.raises(Exception, match="crash"):
        page.goto("chrome://crash")

    again = at_till(page.context.new_page())

    assert quantities(again) == ["2", "1"]
    again.keyboard.type("mug\n")
    again.wait_for_selector("#quantity-0[value='3']")
    again.keyboard.press("Alt+g")
    again.keyboard.press("Enter")
    again.wait_for_url("**/sales/**")
    assert (Order.objects.get().state, Draft.objects.get().state) == ("completed", "placed")
    prove()


def test_one_customer_is_parked_while_the_next_is_served_and_taken_up_again(page, at_till):
    at_till()
    scan(page, "2 mug", "Blue mug")
    page.keyboard.press("Alt+p")
    page.wait_for_selector("#park_note:focus")
    page.keyboard.type("red coat\n")
    page.wait_for_selector("#waiting >> text=red coat")
    page.wait_for_selector("#entry:focus")
    scan(page, "lamp", "Desk lamp")

    page.keyboard.press("Alt+1")
    page.wait_for_selector("#lines >> text=Blue mug")

    assert quantities(page) == ["2"]
    assert page.inner_text("#waiting button").startswith("clerk")
    page.keyboard.press("Alt+1")
    page.wait_for_selector("#lines >> text=Desk lamp")
    assert quantities(page) == ["1"]


def test_scans_wait_for_who_is_logged_out_and_are_sent_once_they_are_back(page, at_till, live_server):
    at_till()
    scan(page, "2 mug", "Blue mug")
    Session.objects.all().delete()
    page.keyboard.type("lamp\nMUG\n")
    page.wait_for_selector("#notice >> text=You are logged out")

    page.click("#notice a")
    page.fill("[name=username]", "clerk")
    page.fill("[name=password]", "correct horse")
    page.press("[name=password]", "Enter")

    page.wait_for_selector("#lines >> text=Desk lamp")
    page.wait_for_selector("#quantity-0[value='3']")
    assert quantities(page) == ["3", "1"]
    assert [line["quantity"] for line in Draft.objects.get().typed["lines"]] == ["3", "1"]


def test_a_scan_whose_answer_is_lost_counts_once(page, at_till):
    at_till()
    scan(page, "2 mug", "Blue mug")

    def lose(route):
        route.fetch()
        route.abort()
        page.unroute("**/counter/**")

    page.route("**/counter/**", lose)
    page.keyboard.type("MUG\n")
    page.wait_for_selector("#quantity-0[value='3']")

    assert Draft.objects.get().typed["lines"] == [{"sku": "MUG", "quantity": "3"}]
    page.problems.clear()


def held_back(page, typed):
    """Type, and keep what the page asks the server for: it waits for its answer. Give the request, to be let go."""
    held = []
    page.route("**/counter/**", lambda route: held.append(route))
    with page.expect_request("**/counter/**"):
        page.keyboard.type(typed)
    page.wait_for_selector("#entry")  # a turn for the request to be handed over
    return held[0]


def test_a_tab_that_is_reloaded_before_the_answer_comes_counts_it_once(page, at_till):
    at_till()
    scan(page, "2 mug", "Blue mug")
    lost = held_back(page, "MUG\nlamp\n")
    lost.fetch()  # the server has it, the page is never told
    assert Draft.objects.get().typed["lines"] == [{"sku": "MUG", "quantity": "3"}]

    page.unroute("**/counter/**")
    page.reload()

    page.wait_for_selector("#lines >> text=Desk lamp")
    assert quantities(page) == ["3", "1"]
    page.problems.clear()


def test_a_second_person_agrees_with_the_keyboard_and_the_money_is_taken(page, at_till, prove):
    clerk = User.objects.get(username="clerk")
    DiscountLimit.objects.create(user=clerk, percent=5)
    cast.person("boss", "manager")
    at_till()
    scan(page, "2 lamp -25%", "Desk lamp")
    page.wait_for_selector("#money >> text=clerk gives 25% off LAMP and may give 5%")

    page.keyboard.press("Alt+a")
    page.keyboard.type("boss\nwrong horse\n")
    page.wait_for_selector("#notice >> text=That name and password do not go together")
    page.wait_for_selector("#approver:focus")
    page.keyboard.type("boss\ncorrect horse\n")
    page.wait_for_selector("#money >> text=boss has agreed to it.")
    page.wait_for_selector("#given:focus")
    page.keyboard.type("60\n")
    page.wait_for_url("**/sales/**")

    assert page.inner_text(".till-total b") == "£7.80"
    assert all("422" in problem for problem in page.problems)
    page.problems.clear()
    assert (Order.objects.get().total, Hold.objects.get().released_by) == (Decimal("52.20"), "user:boss")
    prove()


def test_what_is_typed_while_a_scan_is_answered_stays_and_counts(page, at_till):
    at_till()
    scan(page, "2 mug", "Blue mug")
    late = held_back(page, "lamp\n")
    page.focus("#quantity-0")
    page.keyboard.press("Control+a")
    page.keyboard.type("7")
    late.continue_()
    page.unroute("**/counter/**")

    page.wait_for_selector("#lines >> text=Desk lamp")
    page.wait_for_selector("#money >> text=£76.38")
    assert page.evaluate("document.activeElement.id") == "quantity-0"
    assert quantities(page) == ["7", "1"]


def test_candidates_are_chosen_from_a_list(page, at_till):
    at_till()
    page.keyboard.type("3 mgu\n")
    page.wait_for_selector("#meant-0")

    page.select_option("#meant-0", "MUG")

    page.wait_for_selector("#lines >> text=Blue mug")
    assert quantities(page) == ["3"]
