"""When to buy is learned from what is sold and how long vendors take."""

from datetime import timedelta
from decimal import Decimal
from math import sqrt

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from inventory.models import PurchaseOrder, ReorderRule, StockLevel
from inventory.moving import Move, move_stock
from inventory.purchasing.learning import Demand, LeadTime, demand_from, learn, safety_stock
from inventory.purchasing.observing import lead_times_of, weekly_sales
from inventory.purchasing.ordering import order_from_vendor
from inventory.purchasing.receiving import receive_goods, reverse_receipt
from inventory.purchasing.rules import set_rule
from inventory.purchasing.stories import story_of
from oms.core.errors import BusinessError, Invalid
from tests import cast


def test_demand_counts_the_days_on_which_nothing_was_sold():
    sold = demand_from(28.0, 28.0 * 28.0, days=28)

    assert sold.mean == 1.0
    assert sold.deviation == pytest.approx(sqrt((784 - 28) / 27))


def test_safety_is_the_textbooks():
    safety = safety_stock(Demand(10, 3, 91), LeadTime(9, 2, 12), service_level=0.95)

    assert safety == pytest.approx(1.6449 * sqrt(9 * 9 + 100 * 4), rel=1e-4)


@given(
    st.floats(0.01, 1e6), st.floats(0, 1e6), st.floats(0, 400), st.floats(0, 100), st.floats(0.5, 0.9999), st.integers(1, 365)
)  # fmt: skip
def test_whatever_is_learned_can_be_kept(mean, deviation, lead, lead_deviation, level, cover):
    found = learn(Demand(mean, deviation, 91), LeadTime(lead, lead_deviation, lead), service_level=level, cover_days=cover)

    assert found is not None
    assert 0 <= found.safety <= found.point < found.target < 2**31


def test_where_nothing_was_sold_there_is_nothing_to_learn():
    assert learn(Demand(0, 0, 91), LeadTime(9, 0, 9), service_level=0.95, cover_days=14) is None


def sell(house, sku, units, *, days_ago):
    day = timezone.localdate() - timedelta(days=days_ago)
    move_stock([Move(sku.pk, house.leeds.pk, -units, "issue", "test", sku.pk, effective_on=day)], actor="user:test")


def deliver(house, sku, *, took):
    order = order_from_vendor(house.vendor, house.leeds, [(sku, 1)], actor="user:test")
    sent = timezone.now() - timedelta(days=took)
    PurchaseOrder.objects.filter(pk=order.pk).update(sent_at=sent, expected_on=(sent + timedelta(days=14)).date())
    return receive_goods(order.pk, {order.lines.get().pk: 1}, key=f"r{order.pk}", actor="user:test")


def test_a_rule_is_learned_from_sales_and_receipts_and_its_safety_is_kept_back(house, prove):
    rule = cast.reorder(house, house.mug, point=1, target=2)
    house.stock(house.mug, 200)
    for days_ago in range(0, 56, 2):
        sell(house, house.mug, 4, days_ago=days_ago)
    for took in (8, 10, 12):
        deliver(house, house.mug, took=took)
    ReorderRule.objects.filter(pk=rule.pk).update(is_learned=True)

    cast.run_line("learn")

    rule = ReorderRule.objects.get(pk=rule.pk)
    assert rule.demand_per_day == pytest.approx(28 * 4 / 55)
    assert (round(rule.lead_days), round(rule.lead_deviation, 1)) == (10, 2.0)
    expected = learn(
        Demand(rule.demand_per_day, rule.demand_deviation, 55), LeadTime(rule.lead_days, rule.lead_deviation, 0), service_level=0.95, cover_days=14
    )
    assert (rule.point, rule.target, rule.safety) == (expected.point, expected.target, expected.safety)
    level = StockLevel.objects.get(sku=house.mug, warehouse=house.leeds)
    assert (level.safety, level.reorder_point) == (rule.safety, rule.point)
    assert level.to_promise == level.free - rule.safety > 0
    assert "10.0 days to come" in story_of(rule)
    assert "95 % of the time" in story_of(rule)
    assert sum(units for _week, units in weekly_sales(house.mug.pk, house.leeds.pk)) == 112
    prove()


def test_with_too_few_receipts_the_vendors_promise_counts(house):
    rule = cast.reorder(house, house.mug, point=1, target=2)
    sell(house, house.mug, 14, days_ago=3)
    deliver(house, house.mug, took=40)
    ReorderRule.objects.filter(pk=rule.pk).update(is_learned=True)

    cast.run_line("learn")

    rule = ReorderRule.objects.get(pk=rule.pk)
    assert (rule.lead_days, rule.lead_deviation) == (14.0, 0.0)


def test_what_was_not_sold_lately_keeps_its_numbers(house):
    rule = cast.reorder(house, house.chair, point=3, target=9)
    ReorderRule.objects.filter(pk=rule.pk).update(is_learned=True)

    cast.run_line("learn")

    rule = ReorderRule.objects.get(pk=rule.pk)
    assert (rule.point, rule.target, rule.demand_per_day) == (3, 9, 0.0)
    assert story_of(rule).startswith("Nothing was sold lately")


def test_a_rule_rests_for_a_day_and_is_learned_at_once_when_it_is_changed(house):
    rule = cast.reorder(house, house.chair, point=3, target=9)
    cast.run_line("learn", "replenish")
    assert ReorderRule.objects.get(pk=rule.pk).learn_at > timezone.now() + timedelta(hours=23)

    ReorderRule.objects.filter(pk=rule.pk).update(service_level=Decimal("0.99"))

    assert ReorderRule.objects.get(pk=rule.pk).learn_at <= timezone.now()


def test_lead_times_are_told_per_vendor_and_per_sku_without_receipts_taken_back(house):
    for took in (10, 11, 12, 13):
        deliver(house, house.mug, took=took)
    deliver(house, house.lamp, took=20)
    wrong = deliver(house, house.lamp, took=90)
    reverse_receipt(wrong.pk, actor="user:test")

    kept = lead_times_of([house.vendor.pk])

    all_of_it = kept[house.vendor.pk, None]
    assert all_of_it.lead.receipts == 5
    assert round(all_of_it.lead.mean, 1) == 13.2
    assert round(all_of_it.lead.ninety, 1) == 17.2
    assert all_of_it.on_time == 4
    assert round(kept[house.vendor.pk, house.mug.pk].lead.ninety, 1) == 12.7


def test_a_rule_that_goes_lets_go_of_its_stock_level(house):
    rule = set_rule("MUG", "leeds", vendor_id=house.vendor.pk, point=4, target=9, safety=3, actor="user:manager")
    level = StockLevel.objects.get(sku=house.mug, warehouse=house.leeds)
    assert (level.reorder_point, level.safety) == (4, 3)

    rule.delete()

    level = StockLevel.objects.get(sku=house.mug, warehouse=house.leeds)
    assert (level.reorder_point, level.safety) == (None, 0)


def test_stock_that_comes_for_the_first_time_knows_its_rule(house):
    set_rule("CHAIR", "leeds", vendor_id=house.vendor.pk, point=4, target=9, safety=3, actor="user:manager")

    house.stock(house.chair, 5)

    level = StockLevel.objects.get(sku=house.chair, warehouse=house.leeds)
    assert (level.reorder_point, level.safety, level.to_promise) == (4, 3, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"point": 5, "target": 5},
        {"point": -1, "target": 5},
        {"point": 5},
        {},
        {"point": 5, "target": 9, "safety": -1},
        {"point": 5, "target": 10**12},
        {"point": 5, "target": 9, "service_level": Decimal(1)},
        {"point": 5, "target": 9, "service_level": Decimal("NaN")},
        {"point": 5, "target": 9, "cover_days": 0},
    ],
)
def test_a_rule_out_of_bounds_is_refused_and_nothing_is_written(house, wrong):
    with pytest.raises(Invalid):
        set_rule("MUG", "leeds", vendor_id=house.vendor.pk, **wrong, actor="user:manager")

    assert not ReorderRule.objects.exists()


def test_a_rule_is_for_what_there_is(house):
    for sku, place, vendor in (("NOTHING", "leeds", house.vendor.pk), ("MUG", "nowhere", house.vendor.pk), ("MUG", "leeds", 999)):
        with pytest.raises(BusinessError):
            set_rule(sku, place, vendor_id=vendor, point=1, target=2, actor="user:manager")
    assert not ReorderRule.objects.exists()
