"""What was wanted and not there: demand, though nothing was sold."""

from collections.abc import Sequence

from django.utils import timezone

from inventory.kits import compositions, parts_of
from inventory.models import LostDemand, Sku
from inventory.sourcing import places_serving, rules_in_force, served_from
from oms.core import bulk


def note_lost_demand(lines: Sequence[tuple[int, int]], *, country: str = "", postcode: str = "") -> None:
    """Note units that somebody wanted, (SKU, units), and did not order because they were not there; kits by what they are made of.

    Each is demand at the warehouse that would have served the destination first. In the caller's transaction; not safe to repeat.
    """
    places = places_serving({country})
    served = served_from(places, rules_in_force(), country, postcode)
    warehouse = next((place.id for place in places if served is None or place.id in served), None)
    if warehouse is None:
        return
    skus = Sku.objects.in_bulk({sku for sku, _units in lines})
    kits = compositions([sku.pk for sku in skus.values() if sku.is_kit])
    today = timezone.localdate()
    bulk.insert_all(
        [
            LostDemand(sku_id=part, warehouse_id=warehouse, units=each * units, lost_on=today)
            for sku, units in lines
            for part, each in parts_of(sku, kits.get(sku))
        ]
    )
