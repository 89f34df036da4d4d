"""Holding an order back, and letting it go on."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from oms.core.errors import Conflict, Invalid, NotAllowed, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock_one
from orders.models import Hold, Order
from orders.states import HoldKind, ScreeningKind


def lock_order(pk: int) -> Order:
    """Lock an order and give it as it is now. Raises NotFound."""
    try:
        return lock_one(Order.objects.all(), pk)
    except Order.DoesNotExist:
        raise NotFound(_("There is no such order.")) from None


def place_hold(pk: int, *, kind: str = HoldKind.MANUAL, reason: str, actor: str) -> Hold:
    """Hold an order back for `reason`. Locks the order. Raises Invalid without a reason, Conflict if it is closed or held for that
    kind already. Records `order.held`.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid(_("Say why the order must wait."), pointer="/reason")
    with transaction.atomic():
        order = lock_order(pk)
        if not order.is_open:
            raise Conflict(_("%(number)s is closed: nothing is left to hold.") % {"number": order.number})
        try:
            with transaction.atomic():
                hold = Hold.objects.create(order=order, kind=kind, reason=reason[:300], placed_by=actor, placed_at=timezone.now())
        except IntegrityError:
            raise Conflict(_("%(number)s is held for that already.") % {"number": order.number}) from None
        order.open_holds += 1
        order.version += 1
        order.save(update_fields=["open_holds", "version"])
        record([fact("order.held", "order", pk, order_id=pk, actor=actor, reason=hold.reason)])
    return hold


def release_hold(hold_pk: int, *, actor: str) -> Order:
    """Release a hold. Locks the order. Releasing one that is released changes nothing. Records `order.hold_released`.

    A price is agreed to by a second person: NotAllowed for who has given it.
    """
    with transaction.atomic():
        hold = Hold.objects.filter(pk=hold_pk).first()
        if hold is None:
            raise NotFound(_("There is no such hold."))
        if hold.kind == HoldKind.PRICE and hold.placed_by == actor:
            raise NotAllowed(_("The price is yours: a second person must agree to it."))
        order = lock_order(hold.order_id)
        released = Hold.objects.filter(pk=hold_pk, released_at__isnull=True).update(released_at=timezone.now(), released_by=actor)
        if released:
            order.open_holds -= 1
            order.version += 1
            order.save(update_fields=["open_holds", "version"])
            record([fact("order.hold_released", "order", order.pk, order_id=order.pk, actor=actor, reason=hold.reason)])
    return order


def look_again(*, kinds: Iterable[str] = ScreeningKind.values, customers: Iterable[int] | None = None) -> None:
    """Have the screening's holds of `kinds` looked at now: what they were placed for has changed. `customers`: theirs only.

    In the caller's transaction. Safe to repeat.
    """
    rows = Hold.objects.filter(released_at__isnull=True, look_again_at__isnull=False, kind__in=list(kinds))
    if customers is not None:
        rows = rows.filter(order__customer__in=list(customers))
    rows.update(look_again_at=Now())
