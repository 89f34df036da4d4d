from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django_fsm import FSMField, transition

from customers.models import Channel, Customer
from oms.core.models import Document
from oms.core.readable import human_number
from oms.core.triggers import legal_moves
from orders.models.orders import Order
from orders.states import QUOTATION_MOVES, QuotationState


class QuotationQuerySet(models.QuerySet["Quotation"]):
    def waiting_for_document(self) -> "QuotationQuerySet":
        return self.filter(document__isnull=True, state=QuotationState.OPEN).order_by("id")


class Quotation(models.Model):
    """An offer: what an order would be, priced and frozen, good until a day. Accepted, it becomes exactly that order.

    `frozen`: the order with its lines and charges as they would be placed, rows of their tables without keys. `approvals`: what a second person
    has to agree to when it becomes an order.
    """

    NUMBER_PREFIX = "QU"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="quotations")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    state = FSMField(max_length=10, choices=QuotationState.choices, default=QuotationState.OPEN, protected=True)
    valid_until = models.DateField()
    public_token = models.CharField(max_length=32, unique=True)
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=10, default="en")
    email = models.EmailField(max_length=254, blank=True)
    net_total = models.DecimalField(max_digits=19, decimal_places=4)
    tax_total = models.DecimalField(max_digits=19, decimal_places=4)
    total = models.DecimalField(max_digits=19, decimal_places=4)
    frozen = models.JSONField(encoder=DjangoJSONEncoder)
    approvals = models.JSONField(default=list)
    order = models.OneToOneField(Order, null=True, on_delete=models.PROTECT, related_name="quotation")
    document = models.OneToOneField(Document, null=True, on_delete=models.PROTECT, related_name="+")
    created_by = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    decided_by = models.CharField(max_length=100, blank=True)
    decided_at = models.DateTimeField(null=True)

    objects = QuotationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(total=F("net_total") + F("tax_total")), name="quotation_total_adds_up"),
            models.CheckConstraint(
                condition=Q(state="accepted", order__isnull=False) | ~Q(state="accepted") & Q(order__isnull=True), name="quotation_accepted_has_order"
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="quotation_customer"),
            models.Index(fields=["id"], name="quotation_q_document", condition=Q(document__isnull=True, state="open")),
        ]
        triggers = [legal_moves("state", QUOTATION_MOVES)]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return human_number(self.NUMBER_PREFIX, self.pk)

    @property
    def is_expired(self) -> bool:
        """Nobody has decided, and its last day is over."""
        return self.state == QuotationState.OPEN and self.valid_until < timezone.localdate()

    @property
    def can_be_decided(self) -> bool:
        return self.state == QuotationState.OPEN and not self.is_expired

    @transition(field=state, source=QuotationState.OPEN, target=QuotationState.ACCEPTED)
    def accept(self) -> None:
        """The customer takes it."""

    @transition(field=state, source=QuotationState.OPEN, target=QuotationState.DECLINED)
    def decline(self) -> None:
        """The customer does not want it."""

    @transition(field=state, source=QuotationState.OPEN, target=QuotationState.WITHDRAWN)
    def withdraw(self) -> None:
        """We do not offer it any more."""
