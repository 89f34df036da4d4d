"""Calling an order off before anything of it has left."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.backorders import forget
from inventory.purchasing.drop_ship import call_off_drop_ships
from inventory.reserving import release
from oms.core import bulk
from oms.core.errors import Conflict
from oms.core.events import fact, record
from orders.holding import lock_order
from orders.models import Hold, Order
from orders.models.orders import DERIVED
from orders.selectors import lines_of
from orders.states import OrderState


def cancel_order(pk: int, *, actor: str, reason: str = "") -> Order:
    """Cancel an order: its lines are cancelled, its stock is free at once, its holds end. With its lines it gives back what it took of promotions.

    Locks the order, the promotions and codes that it used, what vendors were to ship for it, then its stock levels. Cancelling a cancelled order
    changes nothing and gives it back. Raises Conflict once goods have left. What was invoiced is credited, and what was planned is voided, by the
    stations that wake for `order.cancelled`, recorded here.
    """
    with transaction.atomic():
        order = lock_order(pk)
        if order.state == OrderState.CANCELLED:
            return order
        if not order.can_cancel:
            raise Conflict(
                _("%(number)s cannot be cancelled: it is %(state)s. Arrange a return instead.")
                % {"number": order.number, "state": order.get_state_display().lower()},
                state=order.state,
            )
        lines = lines_of([order])[order.pk]
        for line in lines:
            line.cancelled += line.to_ship
            line.reserved = line.backordered = line.planned = 0
        bulk.save_all(lines, "cancelled", "reserved", "backordered", "planned")
        call_off_drop_ships(pk, actor=actor, reason=_("The customer's order %(number)s was called off.") % {"number": order.number})
        freed = release([pk])
        forget([pk])
        ended = Hold.objects.filter(order=order, released_at__isnull=True).update(released_at=timezone.now(), released_by=actor)
        order.open_holds -= ended
        order.cancel()
        order.version += 1
        order.refresh(lines)
        order.save(update_fields=["state", "version", "open_holds", *DERIVED])
        record([fact("order.cancelled", "order", pk, order_id=pk, actor=actor, reason=reason[:300], freed=freed)])
        if freed:
            record([fact("stock.freed", "order", pk, order_id=pk, actor=actor, units=freed)])
    return order
