"""Purchasing: what is proposed, ordered and received. A purchase order's own page is composed in oms.desk.purchase_page."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory.models import PurchaseNeed, PurchaseOrder
from inventory.purchasing.needs import approve_needs, reject_needs
from inventory.purchasing.receiving import receive_goods
from inventory.states import NeedState
from inventory.views.parsing import whole_number
from oms.core.access import actor_of, staff_may
from oms.core.errors import Invalid
from oms.core.pages import keyset_page
from oms.core.readable import row_of


def row_or_404(number: str) -> int:
    """Give the row of a purchase order's number, 404 for what is none."""
    pk = row_of(number, PurchaseOrder.NUMBER_PREFIX)
    if pk is None:
        raise Http404
    return pk


@staff_may("inventory.view_purchaseorder")
def purchasing(request: HttpRequest) -> HttpResponse:
    """Show what is proposed to buy, and the purchase orders, the newest first."""
    needs = PurchaseNeed.objects.filter(state=NeedState.PROPOSED).select_related("sku", "warehouse", "vendor").order_by("vendor__name", "id")
    orders = PurchaseOrder.objects.select_related("vendor", "warehouse").prefetch_related("lines")
    page = keyset_page(orders, order=("-id",), after=request.GET.get("after", ""))
    return render(request, "inventory/purchasing.html", {"needs": needs[:300], "page": page, "today": timezone.localdate()})


@require_POST
@staff_may("inventory.approve_purchase")
def decide(request: HttpRequest) -> HttpResponse:
    """Buy the chosen needs, or not."""
    chosen = [int(pk) for pk in request.POST.getlist("need") if pk.isascii() and pk.isdigit() and len(pk) < 19]
    if request.POST.get("action") == "reject":
        count = reject_needs(chosen, actor=actor_of(request.user))
        messages.success(request, _("%(count)d not bought.") % {"count": count})
    else:
        orders = approve_needs(chosen, actor=actor_of(request.user))
        numbers = ", ".join(order.number for order in orders)
        messages.success(request, _("Ordered: %(numbers)s") % {"numbers": numbers} if orders else _("Nothing was left to order."))
    return redirect("purchasing")


@require_POST
@staff_may("inventory.receive_goods")
def receive(request: HttpRequest, number: str) -> HttpResponse:
    """Receive goods. The form's key makes a second press the same receipt."""
    quantities = {
        int(name.removeprefix("line-")): whole_number(str(value)) if str(value).strip() else 0
        for name, value in request.POST.items()
        if name.startswith("line-") and name.removeprefix("line-").isdigit() and len(name) < 24
    }
    key = request.POST.get("key", "").replace("\x00", "")[:100]
    if not key:
        raise Invalid(_("The form has no key: open the page again."))
    receive_goods(row_or_404(number), quantities, key=key, actor=actor_of(request.user))
    messages.success(request, _("Received. Orders that waited for it get it first."))
    return redirect("purchase_order", number)
