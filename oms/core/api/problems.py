"""Every error in one shape: RFC 9457 problem+json, with a stable `code`, a sentence that says what to do, and pointers into the request."""

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import defaults
from rest_framework import exceptions, status

from oms.core.errors import BusinessError

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
UNIQUE_VIOLATION, EXCLUSION_VIOLATION = "23505", "23P01"
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    411: "Length Required",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


def problem(status_code: int, code: str, detail: str, *, errors: list[dict[str, str]] | None = None, **data: Any) -> HttpResponse:
    """Make a problem response. `errors`: [{pointer, code, detail}], one for each thing wrong with the request."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status_code, "Error"),
        "status": status_code,
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    if data:
        body["data"] = data
    return JsonResponse(body, status=status_code, content_type=CONTENT_TYPE)


def problem_response(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Translate an exception of a REST view. None, and so a crash that is logged, for what nobody should have caused."""
    if isinstance(error, BusinessError):
        errors = [{"pointer": error.pointer, "code": error.code, "detail": error.sentence}] if error.pointer else None
        return problem(error.status, error.code, error.sentence, errors=errors, **error.data)
    if isinstance(error, exceptions.ValidationError):
        errors = list(_flattened(error.get_full_details()))
        several = ngettext("The request has %(count)d mistake.", "The request has %(count)d mistakes.", len(errors)) % {"count": len(errors)}
        return problem(422, "invalid", f"{several} {errors[0]['pointer']}: {errors[0]['detail']}" if errors else several, errors=errors)
    if isinstance(error, Http404):
        return problem(404, "not_found", _("There is no such thing here."))
    if isinstance(error, PermissionDenied):
        return problem(403, "not_allowed", _("You may not do this."))
    if isinstance(error, exceptions.APIException):
        response = problem(error.status_code, _code(error), str(error.detail))
        for name, value in (("WWW-Authenticate", getattr(error, "auth_header", None)), ("Retry-After", getattr(error, "wait", None))):
            if value:
                response[name] = str(value)
        return response
    if isinstance(error, IntegrityError):
        return _conflict(error)
    if isinstance(error, (OperationalError, InterfaceError)):
        log.warning("database away or busy: %s", error)
        response = problem(503, "unavailable", _("The database is busy or away. Send the same request again in a moment."))
        response["Retry-After"] = "1"
        return response
    return None


def _conflict(error: IntegrityError) -> HttpResponse | None:
    """Answer 409 to who lost a race for something that exists once; crash for a constraint that says the code is wrong."""
    cause = getattr(error.__cause__, "diag", None)
    if getattr(error.__cause__, "pgcode", "") not in (UNIQUE_VIOLATION, EXCLUSION_VIOLATION):
        return None
    return problem(409, "conflict", _("Somebody was quicker: it exists already."), constraint=getattr(cause, "constraint_name", "") or "")


def _code(error: exceptions.APIException) -> str:
    codes = error.get_codes()
    return codes if isinstance(codes, str) else error.default_code


def _flattened(details: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield {"pointer": pointer, "code": str(details["code"]), "detail": str(details["message"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            yield from _flattened(inner, pointer if name == "non_field_errors" else f"{pointer}/{_escaped(name)}")
    elif isinstance(details, list):
        is_per_item = any((isinstance(inner, dict) and set(inner) != {"message", "code"}) or isinstance(inner, list) for inner in details) or any(
            inner == {} for inner in details
        )
        for position, inner in enumerate(details):
            yield from _flattened(inner, f"{pointer}/{position}" if is_per_item else pointer)


def _escaped(name: str) -> str:
    """Give a name as a part of a JSON pointer (RFC 6901)."""
    return str(name).replace("~", "~0").replace("/", "~1")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer an address of the API that does not exist."""
    return problem(status.HTTP_404_NOT_FOUND, "not_found", _("There is nothing at %(path)s. See /api/docs.") % {"path": request.path[:200]})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django itself refuses: to a host that is not ours, or past its limits."""
    if not _is_of_api(request):
        return defaults.bad_request(request, exception)
    return problem(status.HTTP_400_BAD_REQUEST, "bad_request", _("This request cannot be answered: its host or its size is not allowed."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for a mistake of ours."""
    if not _is_of_api(request):
        return defaults.server_error(request)
    return problem(status.HTTP_500_INTERNAL_SERVER_ERROR, "server_error", _("A mistake of ours. It is logged; send the same request again."))


def _is_of_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")
