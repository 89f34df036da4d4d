"""Checking that a call of our webhook is a partner's own (Standard Webhooks), and reading what it says. Pure: bytes and headers in.

The body is checked as the bytes that came, before anybody parses it: JSON written anew does not carry the signature.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

T = TypeVar("T")


class ForgedCall(Exception):
    """Not signed by the partner, or more than five minutes old: answer 401 and keep nothing."""


class MalformedCall(Exception):
    """Signed by the partner and still not what it should be: answer 400."""


def read_signed(body: bytes, headers: Mapping[str, str], read: Callable[[Any], T], *, secrets: Sequence[str], what: str) -> T:
    """Check the signature (any of `secrets`, so that one can be replaced) and `read` the call's JSON, which is to be `what`.

    Raises `ForgedCall` or `MalformedCall`. A repeated call is read again: know it by its event's id.
    """
    if not any(_is_signed(body, headers, secret) for secret in secrets if secret):
        raise ForgedCall("no signature of this partner")
    try:
        return read(json.loads(body))
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise MalformedCall(f"not {what} ({type(error).__name__}: {error})") from error


def identifier(value: Any, length: int) -> str:
    """Read an identifier. Raises ValueError."""
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= length:
        raise ValueError("an identifier that is none")
    return value


def instant(value: str) -> datetime:
    """Read an instant. Raises ValueError."""
    read = datetime.fromisoformat(value)
    if read.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return read


def line(value: Any, length: int) -> str:
    """Read a line of text, cut to `length`."""
    return "".join(c for c in str(value or "") if c.isprintable())[:length]


def _is_signed(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    webhook = Webhook(secret)
    try:
        webhook.verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):  # ValueError: headers that the library stumbles over
        return False
    return True
