from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from accounting import posting
from accounting.states import CreditReason
from inventory.moving import NOT_POSTED
from inventory.states import MovementKind

amounts = st.decimals("0.01", "100000", places=2)


@given(amounts, amounts, amounts)
def test_every_rule_balances(one, two, three):
    for entry in (
        posting.invoice(goods=one, charges=two, tax=three),
        posting.credit_note(goods=one, charges=two, tax=three),
        posting.payment(amount=one),
        posting.allocation(amount=one),
        posting.allocation(amount=-one),
        posting.direct_payment(allocated=one, deposit=two),
        posting.vendor_bill(goods=one, landed=two, tax=three, price=-two, exchange=one),
        posting.vendor_credit(reason="overcharged", net=one, tax=two),
        posting.vendor_credit(reason="returned", net=one, tax=two),
        posting.received_after_bill(value=one),
        *(posting.stock(kind=kind, value=-one) for kind in posting.STOCK_AGAINST),
        *(posting.stock(kind=kind, value=one) for kind in posting.STOCK_AGAINST),
    ):
        assert sum(line.amount for line in entry) == 0
        assert len(entry) >= 2


def test_nothing_is_booked_for_nothing():
    assert posting.invoice(goods=Decimal(5), charges=Decimal(0), tax=Decimal(0)) == [
        posting.Posting("receivable", Decimal(5)),
        posting.Posting("revenue", Decimal(-5)),
    ]


def test_a_credit_note_takes_back_what_its_invoice_booked():
    amounts = {"goods": Decimal("49.50"), "charges": Decimal("4.99"), "tax": Decimal("10.90")}

    for account in ("receivable", "output_tax", "freight_income"):
        assert on(account, posting.invoice(**amounts)) == -on(account, posting.credit_note(**amounts)) != 0
    assert on("revenue", posting.invoice(**amounts)) == -on("sales_returns", posting.credit_note(**amounts))


def on(account, entry):
    return sum(line.amount for line in entry if line.role == account)


def test_every_rule_names_accounts_of_the_chart():
    roles = {role for _, _, _, role in posting.CHART}

    assert set(posting.STOCK_AGAINST.values()) | {posting.RECEIVABLE, posting.INVENTORY, posting.CUSTOMER_DEPOSITS} <= roles
    assert {posting.PAYABLE, posting.INPUT_TAX, posting.EXCHANGE_DIFFERENCE, *posting.CREDIT_AGAINST.values()} <= roles
    assert set(posting.CREDIT_AGAINST) == set(CreditReason.values) - {"wrong_bill"}
    assert set(MovementKind.values) - set(NOT_POSTED) == set(posting.STOCK_AGAINST)
