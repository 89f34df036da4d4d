"""Buying what runs low: needs proposed by a station, approved by somebody, ordered from vendors, received."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import (
    COMING,
    PurchaseNeed,
    PurchaseOrder,
    PurchaseOrderLine,
    Receipt,
    ReceiptLine,
    ReorderRule,
    Sku,
    StockLevel,
    Vendor,
    Warehouse,
)
from inventory.moving import Move, move_stock, tell_of_arrivals
from inventory.states import MovementKind, NeedState, PurchaseState
from oms.core import bulk
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock, lock_one
from oms.core.messages import queue
from oms.core.models import Message
from oms.core.money import ZERO, round_amount


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
        orders = [_order(vendor, place, some, actor) for (vendor, place), some in per_order.items()]
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


def _order(vendor_id: int, warehouse_id: int, needs: list[PurchaseNeed], actor: str) -> PurchaseOrder:
    vendor = Vendor.objects.get(pk=vendor_id)
    order = PurchaseOrder(
        vendor=vendor,
        warehouse_id=warehouse_id,
        currency=settings.BOOKS_CURRENCY,
        expected_on=timezone.localdate() + timedelta(days=vendor.lead_time_days),
        created_at=timezone.now(),
        created_by=actor,
    )
    order.approve()
    order.send()
    order.save()
    costs = dict(Sku.objects.filter(pk__in=[need.sku_id for need in needs]).values_list("id", "cost"))
    bulk.insert_all([PurchaseOrderLine(order=order, sku_id=need.sku_id, quantity=need.quantity, unit_cost=costs[need.sku_id]) for need in needs])
    if vendor.email:
        queue([_mail(order, vendor)])
    record([fact("purchase.ordered", "purchase", order.pk, actor=actor, number=order.number, vendor=vendor.name)])
    return order


def _mail(order: PurchaseOrder, vendor: Vendor) -> Message:
    lines = order.lines.select_related("sku").order_by("id")
    return Message(
        kind="purchase_order",
        recipient=vendor.email,
        language=vendor.language,
        data={
            "number": order.number,
            "name": vendor.name,
            "warehouse": order.warehouse.name,
            "expected_on": order.expected_on.isoformat(),
            "lines": [{"sku": line.sku.code, "name": line.sku.name, "quantity": line.quantity} for line in lines],
        },
    )


def receive_goods(pk: int, quantities: Mapping[int, int], *, key: str, actor: str) -> Receipt:
    """Receive `quantities`, purchase order line → units, against a purchase order.

    `key`: made by the form; the same key again gives the first receipt back and receives nothing. Locks the order, its lines and the stock
    levels. Raises NotFound; Invalid for nothing, below zero or a line of another order; Conflict for more than is open. Records `purchase.received`
    and `stock.arrived`, which fills waiting orders.
    """
    with transaction.atomic():
        try:
            order = lock_one(PurchaseOrder.objects.select_related("warehouse"), pk)
        except PurchaseOrder.DoesNotExist:
            raise NotFound(_("There is no such purchase order.")) from None
        known = Receipt.objects.filter(key=key).first()
        if known is not None:
            if known.order_id != pk:
                raise Conflict(_("That receipt was made for another purchase order."))
            return known
        if not order.can_receive:
            raise Conflict(_("%(number)s takes no more goods.") % {"number": order.number})
        lines = {line.pk: line for line in lock(order.lines.select_related("sku"))}
        _check_quantities(order, lines, quantities)
        try:
            with transaction.atomic():
                receipt = Receipt.objects.create(order=order, key=key, received_at=timezone.now(), actor=actor)
        except IntegrityError:
            raise Conflict(_("That receipt was made for another purchase order.")) from None
        arrived = [(lines[line_pk], units) for line_pk, units in quantities.items() if units]
        moves = [_arrival(order, receipt, line, units) for line, units in arrived]
        move_stock(moves, actor=actor)
        bulk.insert_all(
            [
                ReceiptLine(receipt=receipt, line=line, quantity=units, value=move.value or ZERO)
                for (line, units), move in zip(arrived, moves, strict=True)
            ]
        )
        for line, units in arrived:
            line.received += units
        bulk.save_all([line for line, _ in arrived], "received")
        _follow_receipt(order, lines.values())
        record(
            [
                fact(
                    "purchase.received",
                    "purchase",
                    pk,
                    actor=actor,
                    number=order.number,
                    units=sum(units for _, units in arrived),
                )
            ]
        )
        tell_of_arrivals(sorted({line.sku_id for line, _ in arrived}), actor=actor)
    return receipt


def _check_quantities(order: PurchaseOrder, lines: Mapping[int, PurchaseOrderLine], quantities: Mapping[int, int]) -> None:
    if any(units < 0 for units in quantities.values()) or not any(quantities.values()):
        raise Invalid(_("Say how much of at least one line has come."))
    for line_pk, units in quantities.items():
        line = lines.get(line_pk)
        if line is None:
            raise Invalid(_("That line is not on %(number)s.") % {"number": order.number})
        if units > line.open_quantity:
            raise Conflict(
                _("%(number)s still expects %(open)d of %(sku)s, not %(units)d.")
                % {"number": order.number, "open": line.open_quantity, "sku": line.sku.code, "units": units}
            )


def _arrival(order: PurchaseOrder, receipt: Receipt, line: PurchaseOrderLine, units: int) -> Move:
    return Move(
        sku_id=line.sku_id,
        warehouse_id=order.warehouse_id,
        quantity=units,
        kind=MovementKind.RECEIPT,
        cause="receipt",
        cause_id=receipt.pk,
        value=round_amount(line.unit_cost * units, settings.BOOKS_CURRENCY),
        note=order.number,
    )


def _follow_receipt(order: PurchaseOrder, lines) -> None:
    if not any(line.open_quantity for line in lines):
        order.receive_all()
    elif order.state == PurchaseState.SENT:
        order.receive_part()
    else:
        return
    order.save(update_fields=["state"])


def order_from_vendor(vendor: Vendor, warehouse: Warehouse, lines: Sequence[tuple[Sku, int]], *, actor: str) -> PurchaseOrder:
    """Order goods by hand, without a need: (SKU, units ≥ 1), at the SKUs' cost. Sent to the vendor by mail. Records `purchase.ordered`."""
    if not lines or any(units < 1 for _, units in lines):
        raise Invalid(_("A purchase order needs lines of at least one unit."))
    with transaction.atomic():
        needs = [PurchaseNeed(sku=sku, warehouse=warehouse, vendor=vendor, quantity=units) for sku, units in lines]
        return _order(vendor.pk, warehouse.pk, needs, actor)
