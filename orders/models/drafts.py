from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django_fsm import FSMField, transition

from customers.models import Customer
from oms.core.triggers import legal_moves
from orders.models.orders import Order
from orders.states import DRAFT_MOVES, DraftState


class DraftQuerySet(models.QuerySet["Draft"]):
    def unfinished(self) -> "DraftQuerySet":
        """Those that somebody is at or that wait to be taken up, the latest first."""
        return self.filter(state__in=[DraftState.OPEN, DraftState.PARKED]).order_by("-saved_at", "-id")

    def by_telephone(self) -> "DraftQuerySet":
        """Those that are typed at no till."""
        return self.filter(desk="")

    def lapsed(self) -> "DraftQuerySet":
        """Those that nobody has come back to in time."""
        return self.filter(state__in=[DraftState.OPEN, DraftState.PARKED], lapses_at__lte=Now()).order_by("lapses_at", "id")


def basket_of(key: UUID) -> str:
    """Give what the stock of the draft with a key is held under."""
    return f"phone:{key.hex}"


class Draft(models.Model):
    """What somebody has typed of an order that is not one yet: kept as it was typed, right or wrong, until it is placed or given up.

    `desk`: the till where it is typed, by its name of ours; empty on the telephone. `typed`: {"fields": {name: text}, "lines": [{"sku", "quantity",
    …}], …}. `page`: the page that saved it last, by a token of its own; with
    `version` it tells a page that goes on from one that would overwrite what another has saved since.
    """

    key = models.UUIDField(unique=True)
    desk = models.CharField(max_length=30, blank=True)
    state = FSMField(max_length=10, choices=DraftState.choices, default=DraftState.OPEN, protected=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="drafts")
    handed_by = models.CharField(max_length=150, blank=True, help_text="Who gave it to its owner")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="drafts")
    order = models.OneToOneField(Order, null=True, on_delete=models.PROTECT, related_name="draft")
    typed = models.JSONField(default=dict)
    note = models.CharField(max_length=500, blank=True, help_text="For who takes it up")
    version = models.PositiveIntegerField(default=0)
    page = models.CharField(max_length=32, blank=True)
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    lapses_at = models.DateTimeField()

    objects = DraftQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="placed", order__isnull=False) | ~Q(state="placed") & Q(order__isnull=True), name="draft_placed_has_order"
            ),
        ]
        indexes = [
            models.Index(fields=["-saved_at", "-id"], name="draft_unfinished", condition=Q(state__in=["open", "parked"])),
            models.Index(fields=["desk", "-saved_at"], name="draft_at_a_till", condition=Q(state__in=["open", "parked"]) & ~Q(desk="")),
            models.Index(fields=["lapses_at", "id"], name="draft_q_expire", condition=Q(state__in=["open", "parked"])),
        ]
        triggers = [legal_moves("state", DRAFT_MOVES)]

    def __str__(self) -> str:
        return self.caller or str(self.key)

    @property
    def basket(self) -> str:
        """What its stock is held under."""
        return basket_of(self.key)

    @property
    def caller(self) -> str:
        """Who is calling, as far as anybody knows."""
        fields = self.typed.get("fields", {})
        return self.customer.name if self.customer else fields.get("new_name") or fields.get("caller", "")

    @property
    def lines(self) -> list[str]:
        """What is wanted, a line each."""
        return [f"{line['quantity']} × {line['sku']}" for line in self.typed.get("lines", [])]

    @transition(field=state, source=[DraftState.PARKED, DraftState.ABANDONED], target=DraftState.OPEN)
    def take_up(self) -> None:
        """Somebody is at it again."""

    @transition(field=state, source=[DraftState.OPEN, DraftState.ABANDONED], target=DraftState.PARKED)
    def park(self) -> None:
        """It waits for whoever takes it up."""

    @transition(field=state, source=[DraftState.OPEN, DraftState.PARKED, DraftState.ABANDONED], target=DraftState.PLACED)
    def place(self, order: Order) -> None:
        """It has become an order."""
        self.order = order

    @transition(field=state, source=[DraftState.OPEN, DraftState.PARKED], target=DraftState.ABANDONED)
    def abandon(self) -> None:
        """Nothing came of it."""
