"""What is to be bought: proposed by a station or added by hand, approved or rejected by somebody."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import PurchaseNeed, PurchaseOrder, ReorderRule, Sku, Vendor
from inventory.purchasing.ordering import MOST_UNITS, Draft, Wanted, check_minimum, check_quantity, place_purchase_orders
from inventory.purchasing.replenishing import look_again
from inventory.states import NeedOrigin, NeedState
from oms.core import bulk
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock, lock_one
from oms.core.money import ZERO

MOST_AT_ONCE = 2_000
OPEN = (NeedState.PROPOSED, NeedState.APPROVED)


def approve_needs(
    pks: Sequence[int], *, quantities: Mapping[int, int] | None = None, accept_below_minimum: bool = False, actor: str
) -> list[PurchaseOrder]:
    """Approve proposed needs and order them: one purchase order per vendor and warehouse, sent to the vendor.

    `quantities`: need → units, where somebody has decided otherwise. Locks the needs. A double click orders nothing twice: what is ordered already
    answers with the order that it stands on. A constant number of statements. Raises Invalid where none was chosen or nobody sells it; Conflict
    where an order stays below its vendor's minimum without `accept_below_minimum`. Records `purchase.ordered`.
    """
    if not pks or len(pks) > MOST_AT_ONCE:
        raise Invalid(_("Choose 1 to %(most)d lines to buy.") % {"most": MOST_AT_ONCE})
    with transaction.atomic():
        chosen = lock(PurchaseNeed.objects.filter(pk__in=pks).select_related("sku", "vendor"))
        needs = [need for need in chosen if need.state == NeedState.PROPOSED]
        per_order: dict[tuple[int, int], list[PurchaseNeed]] = {}
        for need in needs:
            if need.vendor_id is None:
                raise Invalid(_("Nobody sells %(sku)s to us yet: choose a vendor for it.") % {"sku": need.sku.code}, need=need.pk)
            need.quantity = (quantities or {}).get(need.pk, need.quantity)
            check_quantity(need.quantity, need.sku.code)
            need.approve()
            per_order.setdefault((need.vendor_id, need.warehouse_id), []).append(need)
        bulk.save_all(needs, "state")
        drafts = [Draft(vendor, place, [Wanted(need.sku_id, need.quantity) for need in some]) for (vendor, place), some in per_order.items()]
        orders = place_purchase_orders(drafts, actor=actor) if drafts else []
        _check_minimums(orders, accept_below_minimum=accept_below_minimum)
        now = timezone.now()
        for order, some in zip(orders, per_order.values(), strict=True):
            for need in some:
                need.order()
                need.purchase_order, need.decided_at, need.decided_by = order, now, actor
        bulk.save_all(needs, "state", "quantity", "purchase_order", "decided_at", "decided_by")
    before = {need.purchase_order_id for need in chosen if need.purchase_order_id} - {made.pk for made in orders}
    return orders + (list(PurchaseOrder.objects.filter(pk__in=before).order_by("pk")) if before else [])


def _check_minimums(orders: Sequence[PurchaseOrder], *, accept_below_minimum: bool) -> None:
    if accept_below_minimum or not any(order.vendor.minimum_order for order in orders):
        return
    rows = PurchaseOrder.objects.filter(pk__in=[order.pk for order in orders]).select_related("vendor").prefetch_related("lines")
    for order in rows:
        check_minimum(order.vendor, sum((line.net for line in order.lines.all()), ZERO), accept_below_minimum=False)


def reject_needs(pks: Sequence[int], *, actor: str) -> int:
    """Reject proposed needs; give how many. While stock stays low, they are proposed again after a day. Records `purchase.rejected`."""
    with transaction.atomic():
        needs = [need for need in lock(PurchaseNeed.objects.filter(pk__in=list(pks)[:MOST_AT_ONCE])) if need.state == NeedState.PROPOSED]
        now = timezone.now()
        for need in needs:
            need.reject()
            need.decided_at, need.decided_by = now, actor
        bulk.save_all(needs, "state", "decided_at", "decided_by")
        look_again([need.sku_id for need in needs], at=now + timedelta(days=1, minutes=1))
        record(fact("purchase.rejected", "need", need.pk, actor=actor) for need in needs)
    return len(needs)


def change_need(pk: int, *, quantity: int | None = None, vendor_id: int | None = None, actor: str) -> PurchaseNeed:
    """Set the quantity or the vendor of a proposed need; the station leaves what somebody has set as it is. Safe to repeat.

    Locks the need. Raises NotFound, Invalid, and Conflict for one that is decided. Records `purchase.need_changed`.
    """
    with transaction.atomic():
        try:
            need = lock_one(PurchaseNeed.objects.select_related("sku"), pk)
        except PurchaseNeed.DoesNotExist:
            raise NotFound(_("There is no such need.")) from None
        if need.state != NeedState.PROPOSED:
            raise Conflict(_("That is decided already: look at the list again."))
        if quantity is not None:
            check_quantity(quantity, need.sku.code)
            need.quantity, need.is_fixed = quantity, True
        if vendor_id is not None:
            if not Vendor.objects.filter(pk=vendor_id, is_active=True).exists():
                raise Invalid(_("Choose a vendor that is still bought from."), pointer="/vendor")
            need.vendor_id, need.is_fixed = vendor_id, True
        need.save(update_fields=["quantity", "vendor", "is_fixed"])
        record([fact("purchase.need_changed", "need", need.pk, actor=actor, sku=need.sku.code, quantity=need.quantity)])
    return need


def add_needs(wanted: Sequence[tuple[int, int]], *, actor: str) -> int:
    """Add to what is proposed, by hand: (reorder rule, units ≥ 1) from the rule's vendor for its warehouse; give how many are new.

    What is proposed for that place already stays as it is. Raises Invalid. Records `purchase.proposed`.
    """
    units = dict(wanted)
    rules = list(ReorderRule.objects.filter(pk__in=list(units)[:MOST_AT_ONCE], sku__is_active=True).select_related("sku"))
    for rule in rules:
        check_quantity(min(units[rule.pk], MOST_UNITS + 1), rule.sku.code)
    with transaction.atomic():
        now = timezone.now()
        open_needs = PurchaseNeed.objects.filter(sku__in=[rule.sku_id for rule in rules], state__in=OPEN)
        there = set(open_needs.values_list("sku", "warehouse"))
        made = PurchaseNeed.objects.bulk_create(
            [
                PurchaseNeed(
                    origin=NeedOrigin.HAND,
                    rule=rule,
                    sku=rule.sku,
                    warehouse_id=rule.warehouse_id,
                    vendor_id=rule.vendor_id,
                    quantity=units[rule.pk],
                    is_fixed=True,
                    reason=_("Added to fill an order"),
                    created_at=now,
                )
                for rule in rules
                if (rule.sku_id, rule.warehouse_id) not in there
            ]
        )
        record(fact("purchase.proposed", "need", need.pk, actor=actor, sku=need.sku_id, quantity=need.quantity) for need in made)
    return len(made)


def need_by_hand(sku: Sku, *, warehouse_id: int, vendor_id: int | None, quantity: int, reason: str, actor: str) -> PurchaseNeed:
    """Propose to buy something that no rule asks for. Raises Invalid, and Conflict where it is proposed for that warehouse already."""
    check_quantity(quantity, sku.code)
    if sku.is_kit:
        raise Invalid(_("%(sku)s is a kit: buy its components.") % {"sku": sku.code}, pointer="/sku")
    with transaction.atomic():
        if PurchaseNeed.objects.filter(sku=sku, warehouse=warehouse_id, state__in=OPEN).exists():
            raise Conflict(_("%(sku)s is proposed for that warehouse already: change its quantity.") % {"sku": sku.code})
        need = PurchaseNeed.objects.create(
            origin=NeedOrigin.HAND,
            sku=sku,
            warehouse_id=warehouse_id,
            vendor_id=vendor_id,
            quantity=quantity,
            is_fixed=True,
            reason=reason.replace("\x00", "").strip()[:300] or _("By hand"),
            created_at=timezone.now(),
        )
        record([fact("purchase.proposed", "need", need.pk, actor=actor, sku=sku.pk, quantity=quantity)])
    return need
