"""Many at the same bill, or at the same goods, at once. The guard holds; its twin without it breaks."""

from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum

from accounting import billing, clearing
from accounting.billing import approve_bill, credit_bill
from accounting.clearing import Ground
from accounting.models import JournalEntry, VendorBill, VendorBillLine
from inventory.models import PurchaseOrderLine
from oms.core import stations
from oms.core.errors import Conflict
from oms.core.locks import lock
from tests import cast
from tests.accounting.buying import TODAY, balance, bill, order, take_in
from tests.faults.crowd import deadlocks, elsewhere, together

pytestmark = pytest.mark.django_db(transaction=True)
GRNI = "goods_received_not_invoiced"
ONCE = "bill_entered_once_per_vendor"


@pytest.fixture
def sixty(real_house):
    """A hundred mugs ordered at a third of a pound, sixty of which have come."""
    placed = order(real_house, (real_house.mug, 100, "0.3333"))
    take_in(placed, MUG=60)
    cast.run_line("post_stock")
    return placed


def billed():
    return VendorBillLine.objects.filter(bill__state="posted").aggregate(units=Sum("quantity"))["units"] or 0


def unlocked(rows):
    return list(rows.order_by("pk"))


# --- the same bill ---


def test_twenty_who_enter_the_same_bill_enter_it_once(sixty, prove):
    before = deadlocks()

    results = together(20, lambda i: bill(sixty, "INV 7" if i % 2 else " inv  7", MUG=60, actor=f"user:{i}"))

    made = VendorBill.objects.get()
    assert [result.pk for result in results if isinstance(result, VendorBill)] == [made.pk]
    assert sum(isinstance(result, Conflict) and made.number in result.sentence for result in results) == 19
    assert JournalEntry.objects.filter(source="vendor_bill").count() == 1
    assert deadlocks() == before
    prove()


def test_the_same_bill_on_two_orders_at_once_is_entered_once(sixty, real_house, prove):
    other = order(real_house, (real_house.mug, 60, "0.3333"))
    take_in(other, MUG=60)

    results = together(12, lambda i: bill((sixty, other)[i % 2], "INV 7", MUG=60))

    assert sum(isinstance(result, VendorBill) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 11
    prove()


def test_without_its_constraint_the_same_bill_would_be_owed_twice(sixty, real_house, monkeypatch):
    """Deterministic: somebody enters it on another order between the look for it and the insert."""
    other = order(real_house, (real_house.mug, 60, "0.3333"))
    take_in(other, MUG=60)
    plain = billing._insert

    def insert_late(made):
        monkeypatch.setattr(billing, "_insert", plain)
        elsewhere(lambda: bill(other, "INV 7", MUG=60))
        return plain(made)

    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [ONCE])
        [definition] = cursor.fetchone()
        cursor.execute(f"DROP INDEX {ONCE}")
        try:
            monkeypatch.setattr(billing, "_insert", insert_late)
            bill(sixty, "INV 7", MUG=60)

            assert VendorBill.objects.filter(reference="INV 7", state="posted").count() == 2
        finally:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("TRUNCATE accounting_vendorbill CASCADE")
            cursor.execute("SET session_replication_role = origin")
            cursor.execute(definition)


# --- the same goods ---


def test_bills_for_the_same_receipt_at_once_take_no_more_than_has_come(sixty, prove):
    together(12, lambda i: bill(sixty, f"R-{i}", MUG=10, actor=f"user:{i}"))

    assert (billed(), VendorBill.objects.filter(state="held").count()) == (60, 6)
    assert balance(GRNI) == 0
    prove()


def test_without_the_lock_on_the_order_both_would_bill_the_same_goods(sixty, monkeypatch):
    """Deterministic: somebody bills the goods between the look at what is billed and the posting."""
    plain = clearing._supplies

    def supplies(ordered):
        monkeypatch.setattr(clearing, "_supplies", plain)
        found = plain(ordered)
        elsewhere(lambda: bill(sixty, "R-1", MUG=60))
        return found

    monkeypatch.setattr(clearing, "lock", unlocked)
    monkeypatch.setattr(clearing, "_supplies", supplies)
    bill(sixty, "R-2", MUG=60)

    assert billed() == 120
    assert balance(GRNI) == Decimal("20.00")


def test_a_bill_and_its_goods_that_come_in_at_once_find_each_other(sixty, prove):
    bill(sixty, "R-0", MUG=60)

    def act(i):
        if i % 2:
            return take_in(sixty, MUG=8)
        bill(sixty, f"R-{i + 1}", MUG=8, actor=f"user:{i}")
        return stations.run(stations.named("match_bills"), seconds=20)

    together(10, act)
    cast.run_line("match_bills", "post_stock")

    assert (billed(), VendorBill.objects.exclude(state="posted").count()) == (100, 0)
    assert balance(GRNI) == 0
    prove()


def test_a_bill_that_noted_goods_it_had_not_counted_would_wait_for_ever(real_house, monkeypatch):
    """Deterministic: the goods come while the bill is compared; without the lock it notes them as seen."""
    placed = order(real_house, (real_house.mug, 10, "2.10"))
    plain = clearing._supplies

    def supplies(ordered):
        monkeypatch.setattr(clearing, "_supplies", plain)
        found = plain(ordered)
        elsewhere(lambda: take_in(placed, MUG=10))
        return found

    def look(self, lines):
        for line in lines:
            fresh = PurchaseOrderLine.objects.get(pk=line.purchase_line_id)
            line.received_seen, line.price_seen = fresh.received, fresh.unit_cost

    monkeypatch.setattr(clearing, "lock", unlocked)
    monkeypatch.setattr(clearing, "_supplies", supplies)
    monkeypatch.setattr(Ground, "look", look)
    made = bill(placed, "R-1", MUG=10)
    monkeypatch.setattr(clearing, "lock", lock)
    cast.run_line("match_bills")

    assert VendorBill.objects.get(pk=made.pk).state == "held"


# --- deciding ---


def test_many_who_release_send_back_and_credit_at_once_post_it_once_or_not_at_all(sixty, prove):
    made = bill(sixty, "R-1", MUG=60, price={"MUG": "0.50"})

    def act(i):
        if i % 3 == 0:
            return approve_bill(made.pk, note="ok", actor=f"user:{i}")
        if i % 3 == 1:
            return billing.reject_bill(made.pk, note="no", actor=f"user:{i}")
        return credit_bill(made.pk, reference="C-1", reason="wrong_bill", billed_on=TODAY(), actor=f"user:{i}")

    together(15, act)

    state = VendorBill.objects.get(pk=made.pk).state
    posted = JournalEntry.objects.filter(source="vendor_bill").count()
    assert (state, posted) in (("posted", 1), ("reversed", 2), ("rejected", 0))
    prove()


def test_two_credit_notes_of_one_number_take_a_bill_back_once(sixty, prove):
    made = bill(sixty, "R-1", MUG=60)

    results = together(10, lambda i: credit_bill(made.pk, reference="C-1", reason="wrong_bill", billed_on=TODAY(), actor=f"user:{i}"))

    assert len({result.pk for result in results}) == 1
    assert balance(GRNI) == Decimal("-20.00")
    prove()
