from datetime import date

from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from inventory.models.catalogue import Sku, Warehouse
from inventory.states import TRANSFER_MOVES, TransferState
from oms.core.readable import human_number
from oms.core.triggers import legal_moves


class Transfer(models.Model):
    """Goods that go from one of our warehouses to another. What is on the road lies in the place of kind `transit`: owned, valued, seen."""

    NUMBER_PREFIX = "TR"

    source = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    destination = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    state = FSMField(max_length=20, choices=TransferState.choices, default=TransferState.DRAFT, protected=True)
    expected_on = models.DateField()
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(source=F("destination")), name="transfer_goes_somewhere_else")]
        triggers = [legal_moves("state", TRANSFER_MOVES)]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return human_number(self.NUMBER_PREFIX, self.pk)

    @transition(field=state, source=TransferState.DRAFT, target=TransferState.SENT)
    def send(self) -> None:
        """It is on the road."""

    @transition(field=state, source=TransferState.SENT, target=TransferState.PARTLY_RECEIVED)
    def receive_part(self) -> None:
        """Some of it has come."""

    @transition(field=state, source=[TransferState.SENT, TransferState.PARTLY_RECEIVED], target=TransferState.RECEIVED)
    def receive_all(self) -> None:
        """All of it has come, or will not come any more."""

    @transition(field=state, source=TransferState.DRAFT, target=TransferState.CANCELLED)
    def cancel(self) -> None:
        """It will not go."""

    @property
    def mark(self) -> str:
        """How its state is marked: what is sent is still on its way."""
        return "in_transit" if self.state == TransferState.SENT else str(self.state)

    def is_late(self, today: date) -> bool:
        """Say whether it should have come by now, or left."""
        return self.expected_on < today and (self.can_send or self.can_receive)

    @property
    def can_send(self) -> bool:
        return self.state == TransferState.DRAFT

    @property
    def can_receive(self) -> bool:
        return self.state in (TransferState.SENT, TransferState.PARTLY_RECEIVED)


class TransferLine(models.Model):
    """quantity = still on the road + received + lost, once it is sent. `value`: what the units sent are worth, `value_in` what of it came in."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="lines")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0)
    lost = models.PositiveIntegerField(default=0)
    value = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    value_in = models.DecimalField(max_digits=19, decimal_places=4, default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["transfer", "sku"], name="one_transfer_line_per_sku"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="transfer_line_moves_something"),
            models.CheckConstraint(condition=Q(quantity__gte=F("received") + F("lost")), name="transfer_received_within_sent"),
            models.CheckConstraint(condition=Q(value__gte=F("value_in")), name="transfer_value_within_sent"),
        ]
        indexes = [models.Index(fields=["sku"], name="transfer_line_sku")]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.sku_id}"

    @property
    def open_quantity(self) -> int:
        return self.quantity - self.received - self.lost
