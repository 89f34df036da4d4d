"""The manual carrier: somebody who has no interface. The booking is ours; a clerk types the tracking number, if any."""

from shipping.carriers.base import Booking, Rate, ShipmentRequest


class ManualCarrier:
    """Books nothing anywhere, so nothing is ever unknown and repeating is always safe.

    `tracking_url`: a template such as `https://example.com/track?number={tracking_number}`; empty for none.
    """

    def __init__(self, *, tracking_url: str = "") -> None:
        self.tracking_url = tracking_url

    def quote(self, request: ShipmentRequest) -> list[Rate]:
        """Give no rates: its price is on its bill."""
        return []

    def book(self, request: ShipmentRequest) -> Booking:
        """Book under the tracking number that a clerk typed, else under our own reference."""
        number = request.tracking_number or request.reference
        url = self.tracking_url.replace("{tracking_number}", number) if request.tracking_number else ""
        return Booking(carrier_reference=request.reference, tracking_number=number, tracking_url=url)

    def look_up(self, reference: str) -> Booking | None:
        """Give None: there is nobody to ask, and booking again gives the same booking."""
        return None

    def hand_over(self, carrier_reference: str) -> None:
        """Do nothing: the driver was told in person."""

    def void(self, carrier_reference: str) -> None:
        """Do nothing: there is nobody to tell."""
