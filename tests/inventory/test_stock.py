"""Correcting stock by hand: with a reason, never below what is there, and never what is spoken for."""

from decimal import Decimal

import pytest

from inventory.adjusting import adjust_stock
from inventory.models import StockLevel, StockMovement
from oms.core.errors import Conflict, Invalid
from oms.core.models import Event
from tests import cast


def adjust(house, sku, quantity, *, warehouse=None, kind="count", note="counted"):
    return adjust_stock(sku, warehouse or house.leeds, quantity=quantity, kind=kind, note=note, actor="user:warehouse")


def everything():
    return list(StockLevel.objects.order_by("id").values()), StockMovement.objects.count(), Event.objects.count()


def test_what_is_counted_short_goes_at_the_average_cost(house, prove):
    adjust(house, house.mug, -4)
    cast.run_line("post_stock")

    level = StockLevel.objects.get(sku=house.mug, warehouse=house.leeds)
    assert (level.on_hand, level.value) == (26, Decimal("54.60"))
    assert StockMovement.objects.latest("id").value == Decimal("-8.40")
    prove()


def test_no_more_is_taken_away_than_is_free(house, prove):
    house.place(("MUG", 28))
    cast.run_line("screen", "reserve")
    before = everything()

    with pytest.raises(Conflict, match="Only 2 of MUG are free in Leeds"):
        adjust(house, house.mug, -3)

    assert everything() == before
    prove()


def test_nothing_is_taken_from_where_there_never_was_any(house, prove):
    before = everything()

    with pytest.raises(Conflict, match="Only 0 of CHAIR are free in Ghent"):
        adjust(house, house.chair, -1, warehouse=house.ghent)

    assert everything() == before
    prove()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"quantity": 0}, "by how many units"),
        ({"quantity": 1_000_000_001}, "by how many units"),
        ({"quantity": -1, "note": "  "}, "Say why"),
        ({"quantity": -1, "kind": "issue"}, "of that kind"),
        ({"quantity": -1, "kind": "nonsense"}, "of that kind"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(house, changes, why):
    before = everything()

    with pytest.raises(Invalid, match=why):
        adjust(house, house.mug, **changes)

    assert everything() == before
