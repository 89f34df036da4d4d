"""Who gets which stock from where. Pure: quantity maps in, quantity maps out; nothing is saved or locked here.

One warehouse that can fill the whole order is best; else the fewest that can between them; what is left is short. Orders are served in
the order given, so that who came first is served first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Demand:
    """What one order line still wants. `reference`: the line's id."""

    reference: int
    sku: int
    quantity: int


@dataclass(frozen=True)
class Take:
    """So many units for a line, from a warehouse."""

    reference: int
    sku: int
    warehouse: int
    quantity: int


@dataclass(frozen=True)
class Allocation:
    """What an order gets, and per line what is missing."""

    takes: tuple[Take, ...]
    short: Mapping[int, int]


Free = dict[int, dict[int, int]]
"""SKU → warehouse → free units."""


def allocate(orders: Sequence[Sequence[Demand]], *, free: Free, warehouses: Sequence[int]) -> list[Allocation]:
    """Allocate `orders`, first come first served, from `free`, which is used up on the way.

    `warehouses`: the best first. Demands of one order for the same SKU draw on the same stock.
    """
    return [_allocate_one(demands, free, warehouses) for demands in orders]


def _allocate_one(demands: Sequence[Demand], free: Free, warehouses: Sequence[int]) -> Allocation:
    wanted = _per_sku(demands)
    takes: list[Take] = []
    missing = {demand.reference: demand.quantity for demand in demands}
    for warehouse in _ranked(wanted, free, warehouses):
        for demand in demands:
            places = free.get(demand.sku)
            if not places:
                continue
            quantity = min(missing[demand.reference], places.get(warehouse, 0))
            if quantity > 0:
                takes.append(Take(demand.reference, demand.sku, warehouse, quantity))
                places[warehouse] -= quantity
                missing[demand.reference] -= quantity
        if not any(missing.values()):
            break
    return Allocation(tuple(takes), {reference: left for reference, left in missing.items() if left})


def _per_sku(demands: Sequence[Demand]) -> dict[int, int]:
    wanted: dict[int, int] = {}
    for demand in demands:
        wanted[demand.sku] = wanted.get(demand.sku, 0) + demand.quantity
    return wanted


def _ranked(wanted: Mapping[int, int], free: Free, warehouses: Sequence[int]) -> list[int]:
    """Rank the warehouses for one order: the first that can fill it all alone; else by how many units each can give."""
    for warehouse in warehouses:
        if all(free.get(sku, {}).get(warehouse, 0) >= quantity for sku, quantity in wanted.items()):
            return [warehouse]
    units = {warehouse: sum(min(quantity, free.get(sku, {}).get(warehouse, 0)) for sku, quantity in wanted.items()) for warehouse in warehouses}
    return sorted((w for w in warehouses if units[w]), key=lambda w: (-units[w], warehouses.index(w)))
