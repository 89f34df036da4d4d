"""What was reserved and is gone: shown until somebody has dealt with it."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Shortfall
from oms.core.errors import NotFound
from oms.core.events import fact, record
from oms.core.locks import lock_one


def settle_shortfall(pk: int, *, actor: str) -> Shortfall:
    """Note that somebody has dealt with a shortfall. Locks it. Repeating it changes nothing. Raises NotFound. Records `shortfall.settled`."""
    with transaction.atomic():
        try:
            row = lock_one(Shortfall.objects.select_related("sku", "warehouse"), pk)
        except Shortfall.DoesNotExist:
            raise NotFound(_("There is no such shortfall.")) from None
        if row.settled_at is None:
            row.settled_at, row.settled_by = timezone.now(), actor
            row.save(update_fields=["settled_at", "settled_by"])
            record([fact("shortfall.settled", "order", row.order_id, order_id=row.order_id, actor=actor, sku=row.sku.code, units=row.quantity)])
    return row
