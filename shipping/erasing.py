"""What shipments know of a person: labels with their address, where a vendor ships to them, and what carriers said."""

from collections.abc import Mapping

from django.db.models import Q

from customers.erasing import Eraser, Person
from inventory.models import PurchaseOrder
from oms.core.scrubbing import empty_documents, scrubbed
from shipping.models import Shipment, TrackingEvent


def _erase(person: Person) -> Mapping[str, int]:
    shipments = Shipment.objects.filter(order__customer__in=person.pks)
    labels = empty_documents(shipments.filter(label__isnull=False).values_list("label", flat=True))
    numbers = list(shipments.exclude(tracking_number="").values_list("tracking_number", flat=True))
    events = list(TrackingEvent.objects.filter(tracking_number__in=numbers))
    for event in events:
        event.description, event.location = scrubbed(event.description, person.words), scrubbed(event.location, person.words)
    TrackingEvent.objects.bulk_update(events, ["description", "location"], batch_size=500)
    # What a vendor shipped straight to them names them as whom it went to.
    theirs = Q(ship_to__lines__in=person.words) | Q(ship_to__name__in=person.words)
    purchases = list(PurchaseOrder.objects.filter(theirs).only("pk", "ship_to", "document"))
    for purchase in purchases:
        purchase.ship_to = {"country": (purchase.ship_to or {}).get("country", "")}
    PurchaseOrder.objects.bulk_update(purchases, ["ship_to"], batch_size=500)
    empty_documents(purchase.document_id for purchase in purchases if purchase.document_id)
    return {"labels": labels, "drop_ships": len(purchases)}


ERASER = Eraser(_erase)
