"""A storefront with a key, and what it sends."""

import json
import uuid
from typing import Any

from django.http import HttpResponse
from django.test import Client

from customers.models import ApiKey, Channel, Scope
from tests.cast import House


class Storefront:
    """Speaks to the API with a key of `channel`, that holds every scope where none are named."""

    def __init__(self, channel: Channel, scopes: list[str] | None = None) -> None:
        self.key, self.readable = ApiKey.issue(channel=channel, name="test", scopes=list(Scope.values) if scopes is None else scopes)
        self.client = Client(raise_request_exception=False)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str = "",
        raw: bytes | None = None,
        content_type: str = "application/json",
        **headers: str,
    ) -> HttpResponse:
        """Send `body` as JSON, or `raw` as it is, to `/api/v1` + `path`; `key` is the Idempotency-Key."""
        sent = {"Authorization": f"Bearer {self.readable}"} | ({"Idempotency-Key": key} if key else {})
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
        return self.client.generic(method.upper(), f"/api/v1{path}", data, content_type=content_type, headers=sent)

    def place(self, body: dict[str, Any], **changes: str) -> HttpResponse:
        """Place an order, with a key of its own where none is given."""
        return self.send("post", "/orders", body, **({"key": uuid.uuid4().hex} | changes))


def order_of(house: House, *lines: tuple[str, int], **changes: Any) -> dict[str, Any]:
    """Word an order of Anna's, of three lines where none are given."""
    lines = lines or (("MUG", 2), ("LAMP", 1), ("CHAIR", 1))
    return {"customer": house.anna.number, "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines]} | changes
