"""Purchase orders that the vendor ships to a customer, when the customer does not want them any more."""

from inventory.models import PurchaseOrder
from inventory.purchasing.changing import cancel_purchase
from inventory.states import PurchaseState

NOTHING_SHIPPED = (PurchaseState.DRAFT, PurchaseState.APPROVED, PurchaseState.SENT, PurchaseState.ACKNOWLEDGED)


def call_off_drop_ships(order_id: int, *, actor: str, reason: str) -> list[PurchaseOrder]:
    """Call off what vendors were to ship for an order that the caller has locked and that is called off itself. Safe to repeat.

    The vendor is told by mail where he has it. One who has shipped all the same cannot be confirmed any more, so nothing is sent or booked twice: the
    parcel is his to take back. Locks the purchase orders. Records `purchase.cancelled`, on the order as well, for who must ring him up.
    """
    keys = PurchaseOrder.objects.filter(drop_ship_order_id=order_id, state__in=NOTHING_SHIPPED).order_by("pk").values_list("pk", flat=True)
    return [cancel_purchase(pk, reason=reason, actor=actor) for pk in keys]
