"""Quotations: offered at prices that hold, accepted by a link, placed exactly as they were offered."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.utils import IntegrityError, InternalError
from django.test import Client
from django.utils import timezone

from customers.services import AddressDraft
from inventory.models import Price, Sku
from oms.core.errors import Conflict, Invalid
from oms.core.messages import worded
from oms.core.models import Message
from orders.models import Hold, Order, Promotion, Quotation
from orders.placing import ChargeDraft, LineDraft, OrderDraft, place_order
from orders.quotations import accept_quotation, decline_quotation, make_quotation, withdraw_quotation
from tests import cast
from tests.faults.crowd import in_the_middle, together

D = Decimal
CLERK = "user:clerk"


def quoted(house, *lines, days=14, **changes):
    return make_quotation(house.draft(*lines, **changes), days=days, actor=CLERK)


def told(order):
    lines = [(line.sku.code, line.quantity, line.unit_price, line.discount, line.net, line.tax, line.price_reason) for line in order.lines.all()]
    charges = [(charge.description, charge.net, charge.tax) for charge in order.charges.all()]
    return lines, charges, order.net_total, order.tax_total, order.total, order.ship_to, order.bill_to


def test_an_accepted_quotation_is_the_order_that_was_offered_to_the_last_cent_whatever_prices_are_since(house, prove):
    Promotion.objects.create(name="Spring", kind="percent", percent=D(7))
    ship_to = AddressDraft(lines="1 Quay", city="Hull", postcode="HU1 1AA", country="GB")
    draft = house.draft(("MUG", 7), ("LAMP", 1), charges=[ChargeDraft("Courier", D("4.99"))], ship_to=ship_to)
    would_be = cast_order(house, draft)
    quotation = make_quotation(draft, actor=CLERK)
    Price.objects.update(unit_price=D(999))
    Promotion.objects.update(is_active=False)

    order = accept_quotation(quotation.pk, actor="customer")

    assert told(Order.objects.get(pk=order.pk)) == would_be
    assert (Quotation.objects.get().state, Quotation.objects.get().order) == ("accepted", order)
    cast.run_line("screen", "reserve", "invoice", "plan")
    assert Order.objects.get(pk=order.pk).state == "fulfilling"
    prove()


def cast_order(house, draft):
    """Give what placing it now comes to, and take it back."""
    with transaction.atomic():
        result = told(Order.objects.get(pk=place_order(draft, actor=CLERK).pk))
        transaction.set_rollback(True)
    return result


def test_a_quotation_holds_no_stock_and_uses_up_no_promotion(house):
    promotion = Promotion.objects.create(name="Spring", kind="percent", percent=D(10), budget=D(100))

    quoted(house, ("MUG", 30))

    promotion.refresh_from_db()
    assert (promotion.used_amount, Order.objects.count()) == (0, 0)
    assert house.place(("MUG", 30)).total > 0


def test_it_is_sent_with_its_paper_in_the_customers_language(house):
    house.anna.language = "de"
    house.anna.save()
    quotation = quoted(house, ("MUG", 2))

    cast.run_line("quotation_pdf")

    quotation = Quotation.objects.get()
    assert bytes(quotation.document.content).startswith(b"%PDF")
    mail = Message.objects.get(kind="quotation")
    assert "Unser Angebot" in worded(mail).subject and f"/q/{quotation.public_token}/" in worded(mail).body
    assert (mail.recipient, mail.document_id) == ("anna@field.example", quotation.document_id)


def test_accepting_twice_gives_one_order_and_what_is_decided_stays_decided(house, prove):
    quotation = quoted(house, ("MUG", 1))
    assert accept_quotation(quotation.pk, actor="customer") == accept_quotation(quotation.pk, actor="customer")
    for act in (decline_quotation, withdraw_quotation):
        with pytest.raises(Conflict, match="accepted"):
            act(quotation.pk, actor="customer")
    other = quoted(house, ("MUG", 1))
    decline_quotation(other.pk, actor="customer")
    decline_quotation(other.pk, actor="customer")
    with pytest.raises(Conflict, match="declined"):
        accept_quotation(other.pk, actor="customer")
    assert Order.objects.count() == 1
    prove()


@pytest.mark.django_db(transaction=True)
def test_who_accepts_while_it_is_being_accepted_is_given_that_order(real_house, prove):
    quotation = quoted(real_house, ("MUG", 1))

    first, second = in_the_middle(
        lambda: accept_quotation(quotation.pk, actor="customer"),
        lambda: accept_quotation(quotation.pk, actor="customer"),
    )

    assert (second, Order.objects.count()) == (first, 1)
    prove()


@pytest.mark.django_db(transaction=True)
def test_many_who_accept_and_withdraw_at_once_make_one_order_or_none(real_house, prove):
    quotation = quoted(real_house, ("MUG", 1))

    together(16, lambda i: (accept_quotation if i % 2 else withdraw_quotation)(quotation.pk, actor="customer"))

    state = Quotation.objects.get().state
    assert (state, Order.objects.count()) in (("accepted", 1), ("withdrawn", 0))
    prove()


def test_after_its_last_day_it_is_over(house):
    quotation = quoted(house, ("MUG", 1), days=1)
    Quotation.objects.update(valid_until=timezone.localdate())
    assert Quotation.objects.get().can_be_decided
    Quotation.objects.update(valid_until=timezone.localdate() - timedelta(days=1))

    with pytest.raises(Conflict, match="was good until"):
        accept_quotation(quotation.pk, actor="customer")
    assert (Quotation.objects.get().is_expired, Order.objects.count()) == (True, 0)


def test_what_is_no_longer_sold_is_not_placed(house):
    quotation = quoted(house, ("MUG", 1), ("LAMP", 1))
    Sku.objects.filter(code="LAMP").update(is_active=False)
    with pytest.raises(Conflict, match="LAMP is no longer sold"):
        accept_quotation(quotation.pk, actor="customer")
    assert not Order.objects.exists()


def test_a_discount_that_a_second_person_must_agree_to_holds_the_order(house, prove):
    draft = OrderDraft(channel=house.phone, customer_id=house.anna.pk, lines=[LineDraft("MUG", 1, discount_percent=D(50))])
    quotation = make_quotation(draft, actor=CLERK)
    assert len(quotation.approvals) >= 1

    order = accept_quotation(quotation.pk, actor="customer")

    assert (order.open_holds, Hold.objects.get().kind) == (1, "price")
    prove()


@pytest.mark.parametrize("wrong", [{"days": 0}, {"days": 366}, {"lines": [("NOTHING", 1)]}, {"codes": ["NONE"]}])
def test_what_makes_no_sense_is_refused_and_nothing_is_written(house, wrong):
    lines, days = wrong.pop("lines", [("MUG", 1)]), wrong.pop("days", 14)
    with pytest.raises(Invalid):
        quoted(house, *lines, days=days, **wrong)
    assert not Quotation.objects.exists()


def test_the_database_keeps_its_states_and_sums(house):
    quotation = quoted(house, ("MUG", 1))
    for change in ({"state": "accepted"}, {"total": D(1)}):
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            Quotation.objects.filter(pk=quotation.pk).update(**change)


# --- the pages ---


def test_a_customer_accepts_by_the_link_without_logging_in(house):
    quotation = quoted(house, ("MUG", 2))
    url = f"/q/{quotation.public_token}/"
    anybody = Client()
    assert "Order it for" in anybody.get(url).content.decode()

    assert anybody.post(f"{url}answer", {"answer": "accept"}).status_code == 302

    order = Order.objects.get()
    page = anybody.get(url).content.decode()
    assert order.number in page and "Order it for" not in page
    assert order.screened_at is not None
    assert anybody.get("/q/" + "x" * 24 + "/").status_code == 404


def test_a_link_that_is_over_says_so(house):
    quotation = quoted(house, ("MUG", 2))
    Quotation.objects.update(valid_until=timezone.localdate() - timedelta(days=1))
    url = f"/q/{quotation.public_token}/"
    assert "It is over" in Client().get(url).content.decode()
    assert Client().post(f"{url}answer", {"answer": "accept"}).status_code == 409


def test_the_desk_lists_shows_and_withdraws(house):
    quotation = quoted(house, ("MUG", 2))
    browser = Client()
    browser.force_login(cast.person("clara", "clerk"))
    assert quotation.number in browser.get("/orders/quotations/").content.decode()
    assert "What is offered" in browser.get(f"/orders/quotations/{quotation.number}/").content.decode()
    assert browser.post(f"/orders/quotations/{quotation.number}/withdraw").status_code == 302
    assert Quotation.objects.get().state == "withdrawn"
