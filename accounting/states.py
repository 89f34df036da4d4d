"""The states and kinds of what accounting keeps."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class AccountKind(TextChoices):
    ASSET = "asset", _("Asset")
    LIABILITY = "liability", _("Liability")
    EQUITY = "equity", _("Equity")
    INCOME = "income", _("Income")
    EXPENSE = "expense", _("Expense")


class InvoiceKind(TextChoices):
    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")


class InvoiceState(TextChoices):
    ISSUED = "issued", _("Issued")
    PARTLY_PAID = "partly_paid", _("Partly paid")
    PAID = "paid", _("Paid")
    CREDITED = "credited", _("Credited")
    WRITTEN_OFF = "written_off", _("Written off")


OPEN_INVOICE_STATES = (InvoiceState.ISSUED, InvoiceState.PARTLY_PAID)

INVOICE_MOVES = [
    ("issued", "partly_paid"),
    ("issued", "paid"),
    ("partly_paid", "paid"),
    ("partly_paid", "issued"),
    ("paid", "partly_paid"),
    ("paid", "issued"),
    ("issued", "credited"),
    ("partly_paid", "credited"),
    ("paid", "credited"),
    ("issued", "written_off"),
    ("partly_paid", "written_off"),
]
