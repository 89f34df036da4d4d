from django.db import models
from django.db.models import F, Q

from accounting.models.invoices import Invoice
from customers.models import Customer
from customers.states import PaymentMethod
from orders.models import Order


class Payment(models.Model):
    """Money that came in, recorded once per reference. What is not `allocated` to invoices is the customer's deposit."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="payments")
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.PROTECT, related_name="payments")
    method = models.CharField(max_length=20, choices=PaymentMethod)
    reference = models.CharField(max_length=100, help_text="The bank's or the gateway's own: a repeat is known by it")
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=19, decimal_places=4)
    allocated = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    received_on = models.DateField()
    actor = models.CharField(max_length=100)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "method", "reference"], name="payment_recorded_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_above_zero"),
            models.CheckConstraint(condition=Q(allocated__gte=0, allocated__lte=F("amount")), name="allocated_within_amount"),
        ]
        indexes = [
            models.Index(fields=["order"], name="payment_order"),
            models.Index(fields=["order", "id"], name="payment_unallocated", condition=Q(allocated__lt=F("amount"))),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.reference}"

    @property
    def unallocated(self):
        return self.amount - self.allocated


class PaymentAllocation(models.Model):
    """So much of a payment put against an invoice; taken off again by a row with a negative amount."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="allocations")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="allocations")
    amount = models.DecimalField(max_digits=19, decimal_places=4)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="allocation_moves_something")]

    def __str__(self) -> str:
        return f"{self.amount} to {self.invoice_id}"
