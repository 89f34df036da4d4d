from shipping.models.carriers import COUNTER, Carrier, TrackingEvent
from shipping.models.shipments import Shipment, ShipmentLine

__all__ = ["COUNTER", "Carrier", "Shipment", "ShipmentLine", "TrackingEvent"]
