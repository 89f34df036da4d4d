from django.db import models
from django.db.models import Q

from orders.models.orders import Order
from orders.states import HoldKind


class Hold(models.Model):
    """A reason why an order must wait. Any number at once; the order goes on when the last is released."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="holds")
    kind = models.CharField(max_length=20, choices=HoldKind)
    reason = models.CharField(max_length=300)
    placed_by = models.CharField(max_length=100)
    placed_at = models.DateTimeField()
    released_by = models.CharField(max_length=100, blank=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["order", "kind"], condition=Q(released_at__isnull=True), name="one_open_hold_per_kind")]
        indexes = [models.Index(fields=["placed_at"], name="hold_open", condition=Q(released_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"
