"""Reorder rules: set by hand or learned, and why they are as they are."""

from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from inventory.models import ReorderRule, Vendor, Warehouse
from inventory.purchasing.charts import demand_chart
from inventory.purchasing.observing import WINDOW_DAYS, weekly_sales
from inventory.purchasing.rules import set_rule
from inventory.purchasing.stories import story_of
from inventory.views.parsing import whole_number
from oms.core.access import actor_of, may, staff_may
from oms.core.errors import BusinessError, Invalid
from oms.core.pages import keyset_page
from oms.core.readable import row_of


@staff_may("inventory.view_purchaseorder")
def rules(request: HttpRequest) -> HttpResponse:
    """List reorder rules, learned ones with the sentence that explains them."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    show = request.GET.get("show", "all")
    rows = ReorderRule.objects.select_related("sku", "warehouse", "vendor")
    if text:
        rows = rows.filter(sku__code__icontains=text)
    if show in ("learned", "hand"):
        rows = rows.filter(is_learned=show == "learned")
    page = keyset_page(rows, order=("sku_id", "id"), after=request.GET.get("after", ""))
    context = {
        "page": page,
        "rows": [(rule, story_of(rule)) for rule in page.rows],
        "q": text,
        "show": show,
        "shows": [("all", _("All")), ("learned", _("Learned")), ("hand", _("By hand"))],
        "query": f"show={show}&q={text}",
    }
    return render(request, "inventory/rules.html", context)


@staff_may("inventory.view_purchaseorder")
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a reorder rule with the demand it answers, and change it."""
    found = ReorderRule.objects.select_related("sku", "warehouse", "vendor").filter(pk=pk).first()
    if found is None:
        raise Http404
    problem = None
    if request.method == "POST":
        try:
            _save(request, found.sku.code, found.warehouse.code)
        except BusinessError as error:
            problem = error
        else:
            messages.success(request, _("The rule of %(sku)s is set.") % {"sku": found.sku.code})
            return redirect("rule", pk)
    context = {
        "rule": found,
        "story": story_of(found),
        "chart": demand_chart(weekly_sales(found.sku_id, found.warehouse_id), point=found.point, target=found.target),
        "days": WINDOW_DAYS,
        "vendors": Vendor.objects.filter(is_active=True),
        "problem": problem,
        "may_change": may(request.user, "inventory.change_reorderrule"),
    }
    return render(request, "inventory/rule.html", context, status=422 if problem else 200)


@staff_may("inventory.add_reorderrule")
def new_rule(request: HttpRequest) -> HttpResponse:
    """Set a rule for a SKU that has none."""
    problem = None
    if request.method == "POST":
        try:
            made = _save(request, request.POST.get("sku", ""), request.POST.get("warehouse", ""))
        except BusinessError as error:
            problem = error
        else:
            messages.success(request, _("The rule of %(sku)s is set.") % {"sku": made.sku.code})
            return redirect("rule", made.pk)
    context = {
        "typed": request.POST,
        "sku": request.POST.get("sku") or request.GET.get("sku", "")[:40],
        "vendors": Vendor.objects.filter(is_active=True),
        "warehouses": Warehouse.objects.stocking(),
        "problem": problem,
    }
    return render(request, "inventory/rule_form.html", context, status=422 if problem else 200)


def _save(request: HttpRequest, sku: str, warehouse: str) -> ReorderRule:
    if not may(request.user, "inventory.change_reorderrule"):
        raise Invalid(_("Only who keeps the reference data may set rules."))
    typed = request.POST
    return set_rule(
        sku,
        warehouse,
        vendor_id=row_of(typed.get("vendor", ""), Vendor.NUMBER_PREFIX) or 0,
        point=_number(typed.get("point", "")),
        target=_number(typed.get("target", "")),
        safety=_number(typed.get("safety", "")) or 0,
        is_learned=typed.get("is_learned") == "yes",
        service_level=_share(typed.get("service_level", "")),
        cover_days=_number(typed.get("cover_days", "")) or 14,
        actor=actor_of(request.user),
    )


def _number(text: str) -> int | None:
    return whole_number(text) if text.strip() else None


def _share(text: str) -> Decimal:
    """Give a service level typed as percent."""
    try:
        return Decimal(text.strip() or "95") / 100
    except InvalidOperation:
        raise Invalid(_("A service level is a number, like 95."), pointer="/service_level") from None
