"""Booking with carriers, handing over, voiding: the calls that leave the house."""

from dataclasses import dataclass

from django.utils import timezone

from oms.core import bulk
from oms.core.documents import keep
from oms.core.errors import BusinessError
from oms.core.events import fact, record
from oms.core.stations import TryLater
from orders.progress import note_step
from shipping.carriers.base import Booking, CarrierError, CarrierRefused, CarrierUnknown, Parcel, ShipmentRequest
from shipping.carriers.registry import carrier_named
from shipping.fulfilling import lock_with_orders
from shipping.models import Shipment
from shipping.paper import own_label
from shipping.parties import recipient_of, sender_of
from shipping.states import BEFORE_DISPATCH, CarrierMode, ShipmentState


class Refused(BusinessError):
    """The carrier will not take it as it stands."""

    code = "carrier_refused"


@dataclass(frozen=True)
class Booked:
    """What came of a booking: the carrier's word, and the label or bill of lading to print."""

    booking: Booking
    label: bytes
    content_type: str


def book_shipment(shipment: Shipment) -> Booked:
    """Book a packed shipment with its carrier and get its label. Makes calls, writes nothing.

    Our own reference goes with every call. What became of a call that nobody answered is looked up by it before anything is tried again,
    so there is never a second label. Raises Refused, TryLater.
    """
    carrier = carrier_named(shipment.carrier.adapter)
    request = request_for(shipment)
    try:
        booking = carrier.look_up(request.reference) or carrier.book(request)
    except CarrierUnknown as doubt:
        booking = _settle_doubt(carrier, request, doubt)
    except CarrierRefused as refusal:
        raise Refused(refusal.reason) from refusal
    except CarrierError as error:
        raise TryLater(error.reason) from error
    if booking.label:
        return Booked(booking, booking.label, booking.label_content_type)
    return Booked(booking, own_label(shipment, booking), "application/pdf")


def _settle_doubt(carrier, request: ShipmentRequest, doubt: CarrierUnknown) -> Booking:
    try:
        booking = carrier.look_up(request.reference)
    except CarrierError:
        booking = None
    if booking is None:
        raise TryLater(doubt.reason) from doubt
    return booking


def request_for(shipment: Shipment) -> ShipmentRequest:
    """Word a shipment for a carrier."""
    order = shipment.order
    weight = max(shipment.weight_grams, 1)
    each = -(-weight // shipment.packages)
    return ShipmentRequest(
        reference=shipment.number,
        sender=sender_of(shipment),
        recipient=recipient_of(shipment),
        parcels=tuple(Parcel(weight_grams=each) for _ in range(shipment.packages)),
        service=shipment.carrier.service,
        mode="freight" if shipment.carrier.mode == CarrierMode.FREIGHT else "parcel",
        instructions=order.delivery_window,
        value=order.net_total,
        currency=order.currency,
        tracking_number=shipment.tracking_number,
    )


def keep_bookings(booked: list[tuple[Shipment, Booked]]) -> None:
    """Keep what carriers agreed to, with their labels. One that was called off in the meantime keeps its booking's reference, and is voided
    with it. Records `shipment.booked`.
    """
    results = {shipment.pk: result for shipment, result in booked}
    shipments = lock_with_orders([shipment for shipment, _ in booked])
    labels = keep(
        [
            ("label", f"{shipment.number}{_suffix(results[shipment.pk])}", results[shipment.pk].content_type, results[shipment.pk].label)
            for shipment in shipments
        ]
    )
    now = timezone.now()
    for shipment, label in zip(shipments, labels, strict=True):
        booking = results[shipment.pk].booking
        shipment.carrier_reference = booking.carrier_reference
        shipment.tracking_number = booking.tracking_number
        shipment.tracking_url = booking.tracking_url
        shipment.label = label
        shipment.booked_at = now
        if shipment.state == ShipmentState.PACKED:
            shipment.book()
    bulk.save_all(shipments, "state", "carrier_reference", "tracking_number", "tracking_url", "label", "booked_at")
    live = [shipment for shipment in shipments if shipment.state == ShipmentState.BOOKED]
    note_step(list({s.order_id: s.order for s in live if s.order.is_open}.values()), "hand_over")
    record(
        fact(
            "shipment.booked",
            "shipment",
            shipment.pk,
            order_id=shipment.order_id,
            actor="station:book",
            number=shipment.number,
            carrier=shipment.carrier.name,
            tracking_number=shipment.tracking_number,
        )
        for shipment in live
    )


def _suffix(result: Booked) -> str:
    return {"application/pdf": ".pdf", "image/png": ".png"}.get(result.content_type, ".bin")


def tell_handover(shipment: Shipment) -> None:
    """Tell the carrier that its driver has the goods. Safe to repeat. Raises Refused, TryLater."""
    _call(lambda: carrier_named(shipment.carrier.adapter).hand_over(shipment.carrier_reference))


def note_handovers(told: list[tuple[Shipment, None]]) -> None:
    """Note that carriers have been told."""
    now = timezone.now()
    for shipment, _ in told:
        shipment.handed_over_at = now
    bulk.save_all([shipment for shipment, _ in told], "handed_over_at")


def void_with_carrier(shipment: Shipment) -> None:
    """Cancel a shipment's booking, where it has one. Safe to repeat. Raises Refused, TryLater."""
    reference = shipment.carrier_reference
    carrier = shipment.carrier
    if carrier is None or shipment.state not in (ShipmentState.PACKED, ShipmentState.BOOKED):
        return

    def call() -> None:
        adapter = carrier_named(carrier.adapter)
        booking = adapter.look_up(shipment.number) if not reference else None
        found = reference or (booking.carrier_reference if booking else "")
        if found:
            adapter.void(found)

    _call(call)


def note_voided(voided: list[tuple[Shipment, None]]) -> None:
    """Note that shipments will not go. Records `shipment.voided`."""
    shipments = [s for s in lock_with_orders([s for s, _ in voided]) if s.state in BEFORE_DISPATCH]
    for shipment in shipments:
        shipment.void()
    bulk.save_all(shipments, "state")
    note_step(list({s.order_id: s.order for s in shipments}.values()), "")
    record(
        fact(
            "shipment.voided",
            "shipment",
            shipment.pk,
            order_id=shipment.order_id,
            actor="station:void",
            number=shipment.number,
        )
        for shipment in shipments
    )


def _call(call) -> None:
    try:
        call()
    except CarrierRefused as refusal:
        raise Refused(refusal.reason) from refusal
    except CarrierError as error:
        raise TryLater(error.reason) from error
