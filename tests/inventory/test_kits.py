"""Kits: sold as one, picked as their components, and never made of what is not there."""

import pytest
from django.db import IntegrityError, transaction

from inventory.adjusting import open_stock
from inventory.kits import compositions, define_kit
from inventory.models import Backorder, KitComponent, Reservation, Sku, StockLevel, StockMovement
from oms.core.errors import Conflict, Invalid
from orders.cancelling import cancel_order
from orders.models import Order, OrderLine
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.models import Shipment
from tests import cast


@pytest.fixture
def tea_set(house):
    """Two mugs and a lamp."""
    return cast.kit(house, "TEASET", MUG=2, LAMP=1)


def reserved(sku):
    return {(level.warehouse.code, level.reserved) for level in StockLevel.objects.filter(sku=sku, reserved__gt=0)}


def line(order, position=1):
    return OrderLine.objects.get(order=order, position=position)


def test_a_kit_reserves_its_components_and_its_line_counts_kits(house, tea_set, prove):
    order = house.place(("TEASET", 3))
    cast.run_line("screen", "reserve")

    assert line(order).kit == [[house.mug.pk, 2], [house.lamp.pk, 1]]
    assert (line(order).reserved, line(order).backordered) == (3, 0)
    assert reserved(house.mug) == {("leeds", 6)}
    assert reserved(house.lamp) == {("leeds", 3)}
    assert Order.objects.get(pk=order.pk).state == "allocated"
    prove()


def test_a_line_and_a_kit_that_need_the_same_component_share_what_there_is(house, tea_set, prove):
    order = house.place(("TEASET", 3), ("LAMP", 3))
    cast.run_line("screen", "reserve")

    assert [(one.reserved, one.backordered) for one in (line(order), line(order, 2))] == [(3, 0), (2, 1)]
    assert reserved(house.lamp) == {("leeds", 5)}
    prove()


def test_a_kit_travels_from_the_order_to_the_door(house, tea_set, plain_labels, prove):
    order = house.place(("TEASET", 2))
    cast.run_line("screen", "reserve", "invoice", "plan")
    shipment = Shipment.objects.get(order=order)
    pack_shipment(shipment.pk, actor="user:test")
    cast.run_line("book")
    dispatch_shipment(shipment.pk, actor="user:test")
    cast.run_line("post_stock")

    assert {(part.sku.code, part.quantity, part.line_units) for part in shipment.lines.all()} == {("MUG", 4, 2), ("LAMP", 2, 0)}
    assert (line(order).shipped, line(order).invoiced) == (2, 2)
    assert {(m.sku.code, m.quantity) for m in StockMovement.objects.filter(kind="issue")} == {("MUG", -4), ("LAMP", -2)}
    assert Order.objects.get(pk=order.pk).state == "shipped"
    prove()


def test_a_kit_that_lacks_a_component_waits_for_all_of_them_and_holds_none(house, tea_set, prove):
    order = house.place(("TEASET", 7))
    cast.run_line("screen", "reserve", "peg")

    assert (line(order).reserved, line(order).backordered) == (5, 2)
    assert {(row.sku.code, row.quantity, row.per_unit) for row in Backorder.objects.all()} == {("MUG", 4, 2), ("LAMP", 2, 1)}
    assert reserved(house.mug) == {("leeds", 10)}

    house.stock(house.lamp, 2)
    cast.run_line("backorders")

    assert (line(order).reserved, line(order).backordered) == (7, 0)
    assert not Backorder.objects.exists()
    prove()


def test_the_line_comes_to_rest_when_one_component_comes_and_the_other_does_not(house, prove):
    cast.kit(house, "PATIO", CHAIR=4, LAMP=6)
    order = house.place(("PATIO", 1))
    cast.run_line()

    house.stock(house.chair, 9)
    cast.run_line()

    assert line(order).backordered == 1
    assert reserved(house.chair) == set()
    prove()


def test_cancelling_a_kit_frees_every_component(house, tea_set, prove):
    order = house.place(("TEASET", 7))
    cast.run_line("screen", "reserve")

    cancel_order(order.pk, actor="user:clerk")
    cast.run_line("peg")

    assert reserved(house.mug) == reserved(house.lamp) == set()
    assert not Backorder.objects.exists()
    assert set(Reservation.objects.values_list("state", flat=True)) == {"released"}
    prove()


def test_an_order_keeps_the_kit_it_was_placed_with(house, tea_set, prove):
    order = house.place(("TEASET", 1))
    define_kit(tea_set.pk, {"CHAIR": 9}, actor="user:manager")
    cast.run_line("screen", "reserve")

    assert reserved(house.mug) == {("leeds", 2)}
    assert line(order).reserved == 1
    prove()


def test_kits_inside_kits_are_taken_apart_to_the_last_component(house, tea_set):
    hamper = cast.kit(house, "HAMPER", TEASET=2, MUG=1)

    assert compositions([hamper.pk, tea_set.pk]) == {
        hamper.pk: [[house.mug.pk, 5], [house.lamp.pk, 2]],
        tea_set.pk: [[house.mug.pk, 2], [house.lamp.pk, 1]],
    }


def test_a_kit_that_contains_itself_is_refused(house, tea_set):
    hamper = cast.kit(house, "HAMPER", TEASET=2)

    for kit, inside in ((tea_set, "TEASET"), (tea_set, "HAMPER"), (hamper, "HAMPER")):
        with pytest.raises(Conflict, match="cannot contain itself"):
            define_kit(kit.pk, {"MUG": 1, inside: 1}, actor="user:manager")

    assert KitComponent.objects.filter(kit=tea_set).count() == 2
    assert KitComponent.objects.filter(kit=hamper).count() == 1


def test_the_database_itself_refuses_a_kit_that_contains_itself(house, tea_set):
    hamper = cast.kit(house, "HAMPER", TEASET=1)

    with pytest.raises(IntegrityError, match="contain itself"), transaction.atomic():
        KitComponent.objects.create(kit=tea_set, component=hamper, units=1)


def test_a_kit_has_no_stock_of_its_own(house, tea_set, prove):
    with pytest.raises(Conflict, match="TEASET is a kit"):
        open_stock([(tea_set.pk, house.leeds.pk, 5)], actor="user:test")
    with pytest.raises(Conflict, match="MUG has stock of its own"):
        define_kit(house.mug.pk, {"LAMP": 1}, actor="user:manager")

    assert not StockLevel.objects.filter(sku=tea_set).exists()
    assert not Sku.objects.get(pk=house.mug.pk).is_kit
    prove()


@pytest.mark.parametrize(("components", "why"), [({"NOSUCH": 1}, "no SKU NOSUCH"), ({"MUG": 0}, "between 1 and"), ({"MUG": 10_001}, "between 1 and")])
def test_a_kit_of_nonsense_is_refused(house, tea_set, components, why):
    with pytest.raises(Invalid, match=why):
        define_kit(tea_set.pk, components, actor="user:manager")

    assert KitComponent.objects.filter(kit=tea_set).count() == 2


def test_a_kit_of_nothing_cannot_be_ordered(house, tea_set):
    KitComponent.objects.filter(kit=tea_set).delete()

    with pytest.raises(Invalid, match="kit of nothing"):
        house.place(("TEASET", 1))

    assert not Order.objects.exists()
