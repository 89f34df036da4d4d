"""Counting blind: what is found is a difference to the moment it was counted at, however much moves meanwhile."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.adjusting import adjust_stock
from inventory.classifying import classify_skus
from inventory.counting import cancel_count, due, enter_counts, open_count
from inventory.models import Count, CountLine, Shortfall, Sku, StockLevel, StockMovement
from inventory.moving import Move, move_stock
from oms.core.errors import Conflict, Invalid
from oms.core.models import Event
from orders.models import Order
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.losses import post_count
from shipping.models import Shipment
from tests import cast

WHO = "user:warehouse"


def sheet(*skus, warehouse="leeds", **more):
    return open_count(warehouse, skus=skus or ("MUG",), actor=WHO, **more)


def enter(count, at=None, **units):
    lines = {line.sku.code: line.pk for line in count.lines.select_related("sku")}
    return enter_counts(count.pk, {lines[code]: found for code, found in units.items()}, at=at, actor=WHO)


def post(count):
    return post_count(count.pk, actor=WHO)


def on_hand(sku, warehouse):
    return StockLevel.objects.get(sku=sku, warehouse=warehouse).on_hand


def ship(house, units):
    """Have `units` mugs leave Leeds."""
    order = house.place(("MUG", units))
    cast.run_line("screen", "reserve", "invoice", "plan")
    shipment = Shipment.objects.get(order=order)
    pack_shipment(shipment.pk, actor=WHO)
    cast.run_line("book")
    dispatch_shipment(shipment.pk, actor=WHO)


def everything():
    return list(StockLevel.objects.order_by("id").values()), StockMovement.objects.count(), Event.objects.count(), list(Count.objects.values())


def test_what_is_missing_and_what_is_found_is_booked_at_the_average(house, prove):
    count = enter(sheet("MUG", "LAMP"), MUG=28, LAMP=6)

    count = post(count)
    cast.run_line("post_stock")

    assert [(line.expected, line.counted, line.difference, line.moved_meanwhile) for line in count.lines.all()] == [
        (30, 28, -2, False),
        (5, 6, 1, False),
    ]
    rows = StockMovement.objects.filter(cause="count", cause_id=count.pk).order_by("id")
    assert [(row.kind, row.quantity, row.value, row.note) for row in rows] == [
        ("count", -2, Decimal("-4.20"), count.number),
        ("count", 1, Decimal("11.00"), count.number),
    ]
    assert (count.state, count.closed_by) == ("posted", WHO)
    prove()


def test_a_count_during_shipments_is_a_difference_and_no_overwrite(house, plain_labels, prove):
    count = sheet()
    ship(house, 5)  # before he comes to the shelf: 25 should be there
    enter(count, MUG=24)
    ship(house, 4)  # after he has written it down

    count = post(count)

    line = count.lines.get()
    assert (line.expected, line.counted, line.difference, line.moved_meanwhile) == (25, 24, -1, True)
    assert on_hand(house.mug, house.leeds) == 30 - 5 - 4 - 1
    prove()


def test_a_count_noted_on_paper_is_of_the_time_it_was_taken(house, plain_labels, prove):
    count = sheet()
    noted_at = timezone.now()
    ship(house, 5)
    enter(count, at=noted_at, MUG=29)

    count = post(count)

    line = count.lines.get()
    assert (line.expected, line.difference, line.moved_meanwhile) == (30, -1, True)
    assert on_hand(house.mug, house.leeds) == 24
    prove()


def test_a_shelf_that_is_counted_right_is_left_alone(house, prove):
    count = post(enter(sheet(), MUG=30))

    assert count.lines.get().difference == 0
    assert not StockMovement.objects.filter(cause="count").exists()
    prove()


def test_numbers_are_written_down_in_any_order_and_corrected_until_they_are_booked(house, prove):
    count = sheet("MUG", "LAMP", "CHAIR")
    enter(count, LAMP=5)
    enter(count, MUG=3)
    enter(count, MUG=30, CHAIR=2)
    enter(count, LAMP=None)

    count = post(count)

    assert {line.sku.code: line.difference for line in count.lines.select_related("sku")} == {"MUG": 0, "LAMP": None, "CHAIR": 2}
    assert on_hand(house.chair, house.leeds) == 2
    before = everything()
    with pytest.raises(Conflict, match="is closed"):
        enter(count, LAMP=5)
    with pytest.raises(Conflict, match="is closed"):
        cancel_count(count.pk, actor=WHO)
    assert post(count).closed_at == count.closed_at
    assert everything() == before
    prove()


def test_two_sheets_with_the_same_shelf_book_its_difference_once(house, prove):
    one, other = sheet(), sheet()
    enter(one, MUG=28)
    enter(other, MUG=28)

    post(one)
    other = post(other)

    line = other.lines.get()
    assert (line.expected, line.difference, line.moved_meanwhile) == (28, 0, True)
    assert on_hand(house.mug, house.leeds) == 28
    prove()


def test_a_correction_by_hand_since_the_count_is_taken_into_account(house, prove):
    count = enter(sheet(), MUG=27)
    adjust_stock(house.mug, house.leeds, quantity=-2, kind="correction", note="Two were never there", actor=WHO)

    assert post(count).lines.get().difference == -1
    assert on_hand(house.mug, house.leeds) == 27
    prove()


def test_what_is_missing_although_it_was_reserved_becomes_a_shortfall(house, prove):
    order = house.place(("MUG", 30))
    cast.run_line("screen", "reserve")

    post(enter(sheet(), MUG=26))

    row = Shortfall.objects.get()
    assert (row.order_id, row.quantity, row.reason) == (order.pk, 4, f"Missing in count {Count.objects.get().number}")
    assert Order.objects.get(pk=order.pk).has_backorders
    prove()


def test_a_sheet_thrown_away_changes_nothing(house, prove):
    count = enter(sheet(), MUG=1)
    cancel_count(count.pk, actor=WHO)
    before = everything()

    cancel_count(count.pk, actor=WHO)
    with pytest.raises(Conflict, match="is closed"):
        post(count)

    assert everything() == before
    prove()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"warehouse": "transit"}, "no warehouse transit"),
        ({"skus": ["NOPE"]}, "no SKU NOPE"),
        ({"skus": ["SET"]}, "is a kit"),
        ({"skus": [f"S{i}" for i in range(501)]}, "between 1 and 500"),
        ({"abc_class": "Z"}, "A, B or C"),
        ({"most": 0}, "between 1 and 500"),
    ],
)
def test_a_sheet_that_makes_no_sense_is_refused(house, wrong, why):
    cast.kit(house, "SET", MUG=2)
    before = everything()
    asked = {"warehouse": "leeds"} | wrong

    with pytest.raises(Invalid, match=why):
        open_count(asked.pop("warehouse"), actor=WHO, **asked)

    assert everything() == before


def test_numbers_that_make_no_sense_are_refused(house):
    count = sheet()
    before = list(CountLine.objects.values())

    for units in (-1, 10**9):
        with pytest.raises(Invalid, match="Count between"):
            enter(count, MUG=units)
    with pytest.raises(Invalid, match="not on"):
        enter_counts(count.pk, {987654: 1}, actor=WHO)
    with pytest.raises(Invalid, match="not in the future"):
        enter(count, at=timezone.now() + timedelta(minutes=1), MUG=1)
    with pytest.raises(Invalid, match="after the sheet was opened"):
        enter(count, at=count.created_at - timedelta(seconds=1), MUG=1)
    with pytest.raises(Invalid, match="Nothing was counted"):
        post(count)

    assert list(CountLine.objects.values()) == before


def test_each_class_is_due_in_its_own_time_and_not_while_it_is_being_counted(house):
    Sku.objects.filter(code="MUG").update(abc_class="A")
    Sku.objects.filter(code="LAMP").update(abc_class="B")
    assert [(one.warehouse_id, one.abc_class, one.skus, one.oldest) for one in due()] == [
        (house.leeds.pk, "A", 1, None),
        (house.leeds.pk, "B", 1, None),
        (house.ghent.pk, "A", 1, None),
    ]
    count = open_count("leeds", actor=WHO, key="k")
    assert open_count("leeds", actor=WHO, key="k") == count
    assert [line.sku.code for line in count.lines.select_related("sku")] == ["MUG", "LAMP"]
    assert [one.warehouse_id for one in due()] == [house.ghent.pk]
    with pytest.raises(Conflict, match="Nothing is due"):
        open_count("leeds", abc_class="A", actor=WHO)

    post(enter(count, MUG=30, LAMP=5))
    assert [one.warehouse_id for one in due()] == [house.ghent.pk]

    CountLine.objects.update(counted_at=timezone.now() - timedelta(days=31))
    assert [(one.abc_class, one.oldest is None) for one in due() if one.warehouse_id == house.leeds.pk] == [("A", False)]
    CountLine.objects.update(counted_at=timezone.now() - timedelta(days=91))
    assert [one.abc_class for one in due() if one.warehouse_id == house.leeds.pk] == ["A", "B"]


def test_classes_follow_the_value_of_what_was_issued(house):
    values = {"X1": 700, "X2": 150, "X3": 80, "X4": 40, "X5": 30}
    for code, value in values.items():
        sku = Sku.objects.create(code=code, name=code, cost=Decimal(value))
        house.stock(sku, 2)
        move_stock([Move(sku.pk, house.leeds.pk, -1, "issue", "shipment", 1)], actor=WHO)

    changed = classify_skus()

    classes = dict(Sku.objects.values_list("code", "abc_class"))
    assert {code: classes[code] for code in values} == {"X1": "A", "X2": "A", "X3": "B", "X4": "B", "X5": "C"}
    assert {classes[code] for code in ("MUG", "LAMP", "CHAIR")} == {"C"}
    assert changed == 4 and classify_skus() == 0


def test_a_count_costs_the_same_statements_for_three_lines_and_for_fifty(house):
    counts = []
    for name, size in (("A", 3), ("B", 50)):
        skus = [Sku.objects.create(code=f"{name}{i}", name="A thing", cost=Decimal("1.01")) for i in range(size)]
        for sku in skus:
            house.stock(sku, 4)
        with CaptureQueriesContext(connection) as captured:
            count = sheet(*(sku.code for sku in skus))
            enter_counts(count.pk, {pk: 3 for pk in count.lines.values_list("pk", flat=True)}, at=timezone.now(), actor=WHO)
            post(count)
            due()
        counts.append(len(captured))

    assert counts[0] == counts[1]
