from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django_fsm import FSMField, transition

from customers.looking_up import customers_meant
from customers.models import Channel, Customer
from customers.states import InvoicePolicy, PaymentMethod, ShipPolicy
from inventory.backorders import fillable
from oms.core.readable import human_number, row_of
from oms.core.triggers import legal_moves
from orders.models.lines import OrderLine
from orders.states import (
    CANCELLABLE_STATES,
    OPEN_STATES,
    ORDER_MOVES,
    FulfilmentStatus,
    OrderState,
    PaymentStatus,
)

# Each way by an index of its own: as one condition with OR they would be a walk through all orders.
_MATCHING = """
    SELECT id FROM orders_order WHERE customer_id = ANY(%s::bigint[])
    UNION SELECT id FROM orders_order WHERE channel_id IN (SELECT id FROM customers_channel) AND external_reference = %s AND external_reference <> ''
    UNION SELECT order_id FROM orders_orderline WHERE sku_id = (SELECT id FROM inventory_sku WHERE code = %s)
"""


class OrderQuerySet(models.QuerySet["Order"]):
    """The queues of the line, by their business names, and what the faces ask for."""

    def waiting_for_screening(self) -> "OrderQuerySet":
        return self.filter(state=OrderState.PLACED, screened_at__isnull=True).order_by("placed_at", "id")

    def waiting_for_stock(self) -> "OrderQuerySet":
        """Screened and free to go on, and nobody has looked for their stock yet: the most urgent first, then the oldest."""
        return self.filter(state=OrderState.PLACED, screened_at__isnull=False, open_holds=0).order_by("priority", "placed_at", "id")

    def waiting_for_backorders(self) -> "OrderQuerySet":
        """Those that wait for units of which more has become free since they were last looked at: most urgent first, then oldest."""
        waiting = fillable().filter(order_id=OuterRef("pk"))
        since = Coalesce("queued_at", "placed_at")
        return self.filter(Exists(waiting), has_backorders=True, open_holds=0).order_by("priority", since, "id")

    def waiting_for_invoice(self) -> "OrderQuerySet":
        return self.filter(invoice_due=True, open_holds=0).order_by("placed_at", "id")

    def waiting_for_plan(self) -> "OrderQuerySet":
        return self.filter(plan_due=True, open_holds=0).order_by("priority", "placed_at", "id")

    def waiting_for_completion(self) -> "OrderQuerySet":
        return self.filter(
            state=OrderState.DELIVERED, payment_status=PaymentStatus.PAID, invoice_due=False, has_backorders=False, open_holds=0
        ).order_by("placed_at", "id")

    def open(self) -> "OrderQuerySet":
        return self.filter(state__in=OPEN_STATES)

    def known_to(self, channel: Channel | None) -> "OrderQuerySet":
        """Those a storefront of `channel` may see: its own. The desk (None) sees all."""
        return self if channel is None else self.filter(channel=channel)

    def matching(self, text: str) -> "OrderQuerySet":
        """Those whose number, reference, customer, telephone, or one of whose SKUs is `text`."""
        text = text.strip()
        if pk := row_of(text, Order.NUMBER_PREFIX):
            return self.filter(pk=pk)
        return self.filter(pk__in=RawSQL(_MATCHING, [customers_meant(text), text, text.upper()]))


class Order(models.Model):
    """What a customer asked for, what was agreed, and where it stands on the line.

    The state is the one stored state machine; payment and fulfilment status, the flags and totals are derived from lines and
    amounts by `refresh()` and cached here in the transaction that changed them.
    """

    NUMBER_PREFIX = "SO"

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="orders")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    state = FSMField(max_length=12, choices=OrderState.choices, default=OrderState.PLACED, protected=True)
    external_reference = models.CharField(max_length=100, blank=True)
    standing_order = models.ForeignKey("orders.StandingOrder", null=True, on_delete=models.PROTECT, related_name="orders")
    basket = models.CharField(max_length=80, blank=True, help_text="Whose soft reservations it took up")
    public_token = models.CharField(max_length=32, unique=True)
    version = models.PositiveIntegerField(default=1)
    priority = models.PositiveSmallIntegerField(default=5)
    queued_at = models.DateTimeField(null=True, help_text="Since when it counts as waiting, where it has swapped its place with another order")

    currency = models.CharField(max_length=3)
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=10, default="en")
    bill_to = models.JSONField(default=dict)
    ship_to = models.JSONField(default=dict)
    note = models.TextField(blank=True)
    invoice_policy = models.CharField(max_length=20, choices=InvoicePolicy)
    ship_policy = models.CharField(max_length=20, choices=ShipPolicy)
    payment_method = models.CharField(max_length=20, choices=PaymentMethod)
    payment_reference = models.CharField(max_length=100, blank=True, db_default="", help_text="The card terminal's, never a card number")
    terms_days = models.PositiveSmallIntegerField(default=0)
    accepts_part_deliveries = models.BooleanField(default=True)
    delivery = models.CharField(max_length=60, blank=True, db_default="", help_text="The way of delivery that was chosen, by name")
    carrier = models.CharField(max_length=30, blank=True, db_default="", help_text="The code of the carrier that is wanted, where it takes the goods")
    delivery_window = models.CharField(max_length=60, blank=True, db_default="", help_text="When the goods are taken in, in the customer's words")

    prices_include_tax = models.BooleanField(default=False, db_default=False, help_text="Whether unit prices and discounts do")
    discount_total = models.DecimalField(max_digits=19, decimal_places=4, default=0, db_default=0)
    net_total = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    tax_total = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    total = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    invoiced_total = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    paid_total = models.DecimalField(max_digits=19, decimal_places=4, default=0)

    payment_status = models.CharField(max_length=12, choices=PaymentStatus, default=PaymentStatus.UNPAID)
    fulfilment_status = models.CharField(max_length=16, choices=FulfilmentStatus, default=FulfilmentStatus.UNFULFILLED)
    fulfilment_step = models.CharField(max_length=20, blank=True, help_text="Told by shipping: pick, pack, book, hand_over")
    open_holds = models.PositiveSmallIntegerField(default=0)
    has_backorders = models.BooleanField(default=False)
    invoice_due = models.BooleanField(default=False)
    plan_due = models.BooleanField(default=False)

    placed_by = models.CharField(max_length=100, blank=True)
    placed_at = models.DateTimeField(null=True)
    screened_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OrderQuerySet.as_manager()

    placed_lines: list[OrderLine]
    """The lines it was placed with: only on an order that has just been placed or priced."""
    refused_codes: dict[str, str]
    """Promotion codes that take nothing off it, and why: only on an order that has just been priced."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_reference"],
                condition=~Q(external_reference=""),
                name="order_reference_once",
            ),
            models.CheckConstraint(condition=Q(total=F("net_total") + F("tax_total")), name="order_total_adds_up"),
            models.CheckConstraint(condition=Q(paid_total__gte=0), name="order_paid_not_negative"),
            models.CheckConstraint(condition=Q(priority__gte=1, priority__lte=9), name="order_priority_one_to_nine"),
        ]
        indexes = [
            models.Index(fields=["-placed_at", "-id"], name="order_recent"),
            models.Index(fields=["state", "-placed_at", "-id"], name="order_state_recent"),
            models.Index(fields=["customer", "-placed_at", "-id"], name="order_customer_recent"),
            models.Index(fields=["placed_at", "id"], name="order_q_screen", condition=Q(state="placed", screened_at__isnull=True)),
            models.Index(
                fields=["priority", "placed_at", "id"],
                name="order_q_reserve",
                condition=Q(state="placed", screened_at__isnull=False, open_holds=0),
            ),
            models.Index(fields=["placed_at", "id"], name="order_q_invoice", condition=Q(invoice_due=True)),
            models.Index(fields=["priority", "placed_at", "id"], name="order_q_plan", condition=Q(plan_due=True)),
            models.Index("priority", Coalesce("queued_at", "placed_at"), "id", name="order_q_backorder", condition=Q(has_backorders=True)),
            models.Index(fields=["placed_at", "id"], name="order_q_complete", condition=Q(state="delivered")),
        ]
        triggers = [legal_moves("state", ORDER_MOVES)]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return human_number(self.NUMBER_PREFIX, self.pk)

    @property
    def country(self) -> str:
        """Where it goes."""
        return str(self.ship_to.get("country", ""))

    @property
    def postcode(self) -> str:
        return str(self.ship_to.get("postcode", ""))

    @property
    def waits_since(self) -> datetime:
        """Since when it counts as waiting among others that wait."""
        return self.queued_at or self.placed_at or self.created_at

    # --- the state machine: guards and fields, no I/O ---

    def is_free(self) -> bool:
        """No hold is open."""
        return self.open_holds == 0

    def nothing_shipped(self) -> bool:
        """Not one unit has left the warehouse."""
        return self.fulfilment_status == FulfilmentStatus.UNFULFILLED

    @transition(
        field=state,
        source=[OrderState.PLACED, OrderState.BACKORDERED],
        target=OrderState.ALLOCATED,
        conditions=[is_free],
    )
    def allocate(self) -> None:
        """There is stock to go on with."""

    @transition(
        field=state,
        source=[OrderState.PLACED, OrderState.ALLOCATED, OrderState.FULFILLING],
        target=OrderState.BACKORDERED,
    )
    def backorder(self) -> None:
        """It waits for stock: there was not enough, or what was reserved for it is gone, which no hold keeps from happening."""

    @transition(field=state, source=OrderState.ALLOCATED, target=OrderState.FULFILLING, conditions=[is_free])
    def start_fulfilment(self) -> None:
        """The warehouse has it."""

    @transition(field=state, source=OrderState.FULFILLING, target=OrderState.SHIPPED)
    def ship(self) -> None:
        """Everything has left."""

    @transition(field=state, source=OrderState.SHIPPED, target=OrderState.DELIVERED)
    def deliver(self) -> None:
        """Everything has arrived."""

    @transition(field=state, source=OrderState.DELIVERED, target=OrderState.COMPLETED)
    def complete(self) -> None:
        """Delivered, invoiced and paid."""

    @transition(field=state, source=list(CANCELLABLE_STATES), target=OrderState.CANCELLED, conditions=[nothing_shipped])
    def cancel(self) -> None:
        """It is called off before anything left."""

    @property
    def can_cancel(self) -> bool:
        return self.state in CANCELLABLE_STATES and self.nothing_shipped()

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    # --- what is derived ---

    @property
    def may_ship(self) -> bool:
        """Say whether the money side lets goods leave: on terms always, prepaid once it is paid in full."""
        return self.ship_policy == ShipPolicy.ON_TERMS or self.paid_total >= self.total

    @property
    def balance(self):
        """What is still to be paid."""
        return self.total - self.paid_total

    def refresh(self, lines: Iterable[OrderLine]) -> None:
        """Derive statuses and flags from `lines`, all of the order's, and from the amounts on the row. Saves nothing.

        payment: nothing, something or everything of the total is paid. fulfilment: the least advanced unit that is not
        cancelled decides. invoice_due: units to invoice under the order's policy that are not invoiced. plan_due: reserved
        units that no shipment has taken up, of an order that may ship now.
        """
        lines = list(lines)
        wanted = sum(line.quantity - line.cancelled for line in lines)
        shipped = sum(line.shipped for line in lines)
        delivered = sum(line.delivered for line in lines)
        backordered = sum(line.backordered for line in lines)
        if wanted and delivered >= wanted:
            self.fulfilment_status = FulfilmentStatus.DELIVERED
        elif wanted and shipped >= wanted:
            self.fulfilment_status = FulfilmentStatus.SHIPPED
        elif shipped:
            self.fulfilment_status = FulfilmentStatus.PARTLY_SHIPPED
        else:
            self.fulfilment_status = FulfilmentStatus.UNFULFILLED
        self.has_backorders = backordered > 0 and self.is_open
        self.refresh_payment()
        goes_on = self.state in (OrderState.ALLOCATED, OrderState.FULFILLING)
        to_invoice = any(line.invoiced < self.invoiceable(line) for line in lines)
        self.invoice_due = to_invoice and self.is_open and self.state != OrderState.PLACED
        unplanned = any(line.reserved > line.planned for line in lines)
        self.plan_due = unplanned and goes_on and self.may_ship and (not backordered or self.accepts_part_deliveries)

    def invoiceable(self, line: OrderLine) -> int:
        """Give how many units of `line` may be on an invoice now, under the order's policy."""
        if self.invoice_policy == InvoicePolicy.ON_SHIPMENT:
            return line.shipped
        if self.state in (OrderState.PLACED, OrderState.BACKORDERED):
            return 0
        return line.reserved + line.shipped

    def refresh_payment(self) -> None:
        """Derive the payment status from the amounts on the row."""
        if self.paid_total >= self.total:
            self.payment_status = PaymentStatus.PAID
        elif self.paid_total > 0:
            self.payment_status = PaymentStatus.PARTLY_PAID
        else:
            self.payment_status = PaymentStatus.UNPAID


# What refresh() may change: the columns to save after it.
DERIVED = ("fulfilment_status", "payment_status", "has_backorders", "invoice_due", "plan_due")
