"""Many at the same money at once. The guard holds; its twin without it breaks."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounting.invoicing import raise_invoices
from accounting.ledger import Draft, post
from accounting.models import Invoice, JournalEntry, Payment, Period
from accounting.paying import record_payment
from accounting.posting import Posting
from customers.models import Customer
from oms.core import stations
from oms.core.locks import lock
from orders import holding, screening
from orders.models import Hold, Order
from tests import cast
from tests.faults.crowd import Rolled, elsewhere, together

pytestmark = pytest.mark.django_db(transaction=True)
PRICE = Decimal("5.94")  # a mug, with tax


def pay(order, amount, reference):
    return record_payment(order.pk, amount=amount, method="card", reference=reference, actor="user:test")


@pytest.fixture
def owing(real_house):
    """An order of ten mugs, invoiced: 59.40 to pay."""
    order = real_house.place(("MUG", 10))
    cast.run_line("screen", "reserve", "invoice", "plan", "post_stock")
    return order


def test_twenty_who_pay_at_once_never_pay_more_than_is_owed(owing, prove):
    results = together(20, lambda i: pay(owing, PRICE, f"R{i}"))

    assert sum(isinstance(result, Payment) for result in results) == 10
    order = Order.objects.get()
    assert (order.paid_total, order.payment_status, Invoice.objects.get().state) == (Decimal("59.40"), "paid", "paid")
    assert Customer.objects.get(pk=order.customer_id).open_balance == 0
    prove()


def test_without_the_lock_on_the_order_they_would_pay_more(owing, monkeypatch):
    """Deterministic: somebody pays in full between the look at the order and the payment."""
    plain = holding.lock_one

    def unlocked_one(rows, pk):
        monkeypatch.setattr(holding, "lock_one", plain)
        order = rows.get(pk=pk)
        elsewhere(lambda: pay(owing, Decimal("59.40"), "in between"))
        return order

    monkeypatch.setattr(holding, "lock_one", unlocked_one)
    pay(owing, Decimal("59.40"), "late")

    assert sum(Payment.objects.values_list("amount", flat=True)) == Decimal("118.80")


def test_orders_that_share_a_credit_limit_are_held_beyond_it(real_house, prove):
    real_house.anna.credit_limit = PRICE * 3
    real_house.anna.save()
    orders = [real_house.place(("MUG", 1)) for _ in range(12)]

    together(12, lambda i: stations.run_batch(stations.named("screen"), only=[orders[i].pk]))

    assert Order.objects.filter(open_holds=0).exclude(screened_at=None).count() == 3
    assert Hold.objects.filter(kind="credit").count() == 9
    prove()


def test_without_the_lock_on_the_customer_they_would_share_the_same_credit(real_house, monkeypatch):
    real_house.anna.credit_limit = PRICE
    real_house.anna.save()
    first, second = real_house.place(("MUG", 1)), real_house.place(("MUG", 1))
    plain = screening.lock_customers

    def screen(order):
        stations.run_batch(stations.named("screen"), only=[order.pk])

    def unlocked_customers(pks):
        monkeypatch.setattr(screening, "lock_customers", lambda pks: {row.pk: row for row in Customer.objects.filter(pk__in=pks)})
        monkeypatch.setattr(screening, "note_orders", lambda customers, bought: None)
        return {row.pk: row for row in Customer.objects.filter(pk__in=pks)}

    def exposure(customers):
        monkeypatch.setattr(screening, "_exposure", plain_exposure)
        found = plain_exposure(customers)
        elsewhere(lambda: screen(first))
        return found

    plain_exposure = screening._exposure
    monkeypatch.setattr(screening, "lock_customers", unlocked_customers)
    monkeypatch.setattr(screening, "_exposure", exposure)
    screen(second)
    monkeypatch.setattr(screening, "lock_customers", plain)

    assert Order.objects.filter(open_holds=0).exclude(screened_at=None).count() == 2


def test_closing_a_period_leaves_nothing_that_was_posted_into_it_afterwards(real_house, prove):
    day = timezone.localdate() - timedelta(days=20)
    period = Period.objects.create(starts_on=day - timedelta(days=10), ends_on=day + timedelta(days=10))

    def act(i):
        with transaction.atomic():
            if i == 25:
                Period.objects.filter(pk=period.pk).update(closed_at=timezone.now())
                return JournalEntry.objects.filter(source="test").count()
            lines = [Posting("receivable", Decimal(5)), Posting("receivable", Decimal(-5))]
            return post([Draft("test", i, "tried", "GBP", "", lines, "user:test")], on=day)

    results = together(50, act)

    posted = JournalEntry.objects.filter(source="test").count()
    assert results[25] == posted
    assert posted == sum(isinstance(result, (list, tuple)) for result in results)
    prove()


def test_a_careless_counter_of_max_plus_one_gives_a_number_twice(real_house, monkeypatch):
    """The twin of the gapless series: two read the same highest number before either has committed."""
    real_house.stock(real_house.mug, 60)
    orders = [real_house.place(("MUG", 1), customer_id=customer.pk).pk for customer in cast.regulars(real_house, 60)]
    cast.run_line("screen", "reserve")

    def careless(series, count):
        highest = Invoice.objects.aggregate(Max("number"))["number__max"] or "INV-000000"
        return [f"INV-{int(highest[4:]) + 1 + i:06d}" for i in range(count)]

    def invoice(i):
        with transaction.atomic():
            raise_invoices(lock(Order.objects.filter(pk=orders[i])))

    monkeypatch.setattr("accounting.invoicing.take_numbers", careless)
    results = together(60, invoice)

    assert "accounting_invoice_number" in "".join(map(str, results))
    assert Invoice.objects.count() < 60


def test_a_series_is_not_held_by_who_was_rolled_back(real_house, prove):
    real_house.stock(real_house.mug, 2)
    orders = [real_house.place(("MUG", 1)).pk for _ in range(2)]
    cast.run_line("screen", "reserve")

    def roll_back():
        try:
            with transaction.atomic():
                raise_invoices(lock(Order.objects.filter(pk=orders[0])))
                raise Rolled
        except Rolled:
            pass

    elsewhere(roll_back)
    cast.run_line("invoice")

    assert sorted(Invoice.objects.values_list("number", flat=True)) == ["INV-000001", "INV-000002"]
    prove()
