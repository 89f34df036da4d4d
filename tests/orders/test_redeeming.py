"""What orders take of promotions, and give back when they are cancelled."""

from decimal import Decimal

import pytest

from orders.cancelling import cancel_order
from orders.models import Order, OrderLine, Promotion, PromotionCode, PromotionRedemption
from orders.placing import ChargeDraft, price_draft
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
