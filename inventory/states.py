"""The states of what inventory keeps."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ReservationState(TextChoices):
    SOFT = "soft", _("Held for a while")
    FIRM = "firm", _("Reserved")
    CONSUMED = "consumed", _("Gone out")
    RELEASED = "released", _("Released")


class MovementKind(TextChoices):
    OPENING = "opening", _("Opening stock")
    RECEIPT = "receipt", _("Receipt")
    ISSUE = "issue", _("Issue")
    RETURN = "return", _("Return")
    TRANSFER_OUT = "transfer_out", _("Transfer out")
    TRANSFER_IN = "transfer_in", _("Transfer in")
    COUNT = "count", _("Count")
    DAMAGE = "damage", _("Damage")
    SCRAP = "scrap", _("Scrap")
    CORRECTION = "correction", _("Correction")
    COST = "cost", _("Correction of cost")
    LANDED = "landed", _("Freight and duty")
    EXPENSED = "expensed", _("Cost of what is sold already")


class ImportState(TextChoices):
    QUEUED = "queued", _("Waiting to run")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class WarehouseKind(TextChoices):
    WAREHOUSE = "warehouse", _("Warehouse")
    TRANSIT = "transit", _("On the road")
    DROP_SHIP = "drop_ship", _("The vendor ships")


class AbcClass(TextChoices):
    A = "A", "A"
    B = "B", "B"
    C = "C", "C"


class SourcingPolicy(TextChoices):
    SERVES = "serves", _("Only warehouses that serve the destination")
    CARRIES = "carries", _("Only warehouses that have some of it")
    CAPACITY = "capacity", _("Only warehouses with capacity left today")
    DISTANCE = "distance", _("The nearest first")
    COST = "cost", _("The cheapest freight first")
    PROMISE = "promise", _("The soonest there first")
    BALANCE = "balance", _("The one with most stock first")
    SPLIT_VALUE = "split_value", _("Split only where every part is worth enough")
    NEVER_SPLIT = "never_split", _("Never split: from one warehouse or wait")


class TransferState(TextChoices):
    DRAFT = "draft", _("Draft")
    SENT = "sent", _("On the road")
    PARTLY_RECEIVED = "partly_received", _("Partly received")
    RECEIVED = "received", _("Received")
    CANCELLED = "cancelled", _("Cancelled")


class CountState(TextChoices):
    OPEN = "open", _("Being counted")
    POSTED = "posted", _("Posted")
    CANCELLED = "cancelled", _("Cancelled")


class NeedOrigin(TextChoices):
    RULE = "rule", _("Reorder rule")
    BACKORDER = "backorder", _("Orders that wait")
    HAND = "hand", _("By hand")


class LandedKind(TextChoices):
    FREIGHT = "freight", _("Freight")
    DUTY = "duty", _("Duty")
    OTHER = "other", _("Other")


class SpreadBy(TextChoices):
    VALUE = "value", _("By value")
    WEIGHT = "weight", _("By weight")


class NeedState(TextChoices):
    PROPOSED = "proposed", _("Proposed")
    APPROVED = "approved", _("Approved")
    ORDERED = "ordered", _("Ordered")
    REJECTED = "rejected", _("Rejected")


class PurchaseState(TextChoices):
    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")
    SENT = "sent", _("Sent")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    PARTLY_RECEIVED = "partly_received", _("Partly received")
    RECEIVED = "received", _("Received")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")


RESERVATION_MOVES = [
    ("soft", "firm"),
    ("soft", "released"),
    ("firm", "consumed"),
    ("firm", "released"),
]
NEED_MOVES = [("proposed", "approved"), ("approved", "ordered"), ("proposed", "rejected"), ("approved", "rejected")]
PURCHASE_MOVES = [
    ("draft", "approved"),
    ("approved", "sent"),
    ("sent", "acknowledged"),
    ("sent", "partly_received"),
    ("sent", "received"),
    ("acknowledged", "partly_received"),
    ("acknowledged", "received"),
    ("partly_received", "received"),
    ("received", "partly_received"),
    *((state, before) for state in ("received", "partly_received") for before in ("sent", "acknowledged")),
    ("received", "closed"),
    ("draft", "cancelled"),
    ("approved", "cancelled"),
    ("sent", "cancelled"),
    ("acknowledged", "cancelled"),
    ("partly_received", "closed"),
]
IMPORT_MOVES = [("queued", "running"), ("running", "done"), ("running", "failed"), ("done", "queued")]
TRANSFER_MOVES = [
    ("draft", "sent"),
    ("draft", "cancelled"),
    ("sent", "partly_received"),
    ("sent", "received"),
    ("partly_received", "received"),
]
COUNT_MOVES = [("open", "posted"), ("open", "cancelled")]
