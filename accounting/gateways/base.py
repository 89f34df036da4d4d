"""The language that every payment gateway's adapter speaks: what we ask, what we get, and how a gateway may fail us. Pure.

A gateway shows its own page, on which a customer pays: no card number ever comes into the house. It may fail in the three ways of
`oms.core.partners`: `GatewayRefused`, `GatewayRetryable` and `GatewayUnknown`.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from oms.core.partners import PartnerError, PartnerRefused, PartnerRetryable, PartnerUnknown


class Outcome(StrEnum):
    """How a checkout stands with its gateway."""

    OPEN = "open"
    PAID = "paid"
    DECLINED = "declined"
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True)
class CheckoutRequest:
    """What a customer is to pay. `reference`: our own, one for each checkout: the gateway knows a repeat by it.

    `title`: what it is for. `return_url`: where the customer comes back to, however it went. `language`: of the gateway's page.
    """

    reference: str
    amount: Decimal
    currency: str
    title: str
    return_url: str
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class Charge:
    """Money that a gateway says it has taken. `charge_id` is the gateway's: a repeat is known by it."""

    charge_id: str
    amount: Decimal
    currency: str
    taken_at: datetime


@dataclass(frozen=True, kw_only=True)
class HostedCheckout:
    """A checkout as its gateway has it. `page_url`: where the customer pays."""

    reference: str
    page_url: str
    outcome: Outcome
    charges: tuple[Charge, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GatewayNews:
    """One thing that a gateway has told us of a checkout. `event_id` is the gateway's: a repeat is known by it. `charge`: where it was paid."""

    event_id: str
    reference: str
    outcome: Outcome
    occurred_at: datetime
    charge: Charge | None = None


# What the house calls it where the partner is a payment gateway.
GatewayError = PartnerError
GatewayRefused = PartnerRefused
GatewayRetryable = PartnerRetryable
GatewayUnknown = PartnerUnknown


class Gateway(Protocol):
    """What every adapter can do. Each method raises only `GatewayError`s. None may be called inside a transaction."""

    def open(self, request: CheckoutRequest) -> HostedCheckout:
        """Open a checkout. Repeating with the same reference gives the same one, never a second."""
        ...

    def look_up(self, reference: str) -> HostedCheckout | None:
        """Give what was opened under our `reference`, as it is now. None: it certainly was not."""
        ...
