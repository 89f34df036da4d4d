"""All invariants of the house, gathered from its apps."""

from accounting import invariants as accounting
from inventory import invariants as inventory
from oms.core.invariants import Invariant
from orders import invariants as orders
from shipping import invariants as shipping


def all_invariants() -> list[Invariant]:
    """Give every invariant of every app, stock first."""
    rooms = (inventory, orders, accounting, shipping)
    return [invariant for room in rooms for invariant in room.INVARIANTS]
