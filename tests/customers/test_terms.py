"""What a customer may owe, and how long: changed by who may, with a reason, and never for what is ordered already."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounting.models import Invoice
from customers.models import Customer
from customers.terms import Terms, set_terms
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.models import Event, User
from oms.core.wording import worded
from orders.models import Hold, Order
from orders.screening_rules import RuleChange, change_rules
from tests import cast
from tests.api.storefront import Storefront

D = Decimal
BOSS = "user:boss"


@pytest.fixture
def anna(house):
    return house.anna


def agreed(customer):
    now = Customer.objects.get(pk=customer.pk)
    return now.terms_days, now.credit_limit


def told():
    return Event.objects.filter(kind="customer.terms_changed")


# --- changing them ---


def test_terms_change_with_a_reason_that_the_timeline_tells(anna):
    set_terms(anna.pk, Terms(14, D("500")), reason="pays late", actor=BOSS)

    event = told().get()
    assert agreed(anna) == (14, D("500"))
    assert worded(event) == "Terms 14 days and credit 500 GBP, before 30 days and without a limit: pays late"
    assert (event.actor, event.subject_id, Customer.objects.get(pk=anna.pk).terms_changed_at) == (BOSS, anna.pk, event.happened_at)
    set_terms(anna.pk, Terms(14, D("500.0000")), reason="again", actor=BOSS)
    assert told().count() == 1


def test_what_cannot_be_agreed_is_refused_and_nothing_changes(anna):
    for terms, reason in (
        (Terms(-1, None), "x"),
        (Terms(366, None), "x"),
        (Terms(30, D("-1")), "x"),
        (Terms(30, D("1.005")), "x"),
        (Terms(30, D("NaN")), "x"),
        (Terms(30, D("1e15")), "x"),
        (Terms(7, None), "  "),
        (Terms(7, None), "card 4111 1111 1111 1111"),
    ):
        with pytest.raises(Invalid):
            set_terms(anna.pk, terms, reason=reason, actor=BOSS)
    with pytest.raises(Conflict, match="changed the terms since you looked"):
        set_terms(anna.pk, Terms(7, None), reason="x", seen="14/", actor=BOSS)
    with pytest.raises(NotFound):
        set_terms(999_999, Terms(7, None), reason="x", actor=BOSS)

    assert agreed(anna) == (30, None) and not told().exists()


# --- orders that are there already ---


@pytest.fixture
def credit_is_asked(house):
    change_rules([RuleChange("credit", True)], actor=BOSS)


def held(order):
    return list(Hold.objects.filter(order=order, released_at=None).values_list("kind", flat=True))


def test_a_lowered_limit_and_shorter_terms_leave_a_placed_order_as_it_was(house, anna, credit_is_asked, prove):
    set_terms(anna.pk, Terms(30, D("100")), reason="x", actor=BOSS)
    order = house.place(("MUG", 10))
    cast.run_line("screen", "reserve")

    set_terms(anna.pk, Terms(7, D("0")), reason="lower", actor=BOSS)
    cast.run_line("release", "invoice", "plan")

    invoice = Invoice.objects.get()
    assert held(order) == [] and Order.objects.get(pk=order.pk).state == "fulfilling"
    assert invoice.due_on - invoice.issued_on == timedelta(days=30)
    prove()


def test_an_order_is_screened_by_the_limit_it_was_placed_under_where_that_was_higher(house, anna, credit_is_asked):
    set_terms(anna.pk, Terms(30, D("100")), reason="x", actor=BOSS)
    before = house.place(("MUG", 10))
    set_terms(anna.pk, Terms(30, D("50")), reason="lower", actor=BOSS)
    set_terms(anna.pk, Terms(30, D("1")), reason="lower still", actor=BOSS)
    after = house.place(("MUG", 1))

    cast.run_line("screen")

    assert (held(before), held(after)) == ([], ["credit"])


def test_a_raised_limit_lets_an_order_go_that_was_held(house, anna, credit_is_asked):
    set_terms(anna.pk, Terms(30, D("1")), reason="x", actor=BOSS)
    order = house.place(("MUG", 10))
    cast.run_line("screen")
    assert held(order) == ["credit"]

    set_terms(anna.pk, Terms(30, None), reason="paid up", actor=BOSS)
    Hold.objects.update(look_again_at=order.placed_at)
    cast.run_line("release")

    assert held(order) == []


def test_who_had_no_limit_when_they_ordered_has_none_for_that_order(house, anna, credit_is_asked):
    order = house.place(("MUG", 10))
    set_terms(anna.pk, Terms(30, D("1")), reason="x", actor=BOSS)

    cast.run_line("screen")

    assert held(order) == []


def test_screening_asks_for_changed_terms_once_whatever_the_number_of_orders(house, credit_is_asked):
    counts = []
    for size in (1, 8):
        regulars = cast.regulars(house, size)
        for one in regulars:
            house.place(("MUG", 1), customer_id=one.pk)
            set_terms(one.pk, Terms(7, D("9999")), reason="x", actor=BOSS)
        with CaptureQueriesContext(connection) as captured:
            cast.run_line("screen")
        counts.append(len(captured))

    assert counts[0] == counts[1]


# --- the page, the admin and REST ---


def test_who_may_changes_terms_on_the_page_and_others_see_them_alone(anna):
    url = f"/customers/{anna.number}/"
    boss, clerk = Client(), Client()
    boss.force_login(cast.person("acc", "accountant"))
    clerk.force_login(cast.person("clara", "clerk"))

    page = boss.get(url).content.decode()
    seen = re.search(r'name="seen" value="([^"]*)"', page)[1]
    form = {"terms_days": "14", "credit_limit": "500,50", "reason": "agreed by telephone", "seen": seen}
    assert "Change terms and credit limit" in page
    assert "Change terms and credit limit" not in clerk.get(url).content.decode()
    assert clerk.post(f"{url}terms", form).status_code == 403
    for wrong in ({"terms_days": "soon"}, {"credit_limit": "much"}, {"reason": ""}):
        answer = boss.post(f"{url}terms", form | wrong, follow=True)
        assert "notice-error" in answer.content.decode(), wrong
    assert agreed(anna) == (30, None)
    changed = boss.post(f"{url}terms", form, follow=True).content.decode()

    assert agreed(anna) == (14, D("500.50"))
    assert "agreed by telephone" in changed and "£500.50" in changed and 'value="500.50"' in changed
    late = boss.post(f"{url}terms", form | {"terms_days": "60"}, follow=True).content.decode()
    assert "changed the terms since you looked" in late and agreed(anna) == (14, D("500.50"))


def test_the_admin_shows_terms_and_changes_none(anna):
    User.objects.create_superuser("root", password="x")
    client = Client()
    client.force_login(User.objects.get(username="root"))

    page = client.get(f"/admin/customers/customer/{anna.pk}/change/").content.decode()

    assert 'name="name"' in page and 'name="terms_days"' not in page and 'name="credit_limit"' not in page


def test_terms_are_read_and_changed_over_rest_by_a_key_that_may(house, anna):
    shop, path = Storefront(house.web), f"/customers/{anna.number}/terms"
    body = {"terms_days": 14, "credit_limit": "500.00", "reason": "contract"}

    first, again = (shop.send("put", path, body).json() for _ in range(2))

    assert first == again == shop.send("get", path).json()
    assert (first["terms_days"], first["credit_limit"], first["credit_left"], first["currency"]) == (14, "500.00", "500.00", "GBP")
    assert told().count() == 1 and told().get().actor == f"key:{shop.key.prefix}"
    assert shop.send("get", f"/customers/{anna.number}").json()["terms_days"] == 14
    for wrong in ({"reason": ""}, {"terms_days": -1}, {"credit_limit": 500.5}, {"credit_limit": "-1"}, {"credit_limit": "1.005"}, {"colour": 1}):
        assert shop.send("put", path, body | wrong).status_code == 422, wrong
    assert Storefront(house.web, ["customers:read", "customers:write"]).send("put", path, body).status_code == 403
    assert shop.send("put", path, body | {"credit_limit": None}).json()["credit_limit"] is None
