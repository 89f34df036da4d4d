"""What was wanted and not there counts as demand."""

from inventory.losing_sales import note_lost_demand
from inventory.models import LostDemand
from inventory.purchasing.observing import demand_of
from tests import cast


def lost():
    return sorted(LostDemand.objects.values_list("sku__code", "warehouse__code", "units"))


def test_lost_demand_falls_on_the_warehouse_that_would_have_served_it(house, prove):
    note_lost_demand([(house.chair.pk, 4)], country="GB", postcode="LS1 4AP")

    assert lost() == [("CHAIR", "leeds", 4)]
    prove()


def test_a_kit_is_lost_as_what_it_is_made_of(house):
    kit = cast.kit(house, "TEASET", MUG=4, LAMP=1)

    note_lost_demand([(kit.pk, 2), (house.mug.pk, 1)])

    assert lost() == [("LAMP", "leeds", 2), ("MUG", "leeds", 1), ("MUG", "leeds", 8)]


def test_reorder_rules_learn_from_what_was_lost_as_from_what_was_sold(house):
    place = (house.chair.pk, house.leeds.pk)
    before = demand_of([place])[place].mean

    note_lost_demand([(house.chair.pk, 7)])

    after = demand_of([place])[place]
    assert (before, after.mean * after.days) == (0, 7)
