"""What is to be bought: needs proposed by a station, approved or rejected by somebody."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import COMING, PurchaseNeed, PurchaseOrder, PurchaseOrderLine, ReorderRule, Sku, StockLevel
from inventory.purchasing.ordering import Wanted, place_purchase_order
from inventory.states import NeedState
from oms.core import bulk
from oms.core.errors import Invalid
from oms.core.events import fact, record
from oms.core.locks import lock


def rules_running_low() -> QuerySet[ReorderRule]:
    """Give the reorder rules whose place has fallen to its point (free stock and what is on order), without an open need or one rejected
    within a day.

    Annotated with `free` and `coming`.
    """
    free = (
        StockLevel.objects.filter(sku=OuterRef("sku"), warehouse=OuterRef("warehouse"))
        .values("sku")
        .annotate(units=Sum(F("on_hand") - F("reserved")))
        .values("units")
    )
    coming = (
        PurchaseOrderLine.objects.filter(sku=OuterRef("sku"), order__warehouse=OuterRef("warehouse"), order__state__in=COMING)
        .values("sku")
        .annotate(units=Sum(F("quantity") - F("received")))
        .values("units")
    )
    need = PurchaseNeed.objects.filter(sku=OuterRef("sku"), warehouse=OuterRef("warehouse")).filter(
        Q(state__in=[NeedState.PROPOSED, NeedState.APPROVED]) | Q(state=NeedState.REJECTED, created_at__gt=Now() - timedelta(days=1))
    )
    return (
        ReorderRule.objects.annotate(free=Coalesce(Subquery(free), Value(0)), coming=Coalesce(Subquery(coming), Value(0)))
        .filter(Exists(Sku.objects.filter(pk=OuterRef("sku"), is_active=True)))
        .filter(free__lte=F("point") - F("coming"))
        .filter(~Exists(need))
        .order_by("pk")
    )


def propose_needs(rules: list[ReorderRule]) -> None:
    """Propose to buy up to each rule's target. `rules`: as `rules_running_low` gives them, locked. Records `purchase.proposed`."""
    now = timezone.now()
    needs = bulk.insert_all(
        [
            PurchaseNeed(
                rule=rule,
                sku_id=rule.sku_id,
                warehouse_id=rule.warehouse_id,
                vendor_id=rule.vendor_id,
                quantity=rule.target - rule.free - rule.coming,
                reason=f"{rule.free} free and {rule.coming} on order, at or below the reorder point of {rule.point}",
                created_at=now,
            )
            for rule in rules
        ]
    )
    record(fact("purchase.proposed", "need", need.pk, actor="station:replenish", sku=need.sku_id, quantity=need.quantity) for need in needs)


def approve_needs(pks: Sequence[int], *, actor: str) -> list[PurchaseOrder]:
    """Approve proposed needs and order them: one purchase order per vendor and warehouse, sent to the vendor by mail.

    Locks the needs. Needs that are no longer proposed are passed over, so a double click orders nothing twice. Raises Invalid where none
    was chosen. Records `purchase.ordered`.
    """
    if not pks:
        raise Invalid(_("Choose at least one line to buy."))
    with transaction.atomic():
        needs = [need for need in lock(PurchaseNeed.objects.filter(pk__in=pks)) if need.state == NeedState.PROPOSED]
        per_order: dict[tuple[int, int], list[PurchaseNeed]] = defaultdict(list)
        for need in needs:
            if need.vendor_id is None:
                raise Invalid(_("Say first who is to sell it: choose a vendor for every line."))
            need.approve()
            need.save(update_fields=["state"])
            per_order[need.vendor_id, need.warehouse_id].append(need)
        orders = [
            place_purchase_order(vendor, place, [Wanted(need.sku_id, need.quantity) for need in some], actor=actor)
            for (vendor, place), some in per_order.items()
        ]
        for need in needs:
            need.order()
            need.save(update_fields=["state"])
    return orders


def reject_needs(pks: Sequence[int], *, actor: str) -> int:
    """Reject proposed needs; give how many. While stock stays low, they are proposed again after a day."""
    with transaction.atomic():
        needs = [need for need in lock(PurchaseNeed.objects.filter(pk__in=pks)) if need.state == NeedState.PROPOSED]
        for need in needs:
            need.reject()
            need.save(update_fields=["state"])
        record(fact("purchase.rejected", "need", need.pk, actor=actor) for need in needs)
    return len(needs)
