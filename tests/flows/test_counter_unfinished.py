"""Sales that are not finished: nothing scanned is lost, what is parked is taken up once, and nothing of it is sold twice."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounting.models import DrawerSession, Payment
from inventory.models import StockMovement
from oms.core.errors import Invalid, NotFound
from oms.core.models import Event
from oms.desk.counter import selling
from oms.desk.counter.basket import Basket
from oms.desk.counter.unfinished import give_up_basket, in_progress, park_basket, save_basket, take_up_basket, waiting_at
from orders.drafts import AlreadyPlaced, Overtaken
from orders.models import Draft, Order
from tests import cast
from tests.flows import counter


@pytest.fixture
def till(house):
    return counter.till(house)


@pytest.fixture
def back(house):
    return counter.till(house, "Back door")


@pytest.fixture
def anna(house):
    return cast.person("anna", "clerk")


@pytest.fixture
def ben(house):
    return cast.person("ben", "clerk")


def saved(till, person, *lines, **changes):
    basket = counter.basket(*lines, **changes)
    save_basket(basket, till, person=person)
    return basket


def parked(till, person, *lines, note="", **changes):
    basket = counter.basket(*lines, **changes)
    park_basket(basket, till, note=note, person=person)
    return basket


def at_hand(till, person):
    return [draft.note or draft.owner.username for draft, _place in waiting_at(till, person=person, but=counter.basket().key)]


def test_what_is_scanned_is_there_again(till, anna):
    saved(till, anna, ("MUG", 2), discount="5", codes="SPRING", reference="T-1")

    again = Basket.taken_up(in_progress(till, person=anna))

    assert [(row.sku, row.quantity, row.discount) for row in again.rows] == [("MUG", "2", "5")]
    assert (again.key, again.codes, again.reference) == (counter.basket().key, ["SPRING"], "T-1")


def test_a_till_that_dies_while_it_sells_has_sold_nothing_and_lost_nothing(till, anna, monkeypatch, prove):
    saved(till, anna, ("MUG", 2))

    def die(orders):
        raise SystemError("the power is gone")

    with monkeypatch.context() as dying:
        dying.setattr(selling, "complete_orders", die)
        with pytest.raises(SystemError):
            counter.press_pay(till, anna, ("MUG", 2), reference="T-1")
    assert (Order.objects.count(), Payment.objects.count(), StockMovement.objects.filter(kind="issue").count()) == (0, 0, 0)
    prove()

    again = Basket.taken_up(in_progress(till, person=anna))
    order = counter.sell_basket(again, till, person=anna)

    assert (order.state, Draft.objects.get().order, Payment.objects.get().reference) == ("completed", order, "T-1")
    prove()


def test_a_card_that_is_sent_twice_is_charged_to_one_sale(till, anna, prove):
    first, second = (counter.press_pay(till, anna, ("MUG", 2), reference="T-1") for _ in range(2))

    assert (second, Payment.objects.get().reference) == (first, "T-1")
    prove()


def test_what_is_sold_is_not_in_progress_any_more(till, anna):
    saved(till, anna, ("MUG", 2))

    counter.press_pay(till, anna, ("MUG", 2))

    assert in_progress(till, person=anna) is None
    assert waiting_at(till, person=anna, but=counter.basket(key=9).key) == []


def test_nothing_is_written_of_a_sale_in_which_nothing_was_scanned(till, anna):
    saved(till, anna)
    give_up_basket(counter.basket(), person=anna)
    with pytest.raises(Invalid):
        parked(till, anna)

    assert not Draft.objects.exists()


def test_what_is_parked_is_taken_up_at_another_till_by_somebody_else(till, back, anna, ben, prove):
    parked(till, anna, ("MUG", 2), note="red coat")
    assert (in_progress(till, person=anna), at_hand(till, anna), at_hand(back, ben)) == (None, [], [])
    assert [draft.note for draft, _place in waiting_at(back, person=ben, but=counter.basket(key=9).key)] == ["red coat"]

    take_up_basket(counter.basket().key, back, person=ben)

    again = Basket.taken_up(in_progress(back, person=ben))
    order = counter.sell_basket(again, back, person=ben)
    expected = {session.till: session.expected for session in DrawerSession.objects.all()}
    assert (order.state, expected[till], expected[back]) == ("completed", 100, Decimal("111.88"))
    assert Event.objects.get(kind="draft.taken_over").data["before"] == "anna"
    prove()


def test_who_had_it_is_told_at_their_next_scan_and_overwrites_nothing(till, back, anna, ben):
    before = saved(till, anna, ("MUG", 2))
    parked(till, anna, ("MUG", 2), version=before.seen.version)
    take_up_basket(before.key, back, person=ben)

    with pytest.raises(Overtaken):
        saved(till, anna, ("MUG", 9), version=before.seen.version)
    with pytest.raises(Overtaken):
        counter.press_pay(till, anna, ("MUG", 9), version=before.seen.version)

    assert (Draft.objects.get().typed["lines"][0]["quantity"], Order.objects.count()) == ("2", 0)


def test_a_page_that_is_older_than_what_was_saved_overwrites_nothing(till, anna):
    saved(till, anna, ("MUG", 2), page="one")

    with pytest.raises(Overtaken):
        saved(till, anna, ("MUG", 1), page="two", version=0)


def test_only_what_is_parked_lies_at_this_till_or_is_ones_own_is_at_hand(house, till, back, anna, ben):
    elsewhere = counter.till(house, "Ghent")
    elsewhere.warehouse = house.ghent
    elsewhere.save()
    saved(till, anna, ("MUG", 1), key=11)
    parked(till, anna, ("MUG", 1), key=12, note="parked")
    parked(elsewhere, anna, ("MUG", 1), key=13, note="in Ghent")

    assert at_hand(till, ben) == ["parked", "anna"]
    assert at_hand(back, ben) == ["parked"]
    assert at_hand(back, anna) == ["parked", "anna"]
    with pytest.raises(Overtaken) as refusal:
        take_up_basket(counter.basket(key=11).key, back, person=ben)
    assert refusal.value.sentence == "anna has taken it up at another till."
    with pytest.raises(NotFound):
        take_up_basket(counter.basket(key=13).key, till, person=anna)


def test_what_is_sold_is_not_taken_up_again(till, anna):
    counter.press_pay(till, anna, ("MUG", 1))

    with pytest.raises(AlreadyPlaced):
        take_up_basket(counter.basket().key, till, person=anna)
    with pytest.raises(AlreadyPlaced):
        saved(till, anna, ("MUG", 3))


def test_who_starts_over_has_nothing_in_progress(till, anna):
    basket = saved(till, anna, ("MUG", 1))

    give_up_basket(basket, person=anna)

    assert (Draft.objects.get().state, in_progress(till, person=anna)) == ("abandoned", None)


def test_what_nobody_comes_back_to_lapses_with_the_other_drafts(till, anna, prove):
    parked(till, anna, ("MUG", 1))
    Draft.objects.update(lapses_at=timezone.now())

    cast.run_line("expire")

    assert (Draft.objects.get().state, at_hand(till, anna)) == ("abandoned", [])
    prove()


def test_a_card_number_is_never_noted_on_what_is_parked(till, anna):
    with pytest.raises(Invalid):
        parked(till, anna, ("MUG", 1), note="4111 1111 1111 1111")


def test_a_discount_of_nonsense_is_said_where_it_stands(till, anna):
    with pytest.raises(Invalid) as refusal:
        counter.press_pay(till, anna, ("MUG", 1), discount="lots")

    assert refusal.value.pointer == "/lines/0/discount"
    assert not Order.objects.exists()
