"""Screening: rules are rows, each places a hold of its kind, and a hold goes by itself once its cause is gone."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from accounting.paying import record_payment
from customers.blocking import block, blocked_reasons, email_key, lift, phone_key
from customers.services import AddressDraft
from oms.core.errors import Conflict, Invalid
from oms.core.models import Event
from orders.cancelling import cancel_order
from orders.holding import look_again, place_hold, release_hold
from orders.models import Hold, Order, ScreeningRule
from orders.objections import Case, Rule, objections
from orders.placing import price_draft
from orders.screening_rules import RuleChange, all_rules, change_rules, version_of
from tests import cast

D = Decimal
CASE = Case(total=D(100), currency="GBP", customer="Anna")


def on(house, kind, **figures):
    """Switch on a rule."""
    change_rules([RuleChange(kind, True, **figures)], actor="user:manager")


def placed(house, *lines, **changes):
    """Place and screen an order; give (kind, reason) of its holds."""
    order = house.place(*lines, **changes)
    cast.run_line("screen")
    return Order.objects.get(pk=order.pk), list(Hold.objects.filter(order=order, released_at=None).values_list("kind", "reason"))


def looked_at():
    Hold.objects.filter(look_again_at__isnull=False).update(look_again_at=Now())
    cast.run_line("release")


# --- decisions, on plain values ---


def said(kind, rule=None, **facts):
    return [kind for kind, _reason in objections(Case(**{**CASE.__dict__, **facts}), {kind: rule or Rule()})]


@pytest.mark.parametrize(
    ("exposure", "held"),
    [("0", False), ("400", False), ("400.01", True)],
)
def test_credit_is_exceeded_by_the_first_cent_beyond_the_limit(exposure, held):
    assert bool(said("credit", credit_limit=D(500), is_on_terms=True, exposure=D(exposure))) is held


def test_credit_asks_nothing_of_who_has_no_limit_pays_first_or_has_paid():
    assert not said("credit", credit_limit=None, is_on_terms=True, exposure=D(9999))
    assert not said("credit", credit_limit=D(0), is_on_terms=False)
    assert not said("credit", credit_limit=D(0), is_on_terms=True, is_paid=True)


def test_a_first_order_over_the_limit_is_looked_at_and_a_second_is_not():
    rule = Rule(amount=D("99.99"))
    assert said("first_order", rule) == ["first_order"]
    assert not said("first_order", rule, earlier=1)
    assert not said("first_order", rule, is_paid=True)
    assert not said("first_order", Rule(amount=D(100)))


def test_addresses_differ_by_postcode_and_country_however_they_are_written():
    leeds = {"postcode": "LS2 7AA", "country": "GB"}
    assert not said("address", Rule(amount=D(0)), bill_to=leeds, ship_to={"postcode": "ls27aa", "country": "GB"})
    assert said("address", Rule(amount=D(100)), bill_to=leeds, ship_to={"postcode": "LS2 7AB", "country": "GB"})
    assert not said("address", Rule(amount=D("100.01")), bill_to=leeds, ship_to={"postcode": "LS2 7AB", "country": "GB"})


def test_more_than_so_many_orders_an_hour_are_looked_at():
    assert not said("many_orders", Rule(count=3), within_hour=2)
    assert said("many_orders", Rule(count=3), within_hour=3)


def test_an_amount_is_unusual_for_who_has_ordered_often_enough():
    rule = Rule(factor=D(5), count=3)
    assert said("unusual", rule, earlier=3, earlier_total=D(57))
    assert not said("unusual", rule, earlier=3, earlier_total=D(60))
    assert not said("unusual", rule, earlier=2, earlier_total=D(2))


def test_every_objection_is_told_and_a_rule_that_is_off_says_nothing():
    case = Case(**{**CASE.__dict__, "is_customer_blocked": True, "blocked": ["a bad debt"]})
    assert objections(case, {}) == []
    assert objections(case, {"blocked": Rule(), "first_order": Rule(amount=D(10))}) == [
        ("blocked", "Anna is blocked; On the blocklist: a bad debt"),
        ("first_order", "A first order of 100.00 GBP: above 10.00 GBP somebody looks at it"),
    ]


# --- orders ---


def test_a_large_first_order_is_held_and_the_next_one_is_not(house, prove):
    on(house, "first_order", amount=D(20))

    first, holds = placed(house, ("MUG", 5))
    second, none = placed(house, ("MUG", 5))

    assert [kind for kind, _reason in holds] == ["first_order"]
    assert (first.open_holds, second.open_holds, none) == (1, 0, [])
    prove()


def test_two_first_orders_in_one_batch_are_not_both_first(house):
    on(house, "first_order", amount=D(20))
    orders = [house.place(("MUG", 5)) for _ in range(2)]

    cast.run_line("screen")

    assert list(Hold.objects.values_list("order_id", "kind")) == [(orders[0].pk, "first_order")]


def test_orders_of_one_hour_are_counted_within_a_batch_and_without_those_called_off(house):
    on(house, "many_orders", count=2)
    first = house.place(("MUG", 1))
    cast.run_line("screen")
    cancel_order(first.pk, actor="user:clerk", reason="")
    old = house.place(("MUG", 1), placed_at=timezone.now() - timedelta(minutes=61))
    later = [house.place(("MUG", 1)) for _ in range(3)]

    cast.run_line("screen")

    assert list(Hold.objects.values_list("order_id", "kind")) == [(later[2].pk, "many_orders")]
    assert Order.objects.get(pk=old.pk).open_holds == 0


def test_an_order_that_goes_elsewhere_than_its_bill_is_held(house):
    on(house, "address", amount=D(5))

    order, holds = placed(house, ("MUG", 2), ship_to=AddressDraft(lines="1 Quay", city="Hull", postcode="HU1 1AA", country="GB"))

    assert holds == [("address", "The bill goes to LS2 7AA GB, the goods to HU1 1AA GB")]
    assert order.open_holds == 1


def test_an_order_with_a_blocked_number_email_or_address_is_held_and_goes_on_when_the_block_is_lifted(house, prove):
    rows = [
        block("phone", typed="0113 496 0001", reason="never paid", actor="user:manager"),
        block("email", typed="Anna@Field.example", reason="three chargebacks", actor="user:manager"),
        block("address", address={"lines": "7, Mill lane", "postcode": "ls2 7aa", "country": "GB"}, reason="an empty house", actor="user:manager"),
    ]

    order, holds = placed(house, ("MUG", 1))
    assert holds == [("blocked", "On the blocklist: three chargebacks; On the blocklist: never paid; On the blocklist: an empty house")]

    for row in rows[:2]:
        lift(row.pk, actor="user:manager")
    looked_at()
    assert Hold.objects.get(order=order).reason == "On the blocklist: an empty house"
    lift(rows[2].pk, actor="user:manager")
    looked_at()

    hold = Hold.objects.get(order=order)
    assert (hold.released_by, Order.objects.get(pk=order.pk).open_holds) == ("station:release", 0)
    assert Event.objects.filter(kind="order.hold_released", order_id=order.pk).count() == 1
    prove()


def test_a_block_needs_a_reason_and_something_to_block_and_is_there_once(house):
    for wrong in ({"typed": "no number"}, {"typed": ""}, {"typed": "0113 496 0001", "reason": " "}):
        with pytest.raises(Invalid):
            block("phone", **{"reason": "never paid", **wrong}, actor="user:manager")
    block("email", typed="a@b.example", reason="never paid", actor="user:manager")
    with pytest.raises(Conflict):
        block("email", typed="A@B.example ", reason="again", actor="user:manager")
    assert blocked_reasons([email_key("A@b.example"), phone_key("+441134960001")]) == {("email", "a@b.example"): "never paid"}


# --- a hold that goes by itself ---


@pytest.fixture
def tight(house):
    """Anna may owe no more than two orders of one lamp: 34.80 each."""
    house.anna.credit_limit = D("69.60")
    house.anna.save()
    return house


def test_an_order_held_for_credit_goes_on_by_itself_when_the_customer_pays(tight, prove):
    first, _none = placed(tight, ("LAMP", 1))
    placed(tight, ("LAMP", 1))
    third, holds = placed(tight, ("LAMP", 1))
    assert [kind for kind, _reason in holds] == ["credit"]
    cast.run_line("reserve", "invoice", "release")
    assert Order.objects.get(pk=third.pk).open_holds == 1

    record_payment(first.pk, amount=D("34.80"), method="bank_transfer", reference="B1", actor="user:accountant")
    cast.run_line("release")

    assert Order.objects.get(pk=third.pk).open_holds == 0
    assert Hold.objects.get(order=third).released_by == "station:release"
    prove()


def test_of_two_orders_held_for_credit_the_older_goes_on_and_the_other_waits(tight, prove):
    first, _none = placed(tight, ("LAMP", 2))
    older, _held = placed(tight, ("LAMP", 2))
    newer, _held = placed(tight, ("LAMP", 2))
    assert [Order.objects.get(pk=order.pk).open_holds for order in (first, older, newer)] == [0, 1, 1]

    cancel_order(first.pk, actor="user:clerk", reason="")
    looked_at()

    assert [Order.objects.get(pk=order.pk).open_holds for order in (older, newer)] == [0, 1]
    prove()


def test_what_is_held_for_credit_takes_no_credit_from_a_smaller_order(tight):
    _big, holds = placed(tight, ("LAMP", 3))
    _small, none = placed(tight, ("LAMP", 1))

    assert ([kind for kind, _reason in holds], none) == (["credit"], [])


def test_a_hold_that_a_person_placed_or_released_is_left_as_it_is(house):
    on(house, "first_order", amount=D(20))
    order, _holds = placed(house, ("MUG", 5))
    release_hold(Hold.objects.get(order=order).pk, actor="user:manager")
    place_hold(order.pk, reason="call back", actor="user:clerk")

    looked_at()
    look_again()
    cast.run_line("release")

    assert list(Hold.objects.filter(order=order, released_at=None).values_list("kind", flat=True)) == ["manual"]


def test_switching_a_rule_off_lets_go_what_it_held(house, prove):
    on(house, "first_order", amount=D(20))
    order, _holds = placed(house, ("MUG", 5))

    change_rules([RuleChange("first_order", False, amount=D(20))], actor="user:manager")
    cast.run_line("release")

    assert Order.objects.get(pk=order.pk).open_holds == 0
    prove()


def test_a_hold_whose_cause_is_still_there_is_left_alone_until_it_is_due_again(house):
    on(house, "first_order", amount=D(20))
    order, _holds = placed(house, ("MUG", 5))

    looked_at()

    hold = Hold.objects.get(order=order)
    assert hold.released_at is None
    assert hold.look_again_at > timezone.now() + timedelta(seconds=30)


# --- the rules ---


def test_rules_that_make_no_sense_are_refused_and_nothing_changes(house):
    before = all_rules()
    for wrong in (
        RuleChange("first_order", True),
        RuleChange("first_order", True, amount=D(-1)),
        RuleChange("many_orders", True, count=0),
        RuleChange("unusual", True, count=3, factor=D(1)),
        RuleChange("unusual", True, count=3, factor=D("NaN")),
        RuleChange("moon", True),
    ):
        with pytest.raises(Invalid):
            change_rules([RuleChange("address", True, amount=D(1)), wrong], actor="user:manager")
    assert all_rules() == before


def test_two_managers_never_write_over_each_other(house):
    seen = version_of(all_rules())
    change_rules([RuleChange("many_orders", True, count=9)], actor="user:manager", seen=seen)

    with pytest.raises(Conflict):
        change_rules([RuleChange("many_orders", False, count=2)], actor="user:other", seen=seen)
    assert ScreeningRule.objects.get(kind="many_orders").count == 9


# --- the pages ---


@pytest.fixture
def clerk(house):
    browser = Client()
    browser.force_login(cast.person("clara", "clerk"))
    return browser


@pytest.fixture
def manager(house):
    browser = Client()
    browser.force_login(cast.person("mona", "manager"))
    return browser


def form(**changes):
    typed = {"on": ["credit", "blocked"], "version": version_of(all_rules()), "first_order-amount": "2000", "address-amount": "1000"}
    return {**typed, "many_orders-count": "5", "unusual-count": "3", "unusual-factor": "5", **changes}


def test_a_manager_changes_the_rules_and_a_clerk_only_reads_them(house, manager, clerk):
    answer = manager.post("/orders/screening/rules", form(on=["credit", "many_orders"]))

    assert answer.status_code == 302
    assert sorted(ScreeningRule.objects.filter(is_active=True).values_list("kind", flat=True)) == ["credit", "many_orders"]
    assert clerk.get("/orders/screening/").status_code == 200
    assert clerk.post("/orders/screening/rules", form()).status_code == 403


def test_a_form_with_a_mistake_comes_back_with_what_was_typed(manager):
    answer = manager.post("/orders/screening/rules", form(**{"first_order-amount": "much"}))

    assert answer.status_code == 422
    assert b'value="much"' in answer.content
    assert ScreeningRule.objects.get(kind="first_order").amount == 2000


def test_only_whom_it_concerns_releases_a_hold(house, clerk):
    accountant = Client()
    accountant.force_login(cast.person("ada", "accountant"))
    order = house.place(("MUG", 1))
    for kind in ("credit", "first_order", "manual"):
        place_hold(order.pk, kind=kind, reason="check it", actor="user:x")
    credit, first, manual = (Hold.objects.get(kind=kind) for kind in ("credit", "first_order", "manual"))

    assert [clerk.post(f"/orders/holds/{hold.pk}/release").status_code for hold in (credit, first, manual)] == [403, 403, 302]
    assert [accountant.post(f"/orders/holds/{hold.pk}/release").status_code for hold in (credit, first)] == [302, 403]
    page = clerk.get(f"/orders/{order.number}/").content.decode()
    assert "Large first order" in page and "/release" not in page


def test_the_blocklist_is_kept_by_managers_and_read_by_clerks(house, manager, clerk):
    typed = {"kind": "email", "typed": "x@y.example", "reason": "never paid"}
    assert clerk.post("/customers/blocklist/", typed).status_code == 403
    assert manager.post("/customers/blocklist/", {**typed, "reason": ""}).status_code == 422
    assert manager.post("/customers/blocklist/", typed).status_code == 302
    assert b"x@y.example" in clerk.get("/customers/blocklist/").content


def test_a_price_of_a_draft_is_not_screened(house):
    on(house, "first_order", amount=D(1))
    assert price_draft(house.draft(("MUG", 5))).open_holds == 0
