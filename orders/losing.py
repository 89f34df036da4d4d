"""Taking back from orders what was reserved for them and is gone."""

from collections.abc import Mapping
from dataclasses import dataclass

from inventory.backorders import keep_waiting
from oms.core import bulk
from oms.core.events import fact, record
from orders.models import Order, OrderLine
from orders.models.orders import DERIVED
from orders.reserving import waiting_for
from orders.selectors import lines_of
from orders.states import OrderState


@dataclass(frozen=True)
class Loss:
    """What orders lose, line → units. `lost`: reserved for it and gone. `unplanned`: no shipment takes them up any more, those lost among them.
    `steps`: order → what the warehouse has to do next for it; nothing where no shipment of it is left.
    """

    lost: Mapping[int, int]
    unplanned: Mapping[int, int]
    steps: Mapping[int, str]


def lose_reserved(orders: list[Order], loss: Loss, *, reason: str, actor: str) -> dict[int, OrderLine]:
    """Have `orders`, locked by the caller, wait again for what they had; give their lines by key. Their reservations are released by the caller.

    An order of which nothing is left to go on with is backordered. What was invoiced stays invoiced: it is still owed, and still to be delivered. A
    constant number of queries. Records `order.shortfall`.
    """
    lines = lines_of(orders)
    changed, facts = [], []
    for order in orders:
        some = lines[order.pk]
        units = 0
        for line in some:
            gone = loss.lost.get(line.pk, 0)
            line.planned -= loss.unplanned.get(line.pk, 0)
            line.reserved -= gone
            line.backordered += gone
            units += gone
            if gone or line.pk in loss.unplanned:
                changed.append(line)
        _move(order, some)
        order.fulfilment_step = loss.steps.get(order.pk, "") if order.state == OrderState.FULFILLING else ""
        order.version += 1
        order.refresh(some)
        facts.append(fact("order.shortfall", "order", order.pk, order_id=order.pk, actor=actor, units=units, reason=reason[:200]))
    bulk.save_all(changed, "planned", "reserved", "backordered")
    bulk.save_all(orders, "state", "fulfilment_step", "version", *DERIVED)
    keep_waiting([waiting_for(order, line) for order in orders for line in lines[order.pk] if loss.lost.get(line.pk)], tried=False)
    record(facts)
    return {line.pk: line for some in lines.values() for line in some}


def _move(order: Order, lines: list[OrderLine]) -> None:
    """Have the order wait where nothing is left to go on with: nothing has left or is planned, and what is reserved is not enough to go."""
    goes_on = order.accepts_part_deliveries and any(line.reserved for line in lines)
    under_way = any(line.planned or line.shipped for line in lines)
    if not goes_on and not under_way and order.state in (OrderState.ALLOCATED, OrderState.FULFILLING):
        order.backorder()
