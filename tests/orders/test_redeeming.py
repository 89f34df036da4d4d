"""What orders take of promotions, and give back when they are cancelled."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.merging import merge_customers, undo_merge
from oms.core.errors import Conflict
from oms.desk.merging import KEEPERS
from orders.cancelling import cancel_order
from orders.models import Order, OrderLine, Promotion, PromotionCode, PromotionRedemption
from orders.placing import ChargeDraft, place_orders, price_draft
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.models import Shipment
from tests import cast

pytestmark = pytest.mark.usefixtures("plain_labels")


def promotion(name="Spring", *, code="", most_uses=None, **fields):
    made = Promotion.objects.create(name=name, needs_code=bool(code), **({"kind": "percent", "percent": 10} | fields))
    if code:
        PromotionCode.objects.create(promotion=made, code=code, most_uses=most_uses)
    return made


def used():
    return Promotion.objects.get().used_amount


def call_off(line, units):
    """Cancel units of a line that have not left: by whatever service, this is the row that it writes."""
    line.cancelled += units
    line.save(update_fields=["cancelled"])


def test_a_cancelled_order_gives_back_its_budget_and_the_use_of_its_code(house, prove):
    promotion(code="SPRING", most_uses=1, kind="amount", percent=0, amount=5, budget=5)
    order = house.place(("MUG", 2), ("LAMP", 1), codes=["SPRING"])
    assert (used(), PromotionCode.objects.get().used) == (5, 1)
    assert price_draft(house.draft(("MUG", 2), codes=["SPRING"])).refused_codes == {"SPRING": "Spring is used up."}

    cancel_order(order.pk, actor="user:clerk")
    cancel_order(order.pk, actor="user:clerk")

    [redemption] = PromotionRedemption.objects.all()
    assert (redemption.amount, redemption.given_back) == (5, 5)
    assert redemption.given_back_at is not None
    assert (used(), PromotionCode.objects.get().used) == (0, 0)
    again = house.place(("MUG", 2), codes=["SPRING"])
    assert (again.discount_total, used(), PromotionCode.objects.get().used) == (5, 5, 1)
    prove()


def test_what_was_off_shipping_comes_back_with_the_last_unit(house, prove):
    promotion(kind="free_shipping", percent=0, budget=10)
    order = house.place(("MUG", 2), ("LAMP", 1), charges=[ChargeDraft("Carriage", Decimal("6.00"))])
    mug, lamp = OrderLine.objects.filter(order=order)

    call_off(mug, 2)
    assert used() == 6
    call_off(lamp, 1)

    assert used() == 0
    assert PromotionRedemption.objects.get().given_back_at is not None


def test_a_customer_whose_first_order_was_cancelled_may_have_it_again(house, prove):
    promotion(is_for_first_orders=True)
    order = house.place(("MUG", 2))
    assert house.place(("MUG", 2)).discount_total == 0
    for one in Order.objects.all():
        cancel_order(one.pk, actor="user:clerk")
    cast.run_line("screen")

    assert order.discount_total == house.place(("MUG", 2)).discount_total == Decimal("0.99")
    assert house.place(("MUG", 2)).discount_total == 0
    prove()


def test_units_that_are_cancelled_give_back_their_share_and_the_last_ones_the_rest(house, prove):
    promotion(kind="amount", percent=0, amount=10, budget=10)
    order = house.place(("MUG", 3), ("LAMP", 1))
    mug, lamp = OrderLine.objects.filter(order=order)
    assert PromotionRedemption.objects.get().parts == {str(mug.pk): "3.39", str(lamp.pk): "6.61"}

    call_off(mug, 1)
    assert used() == Decimal("8.87")
    call_off(mug, 1)
    assert used() == Decimal("7.74")
    call_off(lamp, 1)
    assert used() == Decimal("1.13")
    assert PromotionRedemption.objects.get().given_back_at is None
    prove()

    call_off(mug, 1)
    assert used() == 0
    assert PromotionRedemption.objects.get().given_back_at is not None
    prove()


def test_a_share_that_is_no_whole_cent_is_cut_off_and_made_good_at_the_end(house):
    promotion(kind="amount", percent=0, amount=1, budget=1)
    order = house.place(("MUG", 3))
    [mug] = OrderLine.objects.filter(order=order)

    taken = []
    for _ in range(3):
        call_off(mug, 1)
        taken.append(used())

    assert taken == [Decimal("0.6667"), Decimal("0.3334"), 0]


def test_units_that_have_left_give_nothing_back(house, prove):
    cast.on_shipment(house.web)
    promotion(budget=100)
    order = house.place(("MUG", 2), ("CHAIR", 2))
    cast.run_line("screen", "reserve", "backorders", "invoice", "plan")
    shipment = Shipment.objects.get()
    pack_shipment(shipment.pk, actor="user:warehouse")
    cast.run_line("book")
    dispatch_shipment(shipment.pk, actor="user:warehouse")
    assert used() == Decimal("10.89")

    OrderLine.objects.filter(order=order, sku=house.chair).update(cancelled=2, backordered=0)

    assert used() == Decimal("0.99")
    assert PromotionRedemption.objects.get().given_back_at is None


def test_a_promotion_without_a_budget_is_not_counted_but_its_redemption_is_given_back(house, prove):
    promotion()
    order = house.place(("MUG", 2))

    cancel_order(order.pk, actor="user:clerk")

    assert used() == 0
    assert PromotionRedemption.objects.get().given_back == Decimal("0.99")
    prove()


# --- so many times for each customer ---


def refused(house, **changes):
    """Give why an order is refused now, with nothing changed."""
    before = Order.objects.count()
    with pytest.raises(Conflict) as refusal:
        house.place(("MUG", 2), codes=["SPRING"], **changes)
    assert Order.objects.count() == before
    return str(refusal.value)


def test_a_code_that_each_may_use_twice_is_refused_the_third_time_and_not_to_others(house, prove):
    promotion(code="SPRING", most_per_customer=2)
    other = cast.regulars(house, 1)[0]
    for _ in range(2):
        house.place(("MUG", 2), codes=["SPRING"])

    assert refused(house) == "Spring has been used as often as each customer may."
    assert price_draft(house.draft(("MUG", 2), codes=["SPRING"])).refused_codes == {"SPRING": "Spring has been used as often as each customer may."}
    assert house.place(("MUG", 2), codes=["SPRING"], customer_id=other.pk).discount_total == Decimal("0.99")
    assert sorted(PromotionRedemption.objects.values_list("customer__name", "turn")) == [("Anna Field", 1), ("Anna Field", 2), ("Regular 0", 1)]
    prove()


def test_a_promotion_without_a_code_is_had_once_by_each_and_left_out_afterwards(house):
    promotion(most_per_customer=1)
    others = cast.regulars(house, 1)

    placed = place_orders([house.draft(("MUG", 2), customer_id=pk) for pk in (house.anna.pk, house.anna.pk, others[0].pk)], actor="user:anna")

    assert [order.discount_total for order in placed] == [Decimal("0.99"), 0, Decimal("0.99")]
    assert house.place(("MUG", 2)).discount_total == 0


def test_a_cancelled_order_gives_its_turn_back(house, prove):
    promotion(code="SPRING", most_per_customer=2)
    first, _second = (house.place(("MUG", 2), codes=["SPRING"]) for _ in range(2))

    cancel_order(first.pk, actor="user:clerk")

    house.place(("MUG", 2), codes=["SPRING"])
    assert "as often as" in refused(house)
    prove()


def test_what_was_had_before_it_was_bounded_counts(house):
    made = promotion(code="SPRING")
    house.place(("MUG", 2), codes=["SPRING"])
    Promotion.objects.filter(pk=made.pk).update(most_per_customer=2)

    house.place(("MUG", 2), codes=["SPRING"])

    assert "as often as" in refused(house)


def test_two_customers_who_are_one_have_had_it_together(house):
    promotion(code="SPRING", most_per_customer=2)
    other = cast.regulars(house, 1)[0]
    for pk in (house.anna.pk, other.pk):
        house.place(("MUG", 2), codes=["SPRING"], customer_id=pk)

    merge = merge_customers(house.anna.pk, other.pk, keepers=KEEPERS, actor="user:manager")
    assert "as often as" in refused(house)
    assert "as often as" in refused(house, customer_id=other.pk)

    undo_merge(merge.pk, keepers=KEEPERS, actor="user:manager")
    assert house.place(("MUG", 2), codes=["SPRING"]).discount_total == Decimal("0.99")


def test_bounding_it_takes_three_statements_more_for_one_order_and_for_twenty(house):
    made = promotion(budget=10_000)
    regulars = cast.regulars(house, 42)
    counts = []
    for some in (regulars[:1], regulars[1:21], regulars[21:22], regulars[22:]):
        if some[0] == regulars[21]:
            Promotion.objects.filter(pk=made.pk).update(most_per_customer=1)
        with CaptureQueriesContext(connection) as captured:
            place_orders([house.draft(("MUG", 2), customer_id=one.pk) for one in some], actor="user:anna")
        counts.append(len(captured))

    assert counts == [counts[0]] * 2 + [counts[0] + 3] * 2
