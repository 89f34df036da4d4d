from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from inventory.models.catalogue import Sku, Warehouse
from inventory.states import NEED_MOVES, PURCHASE_MOVES, NeedState, PurchaseState
from oms.core.readable import human_number
from oms.core.triggers import append_only, legal_moves


class Vendor(models.Model):
    """Whom we buy from."""

    name = models.CharField(max_length=200)
    email = models.EmailField(max_length=254, blank=True)
    language = models.CharField(max_length=10, default="en")
    currency = models.CharField(max_length=3, default="GBP")
    lead_time_days = models.PositiveSmallIntegerField(default=14)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ReorderRule(models.Model):
    """When to buy a SKU for a warehouse: at or below `point` (free + on order), up to `target`, from `vendor`."""

    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="reorder_rules")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="+")
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="+")
    point = models.PositiveIntegerField()
    target = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sku", "warehouse"], name="one_reorder_rule_per_place"),
            models.CheckConstraint(condition=Q(target__gt=F("point")), name="reorder_target_above_point"),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id}: at {self.point} up to {self.target}"


class PurchaseNeed(models.Model):
    """Stock that runs low, proposed for buying. One open need per SKU and warehouse."""

    rule = models.ForeignKey(ReorderRule, null=True, on_delete=models.SET_NULL, related_name="+")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    reason = models.CharField(max_length=200)
    state = FSMField(max_length=10, choices=NeedState.choices, default=NeedState.PROPOSED, protected=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["sku", "warehouse"], condition=Q(state__in=["proposed", "approved"]), name="one_open_need"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="need_needs_something"),
        ]
        triggers = [legal_moves("state", NEED_MOVES)]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.sku_id}"

    @transition(field=state, source=NeedState.PROPOSED, target=NeedState.APPROVED)
    def approve(self) -> None:
        """Somebody agrees to buy it."""

    @transition(field=state, source=NeedState.APPROVED, target=NeedState.ORDERED)
    def order(self) -> None:
        """It stands on a purchase order."""

    @transition(field=state, source=[NeedState.PROPOSED, NeedState.APPROVED], target=NeedState.REJECTED)
    def reject(self) -> None:
        """It will not be bought."""


class PurchaseOrder(models.Model):
    """What we buy from a vendor for one warehouse."""

    NUMBER_PREFIX = "PO"

    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="orders")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    state = FSMField(max_length=20, choices=PurchaseState.choices, default=PurchaseState.DRAFT, protected=True)
    currency = models.CharField(max_length=3, default="GBP")
    expected_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)

    class Meta:
        ordering = ["-id"]
        triggers = [legal_moves("state", PURCHASE_MOVES)]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return human_number(self.NUMBER_PREFIX, self.pk)

    @transition(field=state, source=PurchaseState.DRAFT, target=PurchaseState.APPROVED)
    def approve(self) -> None:
        """Somebody who may agrees to it."""

    @transition(field=state, source=PurchaseState.APPROVED, target=PurchaseState.SENT)
    def send(self) -> None:
        """The vendor has it."""

    @transition(field=state, source=PurchaseState.SENT, target=PurchaseState.PARTLY_RECEIVED)
    def receive_part(self) -> None:
        """Some of it came."""

    @transition(field=state, source=[PurchaseState.SENT, PurchaseState.PARTLY_RECEIVED], target=PurchaseState.RECEIVED)
    def receive_all(self) -> None:
        """All of it came."""

    @transition(field=state, source=[PurchaseState.RECEIVED, PurchaseState.PARTLY_RECEIVED], target=PurchaseState.CLOSED)
    def close(self) -> None:
        """Nothing more is expected."""

    @transition(field=state, source=[PurchaseState.DRAFT, PurchaseState.APPROVED, PurchaseState.SENT], target=PurchaseState.CANCELLED)
    def cancel(self) -> None:
        """It will not come."""

    @property
    def can_receive(self) -> bool:
        return self.state in (PurchaseState.SENT, PurchaseState.PARTLY_RECEIVED)


class PurchaseOrderLine(models.Model):
    order = models.ForeignKey(PurchaseOrder, on_delete=models.PROTECT, related_name="lines")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0)
    unit_cost = models.DecimalField(max_digits=19, decimal_places=4)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "sku"], name="one_purchase_line_per_sku"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="purchase_line_buys_something"),
            models.CheckConstraint(condition=Q(received__lte=F("quantity")), name="received_within_ordered"),
            models.CheckConstraint(condition=Q(unit_cost__gte=0), name="purchase_cost_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.sku_id}"

    @property
    def open_quantity(self) -> int:
        return self.quantity - self.received


class Receipt(models.Model):
    """Goods taken in against a purchase order, once per key: a double click receives nothing twice. Append-only."""

    order = models.ForeignKey(PurchaseOrder, on_delete=models.PROTECT, related_name="receipts")
    key = models.CharField(max_length=100, unique=True, help_text=_("Made by the form, so that a repeat is known as one"))
    received_at = models.DateTimeField()
    actor = models.CharField(max_length=100)

    class Meta:
        ordering = ["-id"]
        triggers = append_only()

    def __str__(self) -> str:
        return f"receipt {self.pk} of {self.order_id}"
