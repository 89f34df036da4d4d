"""Calling the shipper's tracking webhook: signed (Standard Webhooks), at least once, again and again while it is down."""

import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from standardwebhooks.webhooks import Webhook

from shipping.sandbox.depot import Call

TIMEOUT_SECONDS = 10.0
MOST_ATTEMPTS = 4_500  # with pauses of up to a minute: three days


class Caller:
    """Calls one address. `first_pause_seconds`: after the first failure; doubled after each, up to a minute."""

    def __init__(self, url: str, secret: str, *, first_pause_seconds: float = 0.5) -> None:
        self._url = urlsplit(url)
        self._webhook = Webhook(secret)
        self._first_pause_seconds = first_pause_seconds
        self._connection: HTTPConnection | None = None

    def pause_seconds(self, failures: int) -> float:
        return min(60.0, self._first_pause_seconds * 2.0 ** min(failures, 20))

    def make(self, call: Call) -> int | None:
        """Make the call; give the status it was answered with, or None where nobody answered."""
        body = json.dumps(payload(call), ensure_ascii=False, separators=(",", ":"))
        now = datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "sandbox-parcel/1",
            "webhook-id": call.event.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(call.event.id, now, body),
        }
        for connection in (
            self._connection,
            None,
        ):  # a kept connection may have gone stale: then once more on a new one
            try:
                return self._post(connection or self._connect(), body.encode(), headers)
            except (OSError, HTTPException):
                self.close()
                if connection is None:
                    return None
        return None

    def close(self) -> None:
        if self._connection:
            with suppress(OSError):
                self._connection.close()
        self._connection = None

    def _connect(self) -> HTTPConnection:
        kind = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        self._connection = kind(self._url.hostname or "", self._url.port, timeout=TIMEOUT_SECONDS)
        return self._connection

    def _post(self, connection: HTTPConnection, body: bytes, headers: dict[str, str]) -> int:
        path = self._url.path or "/"
        connection.request("POST", f"{path}?{self._url.query}" if self._url.query else path, body, headers)
        response = connection.getresponse()
        response.read(65_536)
        if not response.isclosed():
            self.close()
        return response.status


def payload(call: Call) -> dict[str, Any]:
    """Give what a call says: the envelope of Standard Webhooks around one thing that happened."""
    event, shipment = call.event, call.shipment
    return {
        "type": "shipment.tracking",
        "timestamp": datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds"),
        "data": {
            "event_id": event.id,
            "shipment_id": shipment.id,
            "reference": shipment.asked.reference,
            "tracking_number": shipment.tracking_number,
            "status": event.status,
            "occurred_at": event.occurred,
            "description": event.description,
            "location": event.location,
        },
    }
