"""The low-stock queue."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from inventory.low import DEMAND_DAYS, PAGE, propose_now, running_low
from inventory.models import Vendor, Warehouse
from oms.core.access import actor_of, staff_may


@staff_may("inventory.view_stocklevel")
def low(request: HttpRequest) -> HttpResponse:
    """Show what runs low, the emptiest first, and what is being done about it."""
    vendor = request.GET.get("vendor", "")
    chosen = int(vendor) if vendor.isascii() and vendor.isdigit() and len(vendor) < 19 else 0
    warehouse = request.GET.get("warehouse", "").replace("\x00", "")[:20]
    page = running_low(warehouse=warehouse, vendor_id=chosen, after=request.GET.get("after", ""))
    context = {
        "page": page,
        "query": urlencode({"warehouse": warehouse, "vendor": chosen or ""}),
        "can_propose": any(row.can_propose for row in page.rows),
        "warehouse": warehouse,
        "vendor": chosen,
        "warehouses": Warehouse.objects.stocking(),
        "vendors": Vendor.objects.filter(is_active=True),
        "days": DEMAND_DAYS,
    }
    return render(request, "inventory/low.html", context)


@require_POST
@staff_may("inventory.approve_purchase")
def propose(request: HttpRequest) -> HttpResponse:
    """Propose to buy the chosen now."""
    chosen = [int(pk) for pk in request.POST.getlist("rule")[:PAGE] if pk.isascii() and pk.isdigit() and len(pk) < 19]
    count = propose_now(chosen, actor=actor_of(request.user))
    if count:
        messages.success(request, ngettext("%(count)d is proposed to buy.", "%(count)d are proposed to buy.", count) % {"count": count})
    else:
        messages.warning(request, _("Nothing was left to propose: choose lines that nothing is done about yet."))
    return redirect("low_stock")
