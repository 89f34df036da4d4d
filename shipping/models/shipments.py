from django.db import models
from django.db.models import Q
from django_fsm import FSMField, transition

from inventory.models import Reservation, Sku, Warehouse
from oms.core.models import Document
from oms.core.readable import human_number
from oms.core.triggers import legal_moves
from orders.models import Order, OrderLine
from shipping.models.carriers import COUNTER, Carrier
from shipping.states import BEFORE_DISPATCH, ON_THE_WAY, SHIPMENT_MOVES, ShipmentState


class ShipmentQuerySet(models.QuerySet["Shipment"]):
    def waiting_for_booking(self) -> "ShipmentQuerySet":
        return (
            self.filter(state=ShipmentState.PACKED, carrier__isnull=False, order__open_holds=0)
            .exclude(order__state="cancelled")
            .select_related("carrier", "warehouse", "order", "order__customer")
            .order_by("packed_at", "id")
        )

    def waiting_for_handover(self) -> "ShipmentQuerySet":
        """Those that have left and of which the carrier has not been told yet."""
        return self.filter(dispatched_at__isnull=False, handed_over_at__isnull=True).select_related("carrier").order_by("dispatched_at", "id")

    def waiting_for_voiding(self) -> "ShipmentQuerySet":
        """Those of orders that were called off."""
        return self.filter(state__in=BEFORE_DISPATCH, order__state="cancelled").select_related("carrier", "order").order_by("id")


class Shipment(models.Model):
    """Goods of one order that leave one warehouse together."""

    NUMBER_PREFIX = "SH"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shipments")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    carrier = models.ForeignKey(Carrier, null=True, on_delete=models.PROTECT, related_name="+")
    state = FSMField(max_length=12, choices=ShipmentState.choices, default=ShipmentState.PLANNED, protected=True)
    weight_grams = models.BigIntegerField(default=0)
    packages = models.PositiveSmallIntegerField(default=1)
    carrier_reference = models.CharField(max_length=60, blank=True)
    tracking_number = models.CharField(max_length=60, blank=True)
    tracking_url = models.CharField(max_length=300, blank=True)
    label = models.OneToOneField(Document, null=True, on_delete=models.PROTECT, related_name="+")
    last_status = models.CharField(max_length=200, blank=True, help_text="What the carrier said last")
    last_status_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    packed_at = models.DateTimeField(null=True)
    booked_at = models.DateTimeField(null=True)
    dispatched_at = models.DateTimeField(null=True)
    handed_over_at = models.DateTimeField(null=True, help_text="The carrier was told that its driver has the goods")
    delivered_at = models.DateTimeField(null=True)

    objects = ShipmentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tracking_number"], condition=~Q(tracking_number="") & ~Q(state="voided"), name="one_shipment_per_tracking_number"
            )
        ]
        indexes = [
            models.Index(fields=["order"], name="shipment_order"),
            models.Index(fields=["state", "-id"], name="shipment_state"),
            models.Index(fields=["packed_at", "id"], name="shipment_q_book", condition=Q(state="packed")),
            models.Index(
                fields=["dispatched_at", "id"],
                name="shipment_q_handover",
                condition=Q(dispatched_at__isnull=False, handed_over_at__isnull=True),
            ),
        ]
        triggers = [legal_moves("state", SHIPMENT_MOVES)]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return human_number(self.NUMBER_PREFIX, self.pk)

    @transition(field=state, source=ShipmentState.PLANNED, target=ShipmentState.PICKING)
    def start_picking(self) -> None:
        """Somebody walks the aisles for it."""

    @transition(field=state, source=ShipmentState.PICKING, target=ShipmentState.PACKED)
    def pack(self) -> None:
        """It is closed, weighed and ready for a carrier."""

    @transition(field=state, source=ShipmentState.PACKED, target=ShipmentState.BOOKED)
    def book(self) -> None:
        """A carrier has agreed to take it."""

    @transition(field=state, source=ShipmentState.BOOKED, target=ShipmentState.DISPATCHED)
    def dispatch(self) -> None:
        """It has left the warehouse."""

    @transition(field=state, source=[ShipmentState.DISPATCHED, ShipmentState.EXCEPTION], target=ShipmentState.IN_TRANSIT)
    def move(self) -> None:
        """The carrier has seen it on its way."""

    @transition(field=state, source=list(ON_THE_WAY), target=ShipmentState.DELIVERED)
    def deliver(self) -> None:
        """The customer has it."""

    @transition(field=state, source=[ShipmentState.DISPATCHED, ShipmentState.IN_TRANSIT], target=ShipmentState.EXCEPTION)
    def stall(self) -> None:
        """Something stands in its way."""

    @transition(field=state, source=list(ON_THE_WAY), target=ShipmentState.RETURNED)
    def turn_back(self) -> None:
        """The carrier brings it back."""

    @transition(field=state, source=list(ON_THE_WAY), target=ShipmentState.LOST)
    def lose(self) -> None:
        """The carrier cannot find it."""

    @transition(field=state, source=list(BEFORE_DISPATCH), target=ShipmentState.VOIDED)
    def void(self) -> None:
        """It will not go."""

    @property
    def can_pick(self) -> bool:
        return self.state == ShipmentState.PLANNED

    @property
    def can_pack(self) -> bool:
        return self.state in (ShipmentState.PLANNED, ShipmentState.PICKING)

    @property
    def kilograms(self) -> str:
        return f"{self.weight_grams / 1000:.2f}"

    @property
    def is_on_the_way(self) -> bool:
        return self.state in ON_THE_WAY

    @property
    def is_taken_away(self) -> bool:
        """Its customer took it over the counter: nobody carries it, and nobody is told that it is on its way."""
        return self.carrier is not None and self.carrier.code == COUNTER

    @property
    def can_dispatch(self) -> bool:
        return self.state == ShipmentState.BOOKED


class ShipmentLine(models.Model):
    """So many units of a SKU in a shipment, and the reservation they come from. `line_units`: how many of the order line's units they count for."""

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="lines")
    order_line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="+")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    reservation = models.ForeignKey(Reservation, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    line_units = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(quantity__gt=0), name="shipment_line_ships_something")]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.sku_id}"
