"""What carriers tell us: kept as it came, then applied in the order it happened, never backwards."""

from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from oms.core import bulk
from oms.core.errors import Conflict
from oms.core.events import fact, record, wake
from orders.progress import note_delivered
from shipping.carriers.base import TrackingStatus, TrackingUpdate
from shipping.dispatching import dispatch_locked
from shipping.fulfilling import lock_shipment, lock_with_orders
from shipping.models import Carrier, Shipment, ShipmentLine, TrackingEvent
from shipping.states import ON_THE_WAY, ShipmentState

ACTOR = "station:track"


def keep_update(carrier: Carrier, update: TrackingUpdate) -> TrackingEvent:
    """Keep what a carrier told us and wake station TRACK. Safe to repeat: the same event id is kept once."""
    with transaction.atomic():
        event, created = TrackingEvent.objects.get_or_create(
            carrier=carrier,
            event_id=update.event_id,
            defaults={
                "tracking_number": update.tracking_number,
                "status": str(update.status),
                "description": update.description,
                "location": update.location,
                "occurred_at": update.occurred_at,
                "received_at": timezone.now(),
            },
        )
        if created:
            wake("tracking.received")
    return event


def waiting_for_tracking() -> QuerySet[TrackingEvent]:
    """Give what is not applied yet and speaks of a shipment we know. What we do not know (yet) waits without being in the way."""
    known = Shipment.objects.filter(tracking_number=OuterRef("tracking_number"), carrier=OuterRef("carrier"))
    return TrackingEvent.objects.filter(Exists(known), applied_at__isnull=True).order_by("occurred_at", "id")


def apply_updates(events: list[TrackingEvent]) -> None:
    """Apply `events`, locked by the caller, to their shipments in the order they happened. A constant number of queries.

    Late news never turns a shipment back: what is delivered stays delivered, and only news later than the last clears an exception. A
    carrier that has the goods of a booked shipment dispatches it, and what it told before that counts from then on. Raises Conflict where
    that order was cancelled. Locks orders and shipments. Records `shipment.*` and, through the order, `order.delivered`.
    """
    by_number: dict[str, list[TrackingEvent]] = defaultdict(list)
    for event in events:
        by_number[event.tracking_number].append(event)
    shipments = lock_with_orders(list(Shipment.objects.filter(tracking_number__in=by_number).exclude(state=ShipmentState.VOIDED)))
    collected = [s for s in shipments if s.state == ShipmentState.BOOKED and _has_goods(by_number[s.tracking_number])]
    if collected:
        _refuse_called_off(collected)
        dispatch_locked(collected, actor=ACTOR)
        for event in TrackingEvent.objects.filter(tracking_number__in=[s.tracking_number for s in collected], applied_at__isnull=False):
            by_number[event.tracking_number].append(event)
    facts, delivered = [], []
    for shipment in shipments:
        for event in sorted(by_number[shipment.tracking_number], key=lambda e: (e.occurred_at, e.pk)):
            kind = _apply(shipment, event)
            if kind:
                facts.append(_fact(kind, shipment, event))
            if kind == "shipment.delivered":
                delivered.append(shipment)
    bulk.save_all(shipments, "state", "last_status", "last_status_at", "delivered_at")
    _note_delivered(delivered, actor=ACTOR)
    record(facts)
    TrackingEvent.objects.filter(pk__in=[event.pk for event in events]).update(applied_at=timezone.now())


def mark_delivered(pk: int, *, actor: str) -> Shipment:
    """Note by hand that a shipment has arrived, for carriers that do not tell. Locks order and shipment. Safe to repeat.

    Raises NotFound, Conflict unless it is on its way. Records `shipment.delivered`.
    """
    with transaction.atomic():
        shipment = lock_shipment(pk)
        if shipment.state == ShipmentState.DELIVERED:
            return shipment
        if shipment.state not in ON_THE_WAY:
            raise Conflict(
                _("%(number)s is %(state)s: only what is on its way arrives.")
                % {"number": shipment.number, "state": shipment.get_state_display().lower()}
            )
        shipment.deliver()
        shipment.delivered_at = timezone.now()
        shipment.save(update_fields=["state", "delivered_at"])
        _note_delivered([shipment], actor=actor)
        record(
            [
                fact(
                    "shipment.delivered",
                    "shipment",
                    pk,
                    order_id=shipment.order_id,
                    actor=actor,
                    number=shipment.number,
                )
            ]
        )
    return shipment


def _refuse_called_off(shipments: Sequence[Shipment]) -> None:
    for shipment in shipments:
        if not shipment.order.is_open:
            raise Conflict(
                _("%(number)s has left, but %(order)s was cancelled: have the carrier bring it back.")
                % {"number": shipment.number, "order": shipment.order.number}
            )


def _has_goods(events: list[TrackingEvent]) -> bool:
    return any(event.status != TrackingStatus.EXCEPTION for event in events)


def _apply(shipment: Shipment, event: TrackingEvent) -> str:
    """Apply one update in memory; give what happened, or nothing where it is old news."""
    if shipment.state not in ON_THE_WAY:
        return ""
    is_news = shipment.last_status_at is None or event.occurred_at >= shipment.last_status_at
    if is_news:
        shipment.last_status = event.description or event.status
        shipment.last_status_at = event.occurred_at
    match event.status:
        case TrackingStatus.DELIVERED:
            shipment.deliver()
            shipment.delivered_at = event.occurred_at
            return "shipment.delivered"
        case TrackingStatus.RETURNED:
            shipment.turn_back()
            return "shipment.returned"
        case TrackingStatus.LOST:
            shipment.lose()
            return "shipment.lost"
        case TrackingStatus.EXCEPTION:
            if is_news and shipment.state != ShipmentState.EXCEPTION:
                shipment.stall()
                return "shipment.exception"
        case _:
            if is_news and shipment.state != ShipmentState.IN_TRANSIT:
                shipment.move()
                return "shipment.in_transit"
    return ""


def _note_delivered(shipments: Sequence[Shipment], *, actor: str) -> None:
    if not shipments:
        return
    delivered: dict[int, int] = defaultdict(int)
    for line in ShipmentLine.objects.filter(shipment__in=shipments):
        delivered[line.order_line_id] += line.line_units
    note_delivered(list({s.order_id: s.order for s in shipments}.values()), delivered, actor=actor)


def _fact(kind: str, shipment: Shipment, event: TrackingEvent):
    return fact(
        kind,
        "shipment",
        shipment.pk,
        order_id=shipment.order_id,
        actor=f"carrier:{shipment.carrier.code}" if shipment.carrier else ACTOR,
        number=shipment.number,
        said=event.description,
        location=event.location,
    )
