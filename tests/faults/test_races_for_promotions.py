"""Many who want the same promotion at once: a budget, a code and a first order are given away once, and given back once."""

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import transaction

from oms.core.errors import Conflict
from orders import redeeming
from orders.cancelling import cancel_order
from orders.models import Order, OrderLine, Promotion, PromotionCode, PromotionRedemption
from orders.promoting import change_promotion
from tests import cast
from tests.faults.crowd import deadlocks, in_the_middle, patiently, together, unchecked, unlocked, without

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


def race_without_locks(monkeypatch, house, **changes):
    """Have two want the last there is, and neither lock it."""
    monkeypatch.setattr(redeeming, "lock", list)
    return in_the_middle(lambda: house.place(("MUG", 2), **changes), lambda: house.place(("MUG", 2), **changes))


def test_without_its_lock_the_database_still_gives_no_budget_away_twice(real_house, monkeypatch, prove):
    five_off(budget=5)

    pair = race_without_locks(monkeypatch, real_house)

    assert had_it(pair) == Order.objects.count() == 1
    assert (type(pair[1]), str(pair[1])) == (Conflict, "A promotion was used up in this very moment: try again, without it.")
    prove()


def test_without_its_lock_and_the_database_s_word_a_budget_would_be_given_away_twice(real_house, monkeypatch):
    five_off(budget=5)

    with unchecked("orders_promotion"):
        pair = race_without_locks(monkeypatch, real_house)

    assert had_it(pair) == 2
    with pytest.raises(SystemExit), transaction.atomic():
        call_command("check_invariants")


def test_without_its_lock_the_database_still_lets_nobody_use_a_code_too_often(real_house, monkeypatch, prove):
    five_off(code="SPRING", most_uses=1)

    pair = race_without_locks(monkeypatch, real_house, codes=["spring"])

    assert had_it(pair) == Order.objects.count() == PromotionCode.objects.get().used == 1
    assert isinstance(pair[1], Conflict)
    prove()


def test_without_its_lock_and_the_database_s_word_a_code_s_last_use_would_be_had_twice(real_house, monkeypatch):
    five_off(code="SPRING", most_uses=1)

    with unchecked("orders_promotioncode"):
        pair = race_without_locks(monkeypatch, real_house, codes=["spring"])

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


# --- so many times for each customer ---


def test_of_forty_tabs_of_one_customer_one_has_what_each_may_have_once(real_house, prove):
    five_off(code="SPRING", most_per_customer=1)
    before = deadlocks()

    results = together(PLENTY, lambda i: patiently(lambda: real_house.place(("MUG", 2), codes=["spring"])))

    assert had_it(results) == Order.objects.count() == 1
    refused = [result for result in results if not isinstance(result, Order)]
    assert {(type(one), str(one)) for one in refused} == {(Conflict, "Spring has been used as often as each customer may.")}
    assert deadlocks() == before
    prove()


def two_tabs(monkeypatch, house):
    """Have one customer press the button in two tabs, and nobody lock them."""
    monkeypatch.setattr(redeeming, "lock_customers", lambda customers: {})
    return in_the_middle(lambda: house.place(("MUG", 2)), lambda: house.place(("MUG", 2)))


def test_without_the_customer_s_lock_the_database_still_gives_a_turn_once(real_house, monkeypatch, prove):
    five_off(most_per_customer=1)

    pair = two_tabs(monkeypatch, real_house)

    assert had_it(pair) == Order.objects.count() == 1
    assert isinstance(pair[1], Conflict)
    prove()


def test_without_the_lock_and_the_database_s_word_a_turn_would_be_had_twice(real_house, monkeypatch):
    five_off(most_per_customer=1)

    put_back = without("orders_promotionredemption")
    try:
        pair = two_tabs(monkeypatch, real_house)
    finally:
        put_back()

    assert had_it(pair) == 2


# --- what is cancelled is given back ---


def test_an_order_that_forty_cancel_at_once_gives_back_once(real_house, prove):
    five_off(code="SPRING", most_uses=3, budget=15)
    orders = [real_house.place(("MUG", 2), codes=["spring"]) for _ in range(2)]
    before = deadlocks()

    together(PLENTY, lambda i: patiently(lambda: cancel_order(orders[0].pk, actor=f"user:{i}")))

    assert (Promotion.objects.get().used_amount, PromotionCode.objects.get().used) == (5, 1)
    assert deadlocks() == before
    prove()


def test_what_is_given_back_while_others_want_the_last_of_a_budget_is_given_away_once_more(real_house, prove):
    five_off(budget=50)
    customers = cast.regulars(real_house, 2 * PLENTY)
    first = [real_house.place(("MUG", 2), customer_id=customers[i].pk) for i in range(10)]
    before = deadlocks()

    def act(i):
        if i < len(first):
            return patiently(lambda: cancel_order(first[i].pk, actor="user:clerk"))
        return patiently(lambda: real_house.place(("MUG", 2), customer_id=customers[i].pk))

    results = together(PLENTY, act)

    again = had_it(results[len(first) :])
    assert Promotion.objects.get().used_amount == 5 * again <= 50
    assert deadlocks() == before
    prove()


def test_an_order_that_takes_the_last_of_a_budget_and_one_that_gives_back_do_not_lose_each_other(real_house, prove):
    five_off(budget=10)
    order = real_house.place(("MUG", 2))

    placed, _cancelled = in_the_middle(
        lambda: real_house.place(("MUG", 2)),
        lambda: cancel_order(order.pk, actor="user:clerk"),
    )

    assert (placed.discount_total, Promotion.objects.get().used_amount) == (5, 5)
    prove()


def call_off_both(order):
    """Two who forget the order's lock cancel each a line of it, in the same moment."""
    mug, lamp = (line.pk for line in OrderLine.objects.filter(order=order))
    in_the_middle(
        lambda: OrderLine.objects.filter(pk=mug).update(cancelled=1),
        lambda: OrderLine.objects.filter(pk=lamp).update(cancelled=1),
    )
    return PromotionRedemption.objects.get().given_back


def test_lines_that_are_cancelled_in_the_same_moment_each_give_back_their_share(real_house, prove):
    five_off(budget=5)
    order = real_house.place(("MUG", 2), ("LAMP", 2))

    assert call_off_both(order) == Decimal("2.50")
    prove()


def test_without_its_locks_the_database_would_lose_what_one_of_them_gives_back(real_house):
    five_off(budget=5)
    order = real_house.place(("MUG", 2), ("LAMP", 2))

    with unlocked("give_back"):
        given_back = call_off_both(order)

    assert given_back < Decimal("2.50")
    with pytest.raises(SystemExit), transaction.atomic():
        call_command("check_invariants")


# --- a budget is given while somebody orders ---


def bounded_in_the_middle(house):
    """Have a promotion without a budget given one while an order that has it is not committed yet; give what is counted."""
    spring = five_off()
    in_the_middle(
        lambda: house.place(("MUG", 2)),
        lambda: change_promotion(spring.pk, budget=Decimal(50), last_on=None, actor="user:manager"),
    )
    return Promotion.objects.get().used_amount


def test_an_order_on_its_way_counts_for_a_budget_that_is_given_in_the_same_moment(real_house, prove):
    assert bounded_in_the_middle(real_house) == 5
    prove()


def test_without_waiting_for_it_the_budget_would_be_one_order_too_large(real_house):
    with unlocked("keep_count"):
        assert bounded_in_the_middle(real_house) == 0

    with pytest.raises(SystemExit), transaction.atomic():
        call_command("check_invariants")


def test_orders_and_a_manager_who_changes_the_budget_never_wait_for_each_other_in_a_ring(real_house, prove):
    spring = five_off(budget=20)
    customers = cast.regulars(real_house, PLENTY)
    before = deadlocks()

    def act(i):
        if i % 4 == 0:
            return patiently(lambda: change_promotion(spring.pk, budget=None if i % 8 else Decimal(200), last_on=None, actor="user:manager"))
        return patiently(lambda: real_house.place(("MUG", 2), customer_id=customers[i].pk))

    results = together(PLENTY, act)

    assert all(isinstance(result, Order | Promotion | Conflict) for result in results), results
    assert deadlocks() == before
    prove()
