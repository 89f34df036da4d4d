from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext as _now
from django_fsm import FSMField, transition

from accounting.states import BILL_MOVES, BillKind, BillState, CreditReason, DifferenceKind
from inventory.models import LandedCost, PurchaseOrderLine, Vendor
from oms.core.money import ZERO, round_amount
from oms.core.readable import human_number
from oms.core.triggers import legal_moves, no_truncate


class VendorBillQuerySet(models.QuerySet["VendorBill"]):
    def booked(self) -> "VendorBillQuerySet":
        """What stands in the books; a bill and the credit note that takes it back both do."""
        return self.filter(state__in=BOOKED)

    def open(self) -> "VendorBillQuerySet":
        """What we owe: posted, and neither credited nor a credit note that took a whole bill back."""
        return self.filter(state=BillState.POSTED, reverses__isnull=True)

    def to_match(self) -> "VendorBillQuerySet":
        """Bills that wait for goods or a decision, and whose purchase order has changed since they were last looked at; and those in the
        books of which goods were taken back as never received.
        """
        watched = VendorBillLine.objects.filter(is_watched=True)
        moved_on = watched.exclude(received_seen=F("purchase_line__received"), price_seen=F("purchase_line__unit_cost"))
        taken_back = VendorBillLine.objects.filter(
            purchase_line__receipts__receipt__reverses__isnull=False, purchase_line__received__lt=F("received_seen"), bill__state=BillState.POSTED
        )
        return self.filter(pk__in=moved_on.values("bill").union(taken_back.values("bill"))).order_by("id")


class VendorBill(models.Model):
    """What a vendor bills us, as it stands on their paper; amounts are below zero on a credit note.

    Nothing of it changes once it is entered but where it stands: what was typed wrongly is sent back and entered again, what is posted is
    credited. `reference`: their own number, once per vendor. `books_rate`: the books' currency for one unit of the bill's on the day of the
    bill (IAS 21 §21); `books_total` and `books_tax`: what is owed, and the tax in it, at that rate. `key`: made by the form.
    """

    NUMBER_PREFIX = "VB"

    kind = models.CharField(max_length=12, choices=BillKind, default=BillKind.BILL)
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="bills")
    reference = models.CharField(max_length=60)
    key = models.CharField(max_length=100, blank=True)
    reverses = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reversed_by")
    credits = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="credit_notes")
    credit_reason = models.CharField(max_length=12, choices=CreditReason, blank=True)
    billed_on = models.DateField()
    due_on = models.DateField()
    currency = models.CharField(max_length=3)
    books_rate = models.DecimalField(max_digits=18, decimal_places=8, default=Decimal(1))
    net_total = models.DecimalField(max_digits=19, decimal_places=4)
    tax_total = models.DecimalField(max_digits=19, decimal_places=4)
    total = models.DecimalField(max_digits=19, decimal_places=4)
    books_tax = models.DecimalField(max_digits=19, decimal_places=4)
    books_total = models.DecimalField(max_digits=19, decimal_places=4)
    note = models.CharField(max_length=300, blank=True)
    entered_by = models.CharField(max_length=100)
    created_at = models.DateTimeField()

    state = FSMField(max_length=10, choices=BillState.choices, default=BillState.ENTERED, protected=True)
    decided_by = models.CharField(max_length=100, blank=True)
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=300, blank=True)

    objects = VendorBillQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                "vendor", Upper("reference"), condition=~Q(state__in=["rejected", "reversed"]), name="bill_entered_once_per_vendor"
            ),
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="bill_made_once_per_form"),
            models.CheckConstraint(condition=~Q(reference=""), name="bill_has_a_reference"),
            models.CheckConstraint(condition=Q(total=F("net_total") + F("tax_total")), name="bill_total_adds_up"),
            models.CheckConstraint(condition=Q(books_rate__gt=0), name="bill_rate_above_zero"),
            models.CheckConstraint(condition=Q(due_on__gte=F("billed_on")), name="bill_due_after_its_day"),
            models.CheckConstraint(
                condition=Q(kind="bill", credits__isnull=True, total__gte=0) | Q(kind="credit_note", credits__isnull=False, total__lte=0),
                name="bill_owes_and_credit_note_credits",
            ),
            models.CheckConstraint(condition=Q(reverses__isnull=True) | Q(reverses=F("credits")), name="bill_reverses_what_it_credits"),
        ]
        indexes = [
            models.Index(fields=["due_on", "id"], name="bill_open", condition=Q(state="posted")),
            models.Index(fields=["id"], name="bill_held", condition=Q(state="held")),
            models.Index(fields=["vendor", "-id"], name="bill_vendor"),
        ]
        triggers = [
            legal_moves("state", BILL_MOVES),
            pgtrigger.ReadOnly(name="as_entered", exclude=["state", "decided_by", "decided_at", "decision"]),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return human_number(self.NUMBER_PREFIX, self.pk)

    @property
    def open_amount(self) -> Decimal:
        """What we owe on it, in its own currency."""
        return self.total if self.is_open else ZERO

    @property
    def is_open(self) -> bool:
        return self.state == BillState.POSTED and self.reverses_id is None

    @property
    def can_decide(self) -> bool:
        return self.state == BillState.HELD

    @property
    def can_credit(self) -> bool:
        return self.state == BillState.POSTED and self.kind == BillKind.BILL

    @transition(field=state, source=BillState.ENTERED, target=BillState.HELD)
    def hold(self) -> None:
        """It differs from what was ordered or has come."""

    @transition(field=state, source=[BillState.ENTERED, BillState.HELD], target=BillState.POSTED)
    def post(self) -> None:
        """It stands in the books: we owe it."""

    @transition(field=state, source=BillState.HELD, target=BillState.REJECTED)
    def reject(self) -> None:
        """It is not paid: the vendor sends another, or it was typed wrongly."""

    @transition(field=state, source=BillState.POSTED, target=BillState.REVERSED)
    def reverse(self) -> None:
        """A credit note took it back."""


# The states in which a bill stands in the ledger.
BOOKED = (BillState.POSTED, BillState.REVERSED)


class VendorBillLine(models.Model):
    """What is billed for: units of a purchase order's line, a landed cost, or, on a credit note, an allowance.

    `cleared`: what it took off goods (or landed costs) received and not invoiced, in the books' currency, once the bill is posted.
    `is_watched`: it waits for something of its purchase order's line, which had received and cost `received_seen` and `price_seen` when it
    was last compared.
    """

    bill = models.ForeignKey(VendorBill, on_delete=models.PROTECT, related_name="lines")
    purchase_line = models.ForeignKey(PurchaseOrderLine, null=True, on_delete=models.PROTECT, related_name="bill_lines")
    landed_cost = models.ForeignKey(LandedCost, null=True, on_delete=models.PROTECT, related_name="bill_lines")
    description = models.CharField(max_length=250)
    quantity = models.IntegerField()
    unit_price = models.DecimalField(max_digits=19, decimal_places=4)
    net = models.DecimalField(max_digits=19, decimal_places=4)
    cleared = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    is_watched = models.BooleanField(default=False)
    received_seen = models.PositiveIntegerField(null=True)
    price_seen = models.DecimalField(max_digits=19, decimal_places=4, null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(purchase_line__isnull=True) | Q(landed_cost__isnull=True), name="bill_line_of_one_thing"),
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="bill_price_not_negative"),
            models.UniqueConstraint(fields=["bill", "purchase_line"], condition=Q(purchase_line__isnull=False), name="purchase_line_once_per_bill"),
            models.UniqueConstraint(fields=["bill", "landed_cost"], condition=Q(landed_cost__isnull=False), name="landed_cost_once_per_bill"),
        ]
        indexes = [
            models.Index(fields=["bill"], name="bill_line_watched", condition=Q(is_watched=True)),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="as_entered", exclude=["cleared", "is_watched", "received_seen", "price_seen"]),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return self.description


class BillDifference(models.Model):
    """Why a bill is held: `billed` where `expected` was due, `amount` too much (or, below zero, too little) in the bill's currency.

    Open until it is gone by itself or somebody with the right to has released it, with a note.
    """

    line = models.ForeignKey(VendorBillLine, on_delete=models.PROTECT, related_name="differences")
    kind = models.CharField(max_length=12, choices=DifferenceKind)
    expected = models.DecimalField(max_digits=19, decimal_places=4)
    billed = models.DecimalField(max_digits=19, decimal_places=4)
    amount = models.DecimalField(max_digits=19, decimal_places=4)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["line", "kind"], condition=Q(settled_at__isnull=True), name="one_open_difference_of_a_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of line {self.line_id}"

    def sentence(self, currency: str, books_currency: str) -> str:
        """Say in a sentence what differs. `currency`: the bill's."""
        figures = {
            "what": self.line.description,
            "expected": _shown(self.expected, currency),
            "billed": _shown(self.billed, currency),
            "amount": _shown(abs(self.amount), currency),
            "currency": currency,
        }
        if self.kind == DifferenceKind.PRICE:
            return (
                _now("%(what)s: billed at %(billed)s a unit, ordered at %(expected)s; %(amount)s %(currency)s too much in all.") % figures
                if self.amount > 0
                else _now("%(what)s: billed at %(billed)s a unit, ordered at %(expected)s; %(amount)s %(currency)s too little in all.") % figures
            )
        units = figures | {"expected": int(self.expected), "billed": int(self.billed)}
        if self.kind == DifferenceKind.NOT_RECEIVED:
            return _now("%(what)s: %(billed)d billed, but only %(expected)d have come that were not billed before.") % units
        figures |= {"expected": _shown(self.expected, books_currency), "billed": _shown(self.billed, books_currency), "books": books_currency}
        if self.kind == DifferenceKind.BILLED_TWICE:
            return _now("%(what)s: billed for %(billed)s %(books)s, and a bill before this one covers it already.") % figures
        return _now("%(what)s: billed for %(billed)s %(books)s, expected %(expected)s.") % figures


def _shown(amount: Decimal, currency: str) -> str:
    """Write an amount in the currency's digits, and a price that is finer with its own."""
    rounded = round_amount(amount, currency)
    return f"{rounded:f}" if rounded == amount else f"{amount.normalize():f}"
