"""The phone form with the keyboard alone, in a real browser."""

from decimal import Decimal

import pytest
from django.db import connection

from oms.core.models import User
from orders.models import Order
from tests.desk.chromium import CHROMIUM
from tests.flows import counter

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def page(real_house, live_server, browser, monkeypatch):
    # The browser keeps its lines open, and with them the server its threads: none of them may keep a connection, or the database cannot be dropped.
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    User.objects.create_superuser("clerk", password="correct horse")
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.problems = []
    page.on("console", lambda message: page.problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.goto(f"{live_server.url}/login/")
    page.fill("[name=username]", "clerk")
    page.fill("[name=password]", "correct horse")
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{live_server.url}/")
    yield page
    assert page.problems == []
    context.close()


def test_an_order_is_placed_with_the_keyboard_alone(page, live_server, prove):
    page.keyboard.press("n")
    page.wait_for_url("**/orders/phone/")
    page.wait_for_selector("[autofocus]:focus")
    page.keyboard.type("496 0001")
    page.wait_for_selector("#caller-list [aria-selected=true]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#customer >> text=Anna Field")
    page.wait_for_selector("#entry:focus")
    page.keyboard.type("12 mug")
    page.keyboard.press("Enter")
    page.wait_for_selector("#lines >> text=Blue mug")
    page.keyboard.type("1 chair")
    page.keyboard.press("Enter")
    page.wait_for_selector("#lines >> text=Garden chair")
    assert page.inner_text("#total") == "£130.68"
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/orders/SO-*/")

    order = Order.objects.get()
    assert sorted(order.lines.values_list("sku__code", "quantity", "reserved", "backordered")) == [("CHAIR", 1, 0, 1), ("MUG", 12, 12, 0)]
    assert order.customer.name == "Anna Field"
    assert "It waits to be picked and packed." in page.inner_text(".blocker")
    prove()


def test_somebody_new_orders_with_the_keyboard_alone(page, live_server, prove):
    page.keyboard.press("n")
    page.wait_for_url("**/orders/phone/")
    page.wait_for_selector("[autofocus]:focus")
    page.keyboard.type("Ben Ode")
    page.keyboard.press("Alt+n")
    page.wait_for_selector("#new_name:focus")
    page.keyboard.press("Enter")
    page.keyboard.type("0113 496 0002")
    page.keyboard.press("Enter")
    page.keyboard.type("1 High Street")
    page.keyboard.press("Enter")
    page.keyboard.type("Leeds")
    page.keyboard.press("Alt+l")
    page.keyboard.type("2 lamp")
    page.keyboard.press("Enter")
    page.wait_for_selector("#lines >> text=Desk lamp")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/orders/SO-*/")

    order = Order.objects.get()
    assert (order.customer.name, order.customer.phone, order.ship_to["city"]) == ("Ben Ode", "+441134960002", "Leeds")
    prove()


def test_the_line_redraws_itself_when_something_happens(page, live_server, real_house):
    page.wait_for_selector(".map svg")
    assert page.inner_text(".figures a:first-child b") == "0"

    real_house.place(("MUG", 1))

    page.wait_for_selector(".figures a:first-child b:text-is('1')", timeout=10_000)


def test_lists_are_walked_with_j_and_enter(page, live_server, real_house):
    real_house.place(("MUG", 1))
    second = real_house.place(("MUG", 1))
    page.goto(f"{live_server.url}/orders/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")

    page.wait_for_url(f"**/orders/{second.number}/")


def test_a_number_opens_and_closes_with_the_keyboard_and_leads_on_to_what_makes_it(page, live_server):
    page.goto(f"{live_server.url}/stock/MUG/")
    page.focus(".figures a.number >> nth=2")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog#explanation[open] >> text=Free 50 = 50 on hand − 0 reserved")

    page.click("#explanation .terms a >> text=on hand")
    page.wait_for_selector("#explanation >> text=On hand 50 = 50 Opening stock")
    page.keyboard.press("Escape")

    page.wait_for_selector("dialog#explanation[open]", state="detached")
    assert page.url == f"{live_server.url}/stock/MUG/"
    page.keyboard.press("5")
    page.wait_for_url("**/stock/MUG/#moved")


def test_a_sale_at_the_counter_with_a_scanner_and_enter_alone(page, real_house, live_server):
    till = counter.till(real_house)
    page.goto(f"{live_server.url}/counter/{till.pk}/")
    page.wait_for_selector("[autofocus]:focus")

    page.keyboard.type("MUG\n3 blue mug\n2 LAMP\n")  # as fast as a scanner
    page.wait_for_selector("input[name=quantity][value='2']")
    page.keyboard.press("Enter")
    page.keyboard.type("100")
    page.wait_for_function("document.querySelector('#change b').textContent === '6.64'")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sales/**")

    assert page.inner_text(".till-total b") == "£6.64"
    order = Order.objects.get()
    assert (order.state, order.total, sorted(order.lines.values_list("quantity", flat=True))) == ("completed", Decimal("93.36"), [2, 4])
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/counter/{till.pk}/")


def test_what_is_free_of_a_choice_is_explained_without_leaving_the_box(page, live_server):
    page.goto(f"{live_server.url}/orders/phone/")
    page.keyboard.press("Alt+KeyL")
    page.keyboard.type("3 mug")
    page.wait_for_selector("#entry-list [aria-selected=true]")
    assert page.inner_text("#entry-explain bdi") == "MUG: why 50 free"

    page.keyboard.press("Alt+KeyE")
    page.wait_for_selector("#explanation[open] >> text=To promise")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")

    page.wait_for_selector("#lines >> text=Blue mug")
    assert page.is_hidden("#entry-explain")
