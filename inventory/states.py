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
    COUNT = "count", _("Count")
    SCRAP = "scrap", _("Scrap")
    CORRECTION = "correction", _("Correction")


class NeedState(TextChoices):
    PROPOSED = "proposed", _("Proposed")
    APPROVED = "approved", _("Approved")
    ORDERED = "ordered", _("Ordered")
    REJECTED = "rejected", _("Rejected")


class PurchaseState(TextChoices):
    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")
    SENT = "sent", _("Sent")
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
    ("sent", "partly_received"),
    ("sent", "received"),
    ("partly_received", "received"),
    ("received", "closed"),
    ("draft", "cancelled"),
    ("approved", "cancelled"),
    ("sent", "cancelled"),
    ("partly_received", "closed"),
]
