"""Answering a repeated request with the first answer: RFC draft Idempotency-Key, kept with the work in one transaction."""

import hashlib
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from oms.core.api.access import principal_of
from oms.core.errors import BusinessError, Conflict, Invalid
from oms.core.models import StoredResponse

HEADER = "Idempotency-Key"
MOST_CHARACTERS = 255


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


def once(request: Request, work: Callable[[], tuple[int, dict[str, Any], dict[str, str]]]) -> HttpResponse:
    """Do `work` once for the request's key; give its answer, or word for word the first one to a repeat.

    `work` gives (status, body, headers) and runs in the transaction that stores its answer: both or neither. What it refuses is not stored, so a corrected
    request may use the key again.
    Raises KeyMissing (400), KeyReused (422), InFlight (409).
    """
    key = _key_of(request)
    principal, digest = principal_of(request), _digest(request)
    try:
        with transaction.atomic():
            stored = _stored(principal, key)
            if stored is None:
                status, body, headers = work()
                text = JSONRenderer().render(body).decode()
                StoredResponse.objects.create(
                    principal=principal, key=key, request_sha256=digest, status_code=status, body=text
                )
    except IntegrityError as error:
        if "one_response_per_key" in str(error):
            raise InFlight(_("A request with this key has just been answered: send it again to get that answer.")) from None
        raise
    if stored is None:
        return _response(status, text, headers)
    status, text, first_digest = stored
    if first_digest != digest:
        raise KeyReused(_("This Idempotency-Key was used for another request: use a new key for a new request."))
    return _response(status, text, {"Idempotent-Replayed": "true"})


def _key_of(request: Request) -> str:
    key = request.headers.get(HEADER, "").strip()
    if not key:
        raise KeyMissing(_("Send an Idempotency-Key header with a value of your own for each new request, such as a UUID."))
    if len(key) > MOST_CHARACTERS or not key.isascii() or not key.isprintable():
        raise KeyMissing(_("The Idempotency-Key must be 1 to %(most)d printable ASCII characters.") % {"most": MOST_CHARACTERS})
    return key


def _digest(request: Request) -> str:
    canonical = JSONRenderer().render(_sorted(request.data))
    return hashlib.sha256(f"{request.method} {request.path}\n".encode() + canonical).hexdigest()


def _sorted(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _sorted(data[name]) for name in sorted(data)}
    return [_sorted(item) for item in data] if isinstance(data, list) else data


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


def _response(status: int, text: str, headers: dict[str, str]) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="application/json", headers=headers)
