"""Shipping's stations."""

from django.utils.translation import gettext_lazy as _

from oms.core.stations import OutsideStation, Station
from orders.models import Order
from shipping.booking import (
    book_shipment,
    keep_bookings,
    note_handovers,
    note_voided,
    tell_handover,
    void_with_carrier,
)
from shipping.models import Shipment
from shipping.planning import plan_shipments
from shipping.tracking import apply_updates, waiting_for_tracking

PLAN = Station(
    name="plan",
    title=_("Plan"),
    waiting=lambda: Order.objects.waiting_for_plan(),
    work=plan_shipments,
    since="placed_at",
    answers_at_once=True,
)
BOOK = OutsideStation(
    name="book",
    title=_("Book"),
    waiting=lambda: Shipment.objects.waiting_for_booking(),
    perform=book_shipment,
    work=keep_bookings,
    since="packed_at",
    lease_seconds=120,
)
HAND_OVER = OutsideStation(
    name="hand_over",
    title=_("Hand over"),
    waiting=lambda: Shipment.objects.waiting_for_handover(),
    perform=tell_handover,
    work=note_handovers,
    since="dispatched_at",
)
TRACK = Station(
    name="track",
    title=_("Track"),
    waiting=waiting_for_tracking,
    work=apply_updates,
    since="received_at",
)
VOID = OutsideStation(
    name="void",
    title=_("Void"),
    waiting=lambda: Shipment.objects.waiting_for_voiding(),
    perform=void_with_carrier,
    work=note_voided,
)
