"""Freight and duty, spread over what has come."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounting.models import JournalLine
from inventory.models import LandedCost, Sku, StockLevel, StockMovement
from inventory.purchasing.landing import Basis, add_landed_cost, spread
from inventory.purchasing.ordering import Wanted, place_purchase_order
from inventory.purchasing.receiving import receive_goods
from oms.core.errors import Conflict, Invalid
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.models import Shipment
from tests import cast

BASIS = st.builds(Basis, received=st.integers(1, 10_000), here=st.integers(0, 12_000), weight=st.decimals(min_value=0, max_value=10**7, places=4))


@given(
    cents=st.integers(1, 10**10),
    bases=st.lists(BASIS, min_size=1, max_size=30).filter(lambda some: any(basis.weight for basis in some)),
    currency=st.sampled_from(["GBP", "JPY", "KWD"]),
)
def test_a_spread_adds_up_to_the_cent_and_leaves_nothing_where_no_unit_is(cents, bases, currency):
    places = {"GBP": 2, "JPY": 0, "KWD": 3}[currency]
    amount = Decimal(cents).scaleb(-places)

    shares = spread(amount, bases, currency)

    assert sum(share.total for share in shares) == amount
    for basis, share in zip(bases, shares, strict=True):
        assert share.stays >= 0 and share.gone >= 0
        assert basis.here or not share.stays
        assert basis.here < basis.received or not share.gone
        assert basis.weight or not share.total
        assert share.stays == round(share.stays, places)


def receive(house, *lines):
    """Have chairs and the like come: (SKU, units, unit cost)."""
    wanted = [Wanted(sku.pk, units, Decimal(cost)) for sku, units, cost in lines]
    order = place_purchase_order(house.vendor.pk, house.leeds.pk, wanted, actor="user:manager")
    receive_goods(order.pk, {line.pk: line.quantity for line in order.lines.all()}, key=f"k{order.pk}", actor="user:w")
    return order


def land(order, amount, *, by="value", key="l", kind="freight"):
    return add_landed_cost(order.pk, kind=kind, amount=Decimal(amount), spread_by=by, key=key, actor="user:accountant")


def worth(house, sku):
    return StockLevel.objects.get(sku=sku, warehouse=house.leeds).value


def balance(role):
    return sum(line.books_debit - line.books_credit for line in JournalLine.objects.filter(account__role=role))


def send_chairs(house, units):
    house.place(("CHAIR", units))
    cast.run_line("screen", "reserve", "plan")
    shipment = Shipment.objects.latest("id")
    pack_shipment(shipment.pk, actor="user:w")
    cast.run_line("book")
    dispatch_shipment(shipment.pk, actor="user:w")


def test_freight_is_spread_by_value_and_duty_by_weight(house, prove):
    vase = Sku.objects.create(code="VASE", name="Vase", weight_grams=600)
    order = receive(house, (house.chair, 10, "19.00"), (vase, 3, "3.33"))

    land(order, "100.00", by="value", key="a")
    land(order, "10.00", by="weight", key="b", kind="duty")
    cast.run_line("post_stock")

    assert (worth(house, house.chair), worth(house, vase)) == (
        Decimal("190.00") + Decimal("95.00") + Decimal("9.73"),
        Decimal("9.99") + 5 + Decimal("0.27"),
    )
    assert balance("landed_costs_not_invoiced") == Decimal("-110.00")
    assert not StockMovement.objects.filter(kind="expensed").exists()
    prove()


def test_what_belongs_to_units_that_have_left_is_a_cost_of_their_sale(house, prove):
    order = receive(house, (house.chair, 10, "19.00"))
    send_chairs(house, 4)

    land(order, "50.00")
    cast.run_line("post_stock")

    assert worth(house, house.chair) == Decimal("114.00") + Decimal("30.00")
    assert balance("cost_of_goods") == Decimal("76.00") + Decimal("20.00")
    assert [(row.kind, row.value) for row in StockMovement.objects.filter(cause="landed_cost").order_by("id")] == [
        ("landed", Decimal("50.00")),
        ("expensed", Decimal("-20.00")),
    ]
    prove()


def test_nothing_stays_where_nothing_is_left(house, prove):
    order = receive(house, (house.chair, 4, "19.00"))
    send_chairs(house, 4)

    land(order, "0.01")
    cast.run_line("post_stock")

    assert worth(house, house.chair) == 0
    assert balance("cost_of_goods") == Decimal("76.01")
    prove()


def test_the_same_key_adds_a_cost_once(house, prove):
    order, other = receive(house, (house.chair, 10, "19.00")), receive(house, (house.lamp, 1, "11.00"))

    first, again = land(order, "50.00"), land(order, "50.00")

    assert first == again
    assert worth(house, house.chair) == Decimal("240.00")
    with pytest.raises(Conflict, match="added to another purchase order"):
        land(other, "50.00")
    assert LandedCost.objects.count() == 1
    prove()


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "NaN", "Infinity", "1e30"])
def test_an_amount_that_is_none_is_refused(house, prove, amount):
    order = receive(house, (house.chair, 10, "19.00"))

    with pytest.raises(Invalid):
        land(order, amount)

    assert not LandedCost.objects.exists()
    prove()


def test_a_cost_that_cannot_be_spread_says_why(house, prove):
    nothing = place_purchase_order(house.vendor.pk, house.leeds.pk, [Wanted(house.chair.pk, 1, Decimal(1))], actor="user:manager")
    with pytest.raises(Conflict, match="Nothing of .* has come yet"):
        land(nothing, "5.00")
    air = Sku.objects.create(code="AIR", name="Air")
    order = receive(house, (air, 3, "0"))
    with pytest.raises(Invalid, match="Nobody has said what the goods of .* weigh"):
        land(order, "5.00", by="weight")
    with pytest.raises(Invalid, match="cost nothing, so there is no value to spread by"):
        land(order, "5.00", by="value")
    with pytest.raises(Invalid, match="Say what kind"):
        land(order, "5.00", by="moon")

    assert not LandedCost.objects.exists()
    prove()


def test_a_landed_cost_needs_the_same_statements_for_five_lines_and_for_fifty(house, prove):
    counts = []
    for size in (5, 50):
        skus = [Sku.objects.create(code=f"L{size}-{i}", name="A thing", weight_grams=1 + i, cost=Decimal(1)) for i in range(size)]
        order = receive(house, *[(sku, 3, "1.00") for sku in skus])
        with CaptureQueriesContext(connection) as captured:
            land(order, "99.99", by="weight", key=f"l{size}")
        counts.append(len(captured))

    assert counts[0] == counts[1]
    prove()
