"""The proof itself: for every invariant somebody breaks it behind the house's back, and the proof says which."""

import io
import re
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounting.paying import record_payment
from inventory.purchasing.landing import add_landed_cost
from inventory.purchasing.ordering import order_from_vendor
from inventory.purchasing.receiving import receive_goods
from inventory.transferring import plan_transfer, receive_transfer, send_transfer
from oms.core.models import Proof
from oms.desk.proof import all_invariants
from orders.holding import place_hold
from orders.models import Promotion, PromotionCode
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.models import Shipment
from tests import cast
from tests.accounting import buying, online
from tests.flows import counter

FIRST_LEVEL = "WHERE id = (SELECT min(id) FROM inventory_stocklevel)"

# How the invariant begins → how it is broken. "-constraint;" takes a constraint away first.
DAMAGE = {
    "No more is reserved": "-inventory_stocklevel.reserved_within_on_hand; UPDATE inventory_stocklevel SET reserved = on_hand + 1",
    "What is on hand": f"UPDATE inventory_stocklevel SET on_hand = on_hand + 1 {FIRST_LEVEL}",
    "What is reserved": f"UPDATE inventory_stocklevel SET reserved = reserved + 1 {FIRST_LEVEL}",
    "What a purchase order line has received": "UPDATE inventory_purchaseorderline SET received = received + 1",
    "What the receipts of a purchase order line": "UPDATE inventory_receiptline SET value = value + 0.01",
    "Every unit of a line": "-orders_orderline.invoiced_within_quantity; UPDATE orders_orderline SET invoiced = quantity + 1",
    "What a line has reserved": "UPDATE orders_orderline SET reserved = reserved - 1, planned = 0 WHERE reserved > 0",
    "What a line waits for": "UPDATE inventory_backorder SET quantity = quantity + 1",
    "A kit on an order": "UPDATE inventory_reservation SET quantity = quantity + 1 WHERE line_units = 0",
    "Nobody is promised more": "UPDATE inventory_peg SET quantity = quantity + 100",
    "A transfer's lines": "UPDATE inventory_transferline SET value_in = value_in - 0.01 WHERE received > 0",
    "What a vendor ships to a customer": "UPDATE inventory_backorder SET is_drop_shipped = true",
    "A kit has no stock": "UPDATE inventory_sku SET is_kit = true WHERE code = 'MUG'",
    "An order's total": "UPDATE orders_order SET net_total = net_total + 1, total = total + 1",
    "A line costs its units": "UPDATE orders_orderline SET unit_price = unit_price + 0.02",
    "An order's discount": "UPDATE orders_order SET discount_total = discount_total + 0.01",
    "What orders have taken of a promotion": "UPDATE orders_promotion SET used_amount = used_amount - 0.01",
    "What promotions took off units": "UPDATE orders_promotionredemption SET given_back = given_back + 0.01",
    "An order's open holds": "UPDATE orders_order SET open_holds = open_holds + 1",
    "A closed order": "UPDATE orders_order SET state = 'cancelled' WHERE state = 'allocated'",
    "Every open order has a next step": "UPDATE orders_order SET plan_due = false WHERE state = 'allocated'",
    "No state was reached": "DELETE FROM core_event WHERE kind = 'order.placed'",
    "A customer's order history": "UPDATE customers_customer SET orders_total = orders_total + 0.01",
    "Every entry has at least two lines": "UPDATE accounting_journalline SET debit = debit + 1, books_debit = books_debit + 1 WHERE debit > 0",
    "Every cause is posted once": (
        "-accounting_journalentry.posted_once; INSERT INTO accounting_journalentry"
        " (source, source_id, event, posted_on, currency, rate, memo, actor, created_at)"
        " SELECT source, source_id, event, posted_on, currency, rate, memo, actor, created_at FROM accounting_journalentry"
    ),
    "Every invoice, credit note and payment": "UPDATE accounting_payment SET amount = amount + 0.01",
    "An invoice's totals": "UPDATE accounting_invoiceline SET tax = tax + 0.01",
    "Invoice numbers of a series": ("UPDATE accounting_invoice SET issued_on = issued_on + 1 WHERE id = (SELECT min(id) FROM accounting_invoice)"),
    "Trade receivables": "UPDATE accounting_invoice SET state = 'written_off' WHERE state = 'partly_paid'",
    "Customer deposits": "UPDATE accounting_payment SET allocated = allocated - 1 WHERE allocated > 1",
    "Inventory in the ledger": "DELETE FROM inventory_movementtopost",
    "Goods received and not invoiced": "UPDATE accounting_vendorbillline SET cleared = cleared + 0.01 WHERE purchase_line_id IS NOT NULL",
    "Freight and duty not invoiced": "UPDATE accounting_vendorbillline SET cleared = cleared + 0.01 WHERE landed_cost_id IS NOT NULL",
    "Once every unit that came is billed": "UPDATE accounting_vendorbillline SET cleared = cleared - 0.01 WHERE cleared > 0",
    "No more is billed than has come": "UPDATE accounting_vendorbillline SET quantity = quantity + 1 WHERE cleared > 0",
    "A bill that is held says why": "DELETE FROM accounting_billdifference",
    "A vendor's bill is the sum": "UPDATE accounting_vendorbillline SET net = net + 0.01",
    "Every vendor's bill and credit note": "UPDATE accounting_vendorbill SET books_total = books_total + 0.01 WHERE state = 'posted'",
    "Trade payables": "UPDATE accounting_vendorbill SET state = 'reversed' WHERE state = 'posted'",
    "What a payment gateway took": "UPDATE accounting_paymentnotice SET payment_id = NULL WHERE payment_id IS NOT NULL",
    "The cash expected in a drawer": "UPDATE accounting_drawersession SET opening_float = opening_float + 1",
    "Cash in tills": "UPDATE accounting_drawersession SET expected = expected + 1",
    "What is paid on an invoice": "DELETE FROM accounting_paymentallocation",
    "What a customer owes": "UPDATE customers_customer SET open_balance = open_balance - 0.01",
    "What an order has invoiced and paid": "UPDATE orders_order SET invoiced_total = invoiced_total - 1 WHERE invoiced_total > 1",
    "A document is what it was": "UPDATE core_document SET content = 'another'",
    "A number series": "UPDATE core_numberseries SET next_value = next_value + 1 WHERE code = 'credit_note'",
    "What a line has planned": "UPDATE shipping_shipmentline SET line_units = line_units + 1",
    "A reservation is on one live shipment": "UPDATE inventory_reservation SET state = 'firm' WHERE state = 'consumed'",
    "A booked shipment has one live label": "UPDATE shipping_shipment SET label_id = NULL WHERE state = 'dispatched'",
}


@pytest.fixture
def busy(house):
    """A house in full swing: one order sent and partly paid, one invoiced, one only reserved, one held; goods half received."""
    first = house.place(("MUG", 5))
    spring = Promotion.objects.create(name="Spring", kind="percent", percent=10, needs_code=True, budget=100)
    PromotionCode.objects.create(promotion=spring, code="SPRING", most_uses=9)
    house.place(("MUG", 1), codes=["SPRING"])
    house.place(("LAMP", 1))
    cast.run_line("screen", "reserve", "invoice", "plan", "post_stock")
    shipment = Shipment.objects.get(order=first)
    pack_shipment(shipment.pk, actor="user:test")
    cast.run_line("book")
    dispatch_shipment(shipment.pk, actor="user:test")
    record_payment(first.pk, amount=Decimal("9.40"), method="card", reference="A", actor="user:test")
    house.place(("MUG", 2))
    cast.run_line("screen", "reserve")
    online.paid(first)
    place_hold(house.place(("MUG", 1)).pk, reason="who is that?", actor="user:clerk")
    purchase = order_from_vendor(house.vendor, house.leeds, [(house.chair, 4)], actor="user:manager")
    receive_goods(purchase.pk, {purchase.lines.get().pk: 2}, key="k", actor="user:warehouse")
    freight = add_landed_cost(purchase.pk, kind="freight", amount=Decimal(5), spread_by="value", key="l", actor="user:warehouse")
    buying.bill(purchase, "R-1", CHAIR=2, costs={freight: "5.00"})
    buying.bill(purchase, "R-2", CHAIR=1)
    transfer = send_transfer(
        plan_transfer("ghent", "leeds", [("MUG", 3)], expected_on=timezone.localdate(), actor="user:warehouse").pk, actor="user:w"
    )
    receive_transfer(transfer.pk, {transfer.lines.get().pk: 1}, actor="user:warehouse")
    house.place((cast.kit(house, "TEASET", MUG=2, LAMP=1).code, 1))
    house.place(("CHAIR", 3))
    house.place(("LAMP", 20))
    cast.run_line("screen", "reserve", "peg")
    till = counter.till(house)
    counter.sell(till, ("MUG", 1), given="10")
    return house


def broken_by(damage: str) -> None:
    """Do `damage` past every trigger."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        if without := re.match(r"-(\w+)\.(\w+); ", damage):
            cursor.execute(f"ALTER TABLE {without[1]} DROP CONSTRAINT {without[2]}")
            damage = damage[without.end() :]
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(damage)
        assert cursor.rowcount > 0
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.mark.parametrize("sentence", DAMAGE)
def test_the_proof_names_what_somebody_has_damaged(busy, prove, sentence):
    prove()
    broken_by(DAMAGE[sentence])
    told = io.StringIO()

    with pytest.raises(SystemExit) as stopped:
        call_command("check_invariants", stderr=told, no_color=True)

    assert stopped.value.code == 1
    assert any(line.startswith(f"BROKEN  {sentence}") for line in told.getvalue().splitlines()), told.getvalue()


def test_every_invariant_has_somebody_who_breaks_it():
    untested = [one.sentence for one in all_invariants() if not any(one.sentence.startswith(start) for start in DAMAGE)]

    assert untested == []


def test_the_proof_keeps_what_it_found_for_the_badge(busy):
    call_command("check_invariants", keep=True, quiet=True)
    broken_by("UPDATE core_document SET content = 'another'")
    call_command("check_invariants", keep=True, quiet=True)

    bad, good = Proof.objects.order_by("-id")
    assert (good.broken, good.checks) == ([], len(all_invariants()))
    assert [breach["sentence"] for breach in bad.broken] == ["A document is what it was: its SHA-256 is that of its content."]
