"""What is proposed to buy: grouped as it would be ordered, decided on in one go."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory.models import Vendor
from inventory.purchasing.needs import add_needs, approve_needs, change_need, reject_needs
from inventory.purchasing.selectors import MOST_NEEDS, grouped, needs_shown
from inventory.views.parsing import whole_number
from oms.core.access import actor_of, staff_may
from oms.core.readable import row_of


@staff_may("inventory.view_purchaseorder")
def needs(request: HttpRequest) -> HttpResponse:
    """Show what is proposed, per vendor and warehouse, priced, with what is worth knowing before it is bought."""
    vendor = Vendor.objects.filter(pk=row_of(request.GET.get("vendor", ""), Vendor.NUMBER_PREFIX) or 0).first()
    found = list(needs_shown(vendor.pk if vendor else None)[: MOST_NEEDS + 1])
    groups = grouped(found[:MOST_NEEDS])
    context = {
        "groups": groups,
        "vendor": vendor,
        "vendors": Vendor.objects.filter(is_active=True) if any(one.vendor is None for one in groups) else (),
        "more": needs_shown(vendor.pk if vendor else None).count() - MOST_NEEDS if len(found) > MOST_NEEDS else 0,
        "is_any_too_small": any(one.group.is_too_small for one in groups),
    }
    return render(request, "inventory/needs.html", context)


@require_POST
@staff_may("inventory.approve_purchase")
def decide(request: HttpRequest) -> HttpResponse:
    """Buy the chosen needs, or not."""
    chosen = [int(pk) for pk in request.POST.getlist("need") if pk.isascii() and pk.isdigit() and len(pk) < 19]
    if request.POST.get("action") == "reject":
        count = reject_needs(chosen, actor=actor_of(request.user))
        messages.success(request, _("%(count)d not bought.") % {"count": count})
    else:
        quantities = {pk: whole_number(text) for pk in chosen if (text := request.POST.get(f"units-{pk}", "").strip())}
        accept = request.POST.get("below_minimum") == "yes"
        orders = approve_needs(chosen, quantities=quantities, accept_below_minimum=accept, actor=actor_of(request.user))
        numbers = ", ".join(order.number for order in orders)
        messages.success(request, _("Ordered: %(numbers)s") % {"numbers": numbers} if orders else _("Nothing was left to order."))
    return _back(request)


@require_POST
@staff_may("inventory.approve_purchase")
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the quantity or the vendor of what is proposed."""
    quantity, vendor = request.POST.get("quantity", "").strip(), request.POST.get("vendor", "")
    need = change_need(
        pk,
        quantity=whole_number(quantity) if quantity else None,
        vendor_id=row_of(vendor, Vendor.NUMBER_PREFIX) if vendor else None,
        actor=actor_of(request.user),
    )
    messages.success(request, _("To buy: %(quantity)d of %(sku)s.") % {"quantity": need.quantity, "sku": need.sku.code})
    return redirect("needs")


@require_POST
@staff_may("inventory.approve_purchase")
def add(request: HttpRequest) -> HttpResponse:
    """Add what stands nearest to its reorder point, to reach a vendor's minimum order."""
    chosen = [text.partition(":") for text in request.POST.getlist("rule")[:100]]
    wanted = [(whole_number(rule), whole_number(units)) for rule, _colon, units in chosen]
    added = add_needs(wanted, actor=actor_of(request.user))
    messages.success(request, _("Added: %(count)d.") % {"count": added})
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    vendor = request.POST.get("vendor", "")
    known = row_of(vendor, Vendor.NUMBER_PREFIX)
    return redirect(reverse("needs") + (f"?vendor={vendor}" if known else ""))
