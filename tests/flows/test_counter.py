"""Pay and take away: what the counter sells is gone, paid and invoiced at once, and its drawer knows of every penny."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounting.drawers import close_drawer, move_cash, open_drawer
from accounting.models import DrawerSession, Invoice, JournalLine, Payment, Taking
from customers.blocking import block
from customers.models import Customer
from inventory.models import StockLevel, StockMovement
from oms.core.errors import BusinessError, Conflict, Invalid
from oms.core.models import Event, Message
from orders.models import Order
from shipping.models import Shipment
from tests import cast
from tests.flows import counter


def balance(role):
    """Give the debit balance of an account by its role."""
    lines = JournalLine.objects.filter(account__role=role)
    return sum((line.books_debit - line.books_credit for line in lines), Decimal(0))


def in_leeds(sku):
    level = StockLevel.objects.get(sku=sku, warehouse__code="leeds")
    return level.on_hand, level.reserved


def test_a_walk_in_pays_cash_and_takes_away_what_they_bought(house, prove):
    till = counter.till(house)

    order = counter.sell(till, ("MUG", 2), ("LAMP", 1), given="50")

    order = Order.objects.get(pk=order.pk)
    assert (order.state, order.payment_status, order.fulfilment_status) == ("completed", "paid", "delivered")
    assert (order.total, order.customer.name, order.payment_method) == (Decimal("46.68"), "Walk-in", "cash")
    assert (in_leeds(house.mug), in_leeds(house.lamp)) == ((28, 0), (4, 0))
    assert (Shipment.objects.get().state, Shipment.objects.get().handed_over_at is not None) == ("delivered", True)
    assert (Invoice.objects.get().state, Invoice.objects.get().total) == ("paid", Decimal("46.68"))
    taking = Taking.objects.get()
    assert (taking.payment.amount, taking.given, taking.change) == (Decimal("46.68"), Decimal(50), Decimal("3.32"))
    cast.run_line("post_stock")
    assert (balance("cash_in_tills"), balance("cost_of_goods"), balance("receivable")) == (Decimal("146.68"), Decimal("15.20"), 0)
    assert Event.objects.filter(order_id=order.pk, kind="order.completed").count() == 1
    prove()


@pytest.mark.parametrize("policy", ["on_allocation", "on_shipment"])
@pytest.mark.parametrize("ships", ["prepaid", "on_terms"])
def test_the_counter_does_not_mind_how_its_channel_invoices_and_ships(house, prove, policy, ships):
    till = counter.till(house)
    till.channel.invoice_policy, till.channel.ship_policy = policy, ships
    till.channel.save()

    counter.sell(till, ("MUG", 1))

    assert (Order.objects.get().state, Invoice.objects.get().state) == ("completed", "paid")
    prove()


def test_a_card_is_paid_with_the_terminals_reference_and_leaves_the_drawer_as_it_was(house, prove):
    till = counter.till(house)

    counter.sell(till, ("MUG", 1), card="T-7781")

    assert Payment.objects.get().reference == "T-7781"
    assert (balance("bank_clearing"), balance("cash_in_tills"), DrawerSession.objects.get().expected) == (Decimal("5.94"), 100, 100)
    prove()


def test_somebody_known_buys_in_their_own_name_and_gets_no_mail_that_it_is_on_its_way(house, prove):
    counter.sell(counter.till(house), ("MUG", 1), customer=house.anna.pk)

    order = Order.objects.get()
    assert (order.customer, order.bill_to["postcode"], order.ship_to["postcode"]) == (house.anna, "LS2 7AA", "LS1 4AP")
    assert not Message.objects.filter(kind="shipped").exists()
    prove()


def test_there_is_one_walk_in_for_each_channel(house):
    till = counter.till(house)

    counter.sell(till, ("MUG", 1))
    counter.sell(till, ("MUG", 1))

    assert Customer.objects.filter(external_reference="walk-in").count() == 1
    assert Customer.objects.get(external_reference="walk-in").orders_count == 2


def test_a_kit_leaves_as_its_components(house, prove):
    cast.kit(house, "TEASET", MUG=4, LAMP=1)

    counter.sell(counter.till(house), ("TEASET", 2))

    assert (in_leeds(house.mug), in_leeds(house.lamp)) == ((22, 0), (3, 0))
    prove()


def nothing_sold():
    return (Order.objects.count(), Payment.objects.count(), Invoice.objects.count(), Shipment.objects.count()) == (0, 0, 0, 0) and not (
        StockMovement.objects.filter(kind="issue").exists()
    )


@pytest.mark.parametrize(
    ("lines", "paid", "sentence"),
    [
        ([("LAMP", 6)], {}, "Only 5 of LAMP are free in Leeds, not 6: sell that many, or take the line out."),
        ([("MUG", 1), ("LAMP", 3), ("LAMP", 3)], {}, "Only 2 of LAMP are free in Leeds, not 3: sell that many, or take the line out."),
        ([("CHAIR", 1)], {}, "No CHAIR is free in Leeds: take the line out, or order it for the customer."),
        ([("MUG", 1)], {"given": "5"}, "0.94 GBP are missing: 5.94 is due."),
        ([("MUG", 1)], {"card": " "}, "Give the reference on the card terminal's slip."),
        ([], {}, "An order needs at least one line."),
    ],
)
def test_what_cannot_be_sold_is_refused_and_nothing_is_written(house, prove, lines, paid, sentence):
    till = counter.till(house)

    with pytest.raises(BusinessError) as refusal:
        counter.sell(till, *lines, **paid)

    assert refusal.value.sentence == sentence
    assert nothing_sold() and in_leeds(house.lamp) == (5, 0)
    prove()


def test_a_card_number_is_never_taken_for_a_reference(house):
    with pytest.raises(Invalid):
        counter.sell(counter.till(house), ("MUG", 1), card="4111 1111 1111 1111")

    assert nothing_sold()


def test_what_is_reserved_for_others_is_not_sold(house):
    till = counter.till(house)
    house.place(("LAMP", 5))
    cast.run_line("screen", "reserve")

    with pytest.raises(Conflict) as refusal:
        counter.sell(till, ("LAMP", 1))

    assert "No LAMP is free in Leeds" in refusal.value.sentence


def test_who_is_blocked_and_what_needs_a_second_person_is_not_sold(house):
    till = counter.till(house)
    block("email", typed="anna@field.example", reason="charge-backs", actor="user:manager")

    with pytest.raises(Conflict) as refusal:
        counter.sell(till, ("MUG", 1), customer=house.anna.pk)

    assert refusal.value.sentence.startswith("It cannot be sold here: On the blocklist: charge-backs")
    assert nothing_sold()


def test_a_till_with_a_shut_drawer_sells_nothing(house):
    with pytest.raises(Conflict) as refusal:
        counter.sell(counter.till(house, opening_float=None), ("MUG", 1))

    assert refusal.value.sentence == "The drawer of Counter is not open: open it with its float first."
    assert nothing_sold()


def test_a_sale_that_is_sent_twice_is_sold_once(house, prove):
    till = counter.till(house)
    clerk = cast.person("clerk", "clerk")

    first = counter.press_pay(till, clerk, ("MUG", 1))
    second = counter.press_pay(till, clerk, ("MUG", 1))

    assert (second.pk, Order.objects.count(), Payment.objects.count()) == (first.pk, 1, 1)
    prove()


def test_a_drawer_is_counted_and_what_is_missing_is_an_expense(house, prove):
    till = counter.till(house)
    counter.sell(till, ("MUG", 1), given="10")
    move_cash(till.pk, kind="expense", amount=Decimal("4.50"), reason="Window cleaner", actor="user:clerk")
    move_cash(till.pk, kind="from_safe", amount=Decimal(20), reason="Coins", actor="user:clerk")
    move_cash(till.pk, kind="to_safe", amount=Decimal(50), reason="Notes", actor="user:clerk")
    session = DrawerSession.objects.get()
    assert session.expected == Decimal("71.44")

    closed = close_drawer(session.pk, pieces={Decimal(50): 1, Decimal(20): 1, Decimal("0.50"): 2, Decimal("0.20"): 2}, actor="user:clerk")

    closed = DrawerSession.objects.get(pk=closed.pk)
    assert (closed.state, closed.counted, closed.difference, closed.is_short) == ("closed", Decimal("71.40"), Decimal("-0.04"), True)
    assert (balance("cash_in_tills"), balance("cash_differences"), balance("petty_expenses")) == (0, Decimal("0.04"), Decimal("4.50"))
    assert balance("safe") == Decimal("-100") - 20 + 50 + Decimal("71.40")
    prove()


def test_a_drawer_that_is_counted_twice_keeps_the_first_count(house, prove):
    session = DrawerSession.objects.get(till=counter.till(house))
    close_drawer(session.pk, pieces={Decimal(50): 2}, actor="user:clerk")

    again = close_drawer(session.pk, pieces={}, actor="user:clerk")

    assert (again.counted, again.difference) == (100, 0)
    prove()


def test_cash_is_moved_once_however_often_its_form_is_sent(house, prove):
    till = counter.till(house)

    for _ in range(2):
        move_cash(till.pk, kind="to_safe", amount=Decimal(30), reason="Notes", actor="user:clerk", key="k")

    assert DrawerSession.objects.get().expected == 70
    prove()


@pytest.mark.parametrize(
    ("move", "sentence"),
    [
        ({"kind": "to_safe", "amount": "100.01", "reason": "x"}, "Only 100.00 GBP should be in the drawer: take out less."),
        ({"kind": "to_safe", "amount": "-1", "reason": "x"}, "Cash is an amount above zero, in whole cents."),
        ({"kind": "to_safe", "amount": "NaN", "reason": "x"}, "Cash is an amount above zero, in whole cents."),
        ({"kind": "gift", "amount": "1", "reason": "x"}, "Say where the cash goes."),
        ({"kind": "expense", "amount": "1", "reason": " "}, "Say what the cash is for."),
    ],
)
def test_cash_that_cannot_be_moved_is_refused(house, prove, move, sentence):
    till = counter.till(house)

    with pytest.raises(BusinessError) as refusal:
        move_cash(till.pk, kind=move["kind"], amount=Decimal(move["amount"]), reason=move["reason"], actor="user:clerk")

    assert refusal.value.sentence == sentence
    assert DrawerSession.objects.get().expected == 100
    prove()


def test_a_till_has_one_open_drawer(house):
    till = counter.till(house)

    with pytest.raises(Conflict) as refusal:
        open_drawer(till.pk, opening_float=Decimal(5), actor="user:clerk")

    assert refusal.value.sentence == "The drawer of Counter is open already: go on with it."
    assert DrawerSession.objects.count() == 1


def test_a_sale_takes_as_many_queries_whatever_is_bought(house):
    till = counter.till(house)
    counter.sell(till, ("MUG", 1))

    with CaptureQueriesContext(connection) as one:
        counter.sell(till, ("MUG", 1))
    with CaptureQueriesContext(connection) as two:
        counter.sell(till, ("MUG", 1), ("LAMP", 1), ("MUG", 3))

    assert len(two) == len(one)
