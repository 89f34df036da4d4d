import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from accounting.states import INVOICE_MOVES, OPEN_INVOICE_STATES, InvoiceKind, InvoiceState
from customers.models import Customer
from oms.core.models import Document
from oms.core.triggers import append_only, legal_moves, no_truncate
from orders.models import Order, OrderCharge, OrderLine


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def waiting_for_document(self) -> "InvoiceQuerySet":
        return self.filter(document__isnull=True).order_by("id")

    def open(self) -> "InvoiceQuerySet":
        """What customers still owe."""
        return self.filter(kind=InvoiceKind.INVOICE, state__in=OPEN_INVOICE_STATES)

    def to_credit(self) -> "InvoiceQuerySet":
        """Invoices of orders that were called off afterwards."""
        return self.filter(kind=InvoiceKind.INVOICE, order__state="cancelled", state__in=[*OPEN_INVOICE_STATES, InvoiceState.PAID]).order_by("id")


class Invoice(models.Model):
    """An invoice, or a credit note against one, as issued: only its payment and delivery columns may change."""

    kind = models.CharField(max_length=12, choices=InvoiceKind, default=InvoiceKind.INVOICE)
    number = models.CharField(max_length=40, unique=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="invoices")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invoices")
    credits = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="credit_note", help_text=_("The invoice this note credits")
    )
    issued_on = models.DateField()
    due_on = models.DateField()
    currency = models.CharField(max_length=3)
    bill_to = models.JSONField()
    net_total = models.DecimalField(max_digits=19, decimal_places=4)
    tax_total = models.DecimalField(max_digits=19, decimal_places=4)
    total = models.DecimalField(max_digits=19, decimal_places=4)
    created_at = models.DateTimeField()

    state = FSMField(max_length=12, choices=InvoiceState.choices, default=InvoiceState.ISSUED, protected=True)
    paid = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    document = models.OneToOneField(Document, null=True, on_delete=models.PROTECT, related_name="+")

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(total=F("net_total") + F("tax_total")), name="invoice_total_adds_up"),
            models.CheckConstraint(condition=Q(paid__gte=0, paid__lte=F("total")), name="paid_within_total"),
            models.CheckConstraint(
                condition=Q(kind="invoice", credits__isnull=True) | Q(kind="credit_note", credits__isnull=False),
                name="credit_note_credits_something",
            ),
        ]
        indexes = [
            models.Index(fields=["order", "id"], name="invoice_order"),
            models.Index(fields=["id"], name="invoice_q_document", condition=Q(document__isnull=True)),
            models.Index(fields=["due_on", "id"], name="invoice_open", condition=Q(state__in=["issued", "partly_paid"])),
        ]
        triggers = [
            legal_moves("state", INVOICE_MOVES),
            pgtrigger.ReadOnly(name="as_issued", exclude=["state", "paid", "document", "customer"]),
            # Whose it is follows the customer when two turn out to be one; what it says does not.
            pgtrigger.Trigger(
                name="customer_by_merging",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("customer"),
                func="""
                    IF current_setting('throughline.merging', true) IS DISTINCT FROM 'on' THEN
                        RAISE EXCEPTION 'Cannot update whose an invoice is: only when two customers are merged';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def open_amount(self):
        """What is still owed on it: nothing once it is credited or written off, and nothing on a credit note."""
        owed = self.kind == InvoiceKind.INVOICE and self.state in OPEN_INVOICE_STATES
        return self.total - self.paid if owed else self.total * 0

    def paid_in_full(self) -> bool:
        return self.paid == self.total

    def paid_in_part(self) -> bool:
        return 0 < self.paid < self.total

    def not_paid(self) -> bool:
        return self.paid == 0

    @transition(field=state, source=[InvoiceState.ISSUED, InvoiceState.PARTLY_PAID], target=InvoiceState.PAID, conditions=[paid_in_full])
    def settle(self) -> None:
        """Paid to the last cent."""

    @transition(field=state, source=[InvoiceState.ISSUED, InvoiceState.PAID], target=InvoiceState.PARTLY_PAID, conditions=[paid_in_part])
    def settle_part(self) -> None:
        """Something of it is paid."""

    @transition(field=state, source=[InvoiceState.PARTLY_PAID, InvoiceState.PAID], target=InvoiceState.ISSUED, conditions=[not_paid])
    def unsettle(self) -> None:
        """What was paid on it was taken off again."""

    @transition(
        field=state,
        source=[InvoiceState.ISSUED, InvoiceState.PARTLY_PAID, InvoiceState.PAID],
        target=InvoiceState.CREDITED,
        conditions=[not_paid],
    )
    def credit(self) -> None:
        """A credit note takes it back in full; payments were taken off before."""

    @transition(field=state, source=[InvoiceState.ISSUED, InvoiceState.PARTLY_PAID], target=InvoiceState.WRITTEN_OFF)
    def write_off(self) -> None:
        """It will never be paid."""

    def follow_payment(self) -> None:
        """Move the state to what `paid` says. Saves nothing."""
        if self.paid_in_full():
            if self.state != InvoiceState.PAID:
                self.settle()
        elif self.paid_in_part():
            if self.state != InvoiceState.PARTLY_PAID:
                self.settle_part()
        elif self.state != InvoiceState.ISSUED:
            self.unsettle()


class InvoiceLine(models.Model):
    """A line of an invoice as issued. Append-only."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    order_line = models.ForeignKey(OrderLine, null=True, on_delete=models.PROTECT, related_name="+")
    charge = models.ForeignKey(OrderCharge, null=True, on_delete=models.PROTECT, related_name="+")
    description = models.CharField(max_length=250)
    quantity = models.IntegerField()
    unit_price = models.DecimalField(max_digits=19, decimal_places=4)
    net = models.DecimalField(max_digits=19, decimal_places=4)
    tax_name = models.CharField(max_length=40, blank=True)
    tax_rate = models.DecimalField(max_digits=6, decimal_places=5)
    tax = models.DecimalField(max_digits=19, decimal_places=4)
    discount = models.DecimalField(max_digits=19, decimal_places=4, default=0, db_default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(order_line__isnull=False, charge__isnull=True) | Q(order_line__isnull=True, charge__isnull=False),
                name="invoice_line_of_one_thing",
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="invoice_line_bills_something"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return self.description
