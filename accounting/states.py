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


class BillKind(TextChoices):
    BILL = "bill", _("Bill")
    CREDIT_NOTE = "credit_note", _("Credit note")


class BillState(TextChoices):
    ENTERED = "entered", _("Entered")
    HELD = "held", _("Held")
    POSTED = "posted", _("Posted")
    REJECTED = "rejected", _("Sent back")
    REVERSED = "reversed", _("Credited")


class DifferenceKind(TextChoices):
    PRICE = "price", _("Price")
    NOT_RECEIVED = "not_received", _("Not received")
    LANDED_COST = "landed_cost", _("Freight or duty")
    BILLED_TWICE = "billed_twice", _("Billed before")


class CreditReason(TextChoices):
    WRONG_BILL = "wrong_bill", _("The whole bill is taken back")
    OVERCHARGED = "overcharged", _("They charged too much")
    RETURNED = "returned", _("Goods went back to them")


class DrawerState(TextChoices):
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Counted")


class CashKind(TextChoices):
    """Why cash goes into a drawer or out of it, where nobody buys anything."""

    FROM_SAFE = "from_safe", _("Change from the safe")
    TO_SAFE = "to_safe", _("Notes to the safe")
    EXPENSE = "expense", _("A small expense")


class CheckoutState(TextChoices):
    OPEN = "open", _("Open")
    PAID = "paid", _("Paid")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Expired")


class Attention(TextChoices):
    """Why somebody must look at what a payment gateway told us."""

    TOO_MUCH = "too_much", _("More than was owed")
    CANCELLED = "cancelled", _("The order was cancelled")
    OTHER_AMOUNT = "other_amount", _("Another amount than was asked for")
    CONTRADICTION = "contradiction", _("The gateway contradicts itself: nothing is booked")
    CURRENCY = "currency", _("Another currency than the order's: nothing is booked")
    UNKNOWN = "unknown", _("No such checkout is known here: nothing is booked")


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
# Money that came is money that came, whatever was said of its checkout before.
CHECKOUT_MOVES = [("open", "paid"), ("open", "declined"), ("open", "expired"), ("declined", "paid"), ("expired", "paid")]
DRAWER_MOVES = [("open", "closed")]
BILL_MOVES = [
    ("entered", "held"),
    ("entered", "posted"),
    ("held", "posted"),
    ("held", "rejected"),
    ("posted", "reversed"),
]
