"""A caller played with keystrokes alone, in a real browser: counted and timed in the test's report."""

import re
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from customers.models import Address, Customer
from inventory.models import Price, Reservation, Sku
from orders.models import Draft, Order
from tests import cast
from tests.desk.chromium import CHROMIUM
from tests.desk.test_browser import page as at_home

__all__ = ["at_home"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
    pytest.mark.django_db(transaction=True),
]
AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
PLACED = re.compile(r".*/orders/SO-\d+/$")


class Clerk:
    """Somebody at a keyboard: every press of a key counts, a chord as one."""

    def __init__(self, page):
        self.page, self.keystrokes, self.started = page, 0, time.monotonic()

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            self.keystrokes += 1

    def type(self, text):
        self.page.keyboard.type(text)
        self.keystrokes += len(text)

    def sees(self, selector):
        self.page.wait_for_selector(selector)

    def logs_in(self, name):
        """The field has the keyboard a moment after the page is there: what is typed before is typed nowhere."""
        self.sees("#id_username:focus")
        self.type(name)
        self.press("Tab")
        self.type("correct horse")
        self.press("Enter")

    def reports(self, record_property, what):
        seconds = round(time.monotonic() - self.started, 1)
        record_property("keystrokes", self.keystrokes)
        record_property("seconds", seconds)
        sys.stdout.write(f"\n{what}: {self.keystrokes} keystrokes, {seconds} s\n")
        return self.keystrokes


@pytest.fixture
def clerk(at_home, live_server):
    clerk = Clerk(at_home)
    clerk.press("n")
    clerk.page.wait_for_url("**/orders/phone/")
    clerk.sees("[autofocus]:focus")
    return clerk


@pytest.fixture
def catalogue(real_house):
    """Fifty more SKUs, each with a price and stock."""
    skus = Sku.objects.bulk_create(Sku(code=f"AB-{i:02}", name=f"Article {i:02}", weight_grams=100, cost=1) for i in range(50))
    Price.objects.bulk_create(Price(sku=sku, unit_price=2 + i) for i, sku in enumerate(skus))
    for sku in skus:
        real_house.stock(sku, 100)
    return skus


def ordered(order=None):
    return sorted((order or Order.objects.get()).lines.values_list("sku__code", "quantity"))


def test_a_repeat_order_takes_twelve_keystrokes_at_most(clerk, real_house, record_property, prove):
    before = real_house.place(("MUG", 12), ("LAMP", 2))
    clerk.type("anna")
    clerk.sees("#caller-list [aria-selected=true]")
    clerk.press("Enter")
    clerk.sees("#repeat")
    clerk.press("Alt+r")
    clerk.sees("#lines >> text=Desk lamp")
    clerk.press("Control+Enter")
    clerk.page.wait_for_url(PLACED)

    assert clerk.reports(record_property, "repeat order") <= 12
    again = Order.objects.exclude(pk=before.pk).get()
    assert (ordered(again), again.customer) == ([("LAMP", 2), ("MUG", 12)], real_house.anna)
    prove()


def test_somebody_new_with_three_lines_takes_a_hundred_and_twenty_keystrokes_at_most(clerk, record_property, prove):
    clerk.press("Alt+n")
    for text in ("Ben Ode", "0113 496 0002", "1 High Street", "Leeds", "LS1 4AP"):
        clerk.type(text)
        clerk.press("Enter")
    clerk.press("Alt+l")
    for text, seen in (("12 mug", "Blue mug"), ("2 lamp", "Desk lamp"), ("chair x3", "Garden chair")):
        clerk.type(text)
        clerk.press("Enter")
        clerk.sees(f"#lines >> text={seen}")
    clerk.press("Control+Enter")
    clerk.page.wait_for_url(PLACED)

    assert clerk.reports(record_property, "somebody new, three lines") <= 120
    assert ordered() == [("CHAIR", 3), ("LAMP", 2), ("MUG", 12)]
    assert Order.objects.get().customer.phone == "+441134960002"
    prove()


def test_a_list_of_fifty_lines_is_pasted_and_placed(clerk, catalogue, record_property, prove):
    clerk.type("anna")
    clerk.sees("#caller-list [aria-selected=true]")
    clerk.press("Enter")
    clerk.sees("#customer strong")
    pasted = "Code\tQty\n" + "\n".join(f"{sku.code}\t{i + 1}" for i, sku in enumerate(catalogue))
    clerk.page.evaluate(
        "text => { const data = new DataTransfer(); data.setData('text/plain', text);"
        " document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })); }",
        pasted,
    )
    clerk.keystrokes += 1
    clerk.sees("#quantity-49")
    clerk.press("Control+Enter")
    clerk.page.wait_for_url(PLACED)

    clerk.reports(record_property, "fifty lines pasted")
    assert ordered() == [(f"AB-{i:02}", i + 1) for i in range(50)]
    prove()


def test_a_call_survives_its_browser(clerk, real_house, browser, live_server, record_property, prove):
    clerk.type("anna")
    clerk.sees("#caller-list [aria-selected=true]")
    clerk.press("Enter")
    clerk.sees("#customer strong")
    clerk.type("3 lamp")
    clerk.press("Enter")
    clerk.sees("#lines >> text=Desk lamp")
    cookies = clerk.page.context.cookies()
    clerk.page.goto("about:blank")

    context = browser.new_context(locale="en-GB")
    context.add_cookies(cookies)
    other = Clerk(context.new_page())
    other.page.goto(f"{live_server.url}/orders/phone/drafts")
    other.press("j", "Enter")
    other.sees("#lines >> text=Desk lamp")
    other.sees("[data-held-until]")
    other.press("Control+Enter")
    other.page.wait_for_url(PLACED)
    context.close()

    assert ordered() == [("LAMP", 3)]
    prove()


def test_who_is_logged_out_in_mid_call_logs_in_and_goes_on(clerk, real_house, live_server, prove):
    page = clerk.page
    clerk.type("anna")
    clerk.sees("#caller-list [aria-selected=true]")
    clerk.press("Enter")
    clerk.sees("#customer strong")
    page.context.clear_cookies(name="sessionid")
    clerk.type("2 lamp")
    clerk.press("Enter")
    clerk.sees("#notice >> text=You are logged out")
    clerk.press("Enter")
    clerk.logs_in("clerk")
    page.wait_for_url(re.compile(r".*(?<!next=)/orders/phone/.+"))
    clerk.sees("[autofocus]:focus")
    clerk.sees("#lines >> text=Desk lamp")
    clerk.sees("[data-held-until]")
    clerk.press("Control+Enter")
    page.wait_for_url(PLACED)

    assert ordered() == [("LAMP", 2)]
    page.problems.clear()
    prove()


def test_of_two_clerks_one_holds_the_last_unit_and_the_other_sees_when_more_comes(clerk, real_house, browser, live_server, prove):
    context = browser.new_context(locale="en-GB")
    cast.person("ben", "clerk")
    second = Clerk(context.new_page())
    second.page.goto(f"{live_server.url}/login/")
    second.logs_in("ben")
    second.page.wait_for_url(f"{live_server.url}/")
    second.press("n")
    second.page.wait_for_url("**/orders/phone/")
    second.sees("[autofocus]:focus")
    other = Customer.objects.create(name="Zoe Last", channel=real_house.web)
    Address.objects.create(customer=other, lines="1 High St", city="Leeds", postcode="LS2 7AA", country="GB", is_billing=True, is_delivery=True)

    for who, name in ((clerk, "anna"), (second, "zoe")):
        who.type(name)
        who.sees("#caller-list [aria-selected=true]")
        who.press("Enter")
        who.sees("#customer strong")
        who.type("5 lamp")
        who.press("Enter")
        who.sees("#lines >> text=Desk lamp")

    assert "5 held for this call in Leeds." in clerk.page.inner_text(".promise")
    assert "held for this call" not in second.page.inner_text(".promise")
    for who in (second, clerk):
        who.press("Control+Enter")
        who.page.wait_for_url(PLACED)
    assert [order.lines.get().reserved for order in Order.objects.order_by("customer__name")] == [5, 0]
    assert not Reservation.objects.filter(state="soft").exists()
    context.close()
    prove()


def test_the_focus_stays_while_the_server_answers(clerk, real_house):
    page = clerk.page
    clerk.type("anna")
    clerk.sees("#caller-list [aria-selected=true]")
    clerk.press("Enter")
    for text, seen in (("2 mug", "Blue mug"), ("1 lamp", "Desk lamp")):
        clerk.type(text)
        clerk.press("Enter")
        clerk.sees(f"#lines >> text={seen}")
        assert page.evaluate("document.activeElement.id") == "entry"
    page.focus("#quantity-0")
    page.fill("#quantity-0", "7")
    clerk.press("Enter")
    clerk.sees("#total:text-is('£76.38')")
    assert page.evaluate("document.activeElement.tagName") == "INPUT"
    clerk.press("Alt+l")
    clerk.type("mu")
    clerk.sees("#entry-list [aria-selected=true]")
    clerk.press("Escape")
    assert page.is_hidden("#entry-list") and page.evaluate("document.activeElement.id") == "entry"
    assert Draft.objects.get().lines == ["7 × MUG", "1 × LAMP"]


def violations(page):
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [(rule["id"], [node["target"] for node in rule["nodes"]][:3]) for rule in found]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci")
@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1440, "dark"), (720, "light")])
def test_axe_finds_nothing_wrong(clerk, real_house, live_server, width, theme):
    """At 720 pixels it is as at 200 per cent of 1440."""
    page = clerk.page
    page.context.add_cookies([{"name": "theme", "value": theme, "url": live_server.url}])
    page.set_viewport_size({"width": width, "height": 900})
    page.reload()
    real_house.place(("MUG", 12))
    assert violations(page) == []
    clerk.type("anna")
    clerk.sees("#caller-list [aria-selected=true]")
    assert violations(page) == []
    clerk.press("Enter")
    clerk.sees("#repeat")
    clerk.press("Alt+r")
    clerk.sees("#quantity-0")
    clerk.press("Alt+l")
    clerk.type("5 flux capacitor")
    clerk.press("Enter")
    clerk.sees("#unmatched-0")
    clerk.press("Alt+f")
    clerk.sees("[data-offers]")
    assert violations(page) == []
    clerk.press("Alt+b")
    clerk.sees("#reading[open] .read-back")
    assert violations(page) == []
    clerk.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.goto(f"{live_server.url}/orders/phone/drafts")
    assert violations(page) == []
