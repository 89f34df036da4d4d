from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models.catalogue import Warehouse
from inventory.states import SourcingPolicy
from oms.core.triggers import append_only


class Lane(models.Model):
    """A way from a warehouse to its customers: how far, how dear, how long. The longest postcode that fits is the one that counts.

    A warehouse with lanes serves where they lead; one without serves everywhere.
    """

    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="lanes")
    country = models.CharField(max_length=2)
    postcode_prefix = models.CharField(max_length=10, blank=True, help_text=_("Empty: the whole country"))
    km = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=19, decimal_places=4, default=0, help_text=_("Of a shipment, in the books' currency"))
    transit_days = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["warehouse", "country", "postcode_prefix"]
        constraints = [
            models.UniqueConstraint(fields=["warehouse", "country", "postcode_prefix"], name="one_lane_per_destination"),
            models.CheckConstraint(condition=Q(cost__gte=0), name="lane_cost_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.warehouse_id} → {self.country} {self.postcode_prefix}".strip()


class SourcingRule(models.Model):
    """A step in choosing the warehouses of an order: `policy`, taken in the order of `position`. `amount`: what the policy asks for."""

    position = models.PositiveSmallIntegerField(default=10)
    policy = models.CharField(max_length=20, choices=SourcingPolicy, unique=True)
    amount = models.DecimalField(
        max_digits=19, decimal_places=4, null=True, blank=True, help_text=_("Split by value: what each part must be worth, in the books' currency")
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.CheckConstraint(condition=Q(amount__isnull=True) | Q(amount__gte=0), name="sourcing_amount_not_negative")]

    def __str__(self) -> str:
        return self.get_policy_display()


class SourcingDecision(models.Model):
    """Why an order's stock was taken where it was: what each step of the sourcing said, as it was then. Append-only."""

    order_id = models.BigIntegerField()
    made_at = models.DateTimeField()
    trace = models.JSONField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["order_id", "-id"], name="decision_order")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"decision {self.pk} for order {self.order_id}"
