"""What the database itself refuses, whoever asks."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.utils import InternalError
from django.utils import timezone

from accounting.drawers import move_cash
from accounting.ledger import Draft, post
from accounting.models import Invoice, JournalEntry, JournalLine, Period
from accounting.posting import Posting
from inventory.models import LandedCost, Price, SourcingDecision
from inventory.purchasing.ordering import order_from_vendor
from inventory.purchasing.receiving import receive_goods
from oms.core.documents import keep
from orders.models import Promotion
from tests import cast
from tests.flows import counter

APPEND_ONLY = [
    "core_event",
    "core_document",
    "inventory_stockmovement",
    "inventory_receipt",
    "inventory_receiptline",
    "inventory_landedcost",
    "inventory_sourcingdecision",
    "accounting_journalentry",
    "accounting_journalline",
    "accounting_invoiceline",
    "accounting_taking",
    "accounting_cashmovement",
]
# Rows that are kept for ever as well, of which something may still change.
MOVED_ON = [
    "accounting_invoice",
    "accounting_vendorbill",
    "accounting_vendorbillline",
    "accounting_checkout",
    "accounting_paymentnotice",
    "orders_promotionredemption",
]


def at_once():
    """Have what is checked at commit checked now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.fixture
def invoiced(house):
    """An order that is invoiced, posted and has its label, and goods received: a row in every table that only grows."""
    Promotion.objects.create(name="Spring", kind="percent", percent=10)
    order = house.place(("MUG", 2))
    purchase = order_from_vendor(house.vendor, house.leeds, [(house.chair, 2)], actor="user:manager")
    receive_goods(purchase.pk, {purchase.lines.get().pk: 1}, key="k", actor="user:warehouse")
    cast.run_line("screen", "reserve", "invoice", "plan", "post_stock")
    keep([("label", "x.pdf", "application/pdf", b"x")])
    now = timezone.now()
    LandedCost.objects.create(order=purchase, key="k", kind="duty", amount=1, spread_by="value", created_at=now)
    SourcingDecision.objects.create(order_id=order.pk, made_at=now, trace=[])
    at_once()
    return order


@pytest.fixture
def sold(house, invoiced):
    """As `invoiced`, and something is sold at the counter."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    till = counter.till(house)
    counter.sell(till, ("MUG", 1))
    move_cash(till.pk, kind="to_safe", amount=Decimal(5), reason="Notes", actor="user:clerk")
    at_once()


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    ("statement", "refusal"),
    [("UPDATE {} SET id = id", "Cannot update"), ("DELETE FROM {}", "Cannot update or delete"), ("TRUNCATE {} CASCADE", "Cannot truncate")],
    ids=["update", "delete", "truncate"],
)
def test_history_is_never_changed(sold, table, statement, refusal):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        [before] = cursor.fetchone()
        assert before > 0

        with pytest.raises(InternalError, match=refusal), transaction.atomic():
            cursor.execute(statement.format(table))

        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone() == (before,)


def test_every_table_that_only_grows_refuses_to_be_emptied_itself(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'pgtrigger_no_truncate%' AND tgenabled = 'O'")
        guarded = {table for (table,) in cursor.fetchall()}

    assert guarded == {*APPEND_ONLY, *MOVED_ON}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE orders_promotionredemption SET amount = amount + 1",
        "UPDATE orders_promotionredemption SET parts = '{}'",
        "UPDATE orders_promotionredemption SET given_back = given_back - 0.01",
        "DELETE FROM orders_promotionredemption",
        "TRUNCATE orders_promotionredemption CASCADE",
    ],
)
def test_of_a_redemption_nothing_but_what_is_given_back_may_change_and_that_only_grows(invoiced, statement):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders_promotionredemption SET given_back = 0.50")

        with pytest.raises(InternalError, match="Cannot"), transaction.atomic():
            cursor.execute(statement)
        with pytest.raises(IntegrityError, match="no_more_given_back_than_taken"), transaction.atomic():
            cursor.execute("UPDATE orders_promotionredemption SET given_back = amount + 0.01")


ISSUED_FOR_EVER = sorted({field.column for field in Invoice._meta.concrete_fields} - {"id", "state", "paid", "document_id"})
ANOTHER = {
    "kind": "'credit_note', credits_id = id",
    "number": "'X'",
    "credits_id": "id, kind = 'credit_note'",
    "bill_to": "'{}'",
    "currency": "'EUR'",
    "net_total": "net_total + 1, total = total + 1",
    "tax_total": "tax_total + 1, total = total + 1",
    "total": "total + 1, net_total = net_total + 1",
    "created_at": "created_at - interval '1 day'",
}


@pytest.mark.parametrize("column", ISSUED_FOR_EVER)
def test_of_an_issued_invoice_nothing_but_payment_and_document_may_change(invoiced, column):
    before = Invoice.objects.values().get()

    with pytest.raises(InternalError, match="Cannot update"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE accounting_invoice SET {column} = {ANOTHER.get(column, f'{column} + 1')}")

    assert Invoice.objects.values().get() == before


def test_of_an_issued_invoice_what_was_paid_and_its_document_may_change(invoiced):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounting_invoice SET paid = 1, state = 'partly_paid', document_id = (SELECT max(id) FROM core_document)")
        assert cursor.rowcount == 1


@pytest.mark.parametrize("statement", ["DELETE FROM accounting_invoice", "TRUNCATE accounting_invoice CASCADE"])
def test_an_issued_invoice_never_disappears(invoiced, statement):
    with pytest.raises(InternalError, match="Cannot"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert Invoice.objects.count() == 1


def entry(*lines, source_id=1):
    return Draft("test", source_id, "tried", "GBP", "", [Posting(role, Decimal(amount)) for role, amount in lines], "user:test")


def test_an_entry_that_is_out_of_balance_cannot_be_committed(house):
    with pytest.raises(IntegrityError, match="out of balance"), transaction.atomic():
        post([entry(("receivable", 5), ("revenue", -4))])
        at_once()


def test_an_entry_of_one_line_cannot_be_committed(house):
    with pytest.raises(IntegrityError, match="at least 2"), transaction.atomic():
        post([entry(("receivable", 5))])
        at_once()


def test_two_entries_out_of_balance_do_not_make_up_for_each_other(house):
    with pytest.raises(IntegrityError, match="out of balance"), transaction.atomic():
        post([entry(("receivable", 5), ("revenue", -4)), entry(("receivable", 4), ("revenue", -5), source_id=2)])
        at_once()


def test_the_same_cause_is_posted_once(house):
    post([entry(("receivable", 5), ("revenue", -5))])

    with pytest.raises(IntegrityError, match="posted_once"), transaction.atomic():
        post([entry(("receivable", 5), ("revenue", -5))])


@pytest.mark.django_db(transaction=True)
def test_a_posted_entry_takes_no_more_lines(real_house):
    with transaction.atomic():
        [posted] = post([entry(("receivable", 5), ("revenue", -5))])
    account = posted.lines.first().account_id

    with pytest.raises(IntegrityError, match="takes no more lines"), transaction.atomic():
        JournalLine.objects.bulk_create(
            [
                JournalLine(entry=posted, account_id=account, debit=1, books_debit=1),
                JournalLine(entry=posted, account_id=account, credit=1, books_credit=1),
            ]
        )

    assert JournalLine.objects.filter(entry=posted).count() == 2


def test_nothing_is_posted_into_a_closed_period(house):
    today = timezone.localdate()
    Period.objects.create(starts_on=today - timedelta(days=40), ends_on=today - timedelta(days=10), closed_at=timezone.now())

    with pytest.raises(IntegrityError, match="is closed"), transaction.atomic():
        post([entry(("receivable", 5), ("revenue", -5))], on=today - timedelta(days=20))

    post([entry(("receivable", 5), ("revenue", -5))], on=today)
    assert JournalEntry.objects.filter(source="test").count() == 1


def test_more_is_never_reserved_than_is_on_hand(house):
    with pytest.raises(IntegrityError, match="reserved_within_on_hand"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE inventory_stocklevel SET reserved = on_hand + 1")


def test_two_prices_for_the_same_day_are_refused(house):
    with pytest.raises(IntegrityError, match="price_periods_never_overlap"), transaction.atomic():
        Price.objects.create(sku=house.mug, unit_price=Decimal(1), valid_on=DateRange(date(2026, 1, 1), date(2026, 2, 1)))
