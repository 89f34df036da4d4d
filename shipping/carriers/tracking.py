"""Reading what a carrier calls our webhook with. Pure: bytes and headers in, a `TrackingUpdate` out.

The body is checked as the bytes that came, before anybody parses it: JSON written anew does not carry the signature.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shipping.carriers.base import TrackingStatus, TrackingUpdate


class ForgedCall(Exception):
    """Not signed by the carrier, or more than five minutes old: answer 401 and keep nothing."""


class MalformedCall(Exception):
    """Signed by the carrier and still no tracking update: answer 400."""


def read_tracking(body: bytes, headers: Mapping[str, str], *, secrets: Sequence[str]) -> TrackingUpdate:
    """Check the signature (Standard Webhooks, any of `secrets`, so that one can be replaced) and read the update.

    Raises `ForgedCall` or `MalformedCall`. A repeated call is read again: know it by its `event_id`.
    """
    if not any(_is_signed(body, headers, secret) for secret in secrets if secret):
        raise ForgedCall("no signature of this carrier")
    try:
        data = json.loads(body)["data"]
        return TrackingUpdate(
            event_id=_identifier(data["event_id"], 100),
            tracking_number=_identifier(data["tracking_number"], 60),
            status=TrackingStatus(data["status"]),
            occurred_at=_instant(data["occurred_at"]),
            description=_line(data.get("description"), 200),
            location=_line(data.get("location"), 100),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedCall(f"not a tracking update ({type(error).__name__}: {error})") from error


def _is_signed(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    webhook = Webhook(secret)
    try:
        webhook.verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):  # ValueError: headers that the library stumbles over
        return False
    return True


def _identifier(value: Any, length: int) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= length:
        raise ValueError("an identifier that is none")
    return value


def _instant(value: str) -> datetime:
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return instant


def _line(value: Any, length: int) -> str:
    return "".join(c for c in str(value or "") if c.isprintable())[:length]
