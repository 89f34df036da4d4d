from django.db import models
from django.db.models import F, Q

from inventory.models.catalogue import Sku, Warehouse
from inventory.states import RESERVATION_MOVES, MovementKind, ReservationState
from oms.core.triggers import append_only, legal_moves


class StockLevel(models.Model):
    """How much of a SKU lies in a warehouse, how much of it is spoken for, and what it is worth.

    on_hand = Σ movements, reserved = Σ open reservations, value = Σ movement values: proved by check_invariants.
    `value` is at moving average cost, in the books' currency.
    """

    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="levels")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="levels")
    on_hand = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)
    value = models.DecimalField(max_digits=19, decimal_places=4, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sku", "warehouse"], name="one_level_per_place"),
            models.CheckConstraint(condition=Q(reserved__gte=0, reserved__lte=F("on_hand")), name="reserved_within_on_hand"),
            models.CheckConstraint(condition=Q(value__gte=0), name="stock_value_not_negative"),
            models.CheckConstraint(condition=Q(on_hand__gt=0) | Q(value=0), name="no_value_without_stock"),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id} in {self.warehouse_id}: {self.on_hand} on hand, {self.reserved} reserved"

    @property
    def free(self) -> int:
        return self.on_hand - self.reserved


class StockMovement(models.Model):
    """Stock that came or went: signed quantity and signed value, with its cause. Append-only."""

    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="movements")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=MovementKind)
    quantity = models.IntegerField()
    value = models.DecimalField(max_digits=19, decimal_places=4)
    cause = models.CharField(max_length=30, help_text="What it was for: shipment, receipt, count")
    cause_id = models.BigIntegerField()
    order_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=100)
    note = models.CharField(max_length=200, blank=True)
    moved_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(quantity=0), name="movement_moves_something")]
        indexes = [models.Index(fields=["sku", "warehouse", "-id"], name="movement_place")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity:+d} of {self.sku_id}"


class MovementToPost(models.Model):
    """A movement that the ledger has not booked yet: written with the movement, taken away by accounting's posting."""

    movement = models.OneToOneField(StockMovement, on_delete=models.PROTECT, primary_key=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["movement_id"]
        verbose_name_plural = "movements to post"

    def __str__(self) -> str:
        return f"movement {self.movement_id}"


class Reservation(models.Model):
    """Stock spoken for. `line_id` names the order line, which inventory does not know more of."""

    line_id = models.BigIntegerField()
    order_id = models.BigIntegerField()
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="reservations")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    quantity = models.IntegerField()
    state = models.CharField(max_length=10, choices=ReservationState, default=ReservationState.FIRM)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(quantity__gt=0), name="reservation_reserves_something")]
        indexes = [
            models.Index(fields=["order_id"], name="reservation_order"),
            models.Index(fields=["sku", "warehouse"], name="reservation_open", condition=Q(state__in=["soft", "firm"])),
        ]
        triggers = [legal_moves("state", RESERVATION_MOVES)]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.sku_id} for line {self.line_id}"
