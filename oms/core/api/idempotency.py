"""Answering a repeated request with the first answer: RFC draft Idempotency-Key, kept with the work in one transaction."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

from oms.core.api.access import principal_of
from oms.core.errors import BusinessError, Conflict, Invalid

HEADER = "Idempotency-Key"
MOST_CHARACTERS = 255


@dataclass(frozen=True)
class Answer:
    """What a piece of work is answered with."""

    status: int
    body: dict[str, Any]


class KeyMissing(BusinessError):
    """A request that makes something was sent without a key, so a repeat could not be known."""

    code = "idempotency_key_missing"
    status = 400


class KeyReused(Invalid):
    """The key was used for another request."""

    code = "idempotency_key_reused"


class InFlight(Conflict):
    """The first request with this key is still being worked on."""

    code = "idempotency_key_in_flight"


def once(request: Request, work: Callable[[], Answer], *, location: Callable[[dict[str, Any]], str] | None = None) -> HttpResponse:
    """Do `work` once for the request's key; give its answer, or word for word the first one to a repeat.

    `work` runs in the transaction that stores its answer: both or neither. What it refuses is not stored, so a corrected request may use
    the key again. `location`: gives the address of what was made, from the answer. Two queries beside the work.
    Raises KeyMissing (400), KeyReused (422), InFlight (409).
    """
    key, principal, digest = _key_of(request), principal_of(request), _digest(request)
    try:
        with transaction.atomic():
            stored = _stored(principal, key)
            if stored is None:
                answer = work()
                text = render(answer.body)
                _store(principal, key, digest, answer.status, text)
                return _response(answer.status, text, location(answer.body) if location else "")
    except (BusinessError, IntegrityError):
        # The first request may have committed between our look and our lock: then its answer is the answer.
        stored = _stored(principal, key)
        if stored is None:
            raise
    status, text, first_digest = stored
    if first_digest != digest:
        raise KeyReused(_("This Idempotency-Key was used for another request: use a new key for a new request."))
    response = _response(status, text, location(json.loads(text)) if location else "")
    response["Idempotent-Replayed"] = "true"
    return response


def answer_again(request: Request, body: dict[str, Any]) -> str:
    """Give `body` as JSON, and keep it as the answer to the request's key from now on: the work has gone on since it was stored."""
    text = render(body)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_storedresponse SET body = %s WHERE principal = %s AND key = %s", [text, principal_of(request), _key_of(request)])
    return text


def _key_of(request: Request) -> str:
    key = request.headers.get(HEADER, "").strip()
    if not key:
        raise KeyMissing(_("Send an Idempotency-Key header with a value of your own for each new request, such as a UUID."))
    if len(key) > MOST_CHARACTERS or not key.isascii() or not key.isprintable():
        raise KeyMissing(_("The Idempotency-Key must be 1 to %(most)d printable ASCII characters.") % {"most": MOST_CHARACTERS})
    return key


def render(body: dict[str, Any]) -> str:
    """Give `body` as JSON, as every answer is written."""
    return json.dumps(body, cls=JSONEncoder, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _digest(request: Request) -> str:
    canonical = json.dumps(request.data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{request.method} {request.path}\n{canonical}".encode()).hexdigest()


def _stored(principal: str, key: str) -> tuple[int, str, str] | None:
    """Take the key for this transaction and give what was answered to it before, in one statement. Raises InFlight."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT taken.ok, stored.status_code, stored.body, stored.request_sha256"
            " FROM (SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0)) AS ok) taken"
            " LEFT JOIN core_storedresponse stored ON stored.principal = %s AND stored.key = %s",
            [f"{principal} {key}", principal, key],
        )
        taken, status, body, digest = cursor.fetchone()
    if status is not None:
        return status, body, digest
    if not taken:
        raise InFlight(_("The first request with this Idempotency-Key is still being worked on: send it again in a moment."))
    return None


def _store(principal: str, key: str, digest: str, status: int, text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_storedresponse (principal, key, request_sha256, status_code, body, created_at) VALUES (%s, %s, %s, %s, %s, %s)",
            [principal, key, digest, status, text, timezone.now()],
        )


def _response(status: int, text: str, location: str) -> HttpResponse:
    response = HttpResponse(text, status=status, content_type="application/json")
    if location:
        response["Location"] = location
    return response
