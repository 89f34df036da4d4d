"""Every page for whoever reads it aloud, by keyboard, at twice the size, by day and by night: axe finds nothing to object to."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounting.models import Till
from customers.agreeing import add_note, add_payment_preference, note_consent
from customers.blocking import block
from customers.models import Customer
from customers.reaching import ContactDraft, add_telephone, save_contact
from oms.core.models import User
from oms.desk.counter.unfinished import park_basket, save_basket
from orders.drafts import Seen, save_draft
from orders.holding import place_hold
from orders.models import Promotion
from orders.part_numbers import save_part_number
from orders.phone.call import Call, Row, Unmatched
from orders.phone.losing import lose_call
from orders.quotations import make_quotation
from orders.standing import StandingDraft, set_up_standing_order
from tests import cast
from tests.accounting import online
from tests.desk.chromium import CHROMIUM
from tests.flows import counter

AXE = Path(settings.BASE_DIR) / "node_modules/axe-core/axe.min.js"
# WCAG 2.2, levels A and AA, and what axe holds to be good practice.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci"),
    pytest.mark.django_db(transaction=True),
]
PAGES = [
    "/",
    "/orders/",
    "/orders/phone/",
    "/orders/phone/drafts",
    "/orders/prices/",
    "/orders/prices/promotions/{promotion}/",
    "/counter/{till}/",
    "/counter/{till}/drawer/",
    "/counter/drawers/",
    "/counter/drawers/{drawer}/",
    "/counter/drawers/{drawer}/count",
    "/counter/sales/{sale}/",
    "/orders/{order}/",
    "/orders/lost/",
    "/orders/lost/calls/",
    "/orders/screening/",
    "/orders/standing/",
    "/orders/standing/{standing}/",
    "/orders/standing/new?order={order}",
    "/orders/quotations/",
    "/orders/quotations/{quotation}/",
    "/customers/",
    "/customers/new/",
    "/customers/{customer}/",
    "/customers/{customer}/edit/",
    "/customers/{customer}/part-numbers/",
    "/customers/{customer}/erase/",
    "/customers/duplicates/",
    "/customers/duplicates/merge?kept={customer}&gone={twin}",
    "/customers/blocklist/",
    "/stock/",
    "/purchasing/",
    "/payments/online/",
]
AT_NIGHT = ["/", "/orders/phone/", "/counter/{till}/", "/orders/{order}/", "/customers/{customer}/", "/stock/"]
PUBLIC = ["/q/{quotation_token}/", "/o/{order_token}/", "/login/"]


@pytest.fixture
def addresses(real_house, plain_labels):
    """A house with something on every page; give what stands for the names in PAGES."""
    house = real_house
    twin = Customer.objects.create(name="Anna Field", phone=house.anna.phone, kind="company")
    add_note(house.anna.pk, "Ring twice", is_pinned=True, actor="user:clerk")
    add_note(house.anna.pk, "Broken lamp", kind="complaint", actor="user:clerk")
    add_telephone(house.anna.pk, "07700 900123", label="mobile", actor="user:clerk")
    save_contact(house.anna.pk, ContactDraft("Jo Dale", "Buyer"), actor="user:clerk")
    add_payment_preference(house.anna.pk, "account", actor="user:clerk")
    note_consent(house.anna.pk, "email", is_given=True, source="form", actor="user:clerk")
    block("email", typed="x@y.example", reason="never paid", actor="user:manager")
    save_part_number(house.anna.pk, "K-77", "MUG", actor="user:clerk")
    called_in_vain(house)
    spring = Promotion.objects.create(name="Spring", kind="percent", percent=10, budget=100, is_for_first_orders=True)
    order = house.place(("MUG", 2), ("CHAIR", 1))
    held = house.place(("LAMP", 1))
    place_hold(held.pk, reason="call back", actor="user:clerk")
    cast.run_line("screen", "reserve", "invoice", "plan")
    online.paid(order)
    standing = set_up_standing_order(
        house.anna.pk, StandingDraft({"MUG": 1}, timezone.localdate() + timedelta(days=3)), channel=house.phone, actor="user:clerk"
    )
    quotation = make_quotation(house.draft(("MUG", 3)), actor="user:clerk")
    till = counter.till(house)
    sale = counter.sell(till, ("MUG", 1), given="10")
    return {
        "till": till.pk,
        "drawer": till.sessions.get().pk,
        "sale": sale.number,
        "order": order.number,
        "order_token": order.public_token,
        "standing": standing.number,
        "promotion": spring.pk,
        "quotation": quotation.number,
        "quotation_token": quotation.public_token,
        "customer": house.anna.number,
        "twin": twin.number,
    }


def called_in_vain(house):
    """Anna has called, and ordered nothing."""
    person = cast.person("cleo", "clerk")
    call = Call(uuid.uuid4(), Seen(0, uuid.uuid4().hex), customer=house.anna.number, rows=[Row("CHAIR", "4"), Row("a vase", "1")])
    save_draft(call.key, call.typed(), customer_id=house.anna.pk, seen=call.seen, person=person)
    lose_call(call, reason="stock", note="Wanted it by Friday", person=person)


def sells(person, till):
    """Be in the middle of a sale with all that can be wrong with one, while another is parked."""
    park_basket(counter.basket(("MUG", 1), key=2), till, note="red coat", person=person)
    basket = counter.basket(("MUG", 1), discount="5", codes="NONE")
    basket.unmatched = [Unmatched("mgu", "3")]
    save_basket(basket, till, person=person)


def objections(page):
    """Give what axe objects to: rule, and the first elements it is about."""
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("tags => axe.run(document, {runOnly: tags}).then(r => r.violations)", TAGS)
    return [(one["id"], [node["html"][:140] for node in one["nodes"][:3]]) for one in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_nothing_to_object_to(addresses, live_server, browser, monkeypatch, scheme):
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    sells(User.objects.create_superuser("clerk", password="correct horse"), Till.objects.get(pk=addresses["till"]))
    context = browser.new_context(locale="en-GB", color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    found = {}

    for path in PUBLIC:
        page.goto(live_server.url + path.format(**addresses))
        found |= {path: said for said in [objections(page)] if said}
    page.fill("[name=username]", "clerk")
    page.fill("[name=password]", "correct horse")
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{live_server.url}/")
    for path in PAGES if scheme == "light" else AT_NIGHT:
        page.goto(live_server.url + path.format(**addresses))
        found |= {path: said for said in [objections(page)] if said}
    context.close()

    assert not found, "\n".join(f"{path}: {rule} {node}" for path, said in found.items() for rule, nodes in said for node in nodes)


def test_at_twice_the_size_nothing_is_cut_off_to_the_side(addresses, live_server, browser, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    User.objects.create_superuser("clerk", password="correct horse")
    context = browser.new_context(locale="en-GB", viewport={"width": 720, "height": 450}, device_scale_factor=2)
    page = context.new_page()
    page.goto(f"{live_server.url}/login/")
    page.fill("[name=username]", "clerk")
    page.fill("[name=password]", "correct horse")
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{live_server.url}/")
    wider = {}

    for path in PAGES:
        page.goto(live_server.url + path.format(**addresses))
        if more := page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"):
            wider[path] = more
    context.close()

    assert wider == {}
