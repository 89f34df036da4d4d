"""Payment links: a real gateway on loopback that is late, cut, dead, silent and lying, and many at the same checkout at once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounting.checkouts import begin_payment, keep_news, note_seen, settle_checkouts
from accounting.gateways.base import Charge, GatewayNews, Outcome
from accounting.models import Checkout, Invoice, JournalLine, Payment, PaymentNotice
from accounting.paying import record_payment
from accounting.sandbox.gateway import SandboxGatewayServer
from customers.models import Customer
from oms.core import stations
from oms.core.models import Event, Lease, Trouble
from orders.cancelling import cancel_order
from orders.models import Order
from tests import cast
from tests.accounting.online import begin, calls, deliver, gateway, page_of, paid, press
from tests.faults.crowd import in_the_middle, together

OWED = Decimal("5.94")  # a mug, with tax


@pytest.fixture
def pays(settings):
    with gateway(settings) as running:
        yield running


@pytest.fixture
def owing(house):
    order = house.place(("MUG", 1))
    cast.run_line("screen", "reserve", "invoice", "plan", "post_stock")
    return order


def due_again():
    Trouble.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    Checkout.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - timedelta(seconds=1))


def settle():
    due_again()
    cast.run_line("settle")


def deposits() -> Decimal:
    lines = JournalLine.objects.filter(account__role="customer_deposits")
    return sum((line.books_credit - line.books_debit for line in lines), Decimal(0))


def assert_paid(order, *, payments=1):
    order = Order.objects.get(pk=order.pk)
    assert (order.paid_total, order.payment_status, Invoice.objects.get().state) == (OWED, "paid", "paid")
    assert Payment.objects.count() == payments
    assert Checkout.objects.get().state == "paid" and Checkout.objects.get().due_at is None


# --- the customer ---


def test_a_customer_pays_by_the_link(pays, owing, prove):
    page = begin(owing)
    assert page.startswith(f"{pays.url}/pay/")
    press(page, "pay")
    [told] = calls(pays)
    assert deliver(told).status_code == 200
    assert PaymentNotice.objects.get().payment is None  # kept, and nothing made of it yet

    cast.run_line("settle")

    assert_paid(owing)
    payment = Payment.objects.get()
    assert (payment.method, payment.reference) == ("payment_link", told["data"]["charge"]["id"])
    assert "Paid in full" in page_of(owing)
    assert Customer.objects.get(pk=owing.customer_id).open_balance == 0
    prove()


def test_pressing_twice_opens_one(pays, owing):
    assert begin(owing) == begin(owing)
    assert Checkout.objects.count() == pays.register.count() == 1


def test_without_a_gateway_the_page_shows_the_bank_transfer_alone(house, settings):
    settings.SANDBOX_GATEWAY_URL = ""
    order = house.place(("MUG", 1))

    assert "<form" not in page_of(order) and "By bank transfer to" in page_of(order)
    answer = Client().post(f"/o/{order.public_token}/pay")
    assert (answer.status_code, Checkout.objects.count()) == (503, 0)
    assert "This cannot be paid online. Please transfer it." in answer.content.decode()


def test_who_declines_may_try_again(pays, owing, prove):
    press(begin(owing), "decline")
    [told] = calls(pays)
    deliver(told)
    cast.run_line("settle")
    assert "The payment did not go through." in page_of(owing)

    press(begin(owing), "pay")
    deliver(calls(pays)[0])
    cast.run_line("settle")

    assert sorted(Checkout.objects.values_list("state", flat=True)) == ["declined", "paid"]
    assert Payment.objects.get().amount == OWED
    prove()


def test_who_declined_unheard_is_given_a_new_page(pays, owing):
    first = begin(owing)
    press(first, "decline")

    second = begin(owing)

    assert second.startswith(pays.url) and second != first
    assert sorted(Checkout.objects.values_list("state", flat=True)) == ["declined", "open"]


def test_who_has_paid_unheard_and_presses_again_does_not_pay_again(pays, owing, prove):
    press(begin(owing), "pay")

    assert begin(owing) == f"/o/{owing.public_token}/"

    assert_paid(owing)
    prove()


def test_who_comes_back_from_paying_sees_it_paid_though_nobody_told(pays, owing, prove):
    pays.temper.tell({"silent_webhooks": True})
    press(begin(owing), "pay")

    answer = Client().get(f"/o/{owing.public_token}/paid")

    assert answer["Location"] == f"/o/{owing.public_token}/?back"
    assert "Paid in full" in page_of(owing) and calls(pays) == []
    assert_paid(owing)
    prove()


def test_who_comes_back_while_the_gateway_is_silent_is_told_to_wait(pays, owing, prove):
    pays.temper.tell({"silent_webhooks": True})
    press(begin(owing), "pay")
    pays.temper.tell({"fail": "500", "on": "look_up"})

    assert Client().get(f"/o/{owing.public_token}/paid").status_code == 302
    assert "As soon as we hear of your payment, it stands here." in page_of(owing)
    pays.temper.tell({})
    settle()

    assert_paid(owing)
    prove()


@pytest.mark.parametrize("state", ["cancelled", "paid"])
def test_nothing_is_opened_where_nothing_is_owed(pays, owing, state):
    if state == "paid":
        record_payment(owing.pk, amount=OWED, method="card", reference="1", actor="user:test")
    else:
        cancel_order(owing.pk, actor="user:test")

    assert Client().post(f"/o/{owing.public_token}/pay").status_code == 409
    assert not Checkout.objects.exists()


# --- a gateway that misbehaves ---


@pytest.mark.parametrize("fault", ["500", "after", "cut", "late", "reset"])
def test_a_gateway_that_fails_to_answer_opens_one_checkout_in_the_end(pays, owing, settings, fault):
    pays.temper.tell({"fail": fault, "times": 1})
    settings.GATEWAY_TIMEOUT_SECONDS = 0.5 if fault == "late" else 20

    answer = Client().post(f"/o/{owing.public_token}/pay")
    assert answer.status_code == 503
    assert "cannot be reached at the moment" in answer.content.decode()
    settings.GATEWAY_TIMEOUT_SECONDS = 20

    assert begin(owing).startswith(pays.url)
    assert Checkout.objects.count() == pays.register.count() == 1


def test_a_gateway_that_refuses_is_not_asked_again_about_the_same(pays, owing):
    pays.temper.tell({"fail": "refuse", "times": 1})

    assert Client().post(f"/o/{owing.public_token}/pay").status_code == 503
    assert Checkout.objects.get().state == "expired"
    assert begin(owing).startswith(pays.url)


def test_what_nobody_told_is_found_by_looking_up(pays, owing, prove):
    pays.temper.tell({"silent_webhooks": True})
    press(begin(owing), "pay")

    cast.run_line("settle")
    assert not Payment.objects.exists()  # not due yet
    settle()

    assert_paid(owing)
    prove()


def test_a_dead_gateway_is_trouble_and_its_call_ends_it_at_once(settings, owing, prove):
    with gateway(settings) as running:
        press(begin(owing), "pay")
        told = calls(running)
    settle()
    trouble = Trouble.objects.get()
    assert (trouble.station, trouble.label) == ("settle", Checkout.objects.get().reference)
    assert not Lease.objects.exists()
    Trouble.objects.update(due_at=timezone.now() + timedelta(hours=1))

    deliver(told[0])
    cast.run_line("settle")

    assert not Trouble.objects.exists()
    assert_paid(owing)
    prove()


@pytest.mark.parametrize(("minutes", "state"), [(4, "open"), (6, "expired")])
def test_a_checkout_that_its_gateway_never_had_is_given_up_after_a_while(pays, owing, minutes, state):
    begun = timezone.now() - timedelta(minutes=minutes)
    fields = {"gateway": "sandbox", "reference": "OLD", "amount": 1, "currency": "GBP"}
    Checkout.objects.create(order=owing, created_at=begun, due_at=begun, **fields)

    cast.run_line("settle")

    assert Checkout.objects.get().state == state


def test_a_call_that_is_made_twice_and_looked_up_as_well_is_one_payment(pays, owing, prove):
    pays.temper.tell({"duplicate_webhooks": True})
    press(begin(owing), "pay")
    told = calls(pays)
    assert len(told) == 2
    answers = [deliver(call).status_code for call in told]
    settle_checkouts([(Checkout.objects.get(), stations.named("settle").perform(Checkout.objects.get()))])
    Checkout.objects.update(due_at=timezone.now())
    cast.run_line("settle")

    assert answers == [200, 200] and PaymentNotice.objects.count() == 1
    assert_paid(owing)
    prove()


def test_who_was_charged_twice_has_it_as_a_deposit_and_somebody_sees_it(pays, owing, prove):
    pays.temper.tell({"charge_twice": True})
    press(begin(owing), "pay")
    for call in calls(pays):
        deliver(call)

    cast.run_line("settle")

    order = Order.objects.get()
    assert (Payment.objects.count(), order.paid_total, deposits()) == (2, OWED * 2, OWED)
    assert [notice.attention for notice in PaymentNotice.objects.to_look_at()] == ["too_much"]
    assert Event.objects.filter(order_id=order.pk, kind="payment.in_doubt").count() == 1
    client = Client()
    client.force_login(cast.person("ann", "accountant"))
    listed = client.get("/payments/online/").content.decode()
    assert "More than was owed" in listed and "Dealt with" in listed
    assert "£5.94 more than is owed was paid" in client.get(f"/orders/{order.number}/").content.decode()

    client.post(f"/payments/online/{PaymentNotice.objects.to_look_at().get().pk}/seen")

    assert "To look at" not in client.get("/payments/online/").content.decode()
    assert PaymentNotice.objects.get(attention="too_much").noted_by == "user:ann"
    prove()


def test_what_is_paid_after_the_order_was_cancelled_is_the_customers_deposit(pays, owing, prove):
    page = begin(owing)
    cancel_order(owing.pk, actor="user:test")
    cast.run_line("credit", "void")
    press(page, "pay")
    deliver(calls(pays)[0])

    cast.run_line("settle", "credit")

    assert Payment.objects.get().unallocated == OWED == deposits()
    assert PaymentNotice.objects.to_look_at().get().attention == "cancelled"
    prove()


def test_what_was_paid_otherwise_meanwhile_is_the_customers_deposit(pays, owing, prove):
    page = begin(owing)
    record_payment(owing.pk, amount=OWED, method="bank_transfer", reference="B", actor="user:test")
    press(page, "pay")
    deliver(calls(pays)[0])

    cast.run_line("settle", "complete")

    assert (Order.objects.get().paid_total, deposits()) == (OWED * 2, OWED)
    assert PaymentNotice.objects.to_look_at().get().attention == "too_much"
    prove()


def test_a_call_that_lies_about_the_amount_books_what_was_taken(pays, owing, prove):
    pays.temper.tell({"lie": "webhook"})
    press(begin(owing), "pay")
    deliver(calls(pays)[0])

    cast.run_line("settle")

    assert_paid(owing)
    assert PaymentNotice.objects.get(amount=OWED * 10).attention == "contradiction"
    assert PaymentNotice.objects.get(amount=OWED).attention == ""
    prove()


def test_an_amount_that_was_really_taken_is_booked_whatever_was_asked_for(pays, owing, prove):
    pays.temper.tell({"lie": "amount"})
    press(begin(owing), "pay")
    deliver(calls(pays)[0])

    cast.run_line("settle")

    assert (Payment.objects.get().amount, deposits()) == (OWED * 10, OWED * 9)
    assert PaymentNotice.objects.get().attention == "too_much"
    prove()


def test_another_currency_is_booked_nowhere_and_shown(pays, owing, prove):
    begin(owing)
    now = timezone.now()
    charge = Charge(charge_id="c", amount=OWED, currency="EUR", taken_at=now)
    news = GatewayNews(event_id="e", reference=Checkout.objects.get().reference, outcome=Outcome.PAID, occurred_at=now, charge=charge)
    keep_news("sandbox", news)
    pays.register._db.execute("UPDATE checkout SET currency = 'EUR', status = 'paid'")
    pays.register._db.execute(
        "INSERT INTO event (id, checkout_seq, status, occurred_at, charge, amount, told_amount, calls_owed) VALUES ('e', 1, 'paid', 0, 'c', ?, ?, 0)",
        (str(OWED), str(OWED)),
    )

    cast.run_line("settle")

    assert not Payment.objects.exists()
    assert PaymentNotice.objects.get().attention == "currency"
    prove()


def test_what_nobody_here_knows_is_kept_and_shown(pays, owing, prove):
    press(begin(owing), "pay")
    [told] = calls(pays)
    told["data"]["reference"] = "SO-9-abc"

    assert deliver(told).status_code == 200

    notice = PaymentNotice.objects.to_look_at().get()
    assert (notice.checkout, notice.attention, notice.amount) == (None, "unknown", OWED)
    note_seen(notice.pk, actor="user:test")
    assert not PaymentNotice.objects.to_look_at().exists()
    prove()


def test_what_is_not_signed_is_not_kept(pays, owing):
    press(begin(owing), "pay")
    [told] = calls(pays)

    assert deliver(told, secret="whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").status_code == 401
    del told["data"]["charge"]
    assert deliver(told).status_code == 400
    assert not PaymentNotice.objects.exists()


def test_the_list_costs_the_same_for_two_and_for_twelve(house):
    client = Client()
    client.force_login(cast.person("ann", "accountant"))
    counts = []
    for size in (2, 10):
        for _ in range(size):
            order = house.place(("MUG", 1))
            paid(order)
            PaymentNotice.objects.filter(checkout__order=order).update(attention="too_much")
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/payments/online/").status_code == 200
        counts.append(len(captured))

    assert counts[0] == counts[1]


# --- many at once, and crashes ---


@pytest.fixture
def really_owing(real_house):
    order = real_house.place(("MUG", 1))
    cast.run_line("screen", "reserve", "invoice", "plan", "post_stock")
    return order


@pytest.mark.django_db(transaction=True)
def test_twenty_presses_at_once_open_one_checkout(pays, really_owing):
    pages = together(20, lambda i: begin_payment(really_owing.pk, return_url="http://127.0.0.1/"), hands=8)

    assert set(map(type, pages)) == {str} and len(set(pages)) == 1
    assert Checkout.objects.count() == pays.register.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_a_second_open_checkout_of_an_amount(really_owing):
    fields = {"order": really_owing, "gateway": "sandbox", "amount": OWED, "currency": "GBP", "created_at": timezone.now(), "due_at": timezone.now()}
    Checkout.objects.create(reference="A", **fields)

    with pytest.raises(IntegrityError, match="one_open_checkout_of_an_amount"):
        Checkout.objects.create(reference="B", **fields)


@pytest.mark.django_db(transaction=True)
def test_webhooks_stations_and_look_ups_at_once_book_one_payment(pays, really_owing, prove):
    pays.temper.tell({"duplicate_webhooks": True})
    press(begin(really_owing), "pay")
    told = calls(pays)
    station = stations.named("settle")
    checkout = Checkout.objects.get()

    def act(i):
        if i % 3 == 0:
            return deliver(told[i % 2]).status_code
        if i % 3 == 1:
            return stations.run_batch(station)
        return settle_checkouts([(checkout, station.perform(checkout))])

    results = together(24, act, hands=8)
    due_again()
    cast.run_line("settle")

    assert not [result for result in results if isinstance(result, Exception)]
    assert_paid(really_owing)
    prove()


@pytest.mark.django_db(transaction=True)
def test_a_call_that_comes_while_its_checkout_is_settled_is_not_forgotten(pays, really_owing, prove):
    """Deterministic: the gateway's call comes after it was asked, before what it said then is written."""
    press(begin(really_owing), "pay")
    checkout = Checkout.objects.get()
    asked = stations.named("settle").perform(checkout)
    [told] = calls(pays)

    in_the_middle(lambda: settle_checkouts([(checkout, asked)]), lambda: deliver(told))
    cast.run_line("settle")

    assert not PaymentNotice.objects.filter(applied_at__isnull=True).exists()
    assert_paid(really_owing)
    prove()


@pytest.mark.django_db(transaction=True)
def test_a_payment_that_crosses_a_cancellation_is_never_lost(pays, really_owing, prove):
    press(begin(really_owing), "pay")
    deliver(calls(pays)[0])

    in_the_middle(lambda: cancel_order(really_owing.pk, actor="user:test"), lambda: stations.run_batch(stations.named("settle")))
    due_again()
    cast.run_line("settle", "credit", "void")

    assert Payment.objects.get().unallocated == OWED
    assert PaymentNotice.objects.get().attention == "cancelled"
    prove()


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_over_it_leaves_nothing_half_done(pays, really_owing, prove, monkeypatch):
    press(begin(really_owing), "pay")
    deliver(calls(pays)[0])

    def plug(*args, **kwargs):
        raise SystemExit("somebody pulled the plug")

    with monkeypatch.context() as patched:
        patched.setattr("accounting.checkouts._move", plug)
        with pytest.raises(SystemExit):
            stations.run_batch(stations.named("settle"))
    assert not Payment.objects.exists() and PaymentNotice.objects.get().applied_at is None
    assert Order.objects.get().paid_total == 0

    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    cast.run_line("settle")

    assert_paid(really_owing)
    prove()


def test_the_gateways_memory_outlives_a_restart(settings, owing, tmp_path):
    path = str(tmp_path / "register.sqlite3")
    with gateway(settings, state_path=path):
        page = begin(owing)
    with gateway(settings, state_path=path) as running:
        assert isinstance(running, SandboxGatewayServer)
        assert begin(owing).rpartition("/")[2] == page.rpartition("/")[2]
