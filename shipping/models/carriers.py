from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shipping.states import CarrierMode

# The stand-in for a customer who takes the goods over the counter.
COUNTER = "counter"


class Carrier(models.Model):
    """Who takes goods to customers. `adapter` names the code that talks to them (shipping.carriers.registry)."""

    code = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=100)
    adapter = models.CharField(max_length=30, default="manual")
    mode = models.CharField(max_length=10, choices=CarrierMode, default=CarrierMode.PARCEL)
    service = models.CharField(max_length=40, blank=True)
    scac = models.CharField(max_length=4, blank=True, help_text=_("Standard Carrier Alpha Code, for bills of lading"))
    max_weight_grams = models.PositiveIntegerField(null=True, blank=True, help_text=_("Heavier shipments go to the next carrier"))
    rank = models.PositiveSmallIntegerField(default=10)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["rank", "id"]

    def __str__(self) -> str:
        return self.name


class TrackingEvent(models.Model):
    """What a carrier told us, kept as it came before anything is made of it. `applied_at`: station TRACK has used it."""

    carrier = models.ForeignKey(Carrier, on_delete=models.PROTECT, related_name="+")
    event_id = models.CharField(max_length=100, help_text=_("The carrier's own: a repeat is known by it"))
    tracking_number = models.CharField(max_length=60)
    status = models.CharField(max_length=30)
    description = models.CharField(max_length=200, blank=True)
    location = models.CharField(max_length=100, blank=True)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["occurred_at", "id"]
        constraints = [models.UniqueConstraint(fields=["carrier", "event_id"], name="tracking_event_once")]
        indexes = [
            models.Index(fields=["tracking_number"], name="tracking_number"),
            models.Index(fields=["id"], name="tracking_q", condition=Q(applied_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.tracking_number} {self.status}"
