"""The states of an order. Payment and fulfilment are axes of their own, derived from amounts and counters."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class OrderState(TextChoices):
    PLACED = "placed", _("Placed")
    ALLOCATED = "allocated", _("Allocated")
    BACKORDERED = "backordered", _("Backordered")
    FULFILLING = "fulfilling", _("In the warehouse")
    SHIPPED = "shipped", _("Shipped")
    DELIVERED = "delivered", _("Delivered")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")


class DraftState(TextChoices):
    """Of what was typed before it is an order."""

    OPEN = "open", _("Open")
    PARKED = "parked", _("Parked")
    PLACED = "placed", _("Placed")
    ABANDONED = "abandoned", _("Given up")


class LostReason(TextChoices):
    """Why a call came to nothing."""

    STOCK = "stock", _("Not there in time")
    PRICE = "price", _("Too dear")
    RANGE = "range", _("We do not sell it")
    CREDIT = "credit", _("No credit left")
    LATER = "later", _("Wants to think about it")
    ASKED = "asked", _("Only asked something")
    OTHER = "other", _("Something else")


class PaymentStatus(TextChoices):
    UNPAID = "unpaid", _("Unpaid")
    PARTLY_PAID = "partly_paid", _("Partly paid")
    PAID = "paid", _("Paid")


class FulfilmentStatus(TextChoices):
    UNFULFILLED = "unfulfilled", _("Not shipped")
    PARTLY_SHIPPED = "partly_shipped", _("Partly shipped")
    SHIPPED = "shipped", _("Shipped")
    DELIVERED = "delivered", _("Delivered")


class ScreeningKind(TextChoices):
    """What may speak against an order. Each places the hold of its own name."""

    CREDIT = "credit", _("Credit exceeded")
    BLOCKED = "blocked", _("Blocked")
    FIRST_ORDER = "first_order", _("Large first order")
    ADDRESS = "address", _("Addresses differ")
    MANY_ORDERS = "many_orders", _("Many orders an hour")
    UNUSUAL = "unusual", _("Unusual amount")


class HoldKind(TextChoices):
    """Why an order must wait: what the screening finds, or a person."""

    CREDIT = "credit", _("Credit limit")
    BLOCKED = "blocked", _("Blocked")
    FIRST_ORDER = "first_order", _("Large first order")
    ADDRESS = "address", _("Addresses differ")
    MANY_ORDERS = "many_orders", _("Many orders an hour")
    UNUSUAL = "unusual", _("Unusual amount")
    PRICE = "price", _("Price to be approved")
    MANUAL = "manual", _("Held by a colleague")


class ChargeKind(TextChoices):
    SHIPPING = "shipping", _("Shipping")
    HANDLING = "handling", _("Handling")
    OTHER = "other", _("Other charge")


class PromotionKind(TextChoices):
    """What a promotion takes off: orders.pricing works them out by these names."""

    PERCENT = "percent", _("A percentage")
    AMOUNT = "amount", _("A fixed amount")
    FREE_UNITS = "free_units", _("Buy some, get some")
    FREE_SHIPPING = "free_shipping", _("Free shipping")


class SimulationState(TextChoices):
    QUEUED = "queued", _("Waiting to run")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class StandingState(TextChoices):
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")


class QuotationState(TextChoices):
    OPEN = "open", _("Open")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class RecurrenceUnit(TextChoices):
    WEEK = "week", _("weeks")
    MONTH = "month", _("months")


OPEN_STATES = (
    OrderState.PLACED,
    OrderState.ALLOCATED,
    OrderState.BACKORDERED,
    OrderState.FULFILLING,
    OrderState.SHIPPED,
    OrderState.DELIVERED,
)
CANCELLABLE_STATES = (
    OrderState.PLACED,
    OrderState.ALLOCATED,
    OrderState.BACKORDERED,
    OrderState.FULFILLING,
)
# (from, to): the only moves there are. The transitions of the model and the trigger on the column both keep to it.
ORDER_MOVES = [
    ("placed", "allocated"),
    ("placed", "backordered"),
    ("backordered", "allocated"),
    ("allocated", "backordered"),
    ("allocated", "fulfilling"),
    ("fulfilling", "backordered"),
    ("fulfilling", "shipped"),
    ("shipped", "delivered"),
    ("delivered", "completed"),
    *((str(state), "cancelled") for state in CANCELLABLE_STATES),
]
DRAFT_MOVES = [
    ("open", "parked"),
    ("parked", "open"),
    ("open", "abandoned"),
    ("parked", "abandoned"),
    ("abandoned", "open"),
    ("abandoned", "parked"),
    *((state, "placed") for state in ("open", "parked", "abandoned")),
]
SIMULATION_MOVES = [("queued", "running"), ("running", "done"), ("queued", "failed"), ("running", "failed")]
STANDING_MOVES = [("active", "paused"), ("paused", "active"), ("active", "ended"), ("paused", "ended")]
QUOTATION_MOVES = [("open", "accepted"), ("open", "declined"), ("open", "withdrawn")]
