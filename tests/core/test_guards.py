"""What the database itself refuses, whoever asks."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError, InternalError
from django.utils import timezone

from accounting.ledger import Draft, post
from accounting.models import JournalEntry, JournalLine, Period
from accounting.posting import Posting
from tests import cast

APPEND_ONLY = [
    "core_event",
    "core_document",
    "inventory_stockmovement",
    "accounting_journalentry",
    "accounting_journalline",
    "accounting_invoiceline",
]


@pytest.fixture
def invoiced(house):
    order = house.place(("MUG", 2))
    cast.run_line("screen", "reserve", "invoice", "plan", "post_stock")
    from oms.core.documents import keep

    keep([("label", "x.pdf", "application/pdf", b"x")])
    return order


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_history_is_never_changed(invoiced, table, statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


def test_of_an_issued_invoice_only_what_was_paid_and_sent_may_change(invoiced):
    for column in ("total = total + 1, net_total = net_total + 1", "number = 'X'", "issued_on = issued_on - 1", "customer_id = customer_id + 1"):
        with pytest.raises(InternalError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE accounting_invoice SET {column}")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounting_invoice SET paid = 1, state = 'partly_paid'")
        assert cursor.rowcount == 1


def entry(*lines, source_id=1):
    return Draft("test", source_id, "tried", "GBP", "", [Posting(role, Decimal(amount)) for role, amount in lines], "user:test")


def at_once():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


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


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE inventory_stocklevel SET on_hand = on_hand + 1 WHERE id = (SELECT min(id) FROM inventory_stocklevel)",
        "UPDATE inventory_stocklevel SET reserved = reserved + 1 WHERE id = (SELECT min(id) FROM inventory_stocklevel)",
        "UPDATE orders_orderline SET reserved = reserved - 1, planned = 0 WHERE reserved > 0",
        "UPDATE orders_order SET net_total = net_total + 1, total = total + 1",
        "UPDATE accounting_journalline SET debit = debit + 1, books_debit = books_debit + 1 WHERE debit > 0",
        "UPDATE accounting_invoice SET total = total + 1, net_total = net_total + 1",
        "UPDATE customers_customer SET open_balance = open_balance + 1",
        "UPDATE core_numberseries SET next_value = next_value + 1 WHERE code = 'invoice'",
        "UPDATE core_document SET content = 'y'",
    ],
)
def test_the_proof_finds_what_somebody_has_damaged(invoiced, damage, prove):
    prove()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(damage)
        cursor.execute("SET LOCAL session_replication_role = origin")

    with pytest.raises(SystemExit) as stopped:
        call_command("check_invariants")

    assert stopped.value.code == 1


def test_two_prices_for_the_same_day_are_refused(house):
    from django.db.backends.postgresql.psycopg_any import DateRange

    from inventory.models import Price

    with pytest.raises(IntegrityError, match="price_periods_never_overlap"), transaction.atomic():
        Price.objects.create(sku=house.mug, unit_price=Decimal(1), valid_on=DateRange(date(2026, 1, 1), date(2026, 2, 1)))
