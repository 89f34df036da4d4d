"""Standing orders place themselves, once each turn, and say so."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from inventory.models import Sku
from oms.core import stations
from oms.core.errors import Conflict, Invalid
from oms.core.messages import worded
from oms.core.models import Event, Message, Trouble
from orders.models import Order, StandingOrder
from orders.recurring import next_after, next_from
from orders.standing import (
    StandingDraft,
    change_standing_order,
    end_standing_order,
    pause_standing_order,
    resume_standing_order,
    set_up_standing_order,
    skip_next,
)
from tests import cast
from tests.faults.crowd import together

WEEK = timedelta(weeks=1)


def today():
    return timezone.localdate()


def stand(house, lines=None, **changes):
    draft = StandingDraft(**{"lines": lines or {"MUG": 2, "LAMP": 1}, "next_on": today(), "every": 2, **changes})
    return set_up_standing_order(house.anna.pk, draft, channel=house.phone, actor="user:clerk")


def due(standing, on=None):
    StandingOrder.objects.filter(pk=standing.pk).update(next_on=on or today())


def turn():
    cast.run_line("standing", "screen")


def again(standing):
    return StandingOrder.objects.get(pk=standing.pk)


# --- when ---


@pytest.mark.parametrize(
    ("on", "unit", "every", "day", "then"),
    [
        (date(2027, 1, 4), "week", 2, 4, date(2027, 1, 18)),
        (date(2027, 1, 31), "month", 1, 31, date(2027, 2, 28)),
        (date(2027, 2, 28), "month", 1, 31, date(2027, 3, 31)),
        (date(2027, 11, 30), "month", 3, 30, date(2028, 2, 29)),
        (date(2027, 12, 1), "month", 1, 1, date(2028, 1, 1)),
    ],
)
def test_the_next_turn(on, unit, every, day, then):
    assert next_after(on, unit=unit, every=every, day=day) == then


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.sampled_from(["week", "month"]), st.integers(1, 24), st.integers(0, 800))
def test_the_next_turn_is_always_ahead_and_never_one_turn_too_far(on, unit, every, days):
    now = on + timedelta(days=days)

    then = next_from(on, unit=unit, every=every, day=on.day, today=now)

    assert then > now
    if unit == "week":
        assert then.weekday() == on.weekday() and then - timedelta(weeks=every) <= now


# --- placing ---


def test_a_standing_order_places_itself_on_its_day_and_says_so(house, prove):
    standing = stand(house)
    turn()
    turn()

    order = Order.objects.get()
    assert (order.standing_order_id, order.channel, order.external_reference) == (standing.pk, house.phone, f"ST-{standing.pk + 1000} {today()}")
    assert [(line.sku.code, line.quantity) for line in order.lines.all()] == [("MUG", 2), ("LAMP", 1)]
    assert (again(standing).next_on, again(standing).placed_count) == (today() + 2 * WEEK, 1)
    assert Event.objects.get(kind="standing.placed").data["order"] == order.number
    assert f"the next one follows on {today() + 2 * WEEK}" in worded(Message.objects.get()).body
    prove()


def test_what_was_missed_is_placed_once_and_not_made_up_for_in_a_heap(house):
    standing = stand(house, every=1)
    due(standing, today() - 5 * WEEK)

    turn()

    assert Order.objects.count() == 1
    assert again(standing).next_on == today() + WEEK


def test_one_that_is_not_due_paused_or_ended_places_nothing(house):
    stand(house, next_on=today() + WEEK)
    pause_standing_order(stand(house).pk, actor="user:clerk")
    end_standing_order(stand(house).pk, actor="user:clerk")

    turn()

    assert not Order.objects.exists()


def test_after_its_last_day_it_ends_by_itself_and_the_mail_says_it_was_the_last(house):
    standing = stand(house, ends_on=today() + WEEK)

    turn()

    assert (again(standing).state, Order.objects.count()) == ("ended", 1)
    assert "This was the last of your standing order." in worded(Message.objects.get()).body


def test_what_cannot_be_placed_is_shown_and_tried_at_once_when_it_is_changed(house, prove):
    good, bad = stand(house, {"MUG": 1}), stand(house, {"LAMP": 1})
    Sku.objects.filter(code="LAMP").update(is_active=False)

    turn()
    assert list(Order.objects.values_list("standing_order", flat=True)) == [good.pk]
    trouble = Trouble.objects.get(station="standing")
    assert (trouble.label, trouble.error) == (bad.number, "LAMP is no longer sold.")

    change_standing_order(bad.pk, StandingDraft({"MUG": 3}, today()), version=bad.version, actor="user:clerk")
    turn()
    assert not Trouble.objects.exists()
    assert Order.objects.filter(standing_order=bad).count() == 1
    prove()


@pytest.mark.django_db(transaction=True)
def test_many_workers_place_one_turn_once(real_house, prove):
    standing = stand(real_house)

    together(12, lambda _i: stations.run_batch(stations.named("standing")))

    assert Order.objects.filter(standing_order=standing).count() == 1
    assert again(standing).placed_count == 1
    prove()


# --- changing ---


def test_a_paused_one_goes_on_with_a_turn_that_is_still_to_come(house):
    standing = stand(house, every=1)
    pause_standing_order(standing.pk, actor="user:clerk")
    due(standing, today() - 2 * WEEK)

    resume_standing_order(standing.pk, actor="user:clerk")
    resume_standing_order(standing.pk, actor="user:clerk")
    turn()

    assert (again(standing).state, again(standing).next_on, Order.objects.count()) == ("active", today() + WEEK, 0)


def test_the_next_turn_is_left_out_once_however_often_it_is_pressed(house):
    standing = stand(house, every=1)

    skip_next(standing.pk, version=standing.version, actor="user:clerk")
    with pytest.raises(Conflict):
        skip_next(standing.pk, version=standing.version, actor="user:clerk")

    assert again(standing).next_on == today() + WEEK


def test_two_people_never_write_over_each_other_and_an_ended_one_stays_as_it_is(house):
    standing = stand(house)
    change_standing_order(standing.pk, StandingDraft({"MUG": 1}, today()), version=1, actor="user:clerk")
    with pytest.raises(Conflict):
        change_standing_order(standing.pk, StandingDraft({"LAMP": 9}, today()), version=1, actor="user:other")
    end_standing_order(standing.pk, actor="user:clerk")
    for act in (pause_standing_order, resume_standing_order, end_standing_order):
        with pytest.raises(Conflict):
            act(standing.pk, actor="user:clerk")
    assert [(line.sku.code, line.quantity) for line in again(standing).lines.all()] == [("MUG", 1)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": {}},
        {"lines": {"NOTHING": 1}},
        {"lines": {"MUG": 0}},
        {"every": 0},
        {"every": 53},
        {"unit": "year"},
        {"next_on": date(2020, 1, 1)},
        {"ends_on": date(2020, 1, 1)},
        {"ship_to": 999_999},
        {"payment_method": "shells"},
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(house, wrong):
    with pytest.raises(Invalid):
        set_up_standing_order(house.anna.pk, StandingDraft(**{"lines": {"MUG": 1}, "next_on": today(), **wrong}), channel=house.phone, actor="x")
    assert not StandingOrder.objects.exists()


# --- the pages ---


@pytest.fixture
def clerk(house):
    browser = Client()
    browser.force_login(cast.person("clara", "clerk"))
    return browser


def test_an_order_becomes_a_standing_order_in_two_steps(house, clerk):
    order = house.place(("MUG", 2), ("MUG", 1), ("LAMP", 1))
    page = clerk.get(f"/orders/standing/new?order={order.number}").content.decode()
    assert "3 MUG\n1 LAMP" in page

    typed = {"customer": house.anna.number, "lines": "3 MUG\n1 LAMP", "unit": "month", "every": "1", "next_on": "2031-01-31"}
    answer = clerk.post("/orders/standing/new", typed)

    standing = StandingOrder.objects.get()
    assert answer["Location"] == f"/orders/standing/{standing.number}/"
    assert standing.rhythm == "every month, on day 31"
    shown = clerk.get(answer["Location"]).content.decode()
    assert "Blue mug" in shown and "31 Jan 2031" in shown
    assert standing.number in clerk.get("/orders/standing/").content.decode()
    clerk.post(f"/orders/standing/{standing.number}/pause")
    assert again(standing).state == "paused"


def test_a_form_with_a_mistake_comes_back_as_it_was_typed(house, clerk):
    typed = {"customer": house.anna.number, "lines": "many MUG", "unit": "week", "every": "1", "next_on": "2031-01-31"}

    answer = clerk.post("/orders/standing/new", typed)

    assert answer.status_code == 422
    assert "Line 1, “many MUG”: write a quantity and a SKU" in answer.content.decode()
    assert "many MUG</textarea>" in answer.content.decode()
