"""How urgent an order is: who is served first when there is not enough for all."""

from django.db import transaction
from django.utils.translation import gettext as _

from inventory.backorders import queue_anew
from oms.core.errors import Conflict, Invalid
from oms.core.events import fact, record
from orders.holding import lock_order
from orders.models import Order

MOST_URGENT, LEAST_URGENT = 1, 9


def set_priority(pk: int, priority: int, *, actor: str) -> Order:
    """Say how urgent an order is, from 1 (first) to 9 (last). What it waits for is pegged anew.

    Locks the order, then its backorders. Safe to repeat. Raises Invalid out of bounds, Conflict where the order is closed.
    Records `order.prioritised`.
    """
    if not MOST_URGENT <= priority <= LEAST_URGENT:
        raise Invalid(_("The priority is a number from 1 (first) to 9 (last)."), pointer="/priority")
    with transaction.atomic():
        order = lock_order(pk)
        if not order.is_open:
            raise Conflict(_("%(number)s is closed: nothing of it is urgent any more.") % {"number": order.number})
        before = order.priority
        if priority != before:
            order.priority = priority
            order.version += 1
            order.save(update_fields=["priority", "version"])
            queue_anew({pk: (priority, order.waits_since)})
            record([fact("order.prioritised", "order", pk, order_id=pk, actor=actor, before=before, priority=priority)])
    return order
