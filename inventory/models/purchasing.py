from datetime import date
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import FSMField, transition

from inventory.models.catalogue import Sku, Warehouse
from inventory.models.vendors import ReorderRule, Vendor
from inventory.states import NEED_MOVES, PURCHASE_MOVES, LandedKind, NeedOrigin, NeedState, PurchaseState, SpreadBy
from oms.core.models import Document
from oms.core.money import ZERO, round_amount
from oms.core.readable import human_number
from oms.core.triggers import append_only, legal_moves


class PurchaseNeed(models.Model):
    """Stock that runs low or is waited for, proposed for buying. One open need per SKU and warehouse.

    `free`, `coming`, `waiting`, `point`: what it was proposed for, as it stood then; `why` words it. REPLENISH keeps the quantity of what is
    proposed up to date, unless somebody has set it: `is_fixed`.
    """

    origin = models.CharField(max_length=10, choices=NeedOrigin, default=NeedOrigin.RULE)
    rule = models.ForeignKey(ReorderRule, null=True, on_delete=models.SET_NULL, related_name="+")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    vendor = models.ForeignKey(
        Vendor, null=True, on_delete=models.PROTECT, related_name="+", help_text=gettext_lazy("Empty: nobody sells it to us yet")
    )
    quantity = models.PositiveIntegerField()
    is_fixed = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True)
    free = models.IntegerField(null=True)
    coming = models.IntegerField(null=True)
    waiting = models.IntegerField(null=True)
    point = models.IntegerField(null=True)
    state = FSMField(max_length=10, choices=NeedState.choices, default=NeedState.PROPOSED, protected=True)
    purchase_order = models.ForeignKey("PurchaseOrder", null=True, on_delete=models.PROTECT, related_name="needs")
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["sku", "warehouse"], condition=Q(state__in=["proposed", "approved"]), name="one_open_need"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="need_needs_something"),
        ]
        triggers = [legal_moves("state", NEED_MOVES)]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.sku_id}"

    @property
    def why(self) -> str:
        """Say why it is to be bought."""
        facts = {"free": self.free, "coming": self.coming, "waiting": self.waiting, "point": self.point}
        if self.reason or self.free is None:
            return self.reason
        if self.point is None:
            return _("%(waiting)d wait that nothing brings") % facts
        low = _("%(free)d free and %(coming)d on order, at or below the reorder point of %(point)d") % facts
        return _("%(waiting)d wait that nothing brings; %(low)s") % (facts | {"low": low}) if self.waiting else low

    @transition(field=state, source=NeedState.PROPOSED, target=NeedState.APPROVED)
    def approve(self) -> None:
        """Somebody agrees to buy it."""

    @transition(field=state, source=NeedState.APPROVED, target=NeedState.ORDERED)
    def order(self) -> None:
        """It stands on a purchase order."""

    @transition(field=state, source=[NeedState.PROPOSED, NeedState.APPROVED], target=NeedState.REJECTED)
    def reject(self) -> None:
        """It will not be bought."""


class PurchaseOrderQuerySet(models.QuerySet["PurchaseOrder"]):
    def with_vendor(self) -> "PurchaseOrderQuerySet":
        """Those that a vendor has and that still bring something."""
        return self.filter(state__in=[PurchaseState.SENT, PurchaseState.ACKNOWLEDGED, PurchaseState.PARTLY_RECEIVED])

    def to_document(self) -> "PurchaseOrderQuerySet":
        """Those whose present revision is not rendered and mailed yet, the oldest first."""
        return self.with_vendor().filter(documented_revision__lt=F("revision")).order_by("id")


class PurchaseOrder(models.Model):
    """What we buy from a vendor for one warehouse; or, with `drop_ship_order_id`, for one order, which the vendor ships to our customer.

    `revision` counts what was sent to the vendor, `documented_revision` what of it is rendered and mailed. Currency, `books_rate` and
    `terms_days` are frozen when it is approved. `expected_on`: the day we asked for; a line may have the vendor's own.
    """

    NUMBER_PREFIX = "PO"

    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="orders")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    state = FSMField(max_length=20, choices=PurchaseState.choices, default=PurchaseState.DRAFT, protected=True)
    currency = models.CharField(max_length=3, default="GBP")
    books_rate = models.DecimalField(max_digits=18, decimal_places=8, default=Decimal(1))
    terms_days = models.PositiveSmallIntegerField(default=30)
    expected_on = models.DateField(null=True, blank=True)
    vendor_reference = models.CharField(max_length=60, blank=True)
    note = models.CharField(max_length=500, blank=True)
    revision = models.PositiveSmallIntegerField(default=1)
    documented_revision = models.PositiveSmallIntegerField(default=0)
    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)
    drop_ship_order_id = models.BigIntegerField(null=True)
    ship_to = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)
    sent_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)

    objects = PurchaseOrderQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["expected_on", "id"], name="purchase_due", condition=Q(state__in=["sent", "acknowledged", "partly_received"])),
            models.Index(fields=["vendor", "-id"], name="purchase_vendor"),
            models.Index(
                fields=["id"],
                name="purchase_to_document",
                condition=Q(documented_revision__lt=F("revision"), state__in=["sent", "acknowledged", "partly_received"]),
            ),
            models.Index(fields=["state", "-id"], name="purchase_state"),
        ]
        triggers = [legal_moves("state", PURCHASE_MOVES)]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return human_number(self.NUMBER_PREFIX, self.pk)

    @transition(field=state, source=PurchaseState.DRAFT, target=PurchaseState.APPROVED)
    def approve(self) -> None:
        """Somebody who may agrees to it."""

    @transition(field=state, source=PurchaseState.APPROVED, target=PurchaseState.SENT)
    def send(self) -> None:
        """The vendor has it."""

    @transition(field=state, source=PurchaseState.SENT, target=PurchaseState.ACKNOWLEDGED)
    def acknowledge(self) -> None:
        """The vendor has said what comes and when."""

    @transition(field=state, source=[PurchaseState.SENT, PurchaseState.ACKNOWLEDGED], target=PurchaseState.PARTLY_RECEIVED)
    def receive_part(self) -> None:
        """Some of it came."""

    @transition(field=state, source=[PurchaseState.SENT, PurchaseState.ACKNOWLEDGED, PurchaseState.PARTLY_RECEIVED], target=PurchaseState.RECEIVED)
    def receive_all(self) -> None:
        """All of it came."""

    @transition(field=state, source=PurchaseState.RECEIVED, target=PurchaseState.PARTLY_RECEIVED)
    def take_back_part(self) -> None:
        """Some of what came was no receipt after all."""

    @transition(field=state, source=[PurchaseState.RECEIVED, PurchaseState.PARTLY_RECEIVED], target=PurchaseState.SENT)
    def take_back_all(self) -> None:
        """Nothing came after all."""

    @transition(field=state, source=[PurchaseState.RECEIVED, PurchaseState.PARTLY_RECEIVED], target=PurchaseState.ACKNOWLEDGED)
    def take_back_all_acknowledged(self) -> None:
        """Nothing came after all; the vendor had said when it would."""

    @transition(field=state, source=[PurchaseState.RECEIVED, PurchaseState.PARTLY_RECEIVED], target=PurchaseState.CLOSED)
    def close(self) -> None:
        """Nothing more is expected."""

    @transition(
        field=state,
        source=[PurchaseState.DRAFT, PurchaseState.APPROVED, PurchaseState.SENT, PurchaseState.ACKNOWLEDGED],
        target=PurchaseState.CANCELLED,
    )
    def cancel(self) -> None:
        """It will not come."""

    @property
    def total(self) -> Decimal:
        """What all of it costs, in its currency. Reads its lines."""
        return sum((line.net for line in self.lines.all()), ZERO)

    @property
    def can_approve(self) -> bool:
        return self.state == PurchaseState.DRAFT

    @property
    def can_acknowledge(self) -> bool:
        return self.can_receive

    @property
    def can_cancel(self) -> bool:
        return self.state in (PurchaseState.DRAFT, PurchaseState.APPROVED, PurchaseState.SENT, PurchaseState.ACKNOWLEDGED)

    @property
    def can_close(self) -> bool:
        return self.state in (PurchaseState.PARTLY_RECEIVED, PurchaseState.RECEIVED)

    @property
    def can_receive(self) -> bool:
        return self.state in (PurchaseState.SENT, PurchaseState.ACKNOWLEDGED, PurchaseState.PARTLY_RECEIVED)

    @property
    def can_bill(self) -> bool:
        return self.state not in (PurchaseState.DRAFT, PurchaseState.APPROVED, PurchaseState.CANCELLED)

    @property
    def can_change(self) -> bool:
        return self.state in COMING

    @property
    def can_lengthen(self) -> bool:
        """Say whether lines can be added: while nothing of it has come, and no vendor ships it to a customer who ordered just that."""
        return self.can_cancel and self.drop_ship_order_id is None

    @property
    def is_late(self) -> bool:
        """Say whether something of it should have come before today. Reads its lines."""
        return self.can_receive and any(line.is_late for line in self.lines.all())


# The states in which a purchase order still brings something.
COMING = (PurchaseState.DRAFT, PurchaseState.APPROVED, PurchaseState.SENT, PurchaseState.ACKNOWLEDGED, PurchaseState.PARTLY_RECEIVED)


class PurchaseOrderLine(models.Model):
    """`over`: units that may come beyond what is ordered. `expected_on`: the vendor's date for this line, where it has its own.

    `acknowledged`: what the vendor has confirmed; what he will not deliver is not counted as coming. A line that is called off keeps what was
    received as its `quantity`, none where nothing was.
    """

    order = models.ForeignKey(PurchaseOrder, on_delete=models.PROTECT, related_name="lines")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0)
    over = models.PositiveIntegerField(default=0)
    acknowledged = models.PositiveIntegerField(null=True)
    expected_on = models.DateField(null=True, blank=True)
    unit_cost = models.DecimalField(max_digits=19, decimal_places=4)
    drop_ship_line_id = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "sku"], name="one_purchase_line_per_sku"),
            models.CheckConstraint(condition=Q(quantity__gt=0) | Q(over=0), name="purchase_line_buys_something"),
            models.CheckConstraint(condition=Q(received__lte=F("quantity") + F("over")), name="received_within_ordered"),
            models.CheckConstraint(condition=Q(unit_cost__gte=0), name="purchase_cost_not_negative"),
        ]
        indexes = [models.Index(fields=["sku"], name="purchase_line_coming", condition=Q(received__lt=F("quantity")))]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.sku_id}"

    @property
    def open_quantity(self) -> int:
        return max(self.quantity - self.received, 0)

    @property
    def coming(self) -> int:
        """What is on its way: ordered, not refused by the vendor, and not here yet."""
        return max(min(self.quantity, self.quantity if self.acknowledged is None else self.acknowledged) - self.received, 0)

    @property
    def due_on(self) -> date | None:
        return self.expected_on or self.order.expected_on

    @property
    def is_late(self) -> bool:
        """Say whether some of it should have come before today."""
        return bool(self.open_quantity and self.due_on and self.due_on < timezone.localdate())

    @property
    def net(self) -> Decimal:
        """What it costs, in the order's currency."""
        return round_amount(self.unit_cost * self.quantity, self.order.currency)

    @property
    def may_come(self) -> int:
        """What may still be taken in, with the tolerance."""
        return self.quantity + self.over - self.received


class Receipt(models.Model):
    """Goods taken in against a purchase order, once per key: a double click receives nothing twice. Append-only.

    One that `reverses` another takes back all that the other took in: its lines are below zero.
    """

    order = models.ForeignKey(PurchaseOrder, on_delete=models.PROTECT, related_name="receipts")
    key = models.CharField(max_length=100, unique=True, help_text=gettext_lazy("Made by the form, so that a repeat is known as one"))
    received_at = models.DateTimeField()
    actor = models.CharField(max_length=100)
    reverses = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reversal")

    taken_in: "list[ReceiptLine]"
    """Its lines: only on a receipt that has just been made."""

    class Meta:
        ordering = ["-id"]
        triggers = append_only()

    def __str__(self) -> str:
        return f"receipt {self.pk} of {self.order_id}"


class ReceiptLine(models.Model):
    """So many units of a purchase order's line, and what they are worth in the books' currency; both below zero where a receipt is reversed.

    `note`: what the code on the package said beside: batch, expiry. Append-only.
    """

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(PurchaseOrderLine, on_delete=models.PROTECT, related_name="receipts")
    quantity = models.IntegerField()
    value = models.DecimalField(max_digits=19, decimal_places=4)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["receipt", "line"], name="purchase_line_once_per_receipt"),
            models.CheckConstraint(condition=Q(quantity__gt=0, value__gte=0) | Q(quantity__lt=0, value__lte=0), name="receipt_line_takes_something"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.line_id}"


class ReceivingScan(models.Model):
    """Units that somebody counted at the dock and has not confirmed yet: what a receipt is made of, kept so that no reload loses it.

    `key`: the scanner's own, so that a scan that is sent twice counts once. Below zero where a number was set lower by hand.
    """

    line = models.ForeignKey(PurchaseOrderLine, on_delete=models.CASCADE, related_name="scans")
    order = models.ForeignKey(PurchaseOrder, on_delete=models.CASCADE, related_name="scans")
    key = models.CharField(max_length=100, unique=True)
    units = models.IntegerField()
    code = models.CharField(max_length=100, blank=True)
    note = models.CharField(max_length=200, blank=True)
    actor = models.CharField(max_length=100)
    scanned_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~Q(units=0), name="scan_counts_something")]

    def __str__(self) -> str:
        return f"{self.units:+d} of line {self.line_id}"


class LandedCost(models.Model):
    """What bringing in the goods of a purchase order cost beside their price, spread over what was received of it. Append-only.

    `amount` in the books' currency.
    """

    order = models.ForeignKey(PurchaseOrder, on_delete=models.PROTECT, related_name="landed_costs")
    key = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=10, choices=LandedKind)
    amount = models.DecimalField(max_digits=19, decimal_places=4)
    spread_by = models.CharField(max_length=10, choices=SpreadBy)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    actor = models.CharField(max_length=100)

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="landed_cost_above_zero")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} on {self.order_id}"
