"""What stock is worth: moving average to the last cent, corrected by new entries, and never a value without stock."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounting.models import JournalLine
from inventory.costing import correct_cost
from inventory.models import Sku, StockLevel, StockMovement, Warehouse
from inventory.moving import Move, move_stock
from inventory.transferring import lose_rest, plan_transfer, receive_transfer, send_transfer
from oms.core.errors import BusinessError, Conflict, Invalid
from oms.core.models import Event
from tests import cast

WHO = "user:accountant"


def day(ago):
    return timezone.localdate() - timedelta(days=ago)


def move(house, quantity, kind, *, value=None, ago=0, place=None, sku=None):
    value = Decimal(value) if value is not None else None
    one = Move((sku or house.chair).pk, (place or house.leeds).pk, quantity, kind, "test", 1, value=value, effective_on=day(ago))
    return move_stock([one], actor=WHO)[0]


def correct(house, amount, *, ago=0, place=None, note="The credit note came", **more):
    return correct_cost(house.chair, place or house.leeds, amount=Decimal(amount), effective_on=day(ago), note=note, actor=WHO, **more)


def worth(house, place=None):
    level = StockLevel.objects.get(sku=house.chair, warehouse=place or house.leeds)
    return level.on_hand, level.value


def booked(role):
    return sum(row.debit - row.credit for row in JournalLine.objects.filter(account__role=role))


def everything():
    return list(StockLevel.objects.order_by("id").values()), StockMovement.objects.count(), Event.objects.count()


def test_a_correction_of_today_lies_on_what_is_there(house, prove):
    move(house, 10, "opening", value="100.00")

    assert correct(house, "-7.01") == Decimal("-7.01")
    cast.run_line("post_stock")

    assert worth(house) == (10, Decimal("92.99"))
    assert booked("price_variance") == Decimal("7.01")
    prove()


def test_a_back_dated_correction_is_worked_through_what_has_left_since(house, prove):
    move(house, 10, "opening", value="100.00", ago=9)
    move(house, -4, "issue", ago=8)
    move(house, 6, "opening", value="90.00", ago=7)
    move(house, -3, "issue", ago=6)
    history = list(StockMovement.objects.filter(sku=house.chair).values())

    stays = correct(house, "20.00", ago=9)
    cast.run_line("post_stock")

    assert stays == Decimal("9.00")  # 20 × 6/10 × 9/12
    assert worth(house) == (9, Decimal("112.50") + Decimal("9.00"))
    *before, cost, gone = StockMovement.objects.filter(sku=house.chair).order_by("id")
    assert sorted(row["id"] for row in history) == [row.pk for row in before]
    assert list(StockMovement.objects.filter(pk__in=[row.pk for row in before]).values()) == history
    assert (cost.kind, cost.quantity, cost.value, cost.effective_on) == ("cost", 0, Decimal("20.00"), day(9))
    assert (gone.kind, gone.quantity, gone.value, gone.effective_on) == ("expensed", 0, Decimal("-11.00"), day(0))
    assert (booked("price_variance"), booked("cost_of_goods")) == (Decimal("-20.00"), Decimal("40.00") + Decimal("37.50") + Decimal("11.00"))
    prove()


def test_it_comes_out_as_if_the_cost_had_been_known(house, prove):
    """The twin in time: the same goods with the right cost from the first day are worth the same now."""
    other = Sku.objects.create(code="CHAIR-2", name="The same chair", cost=Decimal(19))
    for sku, first in ((house.chair, "100.00"), (other, "120.00")):
        move(house, 10, "opening", value=first, ago=9, sku=sku)
        move(house, -4, "issue", ago=8, sku=sku)
        move(house, 6, "opening", value="90.00", ago=7, sku=sku)
        move(house, -3, "issue", ago=6, sku=sku)

    correct(house, "20.00", ago=9)

    levels = StockLevel.objects.filter(warehouse=house.leeds)
    assert levels.get(sku=house.chair).value == levels.get(sku=other).value
    prove()


def test_nothing_stays_where_nothing_is_left(house, prove):
    move(house, 10, "opening", value="100.00", ago=9)
    move(house, -10, "issue", ago=8)

    assert correct(house, "5.00", ago=9) == 0
    assert worth(house) == (0, Decimal(0))
    move(house, 3, "opening", value="30.00", ago=1)
    assert correct(house, "5.00", ago=9) == 0
    cast.run_line("post_stock")

    assert worth(house) == (3, Decimal("30.00"))
    prove()


def test_what_went_to_another_warehouse_is_still_ours(house, prove):
    move(house, 10, "opening", value="100.00", ago=9)
    transfer = send_transfer(plan_transfer("leeds", "ghent", [("CHAIR", 4)], expected_on=day(0), actor=WHO).pk, actor=WHO)
    receive_transfer(transfer.pk, {transfer.lines.get().pk: 3}, actor=WHO)
    move(house, -1, "damage", place=house.ghent)

    stays = correct(house, "20.00", ago=9)
    cast.run_line("post_stock")

    assert stays == Decimal("16.00")  # 12 on the six in Leeds, 4 on the two of four that lie in Ghent
    assert worth(house) == (6, Decimal("72.00"))
    assert worth(house, house.ghent) == (2, Decimal("24.00"))
    assert (booked("price_variance"), booked("cost_of_goods")) == (Decimal("-20.00"), Decimal("4.00"))
    prove()


def test_a_second_press_corrects_nothing_more(house, prove):
    move(house, 10, "opening", value="100.00")
    correct(house, "5.00", key="k")
    before = everything()

    assert correct(house, "5.00", key="k") == Decimal("5.00")

    assert everything() == before
    prove()


@pytest.mark.parametrize(
    ("amount", "changes", "error", "why"),
    [
        ("0", {}, Invalid, "by what amount"),
        ("NaN", {}, Invalid, "by what amount"),
        ("Infinity", {}, Invalid, "by what amount"),
        ("1e12", {}, Invalid, "by what amount"),
        ("0.005", {}, Invalid, "by what amount"),
        ("5", {"note": "  "}, Invalid, "Say why"),
        ("5", {"ago": -1}, Invalid, "as of today"),
        ("5", {"ago": 1000}, Invalid, "as of today"),
        ("-100.01", {}, Conflict, "worth less than nothing"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(house, amount, changes, error, why):
    move(house, 10, "opening", value="100.00")
    before = everything()

    with pytest.raises(error, match=why):
        correct(house, amount, **changes)

    assert everything() == before


def test_what_is_on_the_road_or_never_was_is_not_corrected(house):
    before = everything()

    with pytest.raises(Invalid, match="where it arrives"):
        correct(house, "5.00", place=Warehouse.objects.get(kind="transit"))
    with pytest.raises(Invalid, match="There was never any"):
        correct(house, "5.00", place=house.ghent)

    assert everything() == before


cents = st.integers(1, 100_000).map(lambda n: Decimal(n) / 100)
place = st.sampled_from(["leeds", "ghent"])
acts = st.one_of(
    st.tuples(st.just("receipt"), place, st.integers(1, 40), cents),
    st.tuples(st.just("issue"), place, st.integers(1, 40)),
    st.tuples(st.just("return"), place, st.integers(1, 5)),
    st.tuples(st.just("send"), place, st.integers(1, 20), st.integers(0, 20), st.booleans()),
    st.tuples(st.just("cost"), place, st.integers(-20_000, 20_000).map(lambda n: Decimal(n) / 100), st.integers(0, 3)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(acts, max_size=25))
def test_whatever_happens_value_is_the_sum_of_what_moved_and_an_empty_place_is_worth_nothing(house, happening):
    with transaction.atomic():
        sku = Sku.objects.create(code="PROPERTY", name="A thing", cost=Decimal("3.33"))
        places = {"leeds": house.leeds, "ghent": house.ghent}
        for name, where, *figures in happening:
            try:
                with transaction.atomic():
                    _do(sku, places, name, where, figures)
            except BusinessError:
                continue
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT level.on_hand, level.value, coalesce(sum(moved.quantity), 0), coalesce(sum(moved.value), 0) FROM inventory_stocklevel level"
                " LEFT JOIN inventory_stockmovement moved ON moved.sku_id = level.sku_id AND moved.warehouse_id = level.warehouse_id"
                " WHERE level.sku_id = %s GROUP BY level.id",
                [sku.pk],
            )
            for on_hand, value, units, worth_of_moves in cursor.fetchall():
                assert (on_hand, value) == (units, worth_of_moves)
                assert value == value.quantize(Decimal("0.01")) and value >= 0
                assert on_hand or not value
        transaction.set_rollback(True)


def _do(sku, places, name, where, figures):
    if name == "send":
        units, come, is_lost = figures
        other = "ghent" if where == "leeds" else "leeds"
        transfer = plan_transfer(where, other, [(sku.code, units)], expected_on=timezone.localdate(), actor=WHO)
        send_transfer(transfer.pk, actor=WHO)
        if 0 < come <= units:
            receive_transfer(transfer.pk, {transfer.lines.get().pk: come}, actor=WHO)
        if is_lost:
            lose_rest(transfer.pk, note="gone", actor=WHO)
    elif name == "cost":
        correct_cost(sku, places[where], amount=figures[0], effective_on=day(figures[1]), note="why", actor=WHO)
    else:
        units = -figures[0] if name == "issue" else figures[0]
        value = figures[1] if name == "receipt" else None
        move_stock([Move(sku.pk, places[where].pk, units, name, "test", 1, value=value, effective_on=day(figures[0] % 4))], actor=WHO)
