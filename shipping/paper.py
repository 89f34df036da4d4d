"""The papers we print ourselves."""

from shipping.carriers.base import Booking
from shipping.models import Shipment


def own_label(shipment: Shipment, booking: Booking) -> bytes:
    """Print our own label for a carrier that makes none: a parcel label, or for freight a bill of lading."""
    raise NotImplementedError
