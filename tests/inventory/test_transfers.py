"""Goods between our warehouses: on the road they are ours, worth what they left with, and seen."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory import transferring
from inventory.models import Backorder, Peg, Sku, StockLevel, StockMovement, Transfer, Warehouse
from inventory.transferring import (
    cancel_transfer,
    change_transfer,
    contents_of,
    expect_transfer,
    lose_rest,
    plan_transfer,
    receive_transfer,
    send_transfer,
)
from oms.core.errors import Conflict, Invalid
from oms.core.models import Event
from orders.models import Order
from tests import cast
from tests.faults.crowd import in_the_middle, together

WHO = "user:warehouse"


def tomorrow():
    return timezone.localdate() + timedelta(days=1)


def planned(*lines, source="leeds", destination="ghent", **more):
    return plan_transfer(source, destination, lines or [("MUG", 10)], expected_on=tomorrow(), actor=WHO, **more)


def sent(*lines, **more):
    return send_transfer(planned(*lines, **more).pk, actor=WHO)


def come(transfer, units, *, key=""):
    return receive_transfer(transfer.pk, {transfer.lines.get().pk: units}, key=key, actor=WHO)


def level(sku, place):
    if isinstance(place, str):
        place = Warehouse.objects.get(kind=place)
    found = StockLevel.objects.filter(sku=sku, warehouse=place).first()
    return (found.on_hand, found.value) if found else (0, Decimal(0))


def everything():
    return list(StockLevel.objects.order_by("id").values()), StockMovement.objects.count(), Event.objects.count(), list(Transfer.objects.values())


def test_what_is_on_the_road_is_ours_at_what_it_left_with(house, prove):
    transfer = sent()

    assert (transfer.state, transfer.lines.get().value) == ("sent", Decimal("21.00"))
    assert level(house.mug, house.leeds) == (20, Decimal("42.00"))
    assert level(house.mug, "transit") == (10, Decimal("21.00"))
    assert level(house.mug, house.ghent) == (20, Decimal("42.00"))
    cast.run_line("post_stock")
    prove()


def test_value_arrives_to_the_last_cent_however_it_is_parted(house, prove):
    transferring.move_stock([transferring.Move(house.lamp.pk, house.leeds.pk, 2, "opening", "opening", 1, value=Decimal("10.01"))], actor=WHO)
    transfer = sent(("LAMP", 7))
    assert transfer.lines.get().value == Decimal("65.01")

    for units in (2, 2, 2):
        transfer = come(transfer, units)
    assert (transfer.state, level(house.lamp, "transit")) == ("partly_received", (1, Decimal("9.29")))
    transfer = come(transfer, 1)

    line = transfer.lines.get()
    assert (transfer.state, line.received, line.value_in) == ("received", 7, Decimal("65.01"))
    assert level(house.lamp, house.ghent) == (7, Decimal("65.01"))
    assert level(house.lamp, "transit") == level(house.lamp, house.leeds) == (0, Decimal(0))
    prove()


def test_what_is_reserved_is_not_sent(house, prove):
    house.place(("MUG", 28))
    cast.run_line("screen", "reserve")
    transfer = planned(("LAMP", 1), ("MUG", 3))
    before = everything()

    with pytest.raises(Conflict, match="Only 2 of MUG are free in Leeds"):
        send_transfer(transfer.pk, actor=WHO)

    assert everything() == before
    prove()


def test_what_is_lost_on_the_road_is_written_off_and_counts_as_a_loss(house, prove):
    transfer = come(sent(), 7)

    transfer = lose_rest(transfer.pk, note="The pallet fell off", actor=WHO)
    cast.run_line("post_stock")

    line = transfer.lines.get()
    assert (transfer.state, line.received, line.lost, line.value_in) == ("received", 7, 3, Decimal("14.70"))
    gone = StockMovement.objects.latest("id")
    assert (gone.kind, gone.quantity, gone.value, gone.note) == ("correction", -3, Decimal("-6.30"), f"{transfer.number}: The pallet fell off")
    assert level(house.mug, "transit") == (0, Decimal(0))
    before = everything()
    lose_rest(transfer.pk, note="Again", actor=WHO)
    assert everything() == before
    prove()


def test_a_second_press_plans_sends_and_receives_nothing_twice(house, prove):
    transfer = planned(key="k1")
    assert planned(key="k1") == transfer and Transfer.objects.count() == 1

    send_transfer(transfer.pk, actor=WHO)
    send_transfer(transfer.pk, actor=WHO)
    assert level(house.mug, "transit") == (10, Decimal("21.00"))
    come(transfer, 4, key="k2")
    before = everything()
    come(transfer, 4, key="k2")

    assert everything() == before
    assert level(house.mug, house.ghent) == (24, Decimal("50.40"))
    prove()


def test_a_transfer_that_was_called_off_does_not_go(house, prove):
    transfer = planned()
    cancel_transfer(transfer.pk, actor=WHO)
    cancel_transfer(transfer.pk, actor=WHO)
    before = everything()

    with pytest.raises(Conflict, match="called off"):
        send_transfer(transfer.pk, actor=WHO)
    with pytest.raises(Conflict, match="brings nothing"):
        come(transfer, 1)
    with pytest.raises(Conflict, match="brings nothing"):
        lose_rest(transfer.pk, note="why", actor=WHO)

    assert everything() == before
    prove()


def carried(transfer):
    return {line.sku.code: line.quantity for line in transfer.lines.select_related("sku")}


def test_what_a_planned_transfer_carries_is_changed_taken_off_and_put_on(house, prove):
    transfer = planned(("MUG", 10), ("LAMP", 2))

    change_transfer(transfer.pk, [("mug", 4), ("MUG", 3), ("CHAIR", 5)], actor=WHO)

    assert carried(transfer) == {"MUG": 7, "CHAIR": 5}
    assert Event.objects.get(kind="transfer.changed").data == {"number": transfer.number, "changes": "LAMP 2 → 0; MUG 10 → 7; CHAIR 0 → 5"}
    before = everything()
    change_transfer(transfer.pk, [("CHAIR", 5), ("MUG", 7)], actor=WHO)
    assert everything() == before
    house.stock(house.chair, 5)
    assert send_transfer(transfer.pk, actor=WHO).lines.get(sku=house.mug).value == Decimal("14.70")
    cast.run_line("post_stock")
    prove()


@pytest.mark.parametrize(
    ("lines", "why"), [([], "Say what"), ([("NO", 1)], "no SKU NO"), ([("MUG", 0)], "between 1 and"), ([("MUG", -1)], "between 1")]
)
def test_a_change_that_makes_no_sense_leaves_the_transfer_as_it_is(house, lines, why):
    transfer = planned()
    before = everything()

    with pytest.raises(Invalid, match=why):
        change_transfer(transfer.pk, lines, actor=WHO)

    assert (everything(), carried(transfer)) == (before, {"MUG": 10})


def test_what_has_left_or_was_called_off_is_not_changed_any_more(house):
    gone, off = sent(), planned(("LAMP", 1))
    cancel_transfer(off.pk, actor=WHO)
    before = everything()

    for transfer in (gone, off):
        with pytest.raises(Conflict, match="cannot be changed any more"):
            change_transfer(transfer.pk, [("MUG", 1)], actor=WHO)

    assert (everything(), carried(gone), carried(off)) == (before, {"MUG": 10}, {"LAMP": 1})


def test_who_decided_on_what_was_changed_meanwhile_looks_again(house):
    transfer = planned()
    seen = contents_of(transfer.lines.all())
    change_transfer(transfer.pk, [("MUG", 3)], seen=seen, actor=WHO)
    before = everything()

    with pytest.raises(Conflict, match="changed meanwhile"):
        send_transfer(transfer.pk, seen=seen, actor=WHO)
    with pytest.raises(Conflict, match="changed meanwhile"):
        change_transfer(transfer.pk, [("MUG", 5)], seen=seen, actor=WHO)

    assert (everything(), carried(transfer)) == (before, {"MUG": 3})


def test_changing_costs_the_same_statements_for_three_lines_and_for_fifty(house):
    costs = []
    for size in (3, 50):
        codes = [f"T{size}-{number}" for number in range(size)]
        Sku.objects.bulk_create([Sku(code=code, name="Thing") for code in codes])
        transfer = planned(*[(code, 2) for code in codes], ("MUG", 1))
        with CaptureQueriesContext(connection) as captured:
            change_transfer(transfer.pk, [*[(code, 3) for code in codes], ("LAMP", 1)], actor=WHO)
        costs.append(len(captured))

    assert costs[0] == costs[1]


@pytest.mark.django_db(transaction=True)
def test_a_change_while_it_leaves_waits_and_is_refused(real_house, prove):
    transfer = planned()

    _sent, refused = in_the_middle(
        lambda: send_transfer(transfer.pk, actor=WHO), lambda: change_transfer(transfer.pk, [("MUG", 3), ("LAMP", 1)], actor=WHO)
    )

    assert isinstance(refused, Conflict)
    assert carried(transfer) == {"MUG": 10}
    assert level(real_house.mug, "transit") == (10, Decimal("21.00"))
    cast.run_line("post_stock")
    prove()


@pytest.mark.django_db(transaction=True)
def test_what_leaves_while_it_is_changed_is_what_it_was_changed_to(real_house, prove):
    transfer = planned()

    in_the_middle(lambda: change_transfer(transfer.pk, [("MUG", 3)], actor=WHO), lambda: send_transfer(transfer.pk, actor=WHO))

    assert (Transfer.objects.get().state, carried(transfer)) == ("sent", {"MUG": 3})
    assert level(real_house.mug, "transit") == (3, Decimal("6.30"))
    cast.run_line("post_stock")
    prove()


@pytest.mark.django_db(transaction=True)
def test_without_its_lock_a_change_rewrites_what_has_left(real_house, monkeypatch):
    monkeypatch.setattr(transferring, "_locked", lambda pk: Transfer.objects.select_related("source", "destination").get(pk=pk))
    monkeypatch.setattr(transferring, "lock", list)
    transfer = planned()

    in_the_middle(lambda: send_transfer(transfer.pk, actor=WHO), lambda: change_transfer(transfer.pk, [("LAMP", 1)], actor=WHO))

    assert (Transfer.objects.get().state, carried(transfer)) == ("sent", {"LAMP": 1})
    assert level(real_house.mug, "transit") == (10, Decimal("21.00"))


def test_one_on_its_way_cannot_be_called_off_and_brings_no_more_than_was_sent(house, prove):
    transfer = sent()
    before = everything()

    with pytest.raises(Conflict, match="is on its way"):
        cancel_transfer(transfer.pk, actor=WHO)
    with pytest.raises(Conflict, match="has 10 of MUG on the road, not 11"):
        come(transfer, 11)
    with pytest.raises(Invalid, match="at least one line"):
        come(transfer, 0)
    with pytest.raises(Invalid, match="at least one line"):
        come(transfer, -1)
    with pytest.raises(Invalid, match="is not on"):
        receive_transfer(transfer.pk, {987654: 1}, actor=WHO)
    with pytest.raises(Invalid, match="what became"):
        lose_rest(transfer.pk, note=" ", actor=WHO)

    assert everything() == before


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"destination": "leeds"}, "another warehouse"),
        ({"destination": "transit"}, "no warehouse transit"),
        ({"source": "nowhere"}, "no warehouse nowhere"),
        ({"lines": []}, "what is to be sent"),
        ({"lines": [("NOPE", 1)]}, "no SKU NOPE"),
        ({"lines": [("MUG", 0)]}, "between 1 and"),
        ({"lines": [("MUG", -5)]}, "between 1 and"),
        ({"lines": [("MUG", 10**9)]}, "between 1 and"),
        ({"lines": [("MUG", 900_000), ("mug", 900_000)]}, "between 1 and"),
        ({"lines": [("SET", 1)]}, "is a kit"),
        ({"lines": [("MUG", 1)] * 501}, "at most 500"),
        ({"expected_on": timezone.localdate() - timedelta(days=1)}, "between today and two years"),
        ({"expected_on": timezone.localdate() + timedelta(days=3000)}, "between today and two years"),
        ({"key": "\x00"}, "open the page again"),
    ],
)
def test_a_transfer_that_makes_no_sense_is_refused(house, wrong, why):
    cast.kit(house, "SET", MUG=2)
    before = everything()
    asked = {"source": "leeds", "destination": "ghent", "lines": [("MUG", 1)], "expected_on": tomorrow(), "key": ""} | wrong

    with pytest.raises(Invalid, match=why):
        plan_transfer(asked.pop("source"), asked.pop("destination"), asked.pop("lines"), actor=WHO, **asked)

    assert everything() == before


def test_whoever_waits_is_pegged_to_what_is_on_the_road_and_filled_when_it_comes(house, prove):
    house.stock(house.chair, 5, warehouse=house.ghent)
    house.stock(house.chair, 3)
    transfer = sent(("CHAIR", 5), source="ghent", destination="leeds")
    order = house.place(("CHAIR", 6), accepts_part_deliveries=True)
    cast.run_line("screen", "reserve", "peg")

    assert list(Peg.objects.values_list("transfer_line", "quantity")) == [(transfer.lines.get().pk, 3)]
    assert Backorder.objects.get().expected_on == tomorrow()

    expect_transfer(transfer.pk, expected_on=tomorrow() + timedelta(days=4), actor=WHO)
    cast.run_line("peg")
    [slip] = Event.objects.filter(kind="promise.slipped")
    assert slip.data["expected_on"] == (tomorrow() + timedelta(days=4)).isoformat()

    come(transfer, 5)
    cast.run_line("backorders", "peg")
    assert Order.objects.get(pk=order.pk).lines.get().reserved == 6
    assert not Backorder.objects.exists() and not Peg.objects.exists()
    prove()


def test_what_was_lost_on_the_road_is_promised_to_nobody(house, prove):
    house.stock(house.chair, 5, warehouse=house.ghent)
    transfer = sent(("CHAIR", 5), source="ghent", destination="leeds")
    house.place(("CHAIR", 4))
    cast.run_line("screen", "reserve", "peg")
    assert Peg.objects.count() == 1

    lose_rest(transfer.pk, note="Stolen", actor=WHO)
    cast.run_line("peg")

    assert not Peg.objects.exists() and Backorder.objects.get().expected_on is None
    prove()


def test_a_transfer_costs_the_same_statements_for_three_lines_and_for_fifty(house):
    skus = [Sku.objects.create(code=f"T{i}", name="A thing", cost=Decimal("1.01")) for i in range(53)]
    for sku in skus:
        house.stock(sku, 4)
    counts = []
    for some in (skus[:3], skus[3:]):
        with CaptureQueriesContext(connection) as captured:
            transfer = sent(*((sku.code, 3) for sku in some))
            receive_transfer(transfer.pk, {line.pk: 2 for line in transfer.lines.all()}, key=transfer.number, actor=WHO)
            lose_rest(transfer.pk, note="gone", actor=WHO)
        counts.append(len(captured))

    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_receive_once(real_house, prove):
    transfer = sent()
    line = transfer.lines.get().pk

    together(8, lambda i: receive_transfer(transfer.pk, {line: 3}, key="one-press", actor=WHO))

    assert transfer.lines.get().received == 3
    assert level(real_house.mug, real_house.ghent) == (23, Decimal("48.30"))
    prove()


@pytest.mark.django_db(transaction=True)
def test_without_the_key_two_presses_at_once_receive_twice(real_house):
    """The twin: each press is a receipt of its own."""
    transfer = sent()
    line = transfer.lines.get().pk

    together(3, lambda i: receive_transfer(transfer.pk, {line: 3}, actor=WHO))

    assert transfer.lines.get().received == 9


@pytest.mark.django_db(transaction=True)
def test_many_transfers_there_and_back_at_once_lose_nothing_and_never_deadlock(real_house, prove):
    real_house.stock(real_house.lamp, 40)
    real_house.stock(real_house.lamp, 40, warehouse=real_house.ghent)

    def act(i):
        way = {"source": "leeds", "destination": "ghent"} if i % 2 else {"source": "ghent", "destination": "leeds"}
        transfer = sent(("MUG", 2), ("LAMP", 2), **way)
        with transaction.atomic():
            return receive_transfer(transfer.pk, {line.pk: 2 for line in transfer.lines.all()}, actor=WHO)

    got = together(16, act)

    assert [one.state for one in got] == ["received"] * 16
    assert sum(StockLevel.objects.filter(sku=real_house.mug).values_list("on_hand", flat=True)) == 50
    prove()
