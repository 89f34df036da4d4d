"""The language that every carrier's adapter speaks: what we ask, what we get, and how a carrier may fail us. Pure.

It may fail in the three ways of `oms.core.partners`: `CarrierRefused`, `CarrierRetryable` and `CarrierUnknown`.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal, Protocol

from oms.core.partners import PartnerError, PartnerRefused, PartnerRetryable, PartnerUnknown, PartnerUnreachable

Mode = Literal["parcel", "freight"]


class TrackingStatus(StrEnum):
    """What a carrier may say of goods on their way."""

    COLLECTED = "collected"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    EXCEPTION = "exception"
    RETURNED = "returned"
    LOST = "lost"


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """One package or handling unit. A dimension of 0 is one that nobody measured."""

    weight_grams: int
    length_mm: int = 0
    width_mm: int = 0
    height_mm: int = 0


@dataclass(frozen=True, kw_only=True)
class Party:
    """Where goods come from or go to. `lines`: street and house, without city. `country`: ISO 3166-1 alpha-2."""

    name: str
    company: str = ""
    lines: tuple[str, ...] = ()
    city: str = ""
    postcode: str = ""
    region: str = ""
    country: str
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True)
class ShipmentRequest:
    """What we ask a carrier to take.

    `reference`: our own, one for each attempt to have a label (a shipment that was voided and is booked again needs a new
    one): the carrier knows a repeat by it. `value`: of the goods, in `currency`, for customs and insurance.
    `tracking_number`: only where a clerk has typed the number of a label that was got elsewhere. `instructions`: when the goods are taken in.
    """

    reference: str
    sender: Party
    recipient: Party
    parcels: tuple[Parcel, ...]
    service: str = ""
    mode: Mode = "parcel"
    value: Decimal = Decimal(0)
    currency: str = "GBP"
    tracking_number: str = ""
    instructions: str = ""

    @property
    def weight_grams(self) -> int:
        return sum(parcel.weight_grams for parcel in self.parcels)


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What a service would cost, before tax. `days`: working days to delivery; None where the carrier does not say."""

    service: str
    name: str
    amount: Decimal
    currency: str
    days: int | None


@dataclass(frozen=True, kw_only=True)
class Booking:
    """What a carrier has agreed to take. `tracking_number` is the PRO number where the goods go as freight.

    `label` is None where the carrier makes none: we print our own, or for freight a bill of lading. `cost` is None where
    the carrier tells it later, on its bill.
    """

    carrier_reference: str
    tracking_number: str
    tracking_url: str = ""
    label: bytes | None = None
    label_content_type: str = ""
    cost: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True, kw_only=True)
class TrackingUpdate:
    """One thing that a carrier has told us of goods on their way. `event_id` is the carrier's: a repeat is known by it."""

    event_id: str
    tracking_number: str
    status: TrackingStatus
    occurred_at: datetime
    description: str = ""
    location: str = ""


# What the house calls it where the partner is a carrier.
CarrierError = PartnerError
CarrierRefused = PartnerRefused
CarrierRetryable = PartnerRetryable
CarrierUnreachable = PartnerUnreachable
CarrierUnknown = PartnerUnknown


class Carrier(Protocol):
    """What every adapter can do. Each method raises only `CarrierError`s. None may be called inside a transaction."""

    def quote(self, request: ShipmentRequest) -> list[Rate]:
        """Give the services that could take `request`, cheapest first. Changes nothing, so always safe to repeat."""
        ...

    def book(self, request: ShipmentRequest) -> Booking:
        """Have the goods taken. Repeating with the same reference gives the same booking, never a second label."""
        ...

    def look_up(self, reference: str) -> Booking | None:
        """Give what was booked under our `reference`. None: it certainly was not, or it has been voided."""
        ...

    def hand_over(self, carrier_reference: str) -> None:
        """Tell the carrier that its driver has the goods. Safe to repeat. A voided booking is refused."""
        ...

    def void(self, carrier_reference: str) -> None:
        """Cancel a booking. Safe to repeat. Refused once the driver has the goods."""
        ...
