"""Codes and discounts at the till: a clerk gives what they may, a second person agrees to the rest, and every price says why."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from accounting.models import Invoice, Payment
from customers.blocking import block
from oms.core.errors import BusinessError, Conflict, Invalid, NotAllowed
from oms.core.models import Event
from oms.desk.counter import agreeing
from oms.desk.counter.agreeing import agree
from oms.desk.counter.basket import bill, priced
from orders.models import DiscountLimit, Hold, Order, Promotion, PromotionCode, PromotionRedemption
from tests import cast
from tests.flows import counter


@pytest.fixture
def till(house):
    return counter.till(house)


@pytest.fixture
def clerk(house):
    """Anna at the till, who may give a tenth."""
    found = cast.person("anna", "clerk")
    DiscountLimit.objects.create(user=found, percent=10)
    return found


@pytest.fixture
def boss(house):
    return cast.person("boss", "manager")


def code(text="SPRING", **fields):
    made = Promotion.objects.create(name="Spring", kind="amount", needs_code=True, **{"amount": 2} | fields)
    PromotionCode.objects.create(promotion=made, code=text)
    return made


def agreed(basket, till, clerk, boss, **changes):
    order = priced(basket, till, actor=f"user:{clerk.username}").order
    return agree(order, **{"key": basket.key, "username": boss.username, "password": "correct horse", "giver": clerk} | changes)


def nothing_sold():
    return (Order.objects.count(), Payment.objects.count(), Invoice.objects.count()) == (0, 0, 0)


def test_a_code_takes_off_what_it_is_good_for_and_is_redeemed(till, clerk, prove):
    code(budget=50)

    order = counter.press_pay(till, clerk, ("MUG", 2), codes="spring")

    order = Order.objects.get(pk=order.pk)
    assert (order.state, order.total, order.discount_total) == ("completed", Decimal("9.48"), 2)
    assert (PromotionRedemption.objects.get().order, Promotion.objects.get().used_amount) == (order, 2)
    assert order.lines.get().price_said == "List price; Spring, code SPRING: −2.00"
    prove()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("SPRING", "Spring needs 10.10 GBP more."), ("NONSENSE", "There is no promotion code NONSENSE.")],
)
def test_a_code_that_does_not_hold_says_why_before_and_when_it_is_paid(till, clerk, typed, sentence, prove):
    code(minimum=20)
    basket = counter.basket(("MUG", 2), codes=typed)
    assert bill(basket, till, actor="user:anna").refused_codes == {typed: sentence}

    with pytest.raises(BusinessError) as refusal:
        counter.press_pay(till, clerk, ("MUG", 2), codes=typed)

    assert refusal.value.sentence == sentence
    assert nothing_sold()
    prove()


def test_a_discount_within_ones_limit_is_given(till, clerk, prove):
    order = counter.press_pay(till, clerk, ("MUG", 2), discount="10")

    assert (order.total, Hold.objects.count()) == (Decimal("10.69"), 0)
    assert Order.objects.get().lines.get().price_said == "List price; 10% off by anna: −0.99"
    prove()


def test_a_discount_above_it_is_refused_without_a_second_person(till, clerk, prove):
    with pytest.raises(Conflict) as refusal:
        counter.press_pay(till, clerk, ("MUG", 2), discount="25")

    sentence = "A second person must agree first: anna gives 25% off MUG and may give 10%. They type their name and password beside the total."
    assert refusal.value.sentence == sentence
    assert nothing_sold()
    prove()


def test_a_second_person_agrees_on_the_spot_and_is_noted(till, clerk, boss, prove):
    text = agreed(counter.basket(("MUG", 2), discount="25"), till, clerk, boss)

    order = counter.press_pay(till, clerk, ("MUG", 2), discount="25", agreed=text)

    order = Order.objects.get(pk=order.pk)
    assert (order.state, order.total, order.open_holds) == ("completed", Decimal("8.90"), 0)
    hold = Hold.objects.get()
    assert (hold.kind, hold.placed_by, hold.released_by) == ("price", "user:anna", "user:boss")
    assert list(Event.objects.filter(order_id=order.pk, kind="order.hold_released").values_list("actor", flat=True)) == ["user:boss"]
    prove()


def test_an_agreement_outlives_the_page_in_its_draft_and_holds_for_whoever_takes_it_up(till, house, clerk, boss, prove):
    text = agreed(counter.basket(("MUG", 2), discount="25"), till, clerk, boss)
    back = counter.till(house, "Back door")
    ben = cast.person("ben", "clerk")

    counter.press_pay(back, ben, ("MUG", 2), discount="25", agreed=text)

    assert (Hold.objects.get().placed_by, Hold.objects.get().released_by) == ("user:ben", "user:boss")
    prove()


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": [("MUG", 3)]},
        {"lines": [("MUG", 1), ("MUG", 1)]},
        {"lines": [("MUG", 2), ("LAMP", 1)]},
        {"discount": "26"},
        {"codes": "SPRING"},
        {"key": 2},
    ],
)
def test_what_was_agreed_to_is_that_and_nothing_else(till, clerk, boss, changes, prove):
    code()
    text = agreed(counter.basket(("MUG", 2), discount="25"), till, clerk, boss)
    lines = changes.pop("lines", [("MUG", 2)])

    with pytest.raises(Conflict) as refusal:
        counter.press_pay(till, clerk, *lines, **{"discount": "25", "agreed": text} | changes)

    assert refusal.value.sentence.startswith("A second person must agree first: ")
    assert nothing_sold()
    prove()


def test_an_agreement_is_neither_forged_nor_kept_for_another_day(till, clerk, boss, monkeypatch):
    text = agreed(counter.basket(("MUG", 2), discount="25"), till, clerk, boss)
    for forged in ("boss", text[:-1], text.replace(":", ";", 1)):
        with pytest.raises(Conflict):
            counter.press_pay(till, clerk, ("MUG", 2), discount="25", agreed=forged)
    monkeypatch.setattr(agreeing, "GOOD_FOR", timedelta(seconds=-1))

    with pytest.raises(Conflict):
        counter.press_pay(till, clerk, ("MUG", 2), discount="25", agreed=text)

    assert nothing_sold()


@pytest.mark.parametrize(
    ("who", "password", "error", "sentence"),
    [
        ("anna", "correct horse", NotAllowed, "The price is yours: a second person must agree to it."),
        ("ben", "correct horse", NotAllowed, "ben may not agree to prices: ask somebody who may."),
        ("boss", "wrong", Invalid, "That name and password do not go together: who agrees types their own."),
        ("nobody", "", Invalid, "That name and password do not go together: who agrees types their own."),
        ("gone", "correct horse", Invalid, "That name and password do not go together: who agrees types their own."),
    ],
)
def test_only_somebody_else_who_may_agrees(till, clerk, boss, who, password, error, sentence):
    cast.person("ben", "clerk")
    gone = cast.person("gone", "manager")
    gone.is_active = False
    gone.save()

    with pytest.raises(error) as refusal:
        agreed(counter.basket(("MUG", 2), discount="25"), till, clerk, boss, username=who, password=password)

    assert refusal.value.sentence == sentence


def test_who_may_not_agree_any_more_has_not_agreed(till, clerk, boss, prove):
    text = agreed(counter.basket(("MUG", 2), discount="25"), till, clerk, boss)
    boss.groups.clear()

    with pytest.raises(NotAllowed):
        counter.press_pay(till, clerk, ("MUG", 2), discount="25", agreed=text)

    assert nothing_sold()
    prove()


def test_who_is_blocked_buys_nothing_whoever_agrees_to_the_price(till, house, clerk, boss):
    block("email", typed="anna@field.example", reason="charge-backs", actor="user:manager")
    text = agreed(counter.basket(("MUG", 2), discount="25"), till, clerk, boss)
    basket = counter.basket(("MUG", 2), discount="25", agreed=text)
    basket.customer = house.anna.number

    with pytest.raises(Conflict) as refusal:
        counter.sell_basket(basket, till, person=clerk)

    assert refusal.value.sentence.startswith("It cannot be sold here: ")
    assert nothing_sold()


def test_a_key_of_another_sale_opens_nothing(till, clerk, boss):
    text = agreed(counter.basket(("MUG", 2), discount="25"), till, clerk, boss)

    assert agreeing.agreement_in(text, key=UUID(int=1)).username == "boss"
    assert agreeing.agreement_in(text, key=UUID(int=2)) is None
