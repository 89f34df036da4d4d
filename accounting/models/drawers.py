from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from accounting.models.payments import Payment
from accounting.states import DRAWER_MOVES, CashKind, DrawerState
from customers.models import Channel
from inventory.models import Warehouse
from oms.core.triggers import append_only, legal_moves


class Till(models.Model):
    """A counter where somebody pays and takes away: the warehouse its goods come from, and the channel it sells on."""

    name = models.CharField(max_length=60, unique=True)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="tills")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="till_named")]

    def __str__(self) -> str:
        return self.name


class DrawerSession(models.Model):
    """A till's cash drawer from the float put in to the cash counted out. A till has one open session at most.

    `expected`: the cash that should be in it, float + Σ cash takings + Σ cash moved, kept in the transaction that changes it. Once closed,
    `counted` is what was there and `difference` what it was over (short, when below zero). `pieces`: denomination → how many were counted.
    """

    till = models.ForeignKey(Till, on_delete=models.PROTECT, related_name="sessions")
    state = FSMField(max_length=10, choices=DrawerState.choices, default=DrawerState.OPEN, protected=True)
    currency = models.CharField(max_length=3)
    opening_float = models.DecimalField(max_digits=19, decimal_places=4)
    expected = models.DecimalField(max_digits=19, decimal_places=4)
    counted = models.DecimalField(max_digits=19, decimal_places=4, null=True)
    difference = models.DecimalField(max_digits=19, decimal_places=4, null=True)
    pieces = models.JSONField(default=dict)
    note = models.CharField(max_length=300, blank=True)
    opened_by = models.CharField(max_length=100)
    opened_at = models.DateTimeField()
    closed_by = models.CharField(max_length=100, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["till"], condition=Q(state="open"), name="one_open_drawer_per_till"),
            models.CheckConstraint(condition=Q(opening_float__gte=0), name="float_not_negative"),
            models.CheckConstraint(condition=Q(expected__gte=0), name="drawer_never_below_nothing"),
            models.CheckConstraint(
                condition=Q(state="open", counted__isnull=True, difference__isnull=True, closed_at__isnull=True)
                | Q(state="closed", counted__isnull=False, closed_at__isnull=False, difference=F("counted") - F("expected")),
                name="drawer_closed_by_counting",
            ),
        ]
        triggers = [legal_moves("state", DRAWER_MOVES)]

    def __str__(self) -> str:
        return f"{self.till_id} {self.opened_at:%Y-%m-%d}"

    @transition(field=state, source=DrawerState.OPEN, target=DrawerState.CLOSED)
    def close(self) -> None:
        """It is counted, and what was in it is taken out."""

    @property
    def is_open(self) -> bool:
        return self.state == DrawerState.OPEN

    @property
    def is_short(self) -> bool:
        return bool(self.difference and self.difference < 0)


class Taking(models.Model):
    """A payment taken at a till. `given`: the cash that was put on the counter; the rest of it went back as change."""

    session = models.ForeignKey(DrawerSession, on_delete=models.PROTECT, related_name="takings")
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="taking")
    cash = models.DecimalField(max_digits=19, decimal_places=4, help_text="What of it is in the drawer: all of it, or nothing of a card's")
    given = models.DecimalField(max_digits=19, decimal_places=4)

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(cash__gte=0, given__gte=F("cash")), name="given_covers_the_cash")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.cash} in {self.session_id}"

    @property
    def change(self) -> Decimal:
        """What went back to the customer."""
        return self.given - self.payment.amount


class CashMovement(models.Model):
    """Cash put into a drawer, or taken out (below zero), that is nobody's purchase."""

    session = models.ForeignKey(DrawerSession, on_delete=models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=10, choices=CashKind)
    amount = models.DecimalField(max_digits=19, decimal_places=4)
    reason = models.CharField(max_length=200)
    actor = models.CharField(max_length=100)
    moved_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="from_safe", amount__gt=0) | Q(kind__in=["to_safe", "expense"], amount__lt=0), name="cash_moves_one_way"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="cash_moves_for_a_reason"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.amount} {self.kind}"
