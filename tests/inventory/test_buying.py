"""From what is low to what is ordered, confirmed, changed and called off."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import (
    Backorder,
    Peg,
    PurchaseNeed,
    PurchaseOrder,
    ReorderRule,
    RestockDue,
    Sku,
    StockLevel,
    Vendor,
    VendorItem,
    VendorPrice,
    Warehouse,
)
from inventory.pegging import supply_changed
from inventory.purchasing import changing
from inventory.purchasing.changing import Changed, Confirmed, acknowledge_order, cancel_purchase, change_order, close_purchase
from inventory.purchasing.needs import add_needs, approve_needs, change_need, need_by_hand, reject_needs
from inventory.purchasing.ordering import Draft, Wanted, approve_order, draft_order, order_from_vendor
from inventory.purchasing.receiving import receive_goods
from inventory.purchasing.selectors import grouped, needs_shown, stages, standings
from inventory.sourcing import change_rules
from inventory.transferring import cancel_transfer, plan_transfer
from oms.core.errors import Conflict, Invalid
from oms.core.models import Event, Message
from orders.cancelling import cancel_order
from tests import cast
from tests.faults.crowd import in_the_middle, together

ACTOR = "user:manager"


def sells(house, sku, *prices, vendor=None, pack=1, minimum=1, preferred=False):
    item = VendorItem.objects.create(
        vendor=vendor or house.vendor, sku=sku, pack_size=pack, minimum_order=minimum, is_preferred=preferred, vendor_code=f"X-{sku.code}"
    )
    VendorPrice.objects.bulk_create([VendorPrice(item=item, from_quantity=units, unit_price=Decimal(price)) for units, price in prices])
    return item


def needs():
    return [(need.sku.code, need.quantity, need.origin, need.state) for need in PurchaseNeed.objects.select_related("sku").order_by("id")]


def run():
    cast.run_line("screen", "reserve", "backorders", "peg", "replenish")


# --- what is proposed ---


def test_what_falls_to_its_point_is_proposed_up_to_its_target(house, prove):
    cast.reorder(house, house.mug, point=25, target=60)
    run()
    assert needs() == []

    house.place(("MUG", 5))
    run()

    assert needs() == [("MUG", 35, "rule", "proposed")]
    assert PurchaseNeed.objects.get().why == "25 free and 0 on order, at or below the reorder point of 25"
    prove()


def test_a_quiet_house_has_an_empty_queue(house):
    cast.reorder(house, house.mug, point=25, target=60)
    run()
    assert not RestockDue.objects.exists()

    house.place(("MUG", 4))
    cast.run_line("screen", "reserve")

    assert not RestockDue.objects.exists()


def test_what_is_on_order_counts_until_it_is_called_off(house, prove):
    cast.reorder(house, house.chair, point=2, target=10)
    order = order_from_vendor(house.vendor, house.leeds, [(house.chair, 3)], actor=ACTOR)
    run()
    assert needs() == []

    cancel_purchase(order.pk, actor=ACTOR)
    run()

    assert needs() == [("CHAIR", 10, "rule", "proposed")]
    prove()


def test_quantities_keep_to_packs_and_the_vendors_minimum(house):
    sells(house, house.chair, (1, "20"), pack=6, minimum=20)
    cast.reorder(house, house.chair, point=2, target=10)
    run()

    assert needs() == [("CHAIR", 24, "rule", "proposed")]


def test_units_that_nothing_brings_are_needed_even_without_a_rule(house, prove):
    cheap = Vendor.objects.create(name="Cheap Chairs", currency="EUR", books_rate=Decimal("0.5"))
    sells(house, house.chair, (1, "19"))
    sells(house, house.chair, (1, "30"), vendor=cheap)
    house.place(("CHAIR", 3))
    run()

    [need] = PurchaseNeed.objects.all()
    assert (need.quantity, need.origin, need.vendor, need.warehouse) == (3, "backorder", cheap, house.leeds)
    assert need.why == "3 wait that nothing brings"
    prove()


def test_the_preferred_vendor_comes_before_the_cheapest(house):
    cheap = Vendor.objects.create(name="Cheap Chairs")
    sells(house, house.chair, (1, "19"), preferred=True)
    sells(house, house.chair, (1, "1"), vendor=cheap)
    house.place(("CHAIR", 3))
    run()

    assert PurchaseNeed.objects.get().vendor == house.vendor


def test_the_cheapest_is_the_cheapest_at_that_quantity(house):
    breaks = Vendor.objects.create(name="Bulk")
    sells(house, house.chair, (1, "19"))
    sells(house, house.chair, (1, "25"), (10, "11"), vendor=breaks)
    house.place(("CHAIR", 12))
    run()

    assert PurchaseNeed.objects.get().vendor == breaks


def test_what_waits_and_is_low_is_one_need_of_both(house, prove):
    cast.reorder(house, house.chair, point=2, target=4)
    house.place(("CHAIR", 6))
    run()

    assert needs() == [("CHAIR", 10, "backorder", "proposed")]
    assert "6 wait that nothing brings; 0 free" in PurchaseNeed.objects.get().why
    prove()


def test_a_proposal_follows_what_it_is_for_and_goes_when_nothing_lacks(house, prove):
    first, second = house.place(("CHAIR", 2)), house.place(("CHAIR", 3))
    run()
    assert needs() == [("CHAIR", 5, "backorder", "proposed")]

    cancel_order(first.pk, actor="user:clerk")
    run()
    assert needs() == [("CHAIR", 3, "backorder", "proposed")]

    cancel_order(second.pk, actor="user:clerk")
    run()
    assert needs() == [("CHAIR", 3, "backorder", "rejected")]
    house.place(("CHAIR", 1))
    run()
    assert needs()[1:] == [("CHAIR", 1, "backorder", "proposed")]
    prove()


def test_a_quantity_that_somebody_has_set_stays(house):
    house.place(("CHAIR", 2))
    run()
    change_need(PurchaseNeed.objects.get().pk, quantity=50, vendor_id=house.vendor.pk, actor=ACTOR)

    house.place(("CHAIR", 9))
    run()

    assert needs() == [("CHAIR", 50, "backorder", "proposed")]


def test_what_is_rejected_rests_for_a_day(house, prove):
    cast.reorder(house, house.chair, point=2, target=4)
    run()
    reject_needs([PurchaseNeed.objects.get().pk], actor=ACTOR)
    house.place(("CHAIR", 1))
    run()
    assert needs() == [("CHAIR", 4, "rule", "rejected")]

    PurchaseNeed.objects.update(decided_at=timezone.now() - timedelta(days=1, minutes=2))
    RestockDue.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    run()

    assert needs()[1:] == [("CHAIR", 5, "backorder", "proposed")]
    prove()


def test_what_woke_nobody_is_found_within_a_day(house):
    cast.reorder(house, house.chair, point=2, target=4)
    RestockDue.objects.all().delete()
    ReorderRule.objects.update(learn_at=timezone.now())

    cast.run_line("learn", "replenish")

    assert needs() == [("CHAIR", 4, "rule", "proposed")]


def test_what_is_no_longer_sold_is_not_bought(house):
    cast.reorder(house, house.chair, point=2, target=4)
    type(house.chair).objects.filter(pk=house.chair.pk).update(is_active=False)
    run()

    assert needs() == []


# --- approving ---


def test_one_approval_makes_an_order_per_vendor_at_the_prices_of_its_quantities(house, prove):
    euro = Vendor.objects.create(name="Euro", currency="EUR", books_rate=Decimal("0.86"), terms_days=45, over_receipt_percent=10)
    sells(house, house.chair, (1, "20"), (10, "18"))
    sells(house, house.lamp, (1, "12.50"), vendor=euro)
    ReorderRule.objects.create(sku=house.chair, warehouse=house.leeds, vendor=house.vendor, point=2, target=10)
    ReorderRule.objects.create(sku=house.lamp, warehouse=house.leeds, vendor=euro, point=5, target=30)
    run()

    found = approve_needs(list(PurchaseNeed.objects.values_list("pk", flat=True)), actor=ACTOR)

    orders = sorted(found, key=lambda order: order.vendor_id)
    assert [(order.vendor.name, order.state, order.currency, order.books_rate, order.terms_days) for order in orders] == [
        ("Potteries Ltd", "sent", "GBP", Decimal(1), 30),
        ("Euro", "sent", "EUR", Decimal("0.86"), 45),
    ]
    assert [order.lines.get().unit_cost for order in orders] == [Decimal("18"), Decimal("12.50")]
    assert [order.lines.get().over for order in orders] == [0, 2]
    assert [need.purchase_order for need in PurchaseNeed.objects.order_by("vendor_id")] == orders
    prove()


def test_approving_twice_by_double_click_orders_once_and_answers_the_same(house, prove):
    cast.reorder(house, house.chair, point=2, target=4)
    run()
    pks = [PurchaseNeed.objects.get().pk]

    first = approve_needs(pks, actor=ACTOR)
    second = approve_needs(pks, actor=ACTOR)

    assert first == second
    assert PurchaseOrder.objects.count() == 1
    prove()


def test_below_the_minimum_order_somebody_must_agree(house):
    Vendor.objects.update(minimum_order=Decimal(100))
    cast.reorder(house, house.chair, point=2, target=4)
    run()
    pks = [PurchaseNeed.objects.get().pk]

    with pytest.raises(Conflict, match=r"from 100\.00 GBP on, this one lacks 24\.00"):
        approve_needs(pks, actor=ACTOR)
    assert (needs(), PurchaseOrder.objects.count()) == ([("CHAIR", 4, "rule", "proposed")], 0)

    [order] = approve_needs(pks, quantities={pks[0]: 6}, actor=ACTOR)
    assert order.lines.get().quantity == 6


def test_below_the_minimum_order_may_be_accepted(house):
    Vendor.objects.update(minimum_order=Decimal(100))
    cast.reorder(house, house.chair, point=2, target=4)
    run()

    [order] = approve_needs([PurchaseNeed.objects.get().pk], accept_below_minimum=True, actor=ACTOR)

    assert order.state == "sent"


def test_what_nobody_sells_cannot_be_approved(house):
    house.place(("CHAIR", 2))
    run()

    with pytest.raises(Invalid, match="Nobody sells CHAIR"):
        approve_needs([PurchaseNeed.objects.get().pk], actor=ACTOR)

    assert (needs(), PurchaseOrder.objects.count()) == ([("CHAIR", 2, "backorder", "proposed")], 0)


def test_a_minimum_order_is_filled_with_what_is_nearest_to_its_point(house, prove):
    Vendor.objects.update(minimum_order=Decimal(150))
    cast.reorder(house, house.chair, point=2, target=4)
    cast.reorder(house, house.lamp, point=3, target=20)
    cast.reorder(house, house.mug, point=3, target=90)
    run()

    [one] = grouped(list(needs_shown()))
    assert one.group.short == Decimal("74.00")
    assert [(filler.rule.sku.code, filler.quantity, filler.above_point) for filler in one.fillers] == [("LAMP", 15, 2)]

    add_needs([(filler.rule.pk, filler.quantity) for filler in one.fillers], actor=ACTOR)
    [one] = grouped(list(needs_shown()))
    assert (one.group.is_too_small, one.group.total) == (False, Decimal("241.00"))
    assert add_needs([(filler.rule.pk, 15) for filler in one.fillers], actor=ACTOR) == 0
    prove()


def test_needs_are_grouped_with_the_same_queries_whatever_their_number(house):
    sells(house, house.chair, (1, "20"), (5, "18"))
    cast.reorder(house, house.chair, point=2, target=4)
    run()
    found = list(needs_shown())
    with CaptureQueriesContext(connection) as few:
        grouped(found)
    for sku in (house.mug, house.lamp):
        need_by_hand(sku, warehouse_id=house.leeds.pk, vendor_id=house.vendor.pk, quantity=5, reason="", actor=ACTOR)
    found = list(needs_shown())
    with CaptureQueriesContext(connection) as more:
        grouped(found)

    assert (len(found), len(few)) == (3, len(more))


# --- what must come to where the rest of its order lies ---


def needed_at():
    """Give (SKU, warehouse, units, units waited for) of what is proposed."""
    rows = PurchaseNeed.objects.filter(state="proposed").order_by("warehouse__rank", "sku__code")
    return list(rows.values_list("sku__code", "warehouse__name", "quantity", "waiting"))


def too_little_for_a_part(amount="60"):
    change_rules([("split_value", 10, True, Decimal(amount))], actor=ACTOR)


def test_what_an_order_that_ships_complete_lacks_is_bought_for_where_it_waits(house, prove):
    house.stock(house.chair, 4, warehouse=house.ghent)
    house.place(("CHAIR", 4), ("LAMP", 1), accepts_part_deliveries=False)
    run()

    assert StockLevel.objects.get(sku=house.lamp, warehouse=house.leeds).free == 5
    assert needed_at() == [("LAMP", "Ghent", 1, 1)]
    prove()


def test_what_is_too_little_to_be_a_part_is_bought_for_where_the_rest_lies(house, prove):
    too_little_for_a_part()
    house.place(("MUG", 35))
    run()

    assert StockLevel.objects.get(sku=house.mug, warehouse=house.ghent).free == 20
    assert needed_at() == [("MUG", "Leeds", 5, 5)]
    prove()


def test_what_comes_to_that_place_is_not_bought_again_and_what_comes_elsewhere_does_not_help(house, prove):
    too_little_for_a_part()
    house.place(("MUG", 35))
    order_from_vendor(house.vendor, house.ghent, [(house.mug, 9)], actor=ACTOR)
    order_from_vendor(house.vendor, house.leeds, [(house.mug, 2)], actor=ACTOR)
    run()
    assert needed_at() == [("MUG", "Leeds", 3, 3)]

    sells(house, house.mug, (1, "2"))
    PurchaseNeed.objects.update(vendor=house.vendor)
    approve_needs([PurchaseNeed.objects.get().pk], actor=ACTOR)
    run()

    assert needed_at() == []
    assert sorted(Peg.objects.values_list("purchase_line__order__warehouse__name", "quantity")) == [("Leeds", 2), ("Leeds", 3)]
    prove()


def test_who_is_bound_and_who_is_not_are_bought_for_once(house, prove):
    too_little_for_a_part()
    house.place(("MUG", 35))
    house.place(("MUG", 23))
    run()
    assert Backorder.objects.filter(only_from=[house.leeds.pk]).get().quantity == 5
    assert needed_at() == [("MUG", "Leeds", 5, 5), ("MUG", "Ghent", 3, 3)]

    too_little_for_a_part("0.01")
    house.place(("MUG", 4))
    run()
    assert needed_at() == [("MUG", "Leeds", 9, 9), ("MUG", "Ghent", 3, 3)]

    order_from_vendor(house.vendor, house.leeds, [(house.mug, 7)], actor=ACTOR)
    run()
    assert needed_at() == [("MUG", "Leeds", 2, 2), ("MUG", "Ghent", 3, 3)]
    prove()


def test_what_may_come_to_either_of_two_places_is_bought_for_the_first_of_them(house, prove):
    too_little_for_a_part()
    house.place(("MUG", 55))
    order_from_vendor(house.vendor, house.ghent, [(house.mug, 3)], actor=ACTOR)
    run()

    assert Backorder.objects.get().only_from == [house.leeds.pk, house.ghent.pk]
    assert needed_at() == [("MUG", "Leeds", 2, 2)]
    prove()


def test_the_rule_of_that_place_and_what_waits_there_are_one_need(house, prove):
    ReorderRule.objects.create(sku=house.lamp, warehouse=house.leeds, vendor=house.vendor, point=1, target=9)
    ReorderRule.objects.create(sku=house.lamp, warehouse=house.ghent, vendor=house.vendor, point=2, target=6)
    house.stock(house.chair, 4, warehouse=house.ghent)
    house.place(("CHAIR", 4), ("LAMP", 1), accepts_part_deliveries=False)
    run()

    assert needed_at() == [("LAMP", "Ghent", 7, 1)]
    prove()


def test_what_a_closed_warehouse_was_to_get_is_bought_where_all_is(house, prove):
    too_little_for_a_part()
    house.place(("MUG", 35))
    run()
    Warehouse.objects.filter(pk=house.leeds.pk).update(is_active=False)
    supply_changed([house.mug.pk])
    run()

    assert needed_at() == []
    prove()


def test_a_planned_transfer_is_not_bought_as_well_and_is_once_it_is_called_off(house, prove):
    too_little_for_a_part()
    house.place(("MUG", 35))
    run()
    transfer = plan_transfer("ghent", "leeds", [("MUG", 5)], expected_on=timezone.localdate(), actor=ACTOR)
    run()
    assert needed_at() == []

    cancel_transfer(transfer.pk, actor=ACTOR)
    run()
    assert needed_at() == [("MUG", "Leeds", 5, 5)]
    prove()


def test_units_that_lie_free_elsewhere_are_offered_beside_the_need(house):
    too_little_for_a_part()
    house.place(("MUG", 35))
    run()
    plan_transfer("ghent", "leeds", [("MUG", 2)], expected_on=timezone.localdate(), actor=ACTOR)
    run()

    [group] = grouped(list(needs_shown()))
    [line] = group.lines
    assert [(place.warehouse.name, place.units) for place in line.elsewhere] == [("Ghent", 3)]
    assert (line.need.quantity, line.need.waiting) == (3, 3)


# --- by hand ---


def draft(house, *lines, **changes):
    return draft_order(Draft(house.vendor.pk, house.leeds.pk, [Wanted(sku.pk, units) for sku, units in lines], **changes), actor=ACTOR)


def test_a_draft_is_approved_once_and_frozen_on_that_day(house, prove):
    order = draft(house, (house.chair, 3))
    assert (order.state, order.total) == ("draft", Decimal("57.00"))
    Vendor.objects.update(terms_days=7, over_receipt_percent=50)

    approve_order(order.pk, actor=ACTOR)
    Vendor.objects.update(terms_days=99)
    again = approve_order(order.pk, actor=ACTOR)

    assert (again.state, again.terms_days, again.lines.get().over) == ("sent", 7, 1)
    assert Event.objects.filter(kind="purchase.ordered").count() == 1
    prove()


def test_nonsense_is_not_drafted(house):
    kit = cast.kit(house, "TEASET", MUG=4)
    gone = Vendor.objects.create(name="Gone", is_active=False)
    for lines in ([], [(house.chair, 0)], [(house.chair, -1)], [(house.chair, 10**12)], [(house.chair, 1), (house.chair, 2)], [(kit, 1)]):
        with pytest.raises(Invalid):
            draft(house, *lines)
    with pytest.raises(Invalid):
        draft_order(Draft(gone.pk, house.leeds.pk, [Wanted(house.chair.pk, 1)]), actor=ACTOR)
    for cost in ("-1", "NaN", "Infinity"):
        with pytest.raises(Invalid):
            draft_order(Draft(house.vendor.pk, house.leeds.pk, [Wanted(house.chair.pk, 1, Decimal(cost))]), actor=ACTOR)

    assert not PurchaseOrder.objects.exists()


# --- once the vendor has it ---


def test_what_the_vendor_confirms_later_makes_promises_slip_and_what_he_refuses_is_needed_again(house, prove):
    sells(house, house.chair, (1, "20"))
    order = order_from_vendor(house.vendor, house.leeds, [(house.chair, 5)], actor=ACTOR)
    mine = house.place(("CHAIR", 5))
    run()
    assert Peg.objects.get().quantity == 5

    late = timezone.localdate() + timedelta(days=40)
    acknowledge_order(order.pk, {order.lines.get().pk: Confirmed(3, late)}, vendor_reference="AB 1", actor=ACTOR)
    run()

    line = order.lines.get()
    assert (line.acknowledged, line.expected_on, PurchaseOrder.objects.get().state) == (3, late, "acknowledged")
    assert Peg.objects.get().quantity == 3
    assert needs() == [("CHAIR", 2, "backorder", "proposed")]
    assert Backorder.objects.get(order_id=mine.pk).expected_on is None
    acknowledge_order(order.pk, {line.pk: Confirmed(5, late)}, actor=ACTOR)
    run()
    assert Event.objects.filter(kind="promise.slipped", order_id=mine.pk).count() == 1
    assert needs() == [("CHAIR", 2, "backorder", "rejected")]
    prove()


def test_what_was_not_sent_cannot_be_confirmed_and_no_more_than_was_ordered(house):
    order = draft(house, (house.chair, 3))
    line = order.lines.get().pk
    with pytest.raises(Conflict):
        acknowledge_order(order.pk, {}, actor=ACTOR)
    approve_order(order.pk, actor=ACTOR)
    yesterday = timezone.localdate() - timedelta(days=1)
    for wrong in ({line: Confirmed(4)}, {line: Confirmed(-1)}, {line: Confirmed(3, yesterday)}, {line + 99: Confirmed(1)}):
        with pytest.raises(Invalid):
            acknowledge_order(order.pk, wrong, actor=ACTOR)

    assert (PurchaseOrder.objects.get().state, order.lines.get().acknowledged) == ("sent", None)


def test_a_change_is_the_next_revision_at_the_price_of_its_quantity(house, prove):
    sells(house, house.chair, (1, "20"), (10, "18"))
    order = order_from_vendor(house.vendor, house.leeds, [(house.chair, 5), (house.lamp, 2)], actor=ACTOR)
    chair, lamp = order.lines.order_by("id")

    changed = change_order(order.pk, {chair.pk: Changed(12), lamp.pk: Changed(0)}, version=order.version, actor=ACTOR)

    assert (changed.revision, changed.version) == (2, order.version + 1)
    assert list(order.lines.order_by("id").values_list("quantity", "unit_cost")) == [(12, Decimal("18")), (0, Decimal("11"))]
    assert "CHAIR 5 → 12; LAMP 2 → 0" in Event.objects.get(kind="purchase.changed").data["changes"]
    same = change_order(order.pk, {chair.pk: Changed(12)}, version=changed.version, actor=ACTOR)
    assert (same.revision, same.version) == (2, changed.version)
    prove()


def test_a_line_is_added_at_the_vendors_price_and_day_and_he_is_told(house, prove):
    sells(house, house.lamp, (1, "11"), (10, "9"))
    VendorItem.objects.filter(sku=house.lamp).update(lead_time_days=40)
    VendorItem.objects.filter(sku=house.mug).update(lead_time_days=1)
    Vendor.objects.update(over_receipt_percent=10)
    order = order_from_vendor(house.vendor, house.leeds, [(house.chair, 5)], actor=ACTOR)

    changed = change_order(
        order.pk, {}, added=[Wanted(house.lamp.pk, 20), Wanted(house.mug.pk, 30, Decimal("1.95"))], version=order.version, actor=ACTOR
    )

    assert (changed.revision, changed.version) == (2, order.version + 1)
    lamp, mug = order.lines.get(sku=house.lamp), order.lines.get(sku=house.mug)
    assert (lamp.quantity, lamp.unit_cost, lamp.over, lamp.expected_on) == (20, Decimal(9), 2, timezone.localdate() + timedelta(days=40))
    assert (mug.quantity, mug.unit_cost, mug.over, mug.expected_on) == (30, Decimal("1.95"), 3, None)
    assert Event.objects.get(kind="purchase.changed").data["changes"] == "LAMP 0 → 20; MUG 0 → 30"
    assert PurchaseOrder.objects.to_document().filter(pk=order.pk).exists()
    receive_goods(order.pk, {lamp.pk: 20}, key="a", actor=ACTOR)
    prove()


def test_who_waits_is_pegged_to_a_line_that_was_added(house, prove):
    order = order_from_vendor(house.vendor, house.leeds, [(house.lamp, 5)], actor=ACTOR)
    house.place(("CHAIR", 3))
    cast.run_line("screen", "reserve", "peg")
    assert not Peg.objects.exists()

    change_order(order.pk, {}, added=[Wanted(house.chair.pk, 8)], version=order.version, actor=ACTOR)
    cast.run_line("peg")

    assert [(peg.purchase_line.order, peg.quantity) for peg in Peg.objects.all()] == [(order, 3)]
    prove()


def test_a_draft_is_made_longer_and_the_vendor_hears_of_it_once_he_is_sent_it(house):
    order = draft_order(Draft(house.vendor.pk, house.leeds.pk, [Wanted(house.chair.pk, 3)]), actor=ACTOR)

    changed = change_order(order.pk, {}, added=[Wanted(house.lamp.pk, 2)], version=order.version, actor=ACTOR)

    assert (changed.state, changed.revision, order.lines.count()) == ("draft", order.revision, 2)
    assert order.lines.get(sku=house.lamp).over == 0


def test_all_lines_but_the_added_one_may_be_called_off(house):
    order = order_from_vendor(house.vendor, house.leeds, [(house.chair, 5)], actor=ACTOR)

    changed = change_order(order.pk, {order.lines.get().pk: Changed(0)}, added=[Wanted(house.lamp.pk, 2)], version=1, actor=ACTOR)

    assert changed.state == "sent"
    assert [(line.sku, line.quantity) for line in order.lines.order_by("id")] == [(house.chair, 0), (house.lamp, 2)]


def test_what_cannot_be_bought_is_not_added(house):
    cast.kit(house, "TEASET", MUG=2)
    kit, gone = Sku.objects.get(code="TEASET"), Sku.objects.create(code="OLD", name="Old", is_active=False)
    order = order_from_vendor(house.vendor, house.leeds, [(house.chair, 5)], actor=ACTOR)
    for wanted, why in (
        ([Wanted(kit.pk, 1)], "is a kit"),
        ([Wanted(gone.pk, 1)], "not sold any more"),
        ([Wanted(house.chair.pk, 1)], "on the order already"),
        ([Wanted(house.lamp.pk, 1), Wanted(house.lamp.pk, 2)], "twice"),
        ([Wanted(house.lamp.pk, 0)], "must be between"),
        ([Wanted(house.lamp.pk, 1, Decimal(-1))], "zero, for what comes free"),
    ):
        with pytest.raises(Invalid, match=why):
            change_order(order.pk, {}, added=wanted, version=1, actor=ACTOR)

    assert (order.lines.count(), PurchaseOrder.objects.get().version) == (1, 1)


def test_an_order_of_which_something_has_come_is_not_made_longer(house):
    order = order_from_vendor(house.vendor, house.leeds, [(house.chair, 5)], actor=ACTOR)
    receive_goods(order.pk, {order.lines.get().pk: 1}, key="a", actor=ACTOR)

    with pytest.raises(Conflict, match="make another order"):
        change_order(order.pk, {}, added=[Wanted(house.lamp.pk, 1)], version=PurchaseOrder.objects.get().version, actor=ACTOR)

    assert order.lines.count() == 1


def test_lines_are_added_in_the_same_statements_for_one_and_for_fifty(house):
    costs = []
    for size in (1, 50):
        skus = Sku.objects.bulk_create([Sku(code=f"S{size}-{number}", name="Thing") for number in range(size)])
        order = order_from_vendor(house.vendor, house.leeds, [(house.chair, 5)], actor=ACTOR)
        with CaptureQueriesContext(connection) as captured:
            change_order(order.pk, {}, added=[Wanted(sku.pk, 2) for sku in skus], version=1, actor=ACTOR)
        costs.append(len(captured))

    assert costs[0] == costs[1]


@pytest.mark.django_db(transaction=True)
def test_a_line_added_while_goods_come_in_waits_and_is_refused(real_house, prove):
    order = order_from_vendor(real_house.vendor, real_house.leeds, [(real_house.chair, 5)], actor=ACTOR)
    line = order.lines.get().pk

    _receipt, refused = in_the_middle(
        lambda: receive_goods(order.pk, {line: 1}, key="a", actor=ACTOR),
        lambda: change_order(order.pk, {}, added=[Wanted(real_house.lamp.pk, 1)], version=1, actor=ACTOR),
    )

    assert isinstance(refused, Conflict)
    assert order.lines.count() == 1
    prove()


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_a_line_is_added_while_goods_come_in(real_house, monkeypatch):
    monkeypatch.setattr(changing, "locked_order", lambda pk: PurchaseOrder.objects.select_related("vendor", "warehouse").get(pk=pk))
    monkeypatch.setattr(changing, "lock", list)
    order = order_from_vendor(real_house.vendor, real_house.leeds, [(real_house.chair, 5)], actor=ACTOR)
    line = order.lines.get().pk

    in_the_middle(
        lambda: receive_goods(order.pk, {line: 1}, key="a", actor=ACTOR),
        lambda: change_order(order.pk, {}, added=[Wanted(real_house.lamp.pk, 1)], version=1, actor=ACTOR),
    )

    assert order.lines.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_who_add_the_same_line_at_once_one_looks_again(real_house, prove):
    order = order_from_vendor(real_house.vendor, real_house.leeds, [(real_house.chair, 5)], actor=ACTOR)

    results = together(6, lambda i: change_order(order.pk, {}, added=[Wanted(real_house.lamp.pk, 1 + i)], version=1, actor=ACTOR))

    assert sum(isinstance(result, Conflict) for result in results) == 5
    assert (order.lines.count(), PurchaseOrder.objects.get().version) == (2, 2)
    prove()


def test_a_change_decided_on_what_is_over_is_refused(house):
    order = order_from_vendor(house.vendor, house.leeds, [(house.chair, 5)], actor=ACTOR)
    line = order.lines.get().pk
    change_order(order.pk, {line: Changed(6)}, version=1, actor=ACTOR)

    with pytest.raises(Conflict, match="changed meanwhile"):
        change_order(order.pk, {line: Changed(9)}, version=1, actor=ACTOR)
    with pytest.raises(Conflict, match="cancel it instead"):
        change_order(order.pk, {line: Changed(0)}, version=2, actor=ACTOR)

    assert order.lines.get().quantity == 6


def test_no_fewer_than_have_come_and_the_rest_can_be_called_off(house, prove):
    order = order_from_vendor(house.vendor, house.leeds, [(house.chair, 5)], actor=ACTOR)
    line = order.lines.get().pk
    receive_goods(order.pk, {line: 3}, key="a", actor=ACTOR)
    with pytest.raises(Invalid, match="3 have come"):
        change_order(order.pk, {line: Changed(2)}, version=1, actor=ACTOR)
    with pytest.raises(Conflict, match="has come at its price"):
        change_order(order.pk, {line: Changed(unit_cost=Decimal(1))}, version=1, actor=ACTOR)

    changed = change_order(order.pk, {line: Changed(3)}, version=1, actor=ACTOR)

    assert changed.state == "received"
    prove()


def test_calling_off_tells_the_vendor_and_frees_whoever_waited(house, prove):
    sells(house, house.chair, (1, "20"))
    order = order_from_vendor(house.vendor, house.leeds, [(house.chair, 5)], actor=ACTOR)
    house.place(("CHAIR", 5))
    run()

    cancel_purchase(order.pk, reason="too late", actor=ACTOR)
    cancel_purchase(order.pk, actor=ACTOR)
    run()

    assert not Peg.objects.exists()
    assert needs() == [("CHAIR", 5, "backorder", "proposed")]
    assert Message.objects.filter(kind="purchase_cancelled").count() == 1
    prove()


def test_what_has_come_in_part_is_closed_and_not_called_off(house, prove):
    cast.reorder(house, house.chair, point=4, target=9)
    order = order_from_vendor(house.vendor, house.leeds, [(house.chair, 5)], actor=ACTOR)
    with pytest.raises(Conflict, match="cancel it instead"):
        close_purchase(order.pk, actor=ACTOR)
    receive_goods(order.pk, {order.lines.get().pk: 2}, key="a", actor=ACTOR)
    with pytest.raises(Conflict, match="close it instead"):
        cancel_purchase(order.pk, actor=ACTOR)

    close_purchase(order.pk, actor=ACTOR)
    close_purchase(order.pk, actor=ACTOR)
    run()

    assert needs() == [("CHAIR", 7, "rule", "proposed")]
    assert Event.objects.get(kind="purchase.closed").data["outstanding"] == 3
    prove()


def test_the_board_tells_what_is_late_by_the_lines_that_are_open(house):
    order = order_from_vendor(house.vendor, house.leeds, [(house.chair, 5), (house.lamp, 1)], actor=ACTOR)
    draft(house, (house.mug, 9))
    yesterday = timezone.localdate() - timedelta(days=1)
    order.lines.filter(sku=house.lamp).update(expected_on=yesterday)
    found = stages()
    assert {name: (stage.count, stage.value) for name, stage in found.items()} == {
        "approval": (1, Decimal("18.90")),
        "ordered": (0, Decimal(0)),
        "due": (0, Decimal(0)),
        "late": (1, Decimal("106.00")),
    }
    assert standings([house.vendor])[0].late_orders == 1

    receive_goods(order.pk, {order.lines.get(sku=house.lamp).pk: 1}, key="a", actor=ACTOR)

    assert stages()["ordered"].count == 1


# --- what the database refuses by itself ---


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        (Vendor, {"lead_time_days": -1}),
        (Vendor, {"minimum_order": Decimal(-1)}),
        (Vendor, {"books_rate": Decimal(0)}),
        (VendorItem, {"lead_time_days": -3}),
        (VendorItem, {"pack_size": 0}),
        (VendorPrice, {"unit_price": Decimal(0)}),
        (VendorPrice, {"unit_price": Decimal("-2")}),
        (VendorPrice, {"from_quantity": 0}),
        (StockLevel, {"safety": -1}),
    ],
)
def test_the_database_refuses_what_no_vendor_has(house, model, wrong):
    sells(house, house.mug, (1, "2"))

    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(**wrong)


def test_the_database_refuses_a_break_without_a_price_to_break(house):
    item = sells(house, house.mug, (1, "2"), (10, "1.50"))

    with pytest.raises(IntegrityError, match="needs a price from one unit on"), transaction.atomic():
        item.prices.filter(from_quantity=1).delete()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    assert item.prices.count() == 2


def test_the_same_needs_approved_by_twenty_hands_are_ordered_once_and_each_is_given_that_order(real_house, prove):
    for sku in (real_house.chair, real_house.lamp, real_house.mug):
        cast.reorder(real_house, sku, point=60, target=90)
    cast.run_line("replenish")
    pks = list(PurchaseNeed.objects.values_list("pk", flat=True))

    results = together(20, lambda i: approve_needs(pks[:: 1 if i % 2 else -1], actor=ACTOR))

    assert PurchaseOrder.objects.count() == 1
    assert PurchaseOrder.objects.get().lines.count() == 3
    assert results == [[PurchaseOrder.objects.get()]] * 20
    prove()
