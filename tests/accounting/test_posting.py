from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from accounting import posting

amounts = st.decimals("0.01", "100000", places=2)


@given(amounts, amounts, amounts)
def test_every_rule_balances(one, two, three):
    for entry in (
        posting.invoice(goods=one, charges=two, tax=three),
        posting.credit_note(goods=one, charges=two, tax=three),
        posting.payment(amount=one),
        posting.allocation(amount=-one),
        *(posting.stock(kind=kind, value=one) for kind in posting.STOCK_AGAINST),
    ):
        assert sum(line.amount for line in entry) == 0
        assert len(entry) >= 2


def test_nothing_is_booked_for_nothing():
    assert posting.invoice(goods=Decimal(5), charges=Decimal(0), tax=Decimal(0)) == [
        posting.Posting("receivable", Decimal(5)),
        posting.Posting("revenue", Decimal(-5)),
    ]
