"""Where a shipment comes from and whom it goes to, as carriers and papers want it."""

from shipping.carriers.base import Party
from shipping.models import Shipment


def sender_of(shipment: Shipment) -> Party:
    """Give the warehouse it leaves."""
    warehouse = shipment.warehouse
    return Party(
        name=warehouse.name,
        lines=tuple(warehouse.lines.splitlines()),
        city=warehouse.city,
        postcode=warehouse.postcode,
        country=warehouse.country,
        phone=warehouse.phone,
    )


def recipient_of(shipment: Shipment) -> Party:
    """Give whom it goes to."""
    order = shipment.order
    address = order.ship_to
    return Party(
        name=address.get("name") or order.customer.name,
        lines=tuple(address.get("lines", "").splitlines()),
        city=address.get("city", ""),
        postcode=address.get("postcode", ""),
        region=address.get("region", ""),
        country=address.get("country", ""),
        phone=order.phone,
        email=order.email,
    )
