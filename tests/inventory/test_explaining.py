"""Explain this number: every sum that is shown adds up, term by term, to what is kept."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.adjusting import adjust_stock
from inventory.baskets import hold_stock
from inventory.explaining import TITLES, explain
from inventory.models import StockLevel, StockMovement, Transfer, TransferLine, Warehouse
from inventory.moving import Move, move_stock
from inventory.purchasing.ordering import order_from_vendor
from oms.core.errors import NotFound
from tests import cast


def terms(found):
    return [(term.label, int(term.value) if term.value == int(term.value) else term.value) for term in found.terms]


def keep_safety(house, units):
    StockLevel.objects.filter(sku=house.mug, warehouse=house.leeds).update(safety=units)


def on_the_road(house, units):
    """Send mugs from Leeds to Ghent, as a transfer does."""
    road = Warehouse.objects.create(code="road", name="On the road", kind="transit", rank=99)
    now = timezone.now()
    transfer = Transfer(
        source=house.leeds, destination=house.ghent, expected_on=timezone.localdate() + timedelta(days=2), created_at=now, sent_at=now
    )
    transfer.send()
    transfer.save()
    TransferLine.objects.create(transfer=transfer, sku=house.mug, quantity=units, value=Decimal("2.10") * units)
    move_stock(
        [
            Move(house.mug.pk, house.leeds.pk, -units, "transfer_out", "transfer", transfer.pk),
            Move(house.mug.pk, road.pk, units, "transfer_in", "transfer", transfer.pk, value=Decimal("2.10") * units),
        ],
        actor="user:test",
    )
    return transfer


@pytest.fixture
def busy(house, prove):
    """Mugs: 30 + 20 came, 4 broke, 7 are reserved, 3 held by a basket, 5 kept back in Leeds, 6 on the road to Ghent."""
    adjust_stock(house.mug, house.leeds, quantity=-4, kind="damage", note="dropped", actor="user:warehouse")
    house.place(("MUG", 7))
    cast.run_line("screen", "reserve")
    hold_stock("desk:call", [("MUG", 3)], actor="user:clerk")
    keep_safety(house, 5)
    on_the_road(house, 6)
    prove()
    return house


def test_what_is_on_hand_is_the_sum_of_its_movements_by_kind(busy):
    found = explain(busy.mug, "on_hand")

    assert (found.kept, found.counted) == (46, 46)
    assert terms(found) == [("Opening stock", 50), ("Transfer out", -6), ("Transfer in", 6), ("Damage", -4)]
    assert [term.count for term in found.terms] == [2, 1, 1, 1]


def test_each_movement_stands_with_the_balance_after_it_and_a_page_with_what_was_before(busy):
    found = explain(busy.mug, "on_hand", warehouse=busy.leeds, size=2)

    assert [(step.movement.kind, step.movement.quantity, step.units) for step in found.steps] == [("transfer_out", -6, 20), ("damage", -4, 26)]
    assert (found.opening.units, found.opening.value) == (30, Decimal("63.00"))

    earlier = explain(busy.mug, "on_hand", warehouse=busy.leeds, size=2, after=found.next)

    assert [(step.movement.kind, step.units) for step in earlier.steps] == [("opening", 30)]
    assert (earlier.opening, earlier.next) == (None, "")


def test_a_subtotal_opens_onto_its_own_movements(busy):
    found = explain(busy.mug, "on_hand", kind="damage")

    assert [movement.quantity for movement in found.movements] == [-4]
    assert found.steps == []
    assert found.counted == 46


def test_what_is_reserved_is_the_sum_of_firm_and_soft_reservations(busy):
    found = explain(busy.mug, "reserved")

    assert (found.kept, found.counted) == (10, 10)
    assert terms(found) == [("firm, for orders", 7), ("held for a while, for baskets and calls", 3)]
    assert [(row.state, row.quantity, row.basket) for row in found.reservations] == [("soft", 3, "desk:call"), ("firm", 7, "")]
    assert found.reservations[0].expires_at > timezone.now()


def test_what_is_free_is_on_hand_less_reserved_less_what_is_on_the_road(busy):
    found = explain(busy.mug, "free")

    assert found.kept == found.counted == 30
    assert terms(found) == [("on hand", 46), ("reserved", -10), ("in no warehouse: on the road, or with a vendor", -6)]


def test_what_can_be_promised_leaves_safety_and_those_who_wait(busy):
    found = explain(busy.mug, "to_promise", warehouse=busy.leeds)

    assert found.kept == found.counted == 5
    assert terms(found) == [("free", 10), ("kept for safety", -5), ("that others wait for", 0)]


def test_safety_that_is_not_there_is_promised_to_nobody_and_takes_nothing_from_elsewhere(house):
    keep_safety(house, 40)

    found = explain(house.mug, "to_promise")

    assert found.kept == found.counted == 20
    assert terms(found) == [
        ("free", 50),
        ("kept for safety", -40),
        ("that others wait for", 0),
        ("lacking of the safety stock, which nobody is promised", 10),
    ]


def test_what_others_wait_for_is_not_promised_again(house):
    house.place(("CHAIR", 3))
    cast.run_line("screen", "reserve", "peg")
    house.stock(house.chair, 10)

    found = explain(house.chair, "to_promise")

    assert terms(found) == [("free", 10), ("kept for safety", 0), ("that others wait for", -3)]
    assert found.counted == 7


def test_what_comes_is_told_with_whom_it_is_for(busy):
    busy.place(("CHAIR", 4))
    cast.run_line("screen", "reserve")
    purchase = order_from_vendor(busy.vendor, busy.leeds, [(busy.chair, 10), (busy.mug, 25)], actor="user:manager")
    cast.run_line("peg")

    chairs, mugs = explain(busy.chair, "coming"), explain(busy.mug, "coming")

    assert terms(mugs) == [("ordered from vendors", 25), ("on the road from another warehouse", 6)]
    assert (mugs.kept, mugs.counted) == (31, 31)
    assert terms(chairs) == [("ordered from vendors", 10)]
    waiting = explain(busy.chair, "waiting")
    assert (waiting.kept, waiting.counted) == (4, 4)
    if waiting.waiting[0].pegs.all():
        assert chairs.note == "4 of it is for orders that wait; 6 is for nobody yet."
        assert terms(waiting) == [("come with a purchase order", 4)]
        assert waiting.waiting[0].pegs.all()[0].purchase_line.order == purchase


def test_what_is_on_the_road_is_told_by_transfer(busy):
    transfer = Transfer.objects.get()

    found = explain(busy.mug, "in_transit")

    assert found.kept == found.counted == 6
    assert terms(found) == [(f"{transfer.number} Leeds → Ghent", 6)]
    assert explain(busy.mug, "in_transit", warehouse=busy.leeds).counted == 0


def test_a_value_is_the_sum_of_its_movements_with_the_average_cost_after_each(house):
    move_stock([Move(house.mug.pk, house.leeds.pk, 10, "receipt", "receipt", 1, value=Decimal("41.00"))], actor="user:test")
    adjust_stock(house.mug, house.leeds, quantity=-8, kind="scrap", note="cracked", actor="user:warehouse")

    found = explain(house.mug, "value", warehouse=house.leeds)

    assert [(term.label, term.value) for term in found.terms] == [
        ("Opening stock", Decimal("63.00")),
        ("Receipt", Decimal("41.00")),
        ("Scrap", Decimal("-20.80")),
    ]
    assert found.kept == found.counted == Decimal("83.20")
    assert [(step.units, step.value, step.cost) for step in found.steps] == [
        (32, Decimal("83.20"), Decimal("2.60")),
        (40, Decimal("104.00"), Decimal("2.60")),
        (30, Decimal("63.00"), Decimal("2.10")),
    ]
    assert found.average_cost == Decimal("2.60")


def test_a_kit_is_explained_by_the_component_that_runs_out_first(house):
    kit = cast.kit(house, "TEASET", MUG=2, LAMP=1)

    found = explain(kit, "to_promise")

    assert found.kept == found.counted == 5
    assert terms(found) == [("Leeds", 5)]
    assert [(part.sku.code, part.units, part.to_promise, part.makes) for part in found.components] == [("MUG", 2, 50, 25), ("LAMP", 1, 5, 5)]


def test_what_is_kept_and_does_not_add_up_is_told_in_the_open(house):
    StockLevel.objects.filter(sku=house.mug, warehouse=house.leeds).update(on_hand=31)

    found = explain(house.mug, "on_hand")

    assert (found.kept, found.counted, found.agrees) == (51, 50, False)


@pytest.mark.parametrize("number", TITLES)
def test_a_number_costs_the_same_however_much_is_behind_it(house, number):
    costs = []
    for size in (1, 30):
        for _ in range(size):
            house.stock(house.mug, 1)
            house.place(("MUG", 1), ("CHAIR", 1))
        order_from_vendor(house.vendor, house.leeds, [(house.chair, 10)], actor="user:manager")
        cast.run_line("screen", "reserve", "peg")
        for sku in (house.mug, house.chair):
            with CaptureQueriesContext(connection) as captured:
                explain(sku, number)
        costs.append(len(captured))

    assert costs[0] == costs[1]


def test_there_is_no_other_number(house):
    with pytest.raises(NotFound, match="no such number"):
        explain(house.mug, "password")


def test_a_sku_that_never_moved_is_nothing(house):
    found = explain(house.chair, "on_hand")

    assert (found.kept, found.counted, found.terms, found.steps, found.opening) == (0, 0, [], [], None)
    assert not StockMovement.objects.filter(sku=house.chair).exists()
