"""What every request passes: a limit on its size, and one translation of a business error for pages."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from oms.core.errors import BusinessError, NotFound

Handler = Callable[[HttpRequest], HttpResponse]
MOST_DRAINED = 4
PIECE = 1 << 16


class BodyLimitMiddleware:
    """Answer 413 to a body above MAX_BODY_BYTES before any of it is read, and 411 to one that does not say how long it is.

    LARGER_BODIES names the few addresses that take a whole file, and how much of it. A browser is shown a page that says what to do. It reads no
    answer before it has sent all: up to MOST_DRAINED times the limit is let run in for that, and thrown away.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        limit = settings.LARGER_BODIES.get(request.path, settings.MAX_BODY_BYTES)
        if length.isdigit() and int(length) > limit:
            if _is_page(request):
                return _too_large(request, int(length), limit)
            sentence = _("The request is larger than %(limit)d bytes. Send less at a time.") % {"limit": limit}
            return _refusal(413, "Content Too Large", "too_large", sentence)
        if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
            return _refusal(411, "Length Required", "length_required", _("Send the request whole, with a Content-Length."))
        return self.get_response(request)


def _is_page(request: HttpRequest) -> bool:
    return not request.path.startswith("/api/") and request.accepts("text/html") and "Accept" in request.headers


def _too_large(request: HttpRequest, length: int, limit: int) -> HttpResponse:
    left = length if length <= MOST_DRAINED * limit else 0
    while left > 0 and (piece := request.read(min(left, PIECE))):
        left -= len(piece)
    facts = {"size": f"{length / 1_000_000:.1f}", "limit": limit // 1_000_000}
    context = {
        "status": 413,
        "sentence": _("That is too large: %(size)s MB, and at most %(limit)d MB can be taken at once.") % facts,
        "advice": _("Nothing was changed. Go back and send less at a time; a file, in parts, each with its first row."),
    }
    return render(request, "error.html", context, status=413)


def _refusal(status: int, title: str, code: str, sentence: str) -> HttpResponse:
    body = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": sentence}
    return JsonResponse(body, status=status, content_type="application/problem+json")


class BusinessErrorMiddleware:
    """Show what a user can cause: a sentence on the page they came from, 404 or 403 where that is what it is."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, BusinessError):
            return None
        back = request.META.get("HTTP_REFERER", "")
        came_from_here = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
        if request.method == "POST" and came_from_here and not isinstance(error, NotFound):
            messages.error(request, error.sentence)
            return HttpResponseRedirect(back)
        return render(request, "error.html", {"sentence": error.sentence, "status": error.status}, status=error.status)
