"""The numbers of a SKU, as every page, list, export and answer shows them: counted in one place, so that all say the same."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection

from inventory.kits import compositions
from inventory.models import Sku
from inventory.states import WarehouseKind
from oms.core.money import ZERO

# What is at each place, and what is on its way there: what a vendor will not deliver does not come.
# The rank of the places is the order in which they are asked.
_PLACES = """
    SELECT level.sku_id, place.id, place.code, place.name, place.kind, place.is_active,
        level.on_hand, level.reserved, level.safety, level.value
    FROM inventory_stocklevel level JOIN inventory_warehouse place ON place.id = level.warehouse_id
    WHERE level.sku_id = ANY(%s) ORDER BY place.rank, place.id
"""
_COMING = """
    SELECT line.sku_id, bought.warehouse_id, place.code, place.name, place.rank,
        sum(greatest(least(line.quantity, line.acknowledged) - line.received, 0))::int
    FROM inventory_purchaseorderline line
    JOIN inventory_purchaseorder bought ON bought.id = line.order_id
        AND bought.state IN ('draft', 'approved', 'sent', 'acknowledged', 'partly_received') AND bought.drop_ship_order_id IS NULL
    JOIN inventory_warehouse place ON place.id = bought.warehouse_id AND place.kind = 'warehouse'
    WHERE line.sku_id = ANY(%s) AND line.received < line.quantity
    GROUP BY line.sku_id, bought.warehouse_id, place.code, place.name, place.rank
    UNION ALL
    SELECT part.sku_id, transfer.destination_id, place.code, place.name, place.rank, sum(part.quantity - part.received - part.lost)::int
    FROM inventory_transferline part
    JOIN inventory_transfer transfer ON transfer.id = part.transfer_id AND transfer.state IN ('sent', 'partly_received')
    JOIN inventory_warehouse place ON place.id = transfer.destination_id
    WHERE part.sku_id = ANY(%s) AND part.quantity > part.received + part.lost
    GROUP BY part.sku_id, transfer.destination_id, place.code, place.name, place.rank
    ORDER BY 5, 2
"""
_WAITING = """
    SELECT waiting.sku_id, sum(waiting.quantity)::int, coalesce(sum(pegged.quantity), 0)::int
    FROM inventory_backorder waiting
    LEFT JOIN LATERAL (SELECT sum(peg.quantity) AS quantity FROM inventory_peg peg WHERE peg.backorder_id = waiting.id) pegged ON true
    WHERE waiting.sku_id = ANY(%s) GROUP BY waiting.sku_id
"""


@dataclass
class PlaceNumbers:
    """What there is of a SKU in one place. `spoken_for`: of what may be promised, what others wait for already."""

    warehouse_id: int
    code: str
    name: str
    kind: str = WarehouseKind.WAREHOUSE
    is_active: bool = True
    on_hand: int = 0
    reserved: int = 0
    safety: int = 0
    coming: int = 0
    spoken_for: int = 0
    value: Decimal = ZERO

    @property
    def is_warehouse(self) -> bool:
        return self.kind == WarehouseKind.WAREHOUSE

    @property
    def free(self) -> int:
        """What nobody has reserved. What is on the road is owned, and free only where it comes in."""
        return self.on_hand - self.reserved if self.is_warehouse else 0

    @property
    def promisable(self) -> int:
        """Free, less what is kept for safety, before those who wait."""
        return max(self.free - self.safety, 0) if self.is_active else 0

    @property
    def to_promise(self) -> int:
        return self.promisable - self.spoken_for


@dataclass
class SkuNumbers:
    """The numbers of a SKU over its `places`. `waiting`: units that orders wait for, `pegged` of them pointed at what will bring them.

    `makes`: of a kit, warehouse → how many its components make there now; a kit has no stock of its own.
    """

    sku: Sku
    places: list[PlaceNumbers] = field(default_factory=list)
    waiting: int = 0
    pegged: int = 0
    makes: dict[int, int] = field(default_factory=dict)

    @property
    def on_hand(self) -> int:
        return sum(place.on_hand for place in self.places)

    @property
    def reserved(self) -> int:
        return sum(place.reserved for place in self.places)

    @property
    def in_transit(self) -> int:
        """What is on the road between two warehouses."""
        return sum(place.on_hand for place in self.places if place.kind == WarehouseKind.TRANSIT)

    @property
    def not_here(self) -> int:
        """What is owned and lies in no warehouse: on the road, or with a vendor who ships it."""
        return sum(place.on_hand for place in self.places if not place.is_warehouse)

    @property
    def free(self) -> int:
        return sum(place.free for place in self.places)

    @property
    def safety(self) -> int:
        return sum(place.safety for place in self.places if place.is_warehouse)

    @property
    def spoken_for(self) -> int:
        return sum(place.spoken_for for place in self.places)

    @property
    def to_promise(self) -> int:
        return sum(self.makes.values()) if self.sku.is_kit else sum(place.to_promise for place in self.places)

    @property
    def coming(self) -> int:
        return sum(place.coming for place in self.places)

    @property
    def value(self) -> Decimal:
        return sum((place.value for place in self.places), ZERO)

    def at(self, warehouse_id: int | None) -> "SkuNumbers":
        """Give the numbers of one place alone; all of them without one. Who waits waits at no place."""
        if warehouse_id is None:
            return self
        made = {place: units for place, units in self.makes.items() if place == warehouse_id}
        return SkuNumbers(self.sku, [place for place in self.places if place.warehouse_id == warehouse_id], self.waiting, self.pegged, made)


def numbers_of(skus: Sequence[Sku]) -> dict[int, SkuNumbers]:
    """Give SKU → its numbers. Three queries, whatever their number, and two for kits where there are any."""
    found = {sku.pk: SkuNumbers(sku) for sku in skus}
    _fill(found)
    kits = compositions([sku.pk for sku in skus if sku.is_kit])
    if kits:
        components = {part for parts in kits.values() for part, _units in parts}
        known = {pk: found[pk] if pk in found else SkuNumbers(Sku(pk=pk)) for pk in components}
        _fill({pk: one for pk, one in known.items() if pk not in found})
        for pk, parts in kits.items():
            found[pk].makes = made_of(parts, known)
    return found


def made_of(parts: Sequence[Sequence[int]], known: dict[int, SkuNumbers]) -> dict[int, int]:
    """Give warehouse → how many kits of `parts`, [SKU, units in one], can be made there of what may be promised."""
    per_place: dict[int, dict[int, int]] = defaultdict(dict)
    for part, _units in parts:
        for place in known[part].places:
            per_place[place.warehouse_id][part] = place.to_promise
    made = {place: min(free.get(part, 0) // units for part, units in parts) for place, free in per_place.items()} if parts else {}
    return {place: units for place, units in made.items() if units > 0}


def _fill(found: dict[int, SkuNumbers]) -> None:
    if not found:
        return
    keys = list(found)
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, [keys])
        for sku_id, *place in cursor.fetchall():
            pk, code, name, kind, is_active, on_hand, reserved, safety, value = place
            found[sku_id].places.append(PlaceNumbers(pk, code, name, kind, is_active, on_hand, reserved, safety, value=value))
        cursor.execute(_COMING, [keys, keys])
        for sku_id, pk, code, name, _rank, units in cursor.fetchall():
            _place(found[sku_id], pk, code, name).coming += units
        cursor.execute(_WAITING, [keys])
        for sku_id, waiting, pegged in cursor.fetchall():
            found[sku_id].waiting, found[sku_id].pegged = waiting, pegged
            _speak_for(found[sku_id].places, waiting - pegged)


def _place(numbers: SkuNumbers, pk: int, code: str, name: str) -> PlaceNumbers:
    place = next((place for place in numbers.places if place.warehouse_id == pk), None)
    if place is None:
        place = PlaceNumbers(pk, code, name)
        numbers.places.append(place)
    return place


def _speak_for(places: Iterable[PlaceNumbers], units: int) -> None:
    """Take what others wait for, and nothing on its way is pegged to, off what may be promised: who comes later does not get it first."""
    for place in places:
        place.spoken_for = min(units, place.promisable)
        units -= place.spoken_for
