"""The sandbox carrier's door: HTTP with JSON in and out, on loopback.

    GET    /health                        how it does; needs no key
    GET    /track/{tracking number}       a page for whoever waits for a parcel; needs no key
    POST   /v1/rates                      what each service would cost
    POST   /v1/shipments                  book; header Idempotency-Key; 201, or 200 where the key was seen before
    GET    /v1/shipments?reference=…      what was booked under a reference: {"shipments": […]}
    GET    /v1/shipments/{id}             one shipment, with its label and what happened to it
    DELETE /v1/shipments/{id}             void it; 204; 409 once the driver has it
    POST   /v1/shipments/{id}/handover    the driver has it: it starts to move
    POST   /v1/_behave                    misbehave: see `mischief`

All but the first two need `Authorization: Bearer KEY`. Errors: {"error": {"code": …, "message": …}}.
"""

import re
import time
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from sandbox.door import Door, Refused, Visit
from sandbox.mischief import Temper
from shipping.sandbox import answers
from shipping.sandbox.depot import Depot
from shipping.sandbox.mischief import ParcelOrders
from shipping.sandbox.requests import read_request


class ParcelDoor(Door):
    """The carrier's door. What is behind it: the depot and its temper."""

    def __init__(self, port: int, *, key: str, depot: Depot, temper: Temper[ParcelOrders], step_seconds: float) -> None:
        self.depot, self.temper, self.step_seconds = depot, temper, step_seconds
        super().__init__(port, ParcelVisit, key=key)


class ParcelVisit(Visit):
    """One who has something to send, or waits for it."""

    server: ParcelDoor
    refusal = "We do not deliver to this address."

    def is_public(self, path: str, body: Any) -> bool:
        if self.command == "GET" and path == "/health":
            self._answer(200, {"status": "ok", "shipments": self.server.depot.count()})
        elif self.command == "GET" and path.startswith("/track/"):
            found = self.server.depot.tracked(unquote(path.removeprefix("/track/")))
            self._send(200 if found else 404, answers.tracking_page(found).encode(), kind="text/html")
        else:
            return False
        return True

    def _rates(self, body: Any) -> None:
        asked = read_request(body)
        if not self._misbehaves(self.server.temper.for_request("rates")):
            self._answer(200, answers.rates(asked))

    def _book(self, body: Any) -> None:
        key = self.headers.get("Idempotency-Key", "")
        if not re.fullmatch(r"[\x21-\x7e]{1,100}", key):
            raise Refused("Send an Idempotency-Key.", code="key_missing", status=400)
        asked = read_request(body)
        mischief = self.server.temper.for_request("book", words=asked.magic_words, reference=key)
        if mischief.fail in ("500", "refuse"):
            self._misbehaves(mischief)
            return
        kept, is_new = self.server.depot.book(key, asked, body)
        shipment = answers.shipment(kept, door=self.server.url)
        if not self._misbehaves(mischief, shipment):
            self._answer(201 if is_new else 200, shipment)

    def _look_up(self, body: Any) -> None:
        reference = parse_qs(urlsplit(self.path).query).get("reference", [""])[0]
        found = [answers.shipment(kept, door=self.server.url) for kept in self.server.depot.under(reference)]
        if not self._misbehaves(self.server.temper.for_request("look_up"), {"shipments": found}):
            self._answer(200, {"shipments": found})

    def _show(self, body: Any, shipment_id: str) -> None:
        shipment = answers.shipment(self.server.depot.get(shipment_id), door=self.server.url)
        if not self._misbehaves(self.server.temper.for_request("look_up"), shipment):
            self._answer(200, shipment)

    def _void(self, body: Any, shipment_id: str) -> None:
        mischief = self.server.temper.for_request("void")
        if mischief.fail not in ("500", "refuse"):
            self.server.depot.void(shipment_id)
        if not self._misbehaves(mischief):
            self._send(204, b"")

    def _hand_over(self, body: Any, shipment_id: str) -> None:
        mischief = self.server.temper.for_request("handover")
        if mischief.fail not in ("500", "refuse"):
            first_step_at = time.time() + self.server.step_seconds
            self.server.depot.hand_over(shipment_id, first_step_at=first_step_at)
        status = self.server.depot.get(shipment_id).status
        if not self._misbehaves(mischief):
            self._answer(200, {"id": shipment_id, "status": status})

    def _behave(self, body: Any) -> None:
        try:
            orders = self.server.temper.tell(body if body is not None else {})
        except (TypeError, ValueError) as error:
            raise Refused(str(error), code="malformed", status=400) from error
        self._answer(200, asdict(orders))


ParcelVisit.routes = [
    ("POST", "/v1/rates", ParcelVisit._rates),
    ("POST", "/v1/shipments", ParcelVisit._book),
    ("GET", "/v1/shipments", ParcelVisit._look_up),
    ("GET", "/v1/shipments/([A-Za-z0-9_]+)", ParcelVisit._show),
    ("DELETE", "/v1/shipments/([A-Za-z0-9_]+)", ParcelVisit._void),
    ("POST", "/v1/shipments/([A-Za-z0-9_]+)/handover", ParcelVisit._hand_over),
    ("POST", "/v1/_behave", ParcelVisit._behave),
]
