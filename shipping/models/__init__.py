from shipping.models.carriers import Carrier, TrackingEvent
from shipping.models.shipments import Shipment, ShipmentLine

__all__ = ["Carrier", "Shipment", "ShipmentLine", "TrackingEvent"]
