"""Handing out stored files, to who may see what they belong to."""

from django.http import Http404, HttpRequest, HttpResponse

from oms.core.access import may
from oms.core.models import Document

PERMISSIONS = {
    "invoice": "accounting.view_invoice",
    "credit_note": "accounting.view_invoice",
    "label": "shipping.view_shipment",
}


def document(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a stored file as it was sent. 404 for what the person may not see."""
    found = Document.objects.filter(pk=pk).first()
    if found is None or not may(request.user, PERMISSIONS.get(found.kind, "core.view_event")):
        raise Http404
    return as_file(found)


def as_file(found: Document) -> HttpResponse:
    """Answer with the file, to be shown in the browser; it never changes, so its SHA-256 is its tag."""
    response = HttpResponse(bytes(found.content), content_type=found.content_type)
    response["Content-Disposition"] = f'inline; filename="{found.name}"'
    response["ETag"] = f'"{found.sha256}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response
