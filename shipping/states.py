"""The states of a shipment, and what a carrier may say of it."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ShipmentState(TextChoices):
    PLANNED = "planned", _("To pick")
    PICKING = "picking", _("Being picked")
    PACKED = "packed", _("Packed")
    BOOKED = "booked", _("Booked")
    DISPATCHED = "dispatched", _("Dispatched")
    IN_TRANSIT = "in_transit", _("In transit")
    DELIVERED = "delivered", _("Delivered")
    EXCEPTION = "exception", _("Exception")
    RETURNED = "returned", _("Returned")
    LOST = "lost", _("Lost")
    VOIDED = "voided", _("Voided")


class CarrierMode(TextChoices):
    PARCEL = "parcel", _("Parcel")
    FREIGHT = "freight", _("Freight (LTL)")


BEFORE_DISPATCH = (ShipmentState.PLANNED, ShipmentState.PICKING, ShipmentState.PACKED, ShipmentState.BOOKED)
ON_THE_WAY = (ShipmentState.DISPATCHED, ShipmentState.IN_TRANSIT, ShipmentState.EXCEPTION)

SHIPMENT_MOVES = [
    ("planned", "picking"),
    ("picking", "packed"),
    ("packed", "booked"),
    ("booked", "dispatched"),
    ("dispatched", "in_transit"),
    *((str(state), "delivered") for state in ON_THE_WAY),
    *((state, "exception") for state in ("dispatched", "in_transit")),
    ("exception", "in_transit"),
    *((str(state), "returned") for state in ON_THE_WAY),
    *((str(state), "lost") for state in ON_THE_WAY),
    *((str(state), "voided") for state in BEFORE_DISPATCH),
]
