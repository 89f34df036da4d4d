"""Several tills at once, and one that is pressed twice. The guard holds; its twin without it breaks."""

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from accounting import drawers
from accounting.drawers import close_drawer, move_cash
from accounting.models import DrawerSession, Payment
from customers.models import Customer
from inventory import reserving
from inventory.models import StockLevel
from oms.core.errors import Conflict
from oms.core.locks import lock
from oms.desk.counter.unfinished import park_basket, save_basket, take_up_basket
from orders import drafts, redeeming
from orders.drafts import AlreadyPlaced
from orders.models import Draft, Order, Promotion, PromotionCode
from tests import cast
from tests.faults.crowd import elsewhere, in_the_middle, together, unchecked
from tests.flows import counter

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_tills_one_sells_the_last_unit(real_house, prove):
    tills = [counter.till(real_house, name) for name in ("Front", "Back")]
    real_house.chair.levels.all().delete()
    real_house.stock(real_house.chair, 1)
    people = [None, real_house.anna.pk]

    results = together(2, lambda i: counter.sell(tills[i], ("CHAIR", 1), customer=people[i]))

    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Order"]
    assert "No CHAIR is free in Leeds" in next(result.sentence for result in results if isinstance(result, Conflict))
    assert (Order.objects.count(), Payment.objects.count(), StockLevel.objects.get(sku=real_house.chair).on_hand) == (1, 1, 0)
    prove()


def test_eight_tills_sell_the_five_lamps_there_are(real_house, prove):
    tills = [counter.till(real_house, f"Till {number}") for number in range(8)]
    people = cast.regulars(real_house, 8)

    results = together(8, lambda i: counter.sell(tills[i], ("LAMP", 1), ("MUG", 1), customer=people[i].pk))

    assert sum(isinstance(result, Order) for result in results) == 5
    assert sum(isinstance(result, Conflict) for result in results) == 3
    prove()


def test_without_the_lock_on_the_stock_only_the_database_is_left_to_refuse_it(real_house, prove, monkeypatch):
    """Deterministic: another till sells the last lamps between the look at the shelf and the reservation."""
    front, back = counter.till(real_house, "Front"), counter.till(real_house, "Back")

    def look(rows):
        if rows.model is not StockLevel:
            return lock(rows)
        monkeypatch.setattr(reserving, "lock", lock)
        seen = list(rows.order_by("pk"))
        elsewhere(lambda: counter.sell(back, ("LAMP", 5), customer=real_house.anna.pk))
        return seen

    monkeypatch.setattr(reserving, "lock", look)
    with pytest.raises(IntegrityError, match="reserved_within_on_hand"):
        counter.sell(front, ("LAMP", 1))

    assert Order.objects.count() == 1
    prove()


def test_a_sale_pressed_six_times_at_once_is_sold_once(real_house, prove):
    till = counter.till(real_house)
    clerk = cast.person("clerk", "clerk")
    save_basket(counter.basket(("MUG", 1)), till, person=clerk)

    results = together(6, lambda i: counter.press_pay(till, clerk, ("MUG", 1)))

    assert len({result.pk for result in results}) == 1
    assert (Order.objects.count(), DrawerSession.objects.get().expected) == (1, Decimal("105.94"))
    prove()


def test_without_its_draft_it_would_be_sold_as_often_as_it_is_pressed(real_house):
    till = counter.till(real_house)

    together(3, lambda i: counter.sell(till, ("MUG", 1)))

    assert Order.objects.count() == 3


def test_the_first_walk_in_of_six_tills_is_one_customer(real_house, prove):
    tills = [counter.till(real_house, f"Till {number}") for number in range(6)]

    results = together(6, lambda i: counter.sell(tills[i], ("MUG", 1)))

    assert all(isinstance(result, Order) for result in results), results
    assert Customer.objects.get(external_reference="walk-in").orders_count == 6
    prove()


def test_many_who_put_cash_into_one_drawer_are_all_in_it(real_house, prove):
    till = counter.till(real_house)
    people = cast.regulars(real_house, 5)

    def act(i):
        if i < 5:
            return counter.sell(till, ("MUG", 1), customer=people[i].pk)
        return move_cash(till.pk, kind="to_safe", amount=Decimal(10), reason="Notes", actor="user:clerk")

    together(10, act)

    assert DrawerSession.objects.get().expected == 100 + 5 * Decimal("5.94") - 50
    prove()


def test_a_sale_that_comes_while_the_drawer_is_counted_finds_it_shut(real_house, prove):
    till = counter.till(real_house)
    session = DrawerSession.objects.get()

    _closed, sold = in_the_middle(
        lambda: close_drawer(session.pk, pieces={Decimal(50): 2}, actor="user:clerk"),
        lambda: counter.sell(till, ("MUG", 1)),
    )

    assert isinstance(sold, Conflict) and "is not open" in sold.sentence
    assert (Order.objects.count(), DrawerSession.objects.get().difference) == (0, 0)
    prove()


def test_without_the_lock_on_the_drawer_only_the_database_would_refuse_cash_in_a_counted_one(real_house, prove, monkeypatch):
    """Deterministic: the drawer is counted between the look at it and the payment."""
    till = counter.till(real_house)
    session = DrawerSession.objects.get()

    def look(rows):
        monkeypatch.setattr(drawers, "lock", lock)
        seen = list(rows)
        elsewhere(lambda: close_drawer(session.pk, pieces={Decimal(50): 2}, actor="user:clerk"))
        return seen

    monkeypatch.setattr(drawers, "lock", look)
    with pytest.raises(IntegrityError, match="drawer_closed_by_counting"):
        counter.sell(till, ("MUG", 1))

    assert Order.objects.count() == 0
    prove()


def spring(**fields):
    made = Promotion.objects.create(name="Spring", kind="amount", amount=5, needs_code=True, **fields)
    PromotionCode.objects.create(promotion=made, code="SPRING")


def test_of_two_tills_that_redeem_the_last_of_a_budget_one_sells_with_it(real_house, prove):
    spring(budget=5)
    tills = [counter.till(real_house, name) for name in ("Front", "Back")]
    people = cast.regulars(real_house, 2)

    results = together(2, lambda i: counter.sell(tills[i], ("MUG", 2), customer=people[i].pk, codes=("SPRING",)))

    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Order"]
    assert next(str(result) for result in results if isinstance(result, Conflict)) == "Spring is used up."
    assert (Order.objects.count(), Payment.objects.count(), Promotion.objects.get().used_amount) == (1, 1, 5)
    prove()


def redeemed_without_locks(monkeypatch, house):
    """Have two tills want the last of a budget, and neither lock it."""
    front, back = counter.till(house, "Front"), counter.till(house, "Back")
    people = cast.regulars(house, 2)
    monkeypatch.setattr(redeeming, "lock", list)
    return in_the_middle(
        lambda: counter.sell(front, ("MUG", 2), customer=people[0].pk, codes=("SPRING",)),
        lambda: counter.sell(back, ("LAMP", 1), customer=people[1].pk, codes=("SPRING",)),
    )


def test_without_its_lock_the_database_still_refuses_the_second_till(real_house, monkeypatch, prove):
    spring(budget=5)

    sold, refused = redeemed_without_locks(monkeypatch, real_house)

    assert isinstance(refused, Conflict) and "used up in this very moment" in str(refused)
    assert (list(Order.objects.all()), Payment.objects.count(), Promotion.objects.get().used_amount) == ([sold], 1, 5)
    prove()


def test_without_its_lock_and_the_database_s_word_both_tills_would_give_the_same_budget_away(real_house, monkeypatch):
    spring(budget=5)

    with unchecked("orders_promotion"):
        pair = redeemed_without_locks(monkeypatch, real_house)

    assert [order.discount_total for order in pair] == [5, 5]
    with pytest.raises(SystemExit), transaction.atomic():
        call_command("check_invariants")


def test_one_sale_that_two_tills_are_paid_for_is_sold_once(real_house, prove):
    front, back = counter.till(real_house, "Front"), counter.till(real_house, "Back")
    clerk = cast.person("clerk", "clerk")

    results = together(2, lambda i: counter.press_pay([front, back][i], clerk, ("MUG", 1)))

    assert len({result.pk for result in results}) == 1
    assert (Order.objects.count(), sum(DrawerSession.objects.values_list("expected", flat=True))) == (1, Decimal("205.94"))
    prove()


def test_what_is_parked_is_taken_up_by_one_of_six_who_want_it(real_house, prove):
    tills = [counter.till(real_house, f"Till {number}") for number in range(6)]
    people = [cast.person(f"clerk{number}", "clerk") for number in range(6)]
    basket = counter.basket(("MUG", 1))
    park_basket(basket, tills[0], person=people[0])

    results = together(6, lambda i: take_up_basket(basket.key, tills[i], person=people[i]))

    draft = Draft.objects.get()
    winner = results.index(None)
    assert [type(result).__name__ for result in results].count("Overtaken") == 5
    assert (draft.state, draft.desk, draft.owner) == ("open", f"till:{tills[winner].pk}", people[winner])
    prove()


def test_without_its_lock_two_would_go_on_with_what_one_has(real_house, monkeypatch):
    front, back = counter.till(real_house, "Front"), counter.till(real_house, "Back")
    anna, ben = cast.person("anna", "clerk"), cast.person("ben", "clerk")
    basket = counter.basket(("MUG", 1))
    park_basket(basket, front, person=anna)
    monkeypatch.setattr(drafts, "lock", list)

    pair = in_the_middle(
        lambda: take_up_basket(basket.key, front, person=anna),
        lambda: take_up_basket(basket.key, back, person=ben),
    )

    assert pair == (None, None)


def test_a_scan_that_comes_while_it_is_paid_finds_it_sold(real_house, prove):
    till, clerk = counter.till(real_house), cast.person("clerk", "clerk")
    basket = counter.basket(("MUG", 1))
    save_basket(basket, till, person=clerk)

    order, late = in_the_middle(
        lambda: counter.press_pay(till, clerk, ("MUG", 1)),
        lambda: save_basket(counter.basket(("MUG", 2)), till, person=clerk),
    )

    assert isinstance(late, AlreadyPlaced)
    assert (Draft.objects.get().order, Draft.objects.get().typed["lines"]) == (order, [{"sku": "MUG", "quantity": "1"}])
    prove()
