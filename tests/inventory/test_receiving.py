"""Taking goods in: in parts, too many, twice, and by mistake."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounting.models import JournalLine
from inventory.models import Peg, Price, PurchaseOrder, PurchaseOrderLine, Receipt, ReceiptLine, Sku, StockLevel
from inventory.purchasing.ordering import Wanted, place_purchase_order
from inventory.purchasing.receiving import receive_goods, reverse_receipt, tolerated, worth
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.models import Event
from orders.models import OrderLine
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.models import Shipment
from tests import cast


def buy(house, *lines, vendor=None):
    """Have the house buy (SKU, units, unit cost or None) for Leeds, from its vendor."""
    wanted = [Wanted(sku.pk, units, Decimal(cost) if cost else None) for sku, units, cost in lines]
    return place_purchase_order((vendor or house.vendor).pk, house.leeds.pk, wanted, actor="user:manager")


def line_of(order, sku):
    return order.lines.get(sku=sku)


def now(order):
    return PurchaseOrder.objects.get(pk=order.pk)


def level(house, sku):
    return StockLevel.objects.get(sku=sku, warehouse=house.leeds)


def test_goods_that_come_in_parts_are_worth_the_line_to_the_last_cent(house, prove):
    order = buy(house, (house.chair, 3, "0.3333"))
    line = line_of(order, house.chair)

    values = [receive_goods(order.pk, {line.pk: 1}, key=f"k{i}", actor="user:w").lines.get().value for i in range(3)]

    assert values == [Decimal("0.33"), Decimal("0.34"), Decimal("0.33")]
    assert sum(values) == Decimal("1.00")
    assert now(order).state == "received"
    prove()


def test_a_purchase_in_another_currency_comes_in_at_the_rate_of_its_order(house, prove):
    order = buy(house, (house.chair, 7, "19.99"))
    PurchaseOrder.objects.filter(pk=order.pk).update(currency="EUR", books_rate=Decimal("0.85"))
    line = line_of(order, house.chair)

    receive_goods(order.pk, {line.pk: 4}, key="a", actor="user:w")
    receive_goods(order.pk, {line.pk: 3}, key="b", actor="user:w")
    cast.run_line("post_stock")

    assert level(house, house.chair).value == Decimal("118.94")
    received = JournalLine.objects.filter(account__role="goods_received_not_invoiced")
    assert sum(row.books_credit for row in received) == Decimal("118.94")
    prove()


@given(
    price=st.decimals(min_value=0, max_value=9999, places=4),
    rate=st.decimals(min_value="0.00000001", max_value=300, places=8),
    parts=st.lists(st.integers(1, 50), min_size=1, max_size=12),
)
def test_however_a_line_comes_in_its_receipts_add_up_to_its_total(price, rate, parts):
    order = PurchaseOrder(books_rate=rate)
    line = PurchaseOrderLine(quantity=sum(parts), unit_cost=price)
    values, received = [], 0
    for units in parts:
        values.append(worth(order, line, received + units) - worth(order, line, received))
        received += units

    assert all(value >= 0 for value in values)
    assert sum(values) == worth(order, line, line.quantity)


@pytest.mark.parametrize(("quantity", "percent", "over"), [(25, 10, 2), (9, 10, 0), (100, 5, 5), (10, 0, 0), (7, 100, 7)])
def test_the_tolerance_is_whole_units_and_never_more_than_was_agreed(quantity, percent, over):
    assert tolerated(quantity, percent) == over


def test_a_little_more_than_ordered_is_taken_in_and_more_than_that_is_sent_back(house, prove):
    house.vendor.over_receipt_percent = 10
    house.vendor.save()
    order = buy(house, (house.chair, 20, "19.00"))
    line = line_of(order, house.chair)

    with pytest.raises(Conflict, match="expects 20 of CHAIR and tolerates 2 more, not 23. Send the rest back"):
        receive_goods(order.pk, {line.pk: 23}, key="k", actor="user:w")
    assert not Receipt.objects.exists()
    assert not StockLevel.objects.filter(sku=house.chair, on_hand__gt=0).exists()
    receive_goods(order.pk, {line.pk: 22}, key="k", actor="user:w")

    assert (line_of(order, house.chair).received, level(house, house.chair).on_hand) == (22, 22)
    assert level(house, house.chair).value == Decimal("418.00")
    assert now(order).state == "received"
    prove()


def test_without_a_tolerance_one_more_is_too_many(house, prove):
    order = buy(house, (house.chair, 20, None))

    with pytest.raises(Conflict, match="expects 20 of CHAIR, not 21. Send the rest back, or have the order changed first."):
        receive_goods(order.pk, {line_of(order, house.chair).pk: 21}, key="k", actor="user:w")

    assert not Receipt.objects.exists()
    prove()


def test_the_same_key_receives_once_and_no_key_receives_nothing(house, prove):
    order, other = buy(house, (house.chair, 5, None)), buy(house, (house.chair, 5, None))
    quantities = {line_of(order, house.chair).pk: 2}

    first = receive_goods(order.pk, quantities, key="k", actor="user:w")
    again = receive_goods(order.pk, quantities, key="k", actor="user:w")

    assert first == again
    assert line_of(order, house.chair).received == 2
    with pytest.raises(Conflict, match="made for another purchase order"):
        receive_goods(other.pk, {line_of(other, house.chair).pk: 2}, key="k", actor="user:w")
    with pytest.raises(Invalid, match="no key"):
        receive_goods(order.pk, quantities, key="", actor="user:w")
    assert Receipt.objects.count() == 1
    prove()


@pytest.mark.parametrize("quantities", [{}, {"own": 0}, {"own": -1}, {"strange": 1}])
def test_a_receipt_of_nothing_below_zero_or_of_another_order_is_refused(house, prove, quantities):
    order, other = buy(house, (house.chair, 5, None)), buy(house, (house.lamp, 5, None))
    lines = {"own": line_of(order, house.chair).pk, "strange": line_of(other, house.lamp).pk}

    with pytest.raises(Invalid):
        receive_goods(order.pk, {lines[name]: units for name, units in quantities.items()}, key="k", actor="user:w")
    with pytest.raises(NotFound):
        receive_goods(999_999, {}, key="k", actor="user:w")

    assert not Receipt.objects.exists()
    prove()


def test_what_comes_in_goes_to_who_waits_and_their_pegs_go(house, prove):
    order = buy(house, (house.chair, 5, None))
    house.place(("CHAIR", 3))
    cast.run_line("screen", "reserve", "peg")
    assert Peg.objects.get().purchase_line.order_id == order.pk

    receive_goods(order.pk, {line_of(order, house.chair).pk: 4}, key="k", actor="user:w")
    cast.run_line("backorders", "peg")

    assert OrderLine.objects.get().reserved == 3
    assert not Peg.objects.exists()
    assert level(house, house.chair).free == 1
    assert Event.objects.get(kind="purchase.received").data == {"number": order.number, "receipt": Receipt.objects.get().pk, "units": 4}
    prove()


# --- taken back ---


def test_a_wrong_receipt_is_taken_back_as_if_it_had_never_been(house, prove):
    order = buy(house, (house.chair, 3, "0.3333"), (house.lamp, 2, "12.50"))
    chair, lamp = line_of(order, house.chair), line_of(order, house.lamp)
    before = level(house, house.lamp).value
    first = receive_goods(order.pk, {chair.pk: 1, lamp.pk: 2}, key="a", actor="user:w")
    second = receive_goods(order.pk, {chair.pk: 2}, key="b", actor="user:w")
    assert now(order).state == "received"

    reverse_receipt(first.pk, actor="user:w", reason="It was another pallet")
    assert now(order).state == "partly_received"
    back = reverse_receipt(second.pk, actor="user:w")
    cast.run_line("post_stock")

    assert now(order).state == "sent"
    assert (level(house, house.chair).on_hand, level(house, house.chair).value) == (0, Decimal(0))
    assert (level(house, house.lamp).on_hand, level(house, house.lamp).value) == (5, before)
    assert [(row.quantity, row.value) for row in back.lines.all()] == [(-2, Decimal("-0.67"))]
    assert not JournalLine.objects.filter(account__role="price_variance").exists()
    assert sum(row.books_credit - row.books_debit for row in JournalLine.objects.filter(account__role="goods_received_not_invoiced")) == 0
    prove()

    receive_goods(order.pk, {chair.pk: 3, lamp.pk: 2}, key="c", actor="user:w")
    assert sum(ReceiptLine.objects.filter(line=chair).values_list("value", flat=True)) == Decimal("1.00")
    prove()


def test_taking_back_twice_takes_back_once(house, prove):
    order = buy(house, (house.chair, 3, None))
    receipt = receive_goods(order.pk, {line_of(order, house.chair).pk: 3}, key="a", actor="user:w")

    first = reverse_receipt(receipt.pk, actor="user:w")
    again = reverse_receipt(receipt.pk, actor="user:w")

    assert first == again
    assert Receipt.objects.count() == 2
    with pytest.raises(Conflict, match="a reversal itself"):
        reverse_receipt(first.pk, actor="user:w")
    with pytest.raises(NotFound):
        reverse_receipt(999_999, actor="user:w")
    prove()


def test_what_is_reserved_for_somebody_is_not_taken_back(house, prove):
    order = buy(house, (house.chair, 3, None))
    house.place(("CHAIR", 2))
    cast.run_line("screen", "reserve")
    receipt = receive_goods(order.pk, {line_of(order, house.chair).pk: 3}, key="a", actor="user:w")
    cast.run_line("backorders")

    with pytest.raises(Conflict, match="Only 1 of the 3 units of CHAIR are still free"):
        reverse_receipt(receipt.pk, actor="user:w")

    assert level(house, house.chair).on_hand == 3
    assert Receipt.objects.count() == 1
    prove()


def test_stock_that_stays_keeps_its_average_where_it_could_not_bear_the_price(house, prove):
    """Twenty lamps at 11.00 average 5.50 with twenty for nothing; after thirty have left, ten for 110.00 cannot be taken out of 55.00."""
    order = buy(house, (house.chair, 10, "0"), (house.lamp, 10, None))
    dear = buy(house, (house.chair, 10, "11.00"))
    receive_goods(order.pk, {line_of(order, house.chair).pk: 10}, key="a", actor="user:w")
    receipt = receive_goods(dear.pk, {line_of(dear, house.chair).pk: 10}, key="b", actor="user:w")
    house.place(("CHAIR", 8))
    cast.run_line("screen", "reserve", "plan")
    shipment = Shipment.objects.get()
    pack_shipment(shipment.pk, actor="user:w")
    cast.run_line("book")
    dispatch_shipment(shipment.pk, actor="user:w")
    assert (level(house, house.chair).on_hand, level(house, house.chair).value) == (12, Decimal("66.00"))

    reverse_receipt(receipt.pk, actor="user:w")
    cast.run_line("post_stock")

    assert (level(house, house.chair).on_hand, level(house, house.chair).value) == (2, Decimal("11.00"))
    variance = JournalLine.objects.filter(account__role="price_variance")
    assert sum(row.books_credit - row.books_debit for row in variance) == Decimal("55.00")
    prove()


# --- many ---


def test_a_receipt_needs_the_same_statements_for_five_lines_and_for_fifty(house, prove):
    counts = []
    for size in (5, 50):
        skus = [Sku.objects.create(code=f"R{size}-{i}", name="A thing", weight_grams=1, cost=Decimal(1)) for i in range(size)]
        for sku in skus:
            Price.objects.create(sku=sku, unit_price=Decimal(2))
        for _ in range(2):
            house.place(*[(sku.code, 1) for sku in skus])
        cast.run_line("screen", "reserve")
        order = buy(house, *[(sku, 2, None) for sku in skus])
        quantities = dict.fromkeys(order.lines.values_list("pk", flat=True), 2)

        with CaptureQueriesContext(connection) as captured:
            receive_goods(order.pk, quantities, key=f"k{size}", actor="user:w")
        counts.append(len(captured))
        cast.run_line("backorders")

    assert counts[0] == counts[1]
    assert not OrderLine.objects.filter(backordered__gt=0).exists()
    prove()
