"""A whole life of goods through the books: every account by figures worked out by hand, and proof after every step."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounting.billing import BillDraft, BillLineDraft, approve_bill, credit_bill, enter_bill
from accounting.models import Account, JournalEntry, Period
from accounting.selectors import trial_balance
from inventory.adjusting import adjust_stock
from inventory.costing import correct_cost
from inventory.models import StockLevel, Vendor
from inventory.moving import Move, move_stock
from inventory.purchasing.landing import add_landed_cost
from inventory.purchasing.receiving import reverse_receipt
from inventory.states import MovementKind
from inventory.transferring import lose_rest, plan_transfer, receive_transfer, send_transfer
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.models import Shipment
from tests import cast
from tests.accounting.buying import TODAY, balance, bill, order, take_in

ROLES = {
    "inventory": "inventory",
    "grni": "goods_received_not_invoiced",
    "landed": "landed_costs_not_invoiced",
    "payable": "payable",
    "tax": "input_tax",
    "cogs": "cost_of_goods",
    "price": "price_variance",
    "exchange": "exchange_difference",
    "shrinkage": "shrinkage",
}


@pytest.fixture
def opened(house):
    """The house, its opening stock booked: what the accounts say from now on is what has moved since."""
    cast.run_line("post_stock")
    before = {name: balance(role) for name, role in ROLES.items()}

    def since() -> dict[str, Decimal]:
        cast.run_line("post_stock", "match_bills")
        moved = {name: balance(role) - before[name] for name, role in ROLES.items()}
        return {name: amount for name, amount in moved.items() if amount}

    return since


def sell(house, sku, quantity):
    placed = house.place((sku.code, quantity))
    cast.run_line("screen", "reserve", "invoice", "plan")
    shipment = Shipment.objects.get(order=placed)
    shipment.carrier = house.carrier
    shipment.save(update_fields=["carrier"])
    pack_shipment(shipment.pk, actor="user:test")
    cast.run_line("book", "hand_over")
    dispatch_shipment(shipment.pk, actor="user:test")
    return placed


def books(**amounts):
    return {name: Decimal(amount) for name, amount in amounts.items()}


def test_from_an_order_in_euros_to_the_last_chair(house, opened, plain_labels, prove):
    leeds, ghent, chair = house.leeds, house.ghent, house.chair

    # A hundred chairs at 20.00 EUR, 17.00 each at 0.85, in two parts: 60 are worth 1,020.00, 40 are worth 680.00.
    bought = order(house, (chair, 100, "20.00"), currency="EUR", rate="0.85")
    take_in(bought, CHAIR=60)
    take_in(bought, CHAIR=40)
    assert opened() == books(inventory="1700.00", grni="-1700.00")
    prove()

    # Freight of 100.00 while all of them are here: a chair is worth 18.00.
    freight = add_landed_cost(bought.pk, kind="freight", amount=Decimal(100), spread_by="value", key="f", actor="user:ada")
    assert opened() == books(inventory="1800.00", grni="-1700.00", landed="-100.00")
    prove()

    # Ten are sold: 180.00.
    sell(house, chair, 10)
    assert opened() == books(inventory="1620.00", grni="-1700.00", landed="-100.00", cogs="180.00")
    prove()

    # Duty of 50.00 comes late: 45.00 onto the ninety that are here, 5.00 for the ten that have left. A chair is worth 18.50.
    duty = add_landed_cost(bought.pk, kind="duty", amount=Decimal(50), spread_by="weight", key="d", actor="user:ada")
    assert opened() == books(inventory="1665.00", grni="-1700.00", landed="-150.00", cogs="185.00")
    prove()

    # The bill: 20.60 EUR a chair and 412.00 EUR of tax, 2,472.00 in all, at 0.86: 2,125.92 owed, 354.32 of it tax.
    # 1,700.00 at 0.85 are 2,000.00 EUR, 1,720.00 at 0.86: 20.00 for the rate. The price: 60.00 EUR more, 51.60.
    billed = bill(bought, "E-1", CHAIR=100, price={"CHAIR": "20.60"}, _tax=Decimal(412), _books_rate=Decimal("0.86"))
    assert billed.state == "held"
    assert opened() == books(inventory="1665.00", grni="-1700.00", landed="-150.00", cogs="185.00")
    approve_bill(billed.pk, note="The list of September", actor="user:ben")
    after_bill = books(inventory="1665.00", landed="-150.00", cogs="185.00", payable="-2125.92", tax="354.32", price="51.60", exchange="20.00")
    assert opened() == after_bill
    prove()

    # The forwarder bills freight and duty together, 10.00 more than expected for the freight: held, and released.
    forwarder = Vendor.objects.create(name="Northern Freight")
    lines = [BillLineDraft(Decimal(110), landed_cost_id=freight.pk), BillLineDraft(Decimal(50), landed_cost_id=duty.pk)]
    carried = enter_bill(BillDraft(vendor_id=forwarder.pk, reference="NF-9", billed_on=TODAY(), lines=lines), actor="user:ada")
    assert carried.state == "held"
    approve_bill(carried.pk, note="Toll", actor="user:ada")
    after_freight = books(inventory="1665.00", cogs="185.00", payable="-2285.92", tax="354.32", price="61.60", exchange="20.00")
    assert opened() == after_freight
    prove()

    # Two come back at what a chair is worth, 37.00; one of them is scrapped: 18.50.
    move_stock([Move(chair.pk, leeds.pk, 2, MovementKind.RETURN, "return", 1)], actor="user:test")
    adjust_stock(chair, leeds, quantity=-1, kind="scrap", note="A leg is off", actor="user:test")
    assert opened() == after_freight | books(inventory="1683.50", cogs="148.00", shrinkage="18.50")
    prove()

    # Thirty go to Ghent: 555.00 on the road, which the books do not see. Twenty arrive, ten are lost: 185.00.
    transfer = send_transfer(
        plan_transfer("leeds", "ghent", [("CHAIR", 30)], expected_on=TODAY(), actor="user:test").pk,
        actor="user:test",
    )
    assert opened() == after_freight | books(inventory="1683.50", cogs="148.00", shrinkage="18.50")
    prove()
    receive_transfer(transfer.pk, {transfer.lines.get().pk: 20}, actor="user:test")
    lose_rest(transfer.pk, note="Off the lorry", actor="user:test")
    assert opened() == after_freight | books(inventory="1498.50", cogs="148.00", shrinkage="203.50")
    prove()

    # They credit 51.60 of price at the bill's rate: 60.00 EUR and 12.00 EUR of tax.
    credit = {"reference": "E-1C", "reason": "overcharged", "billed_on": TODAY(), "actor": "user:ada"}
    credit_bill(billed.pk, net=Decimal(60), tax=Decimal(12), **credit)
    end = books(inventory="1498.50", cogs="148.00", shrinkage="203.50", payable="-2224.00", tax="344.00", price="10.00", exchange="20.00")
    assert opened() == end
    prove()

    # Every chair that is left is sold, from both places: what they were worth is all cost, and nothing stays behind.
    for place in (leeds, ghent):
        level = StockLevel.objects.get(sku=chair, warehouse=place)
        move_stock([Move(chair.pk, place.pk, -level.on_hand, MovementKind.ISSUE, "sale", 1)], actor="user:test")
    del end["inventory"]
    assert opened() == end | books(cogs="1646.50")
    assert sum(account.debits - account.credits for account in trial_balance()) == 0
    prove()


def test_a_price_that_matters_is_taken_to_the_stock_that_is_still_here(house, opened, prove):
    bought = order(house, (house.chair, 10, "10.00"))
    take_in(bought, CHAIR=10)
    move_stock([Move(house.chair.pk, house.leeds.pk, -4, MovementKind.ISSUE, "sale", 1)], actor="user:test")
    billed = bill(bought, "R-1", CHAIR=10, price={"CHAIR": "11.00"})
    approve_bill(billed.pk, note="Their new list", actor="user:ben")
    assert opened() == books(inventory="60.00", cogs="40.00", payable="-110.00", price="10.00")

    correct_cost(house.chair, house.leeds, amount=Decimal(6), note="Billed at 11.00, six are here", actor="user:ben")

    assert opened() == books(inventory="66.00", cogs="40.00", payable="-110.00", price="4.00")
    prove()


def test_a_landed_cost_on_goods_that_have_all_gone_is_all_cost_of_sales(house, opened, prove):
    bought = order(house, (house.chair, 3, "10.01"))
    take_in(bought, CHAIR=3)
    move_stock([Move(house.chair.pk, house.leeds.pk, -3, MovementKind.ISSUE, "sale", 1)], actor="user:test")

    cost = add_landed_cost(bought.pk, kind="freight", amount=Decimal("1.00"), spread_by="value", key="f", actor="user:ada")
    assert opened() == books(grni="-30.03", landed="-1.00", cogs="31.03")
    prove()

    assert bill(bought, "R-1", CHAIR=3, costs={cost: "1.00"}).state == "posted"
    assert opened() == books(payable="-31.03", cogs="31.03")
    prove()


def test_a_receipt_that_was_none_leaves_nothing_in_the_books(house, opened, prove):
    bought = order(house, (house.chair, 7, "3.3333"))
    wrong = take_in(bought, CHAIR=5)
    assert opened() == books(inventory="16.67", grni="-16.67")

    reverse_receipt(wrong.pk, actor="user:test")

    assert opened() == {}
    prove()


def test_a_freight_bill_is_held_where_it_is_billed_twice(house, opened, prove):
    bought = order(house, (house.chair, 10, "10.00"))
    take_in(bought, CHAIR=10)
    cost = add_landed_cost(bought.pk, kind="freight", amount=Decimal(30), spread_by="value", key="f", actor="user:ada")
    assert bill(bought, "F-1", costs={cost: "30.00"}).state == "posted"

    again = bill(bought, "F-2", costs={cost: "30.00"})

    assert again.state == "held"
    approve_bill(again.pk, note="A second lorry", actor="user:ben")
    assert opened() == books(inventory="130.00", grni="-100.00", payable="-60.00", price="30.00")
    prove()


def test_a_correction_is_booked_on_its_own_day_and_today_where_that_month_is_closed(house, prove):
    cast.run_line("post_stock")
    days = [TODAY() - timedelta(days=n) for n in (40, 10, 0)]
    Period.objects.create(starts_on=days[0] - timedelta(days=5), ends_on=days[0] + timedelta(days=5), closed_at=timezone.now())

    for day in days:
        move_stock([Move(house.mug.pk, house.leeds.pk, 0, MovementKind.COST, "cost", 1, value=Decimal(3), effective_on=day)], actor="user:ada")
    cast.run_line("post_stock")

    entries = JournalEntry.objects.filter(event="cost").order_by("id")
    assert [entry.posted_on for entry in entries] == [days[2], days[1], days[2]]
    assert balance("price_variance") == Decimal(-9)
    prove()


def test_the_chart_has_every_account_once(db):
    assert Account.objects.filter(role__isnull=False).count() == len(set(Account.objects.values_list("role", flat=True)))
