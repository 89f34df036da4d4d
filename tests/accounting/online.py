"""The payment gateway of the tests: the sandbox's, a real server on loopback. Its customer presses buttons; its calls are delivered when told."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from accounting.checkouts import keep_news
from accounting.gateways.base import Charge, GatewayNews, Outcome
from accounting.models import Checkout
from accounting.sandbox.gateway import Config, SandboxGatewayServer
from accounting.sandbox.server import told
from tests import cast

KEY = "key-of-the-tests"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@contextmanager
def gateway(settings: Any, **changed: Any) -> Iterator[SandboxGatewayServer]:
    """Run the sandbox gateway and set the house up for it. It calls nobody: `deliver` does."""
    with SandboxGatewayServer(Config(key=KEY, **changed)) as running:
        settings.SANDBOX_GATEWAY_URL, settings.SANDBOX_GATEWAY_KEY = running.url, KEY
        settings.GATEWAY_WEBHOOK_SECRET, settings.GATEWAY_TIMEOUT_SECONDS = SECRET, 20
        yield running


def press(page_url: str, answer: str) -> int:
    """Have the customer press a button of the gateway's page; give the status of the answer."""
    url = urlsplit(page_url)
    connection = HTTPConnection(url.hostname or "", url.port, timeout=10)
    connection.request("POST", url.path, f"answer={answer}", {"Content-Type": "application/x-www-form-urlencoded"})
    return connection.getresponse().status


def calls(running: SandboxGatewayServer) -> list[dict[str, Any]]:
    """Take what the gateway would call our webhook with, the oldest first."""
    taken = []
    while (call := running.register.next_call()[0]) is not None:
        running.register.call_made(call)
        taken.append(told(call))
    return taken


def deliver(payload: dict[str, Any], *, secret: str = SECRET) -> HttpResponse:
    """Call our webhook, signed."""
    body, now, event_id = json.dumps(payload), datetime.now(UTC), payload["data"]["event_id"]
    headers = {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, now, body),
    }
    return Client(headers=headers).post("/payments/webhooks/sandbox/", body, content_type="application/json")


def begin(order) -> str:
    """Press the button of the customer's page; give where it leads."""
    return Client().post(f"/o/{order.public_token}/pay").headers.get("Location", "")


def page_of(order) -> str:
    return re.sub(r"\s+", " ", Client().get(f"/o/{order.public_token}/?back").content.decode())


def paid(order) -> Checkout:
    """Have a penny of an order paid online, without a gateway: a row of each table."""
    now = timezone.now()
    fields = {"gateway": "sandbox", "reference": f"{order.number}-test", "currency": order.currency, "amount": Decimal("0.01")}
    checkout = Checkout.objects.create(order=order, created_at=now, due_at=now, **fields)
    charge = Charge(charge_id=f"chg-{order.number}", amount=checkout.amount, currency=order.currency, taken_at=now)
    keep_news(
        "sandbox", GatewayNews(event_id=f"evt-{order.number}", reference=checkout.reference, outcome=Outcome.PAID, occurred_at=now, charge=charge)
    )
    cast.run_line("settle")
    return checkout
