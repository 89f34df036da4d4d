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

import hmac
import json
import os
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from shipping.sandbox import answers
from shipping.sandbox.depot import Depot
from shipping.sandbox.mischief import Mischief, Temper
from shipping.sandbox.requests import Refused, read_request

MOST_BODY_BYTES = 256_000
MOST_AT_ONCE = 100


class Door(ThreadingHTTPServer):
    """Listens on loopback. Serves at most `MOST_AT_ONCE` callers at a time; the others wait in the socket's queue."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, port: int, *, key: str, depot: Depot, temper: Temper, step_seconds: float) -> None:
        self.key, self.depot, self.temper, self.step_seconds = key, depot, temper, step_seconds
        self.closing = threading.Event()
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)
        super().__init__(("127.0.0.1", port), Visit)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def serve(self) -> None:
        self.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Stop listening, and let go of those who were kept waiting on purpose."""
        self.closing.set()
        self.shutdown()
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        while not self._places.acquire(timeout=0.5):
            if self.closing.is_set():
                return self.shutdown_request(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers who hang up: much of what is tried here makes them."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Visit(BaseHTTPRequestHandler):
    """One caller."""

    server: Door
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: the shipper's log is the one to read."""

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_DELETE = do_GET

    def _serve(self) -> None:
        try:
            body = self._body()
            url = urlsplit(self.path)
            if self.command == "GET" and url.path == "/health":
                return self._answer(200, {"status": "ok", "shipments": self.server.depot.count()})
            if self.command == "GET" and url.path.startswith("/track/"):
                found = self.server.depot.tracked(unquote(url.path.removeprefix("/track/")))
                return self._send(200 if found else 404, answers.tracking_page(found).encode(), kind="text/html")
            self._check_key()
            for method, pattern, work in ROUTES:
                match = re.fullmatch(pattern, url.path)
                if match and method == self.command:
                    return work(self, body, *match.groups())
            raise Refused("There is nothing here.", code="not_found", status=404)
        except Refused as refusal:
            self._answer(refusal.status, answers.error(refusal.code, refusal.message))

    # --- what can be asked -------------------------------------------------------------------------------------------

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

    # --- how it is answered ------------------------------------------------------------------------------------------

    def _misbehaves(self, mischief: Mischief, content: Any = None) -> bool:
        """Do what `mischief` says; give whether that was all the answer there will be."""
        if mischief.slow_seconds:
            self.server.closing.wait(mischief.slow_seconds)
        if mischief.fail in ("500", "after"):
            self._answer(500, answers.error("internal", "Something went wrong on our side."))
        elif mischief.fail == "refuse":
            self._answer(422, answers.error("address_refused", "We do not deliver to this address."))
        elif mischief.fail == "cut":
            self._send(200, json.dumps(content or {"cut": "short"}).encode(), cut=True)
        elif mischief.fail == "reset":
            self._reset()
        return mischief.fail not in ("", "late")

    def _check_key(self) -> None:
        shown = self.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(shown, f"Bearer {self.server.key}".encode()):
            raise Refused("Show your key: Authorization: Bearer …", code="unauthorised", status=401)

    def _body(self) -> Any:
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal() or int(length) > MOST_BODY_BYTES or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            raise Refused("That is too much to read.", code="too_large", status=413)
        content = self.rfile.read(int(length))
        try:
            return json.loads(content) if content else None
        except (ValueError, RecursionError) as error:
            raise Refused("That is not JSON.", code="malformed", status=400) from error

    def _answer(self, status: int, content: Any) -> None:
        self._send(status, json.dumps(content).encode())

    def _send(self, status: int, content: bytes, *, kind: str = "application/json", cut: bool = False) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if cut else content)
        except ConnectionError:
            cut = True  # they have hung up already
        if cut:
            self.close_connection = True

    def _reset(self) -> None:
        """Drop the connection so that the caller's TCP sees a reset, not an end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())


ROUTES: list[tuple[str, str, Callable[..., None]]] = [
    ("POST", "/v1/rates", Visit._rates),
    ("POST", "/v1/shipments", Visit._book),
    ("GET", "/v1/shipments", Visit._look_up),
    ("GET", "/v1/shipments/([A-Za-z0-9_]+)", Visit._show),
    ("DELETE", "/v1/shipments/([A-Za-z0-9_]+)", Visit._void),
    ("POST", "/v1/shipments/([A-Za-z0-9_]+)/handover", Visit._hand_over),
    ("POST", "/v1/_behave", Visit._behave),
]
