"""Calls in which nothing was ordered: why, and what was wanted."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.losing_sales import note_lost_demand
from inventory.models import Sku
from oms.core import bulk
from oms.core.access import actor_of
from oms.core.cards import refuse_card_numbers
from oms.core.errors import Invalid
from oms.core.events import fact, record
from oms.core.models import User
from orders.drafts import abandon_draft
from orders.models import LostLine, LostSale
from orders.phone.call import Call
from orders.phone.quoting import customer_of
from orders.phone.reading import readings
from orders.states import LostReason

# For which reasons what was wanted is demand all the same: we had not enough of it.
_IS_DEMAND = {LostReason.STOCK}


def lose_call(call: Call, *, reason: str, note: str, person: User) -> LostSale:
    """Note that a call came to nothing, why, and what was wanted in it; the draft is given up and its stock free.

    What was not there in time is told to purchasing as demand. Safe to repeat: the first reason counts. Locks the draft. Raises Invalid, Overtaken,
    AlreadyPlaced. Records `sale.lost`.
    """
    if reason not in LostReason.values:
        raise Invalid(_("Say why nothing was ordered: choose a reason."), pointer="/reason")
    refuse_card_numbers({"lost_note": note})
    with transaction.atomic():
        draft = abandon_draft(call.key, person=person)
        known = LostSale.objects.filter(draft=draft).first()
        if known is not None:
            return known
        customer = customer_of(call)
        lost = LostSale.objects.create(
            draft=draft,
            customer=customer,
            reason=reason,
            note=note.strip()[:500],
            noted_by=actor_of(person),
            noted_at=timezone.now(),
        )
        lines = _lines(call, lost)
        bulk.insert_all(lines)
        if reason in _IS_DEMAND:
            address = customer.addresses.first() if customer else None
            wanted = [(line.sku_id, line.quantity) for line in lines if line.sku_id]
            note_lost_demand(wanted, country=address.country if address else "", postcode=address.postcode if address else "")
        record([fact("sale.lost", "draft", draft.pk, actor=actor_of(person), reason=reason, lines=len(lines))])
    return lost


def _lines(call: Call, lost: LostSale) -> list[LostLine]:
    skus = dict(Sku.objects.filter(code__in=[row.sku.upper() for row in call.rows]).values_list("code", "pk"))
    wanted = [
        LostLine(lost_sale=lost, sku_id=skus.get(row.sku.upper()), text="" if row.sku.upper() in skus else row.sku, quantity=_units(row.quantity))
        for row in call.rows
    ]
    for row in call.unmatched:
        read = readings(row.text)
        wanted.append(LostLine(lost_sale=lost, text=read[0].text if read else row.text, quantity=_units(row.quantity)))
    return wanted


def _units(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1
