"""Answering a partner who calls our webhook."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpResponse

from oms.core.signing import ForgedCall, MalformedCall

T = TypeVar("T")


def answer_signed(read: Callable[[], T], keep: Callable[[T], Any]) -> HttpResponse:
    """Read a call and keep what it says: 401 for what is not signed, 400 for what makes no sense, 200 for all else, repeats included."""
    try:
        said = read()
    except ForgedCall as error:
        return HttpResponse(f"{error}\n", status=401, content_type="text/plain")
    except MalformedCall as error:
        return HttpResponse(f"{error}\n", status=400, content_type="text/plain")
    keep(said)
    return HttpResponse("kept\n", content_type="text/plain")
