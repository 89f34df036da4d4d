"""Payments on a gateway's page: what was begun, and what somebody must look at."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounting.checkouts import note_seen
from accounting.models import Checkout, PaymentNotice
from oms.core.access import actor_of, staff_may
from oms.core.pages import keyset_page

MOST_TO_LOOK_AT = 50


@staff_may("accounting.view_invoice")
def online_payments(request: HttpRequest) -> HttpResponse:
    """List what somebody must look at, then the payments that customers have begun, the newest first."""
    context = {
        "to_look_at": PaymentNotice.objects.to_look_at().select_related("checkout__order__customer").order_by("id")[:MOST_TO_LOOK_AT],
        "page": keyset_page(Checkout.objects.select_related("order__customer"), order=("-id",), after=request.GET.get("after", "")),
    }
    return render(request, "accounting/online_payments.html", context)


@require_POST
@staff_may("accounting.record_payment")
def seen(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that somebody has dealt with it."""
    notice = note_seen(pk, actor=actor_of(request.user))
    messages.success(request, _("%(reference)s is dealt with.") % {"reference": notice.reference})
    return redirect("online_payments")
