"""Many who want the same promotion at once: a budget, a code and a first order are given away once."""

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import transaction

from oms.core.errors import Conflict
from orders import redeeming
from orders.models import Order, Promotion, PromotionCode, PromotionRedemption
from tests import cast
from tests.faults.crowd import deadlocks, in_the_middle, patiently, together

pytestmark = pytest.mark.django_db(transaction=True)

CROWD = 200
PLENTY = 40


def five_off(*, code="", most_uses=None, **fields):
    made = Promotion.objects.create(name="Spring", kind="amount", amount=5, needs_code=bool(code), **fields)
    if code:
        PromotionCode.objects.create(promotion=made, code=code, most_uses=most_uses)
    return made


def had_it(results):
    return sum(1 for order in results if isinstance(order, Order) and order.discount_total)


def test_two_hundred_orders_at_once_share_a_budget_to_the_last_order_it_is_good_for(real_house, prove):
    five_off(budget=Decimal("103.00"))
    customers = cast.regulars(real_house, CROWD)
    before = deadlocks()

    results = together(CROWD, lambda i: patiently(lambda: real_house.place(("MUG", 2), customer_id=customers[i].pk)))

    assert had_it(results) == 20
    assert all(isinstance(order, Order) for order in results)
    assert Promotion.objects.get().used_amount == sum(PromotionRedemption.objects.values_list("amount", flat=True)) == 100
    assert deadlocks() == before
    prove()


def test_a_code_for_three_is_used_by_three_and_the_others_are_told(real_house, prove):
    five_off(code="SPRING", most_uses=3)
    customers = cast.regulars(real_house, PLENTY)

    def act(i):
        return patiently(lambda: real_house.place(("MUG", 2), customer_id=customers[i].pk, codes=["spring"]))

    results = together(PLENTY, act)

    assert had_it(results) == Order.objects.count() == PromotionCode.objects.get().used == 3
    refused = [result for result in results if not isinstance(result, Order)]
    assert {(type(one), str(one)) for one in refused} == {(Conflict, "Spring is used up.")}
    prove()


def test_of_forty_first_orders_of_one_customer_one_is_the_first(real_house, prove):
    five_off(is_for_first_orders=True)

    results = together(PLENTY, lambda i: patiently(lambda: real_house.place(("MUG", 2))))

    assert (had_it(results), Order.objects.count()) == (1, PLENTY)
    assert PromotionRedemption.objects.get().first_order_of == real_house.anna
    prove()


def test_two_different_promotions_for_a_first_order_are_not_had_on_two_orders(real_house):
    first = five_off(is_for_first_orders=True, channel=real_house.web)
    Promotion.objects.create(name="Phone", kind="amount", amount=4, is_for_first_orders=True, channel=real_house.phone)

    one, other = in_the_middle(
        lambda: real_house.place(("MUG", 2)),
        lambda: real_house.place(("MUG", 2), channel=real_house.phone),
    )

    assert (one.discount_total, other.discount_total) == (5, 0)
    assert PromotionRedemption.objects.get().promotion == first


def test_without_its_lock_a_budget_would_be_given_away_twice(real_house, monkeypatch):
    five_off(budget=5)
    monkeypatch.setattr(redeeming, "lock", list)

    pair = in_the_middle(lambda: real_house.place(("MUG", 2)), lambda: real_house.place(("MUG", 2)))

    assert had_it(pair) == 2
    with pytest.raises(SystemExit), transaction.atomic():
        call_command("check_invariants")


def test_without_the_customer_s_lock_a_first_order_would_come_twice(real_house, monkeypatch):
    five_off(is_for_first_orders=True, channel=real_house.web)
    Promotion.objects.create(name="Phone", kind="amount", amount=4, is_for_first_orders=True, channel=real_house.phone)
    monkeypatch.setattr(redeeming, "lock_customers", lambda customers: {})

    pair = in_the_middle(
        lambda: real_house.place(("MUG", 2)),
        lambda: real_house.place(("MUG", 2), channel=real_house.phone),
    )

    assert had_it(pair) == 2
