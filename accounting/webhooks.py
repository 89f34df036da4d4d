"""What payment gateways call: the signature is checked on the bytes that came, the notice is kept, a station makes something of it."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounting.checkouts import keep_news
from accounting.gateways.sandbox import read_news
from oms.core.webhooks import answer_signed


@csrf_exempt
@login_not_required
@require_POST
def sandbox(request: HttpRequest) -> HttpResponse:
    """Keep what the sandbox payment gateway tells of a checkout. 401 for what it did not sign, 400 for what tells nothing, 200 for a repeat."""
    return answer_signed(
        lambda: read_news(request.body, request.headers, secrets=[settings.GATEWAY_WEBHOOK_SECRET]), lambda news: keep_news("sandbox", news)
    )
