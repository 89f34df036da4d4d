"""The sandbox payment gateway's door: HTTP with JSON in and out, on loopback.

    GET  /health                     how it does; needs no key
    GET  /pay/{id}                   the page on which a customer pays or declines; needs no key
    POST /pay/{id}                   answer=pay or answer=decline, and back to the shop; needs no key
    POST /v1/checkouts               open one; header Idempotency-Key; 201, or 200 where the reference was seen before
    GET  /v1/checkouts?reference=…   what was opened under a reference: {"checkouts": […]}
    POST /v1/_behave                 misbehave: see `mischief`

All but the first three need `Authorization: Bearer KEY`. Errors: {"error": {"code": …, "message": …}}.
"""

import re
import time
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qs, urlsplit

from accounting.sandbox.mischief import PaymentOrders
from accounting.sandbox.pages import checkout_page
from accounting.sandbox.register import Asked, Call, Happened, Kept, Register
from sandbox.door import Door, Refused, Visit
from sandbox.mischief import Temper

MOST = Decimal(1_000_000)


class PaymentDoor(Door):
    """The gateway's door. What is behind it: the register and its temper."""

    def __init__(self, port: int, *, key: str, register: Register, temper: Temper[PaymentOrders]) -> None:
        self.register, self.temper = register, temper
        super().__init__(port, PaymentVisit, key=key)


class PaymentVisit(Visit):
    """A shop that wants something paid, or its customer."""

    server: PaymentDoor
    refusal = "We do not take this payment."

    def is_public(self, path: str, body: Any) -> bool:
        if self.command == "GET" and path == "/health":
            self._answer(200, {"status": "ok", "checkouts": self.server.register.count()})
        elif path.startswith("/pay/") and self.command in ("GET", "POST"):
            self._page(path.removeprefix("/pay/"), body)
        else:
            return False
        return True

    def _page(self, checkout_id: str, body: Any) -> None:
        kept = self.server.register.get(checkout_id)
        answers = {"pay": "paid", "decline": "declined"}
        if self.command == "POST" and kept is not None:
            if not isinstance(body, dict) or body.get("answer") not in answers:
                raise Refused("Pay or decline.", code="malformed", status=400)
            self.server.register.answer(checkout_id, answers[body["answer"]], self.server.temper.orders)
            return self._send_on(kept.asked.return_url)
        self._send(200 if kept else 404, checkout_page(kept).encode(), kind="text/html")

    def _open(self, body: Any) -> None:
        asked = read_request(body)
        if self.headers.get("Idempotency-Key", "") != asked.reference:
            raise Refused("Send the reference as Idempotency-Key.", code="key_missing", status=400)
        mischief = self.server.temper.for_request("open")
        if mischief.fail in ("500", "refuse"):
            self._misbehaves(mischief)
            return
        kept, is_new = self.server.register.open(asked)
        checkout = self._worded(kept)
        if not self._misbehaves(mischief, checkout):
            self._answer(201 if is_new else 200, checkout)

    def _look_up(self, body: Any) -> None:
        kept = self.server.register.under(parse_qs(urlsplit(self.path).query).get("reference", [""])[0])
        found = {"checkouts": [self._worded(kept)] if kept else []}
        if not self._misbehaves(self.server.temper.for_request("look_up"), found):
            self._answer(200, found)

    def _behave(self, body: Any) -> None:
        try:
            orders = self.server.temper.tell(body if body is not None else {})
        except (TypeError, ValueError) as error:
            raise Refused(str(error), code="malformed", status=400) from error
        self._answer(200, asdict(orders))

    def _worded(self, kept: Kept) -> dict[str, Any]:
        return {
            "id": kept.id,
            "reference": kept.asked.reference,
            "page_url": f"{self.server.url}/pay/{kept.id}",
            "status": kept.status,
            "charges": [_charge(event, event.amount, kept) for event in kept.events if event.charge],
        }


PaymentVisit.routes = [
    ("POST", "/v1/checkouts", PaymentVisit._open),
    ("GET", "/v1/checkouts", PaymentVisit._look_up),
    ("POST", "/v1/_behave", PaymentVisit._behave),
]


def told(call: Call) -> dict[str, Any]:
    """Give what a call of the webhook says: the envelope of Standard Webhooks around one thing that happened."""
    event, kept = call.event, call.checkout
    return {
        "type": f"checkout.{event.status}",
        "timestamp": datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds"),
        "data": {
            "event_id": event.id,
            "checkout_id": kept.id,
            "reference": kept.asked.reference,
            "status": event.status,
            "occurred_at": event.occurred,
            "charge": _charge(event, event.told_amount, kept) if event.charge else None,
        },
    }


def _charge(event: Happened, amount: str, kept: Kept) -> dict[str, str]:
    return {"id": event.charge, "amount": amount, "currency": kept.asked.currency, "taken_at": event.occurred}


def read_request(body: Any) -> Asked:
    """Check `body` and give what it asks for. Raises `Refused`."""
    if not isinstance(body, dict):
        raise Refused("The request is not an object.", code="malformed", status=400)
    texts = {name: body.get(name) for name in ("reference", "amount", "currency", "title", "return_url", "language")}
    for name, value in texts.items():
        if not isinstance(value, str) or not 0 < len(value) <= 300 or not value.isprintable():
            raise Refused(f"“{name}” is missing.", code="malformed", status=400)
    try:
        amount = Decimal(str(texts["amount"]))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 < amount <= MOST:
        raise Refused("The amount is none that can be paid.", code="amount_refused")
    if not re.fullmatch("[A-Z]{3}", str(texts["currency"])) or urlsplit(str(texts["return_url"])).scheme not in ("http", "https"):
        raise Refused("The currency or the address to come back to is none.", code="malformed", status=400)
    return Asked(str(texts["reference"]), amount, *(str(texts[name]) for name in ("currency", "title", "return_url", "language")))
