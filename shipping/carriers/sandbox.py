"""The adapter of the sandbox carrier (`shipping.sandbox`): what an adapter of a real carrier looks like. Pure."""

import base64
import re
from dataclasses import asdict
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from oms.core.transport import Transport, understood
from shipping.carriers.base import Booking, CarrierRefused, Rate, ShipmentRequest

LABEL_STARTS = {"application/pdf": b"%PDF-", "image/png": b"\x89PNG"}


class SandboxCarrier:
    """Books over HTTP with our reference as idempotency key, so that asking twice is harmless."""

    def __init__(self, *, url: str, key: str, timeout_seconds: float) -> None:
        self._transport = Transport(url=url, key=key, timeout_seconds=timeout_seconds, who="The carrier")

    def quote(self, request: ShipmentRequest) -> list[Rate]:
        answer = self._transport.call("POST", "/v1/rates", _wire(request))
        return understood(_rates, answer)

    def book(self, request: ShipmentRequest) -> Booking:
        answer = self._transport.call("POST", "/v1/shipments", _wire(request), idempotency_key=request.reference)
        if understood(_status, answer) == "voided":
            raise CarrierRefused(f"{request.reference} was booked and voided before: book it under a new reference.")
        return understood(_booking, answer)

    def look_up(self, reference: str) -> Booking | None:
        answer = self._transport.call("GET", f"/v1/shipments?reference={quote(reference, safe='')}")
        live = understood(lambda found: [s for s in found["shipments"] if _status(s) != "voided"], answer)
        return understood(_booking, live[0]) if live else None

    def hand_over(self, carrier_reference: str) -> None:
        self._transport.call("POST", f"/v1/shipments/{quote(carrier_reference, safe='')}/handover")

    def void(self, carrier_reference: str) -> None:
        self._transport.call("DELETE", f"/v1/shipments/{quote(carrier_reference, safe='')}")


def _wire(request: ShipmentRequest) -> dict[str, Any]:
    body = asdict(request)
    del body["tracking_number"]
    return body | {"value": str(request.value)}


def _status(shipment: Any) -> str:
    return str(shipment["status"])


def _rates(answer: Any) -> list[Rate]:
    rates = [
        Rate(
            service=_text(rate["service"], 40),
            name=_text(rate["name"], 100),
            amount=_amount(rate["amount"]),
            currency=_currency(rate["currency"]),
            days=int(rate["days"]) if rate["days"] is not None else None,
        )
        for rate in answer["rates"]
    ]
    return sorted(rates, key=lambda rate: rate.amount)


def _booking(shipment: Any) -> Booking:
    label, kind = shipment["label"], ""
    if label is not None:
        kind = label["content_type"]
        label = base64.b64decode(label["base64"], validate=True)
        if not label.startswith(LABEL_STARTS[kind]):
            raise ValueError(f"a label that is no {kind}")
    return Booking(
        carrier_reference=_code(shipment["id"]),
        tracking_number=_code(shipment["tracking_number"]),
        tracking_url=_address(shipment["tracking_url"]),
        label=label,
        label_content_type=kind,
        cost=_amount(shipment["cost"]["amount"]),
        currency=_currency(shipment["cost"]["currency"]),
    )


def _text(value: Any, length: int) -> str:
    if not isinstance(value, str) or not value.isprintable() or len(value) > length:
        raise ValueError("a text that cannot be shown")
    return value


def _code(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", value):
        raise ValueError("an identifier that is none")
    return value


def _address(value: Any) -> str:
    """Let only web addresses through: customers are shown them as links."""
    address = _text(value, 300)
    if address and not address.startswith(("https://", "http://")):
        raise ValueError("a tracking address that is none")
    return address


def _currency(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch("[A-Z]{3}", value):
        raise ValueError("a currency that is none")
    return value


def _amount(value: Any) -> Decimal:
    amount = Decimal(value)
    if not isinstance(value, str) or not amount.is_finite() or not 0 <= amount < 10**9:
        raise ValueError("an amount that is none")
    return amount
