"""What carriers call: the signature is checked on the bytes that came, the update is kept, a station makes something of it."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from shipping.carriers.tracking import ForgedCall, MalformedCall, read_tracking
from shipping.models import Carrier
from shipping.tracking import keep_update


@csrf_exempt
@login_not_required
@require_POST
def sandbox(request: HttpRequest) -> HttpResponse:
    """Keep a tracking update of the sandbox carrier. 401 for what it did not sign, 400 for what is no update, 200 for a repeat."""
    try:
        update = read_tracking(request.body, request.headers, secrets=[settings.CARRIER_WEBHOOK_SECRET])
    except ForgedCall:
        return HttpResponse("not signed by this carrier\n", status=401, content_type="text/plain")
    except MalformedCall as error:
        return HttpResponse(f"{error}\n", status=400, content_type="text/plain")
    for carrier in Carrier.objects.filter(adapter="sandbox"):
        keep_update(carrier, update)
    return HttpResponse("kept\n", content_type="text/plain")
