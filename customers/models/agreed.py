"""What is agreed with a customer: how they pay, what they may be written about, and what colleagues should know."""

from django.db import models
from django.db.models import Q

from customers.models.customers import Customer
from customers.states import ConsentChannel, NoteKind, PaymentMethod


class PaymentPreference(models.Model):
    """A way a customer likes to pay. `token`: what the payment service knows it by, never the number of a card."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="payment_preferences")
    method = models.CharField(max_length=20, choices=PaymentMethod)
    token = models.CharField(max_length=100, blank=True)
    label = models.CharField(max_length=60, blank=True, help_text="Visa, ends in 4242")
    is_default = models.BooleanField(default=False)

    class Meta:
        ordering = ["-is_default", "id"]
        constraints = [
            models.UniqueConstraint(fields=["customer"], condition=Q(is_default=True), name="one_default_payment"),
            # Thirteen digits or more in a row, however they are spaced, are a card's until somebody proves otherwise.
            models.CheckConstraint(
                condition=~Q(token__regex=r"([0-9][ -]?){12}[0-9]") & ~Q(label__regex=r"([0-9][ -]?){12}[0-9]"), name="no_card_number_kept"
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.get_method_display()


class Consent(models.Model):
    """That a customer agreed to be written or called about offers, or took it back. The latest row of a channel counts."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="consents")
    channel = models.CharField(max_length=10, choices=ConsentChannel)
    is_given = models.BooleanField()
    source = models.CharField(max_length=100, help_text="by telephone, order form, fair in Leeds")
    given_on = models.DateField()
    noted_by = models.CharField(max_length=100)
    noted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(source=""), name="consent_has_a_source")]
        indexes = [models.Index(fields=["customer", "channel", "-id"], name="consent_latest")]

    def __str__(self) -> str:
        return f"{self.channel}: {'yes' if self.is_given else 'no'}"


class Note(models.Model):
    """What a colleague should know of a customer: a note, a call or a complaint. A pinned one stands on top of the profile."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=10, choices=NoteKind, default=NoteKind.NOTE)
    text = models.TextField()
    order_id = models.BigIntegerField(null=True, help_text="The order it is about")
    is_pinned = models.BooleanField(default=False)
    author = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)
    settled_by = models.CharField(max_length=100, blank=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="note_says_something")]
        indexes = [
            models.Index(fields=["customer", "-id"], name="note_customer"),
            models.Index(fields=["customer"], name="complaint_open", condition=Q(kind="complaint", settled_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.text[:60]
