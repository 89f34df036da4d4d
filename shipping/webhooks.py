"""What carriers call: the signature is checked on the bytes that came, the update is kept, a station makes something of it."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from oms.core.webhooks import answer_signed
from shipping.carriers.base import TrackingUpdate
from shipping.carriers.tracking import read_tracking
from shipping.models import Carrier
from shipping.tracking import keep_update


@csrf_exempt
@login_not_required
@require_POST
def sandbox(request: HttpRequest) -> HttpResponse:
    """Keep a tracking update of the sandbox carrier. 401 for what it did not sign, 400 for what is no update, 200 for a repeat."""
    return answer_signed(lambda: read_tracking(request.body, request.headers, secrets=[settings.CARRIER_WEBHOOK_SECRET]), _keep)


def _keep(update: TrackingUpdate) -> None:
    for carrier in Carrier.objects.filter(adapter="sandbox"):
        keep_update(carrier, update)
