from django.db import models
from django.db.models import F, Q

from inventory.models.catalogue import Sku, Warehouse
from inventory.models.purchasing import PurchaseOrderLine
from inventory.models.transfers import TransferLine


class Backorder(models.Model):
    """Units of a SKU that an order line waits for. `line_id` and `order_id` name what inventory does not know more of.

    `per_unit`: how many of this SKU one unit of the line takes; more than one, or beside other rows of the line, only for kits.
    `promised_on`: what the customer was told; `expected_on`: what the pegs say now. `tried_at`: when it was last looked at and nothing
    could be had: not looked at again before more is free. `country` and `postcode`: where it goes, which not every warehouse serves.
    `is_drop_shipped`: the vendor ships it to the customer, so no stock is given to it.
    """

    line_id = models.BigIntegerField()
    order_id = models.BigIntegerField()
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="backorders", db_index=False)
    quantity = models.IntegerField()
    per_unit = models.IntegerField(default=1)
    is_part = models.BooleanField(default=False, help_text="One of several components that the line waits for")
    priority = models.PositiveSmallIntegerField(default=5)
    since = models.DateTimeField()
    promised_on = models.DateField(null=True)
    expected_on = models.DateField(null=True)
    tried_at = models.DateTimeField(null=True)
    country = models.CharField(max_length=2, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    only_from = models.JSONField(null=True, help_text="Warehouses that the last choice bound it to; empty: any that serves where it goes")
    is_drop_shipped = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ["priority", "since", "id"]
        constraints = [
            models.UniqueConstraint(fields=["line_id", "sku"], name="one_backorder_per_line"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="backorder_waits_for_something"),
            models.CheckConstraint(condition=Q(per_unit__gt=0), name="backorder_takes_something"),
        ]
        indexes = [
            models.Index(fields=["sku", "priority", "since", "id"], name="backorder_queue"),
            models.Index(fields=["order_id"], name="backorder_order"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.sku_id} for line {self.line_id}"


class Peg(models.Model):
    """So many units that a backorder waits for, pointed at what will bring them: a purchase order's line or a transfer's."""

    backorder = models.ForeignKey(Backorder, on_delete=models.CASCADE, related_name="pegs")
    purchase_line = models.ForeignKey(PurchaseOrderLine, null=True, on_delete=models.PROTECT, related_name="pegs")
    transfer_line = models.ForeignKey(TransferLine, null=True, on_delete=models.PROTECT, related_name="pegs")
    quantity = models.IntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="peg_holds_something"),
            models.CheckConstraint(
                condition=Q(purchase_line__isnull=False, transfer_line__isnull=True) | Q(purchase_line__isnull=True, transfer_line__isnull=False),
                name="peg_has_one_supply",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} for backorder {self.backorder_id}"


class PegsDue(models.Model):
    """A SKU whose supply or waiting orders have changed since its pegs were made. Every change writes its own row, the pegging takes them away."""

    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "pegs due"

    def __str__(self) -> str:
        return f"pegs of SKU {self.sku_id}"


class RestockDue(models.Model):
    """A SKU that is to be looked at for buying: its stock fell to a reorder point, what comes in or who waits has changed, or a day has passed
    since somebody did not want to buy it. Every change writes its own row, REPLENISH takes them away.
    """

    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="+")
    due_at = models.DateTimeField()

    class Meta:
        ordering = ["due_at", "id"]
        verbose_name_plural = "restocks due"
        indexes = [models.Index(fields=["due_at", "id"], name="restock_due")]

    def __str__(self) -> str:
        return f"SKU {self.sku_id}"


class Shortfall(models.Model):
    """Units that were reserved for an order and are gone: lost, damaged, counted away. Shown until somebody has dealt with it."""

    order_id = models.BigIntegerField()
    line_id = models.BigIntegerField()
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    quantity = models.IntegerField()
    reason = models.CharField(max_length=200)
    promised_on = models.DateField(null=True)
    created_at = models.DateTimeField()
    actor = models.CharField(max_length=100)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="shortfall_lacks_something"),
            models.CheckConstraint(condition=Q(settled_at__isnull=True) | Q(settled_at__gte=F("created_at")), name="shortfall_settled_later"),
        ]
        indexes = [models.Index(fields=["id"], name="shortfall_open", condition=Q(settled_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.sku_id} short for line {self.line_id}"


class LostDemand(models.Model):
    """Units of a SKU that somebody wanted from a warehouse and did not order because they were not there.

    Reorder rules learn from it as from what was sold.
    """

    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+", db_index=False)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    units = models.PositiveIntegerField()
    lost_on = models.DateField()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(units__gt=0), name="lost_demand_above_zero")]
        indexes = [models.Index(fields=["sku", "lost_on"], name="lost_demand_sku")]

    def __str__(self) -> str:
        return f"{self.units} × {self.sku_id} on {self.lost_on}"
