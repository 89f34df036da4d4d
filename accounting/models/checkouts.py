import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django_fsm import FSMField, transition

from accounting.models.payments import Payment
from accounting.states import CHECKOUT_MOVES, Attention, CheckoutState
from oms.core.triggers import legal_moves, no_truncate
from orders.models import Order


class CheckoutQuerySet(models.QuerySet["Checkout"]):
    def to_settle(self) -> "CheckoutQuerySet":
        """Those of which the gateway has told something, and those that it is to be asked about."""
        return self.filter(due_at__lte=Now()).order_by("due_at", "id")


class Checkout(models.Model):
    """A payment that a customer has begun on a gateway's page: so much of an order, under our own `reference`.

    One is open for an order and amount. `page_url`: the gateway's page, once it has answered. `due_at`: when somebody looks at it again: at once
    where the gateway has told something of it, later where it has not.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="checkouts")
    gateway = models.CharField(max_length=20)
    reference = models.CharField(max_length=40, unique=True)
    amount = models.DecimalField(max_digits=19, decimal_places=4)
    currency = models.CharField(max_length=3)
    state = FSMField(max_length=10, choices=CheckoutState.choices, default=CheckoutState.OPEN, protected=True)
    page_url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)

    objects = CheckoutQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "amount"], condition=Q(state="open"), name="one_open_checkout_of_an_amount"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="checkout_above_zero"),
            models.CheckConstraint(condition=~Q(state="open") | Q(due_at__isnull=False), name="open_checkout_is_looked_at"),
        ]
        indexes = [
            models.Index(fields=["order", "id"], name="checkout_order"),
            models.Index(fields=["due_at", "id"], name="checkout_q_settle", condition=Q(due_at__isnull=False)),
        ]
        triggers = [
            legal_moves("state", CHECKOUT_MOVES),
            pgtrigger.ReadOnly(name="as_asked", exclude=["state", "page_url", "due_at"]),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return self.reference

    @transition(field=state, source=[CheckoutState.OPEN, CheckoutState.DECLINED, CheckoutState.EXPIRED], target=CheckoutState.PAID)
    def pay(self) -> None:
        """Money came."""

    @transition(field=state, source=CheckoutState.OPEN, target=CheckoutState.DECLINED)
    def decline(self) -> None:
        """The customer did not want to, or was not able to."""

    @transition(field=state, source=CheckoutState.OPEN, target=CheckoutState.EXPIRED)
    def expire(self) -> None:
        """Nobody paid in time, or it was never opened."""


class PaymentNoticeQuerySet(models.QuerySet["PaymentNotice"]):
    def to_look_at(self) -> "PaymentNoticeQuerySet":
        """What somebody must look at and has not yet."""
        return self.filter(noted_at__isnull=True).exclude(attention="")


class PaymentNotice(models.Model):
    """What a payment gateway has told us of a checkout, kept as it came before anything is made of it; a repeat is known by `event_id`.

    `charge_id`, `amount`, `currency`: where it was paid. `payment`: what was booked for it; nothing where the charge was booked already.
    `attention`: why somebody must look at it, `noted_by`: who has.
    """

    gateway = models.CharField(max_length=20)
    event_id = models.CharField(max_length=100)
    checkout = models.ForeignKey(Checkout, null=True, on_delete=models.PROTECT, related_name="notices")
    reference = models.CharField(max_length=40)
    outcome = models.CharField(max_length=10)
    charge_id = models.CharField(max_length=90, blank=True)
    amount = models.DecimalField(max_digits=19, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    payment = models.OneToOneField(Payment, null=True, on_delete=models.PROTECT, related_name="notice")
    attention = models.CharField(max_length=15, choices=Attention, blank=True)
    noted_by = models.CharField(max_length=100, blank=True)
    noted_at = models.DateTimeField(null=True)

    objects = PaymentNoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["gateway", "event_id"], name="notice_kept_once"),
            models.UniqueConstraint(fields=["gateway", "charge_id"], condition=Q(payment__isnull=False), name="charge_booked_once"),
            models.CheckConstraint(condition=~Q(outcome="paid") | ~Q(charge_id="") & Q(amount__gt=0), name="notice_of_payment_names_it"),
        ]
        indexes = [
            models.Index(fields=["checkout"], name="notice_to_apply", condition=Q(applied_at__isnull=True)),
            models.Index(fields=["id"], name="notice_to_look_at", condition=~Q(attention="") & Q(noted_at__isnull=True)),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="as_told", exclude=["applied_at", "payment", "attention", "noted_by", "noted_at"]),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.outcome}"

    def is_as_asked(self, checkout: Checkout) -> bool:
        """Say whether it is what the checkout asks for, or no payment at all."""
        return self.outcome != "paid" or (self.amount, self.currency) == (checkout.amount, checkout.currency)
