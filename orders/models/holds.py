from django.db import models
from django.db.models import F, Q

from orders.models.orders import Order
from orders.states import HoldKind

# Whom a hold concerns: the permission to release it. What the screening finds beside them takes orders.release_screening.
RELEASED_WITH = {
    HoldKind.CREDIT: "orders.release_credit",
    HoldKind.MANUAL: "orders.hold_order",
    HoldKind.PRICE: "orders.approve_prices",
}


class Hold(models.Model):
    """A reason why an order must wait. Any number at once; the order goes on when the last is released."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="holds")
    kind = models.CharField(max_length=20, choices=HoldKind)
    reason = models.CharField(max_length=300)
    placed_by = models.CharField(max_length=100)
    placed_at = models.DateTimeField()
    released_by = models.CharField(max_length=100, blank=True)
    released_at = models.DateTimeField(null=True)
    look_again_at = models.DateTimeField(null=True, help_text="When the screening looks whether its cause is gone; none: a person placed it")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "kind"], condition=Q(released_at__isnull=True), name="one_open_hold_per_kind"),
            models.CheckConstraint(condition=~Q(kind=HoldKind.PRICE) | ~Q(released_by=F("placed_by")), name="price_approved_by_a_second_person"),
        ]
        indexes = [
            models.Index(fields=["placed_at"], name="hold_open", condition=Q(released_at__isnull=True)),
            models.Index(fields=["look_again_at"], name="hold_q_release", condition=Q(released_at__isnull=True, look_again_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"

    @property
    def released_with(self) -> str:
        """Give the permission that releasing it takes."""
        return RELEASED_WITH.get(HoldKind(self.kind), "orders.release_screening")
