"""Purchase orders: the list, a new one, and what people do to one. Its own page is composed in oms.desk.purchase_page, the board in oms.desk."""

from datetime import date
from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.db.models import F, Min, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory.models import PurchaseOrder, Sku, Vendor, Warehouse
from inventory.purchasing.changing import Changed, Confirmed, acknowledge_order, cancel_purchase, change_order, close_purchase
from inventory.purchasing.ordering import Draft, Wanted, approve_order, draft_order
from inventory.purchasing.receiving import receive_goods
from inventory.states import PurchaseState
from inventory.views.parsing import whole_number
from oms.core.access import actor_of, staff_may
from oms.core.errors import BusinessError, Invalid
from oms.core.pages import keyset_page
from oms.core.readable import row_of

BLANK_ROWS = 8
MOST_ROWS = 100


def row_or_404(number: str) -> int:
    """Give the row of a purchase order's number, 404 for what is none."""
    pk = row_of(number, PurchaseOrder.NUMBER_PREFIX)
    if pk is None:
        raise Http404
    return pk


@staff_may("inventory.view_purchaseorder")
def purchase_orders(request: HttpRequest) -> HttpResponse:
    """List purchase orders, the newest first, as filtered."""
    show = request.GET.get("show", "all")
    text = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    rows = _shown(PurchaseOrder.objects.all(), show)
    if text:
        rows = rows.filter(
            Q(pk=row_of(text, PurchaseOrder.NUMBER_PREFIX) or 0)
            | Q(vendor__name__icontains=text)
            | Q(vendor_reference__iexact=text)
            | Q(pk__in=PurchaseOrder.objects.filter(lines__sku__code=text.upper()).values("pk"))
        )
    page = keyset_page(rows.select_related("vendor", "warehouse").prefetch_related("lines"), order=("-id",), after=request.GET.get("after", ""))
    context = {
        "page": page,
        "show": show,
        "shows": [
            ("all", _("All")),
            ("draft", _("To approve")),
            ("ordered", _("Ordered")),
            ("late", _("Late")),
            ("received", _("Received")),
            ("over", _("Closed and cancelled")),
        ],
        "q": text,
        "query": f"show={show}&q={text}",
    }
    return render(request, "inventory/purchase_orders.html", context)


@staff_may("inventory.approve_purchase")
def new_purchase_order(request: HttpRequest) -> HttpResponse:
    """Draft a purchase order by hand."""
    typed = request.POST if request.method == "POST" else QueryDict(mutable=True)
    problem: BusinessError | None = None
    if request.method == "POST":
        try:
            order = draft_order(_draft(request), actor=actor_of(request.user))
        except BusinessError as error:
            problem = error
        else:
            messages.success(request, _("%(number)s is drafted: approve it to send it.") % {"number": order.number})
            return redirect("purchase_order", order.number)
    codes, units, costs = typed.getlist("sku"), typed.getlist("quantity"), typed.getlist("unit_cost")
    rows = list(zip(codes, units, costs, strict=False))[:MOST_ROWS]
    context = {
        "rows": rows + [("", "", "")] * max(BLANK_ROWS - len(rows), 2),
        "typed": typed,
        "problem": problem,
        "vendors": Vendor.objects.filter(is_active=True),
        "warehouses": Warehouse.objects.stocking(),
        "today": timezone.localdate().isoformat(),
    }
    return render(request, "inventory/purchase_order_form.html", context, status=422 if problem else 200)


@require_POST
@staff_may("inventory.approve_purchase")
def approve(request: HttpRequest, number: str) -> HttpResponse:
    """Approve a draft and send it."""
    accept = request.POST.get("below_minimum") == "yes"
    order = approve_order(row_or_404(number), accept_below_minimum=accept, version=_version(request), actor=actor_of(request.user))
    messages.success(request, _("%(number)s goes to %(vendor)s.") % {"number": order.number, "vendor": order.vendor.name})
    return redirect("purchase_order", number)


@require_POST
@staff_may("inventory.approve_purchase")
def acknowledge(request: HttpRequest, number: str) -> HttpResponse:
    """Keep what the vendor has confirmed."""
    lines = {
        line: Confirmed(_units(request.POST.get(f"quantity-{line}", "")), _day(request.POST.get(f"expected-{line}", "")))
        for line in _lines_named(request, "quantity-")
    }
    reference = request.POST.get("vendor_reference", "")
    order = acknowledge_order(row_or_404(number), lines, vendor_reference=reference, version=_version(request), actor=actor_of(request.user))
    messages.success(request, _("%(number)s is confirmed. Promises follow its dates.") % {"number": order.number})
    return redirect("purchase_order", number)


@require_POST
@staff_may("inventory.approve_purchase")
def change(request: HttpRequest, number: str) -> HttpResponse:
    """Change quantities, days and prices, call lines off, or add some."""
    lines = {
        line: Changed(
            _units(request.POST.get(f"quantity-{line}", "")),
            _day(request.POST.get(f"expected-{line}", "")),
            _price(request.POST.get(f"cost-{line}", "")),
        )
        for line in _lines_named(request, "quantity-")
    }
    version = _version(request)
    if version is None:
        raise Invalid(_("The form has no version: open the page again."))
    before = PurchaseOrder.objects.filter(pk=row_or_404(number)).values_list("version", flat=True).first()
    order = change_order(
        row_or_404(number),
        lines,
        version=version,
        added=_wanted(request),
        expected_on=_day(request.POST.get("expected_on", "")),
        note=request.POST.get("note"),
        actor=actor_of(request.user),
    )
    if order.version == before:
        messages.info(request, _("Nothing is different."))
    elif order.can_receive:
        messages.success(request, _("Changed: revision %(revision)d goes to the vendor.") % {"revision": order.revision})
    else:
        messages.success(request, _("Changed."))
    return redirect("purchase_order", number)


@require_POST
@staff_may("inventory.approve_purchase")
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Call an order off."""
    order = cancel_purchase(row_or_404(number), reason=request.POST.get("reason", ""), version=_version(request), actor=actor_of(request.user))
    messages.success(request, _("%(number)s is called off.") % {"number": order.number})
    return redirect("purchase_order", number)


@require_POST
@staff_may("inventory.approve_purchase")
def close(request: HttpRequest, number: str) -> HttpResponse:
    """Expect nothing more of an order."""
    order = close_purchase(row_or_404(number), version=_version(request), actor=actor_of(request.user))
    messages.success(request, _("%(number)s is closed.") % {"number": order.number})
    return redirect("purchase_order", number)


@require_POST
@staff_may("inventory.receive_goods")
def receive(request: HttpRequest, number: str) -> HttpResponse:
    """Receive goods. The form's key makes a second press the same receipt."""
    quantities = {line: whole_number(text) if (text := request.POST[f"line-{line}"].strip()) else 0 for line in _lines_named(request, "line-")}
    key = request.POST.get("key", "").replace("\x00", "")[:100]
    if not key:
        raise Invalid(_("The form has no key: open the page again."))
    receive_goods(row_or_404(number), quantities, key=key, actor=actor_of(request.user))
    messages.success(request, _("Received. Orders that waited for it get it first."))
    return redirect("purchase_order", number)


def _shown(rows: QuerySet[PurchaseOrder], show: str) -> QuerySet[PurchaseOrder]:
    if show == "draft":
        return rows.filter(state__in=[PurchaseState.DRAFT, PurchaseState.APPROVED])
    if show in ("ordered", "due"):
        return rows.filter(state__in=[PurchaseState.SENT, PurchaseState.ACKNOWLEDGED, PurchaseState.PARTLY_RECEIVED])
    if show == "late":
        late = PurchaseOrder.objects.with_vendor().annotate(
            due=Min(Coalesce("lines__expected_on", "expected_on"), filter=Q(lines__received__lt=F("lines__quantity")))
        )
        return rows.filter(pk__in=late.filter(due__lt=timezone.localdate()).values("pk"))
    if show == "received":
        return rows.filter(state__in=[PurchaseState.RECEIVED, PurchaseState.PARTLY_RECEIVED])
    if show == "over":
        return rows.filter(state__in=[PurchaseState.CLOSED, PurchaseState.CANCELLED])
    return rows


def _draft(request: HttpRequest) -> Draft:
    typed = request.POST
    vendor = row_of(typed.get("vendor", ""), Vendor.NUMBER_PREFIX)
    place = Warehouse.objects.stocking().filter(code=typed.get("warehouse", "")[:20].replace("\x00", "")).first()
    if vendor is None or place is None:
        raise Invalid(_("Choose a vendor and a warehouse."))
    return Draft(vendor, place.pk, _wanted(request), expected_on=_day(typed.get("expected_on", "")), note=typed.get("note", ""))


def _wanted(request: HttpRequest) -> list[Wanted]:
    """Give the lines that were typed: a SKU, units and, where it is not the vendor's own, a price."""
    typed = request.POST
    rows = [
        (code.strip().upper()[:40].replace("\x00", ""), units, cost)
        for code, units, cost in zip(typed.getlist("sku"), typed.getlist("quantity"), typed.getlist("unit_cost"), strict=False)
        if code.strip()
    ][:MOST_ROWS]
    known = dict(Sku.objects.filter(code__in=[code for code, _units, _cost in rows]).values_list("code", "id"))
    for position, (code, _units, _cost) in enumerate(rows):
        if code not in known:
            raise Invalid(_("There is no SKU %(code)s.") % {"code": code}, pointer=f"/lines/{position}/sku")
    return [Wanted(known[code], whole_number(units), _price(cost)) for code, units, cost in rows]


def _lines_named(request: HttpRequest, prefix: str) -> list[int]:
    return [
        int(name.removeprefix(prefix)) for name in request.POST if name.startswith(prefix) and name.removeprefix(prefix).isdigit() and len(name) < 30
    ]


def _version(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _units(text: str) -> int | None:
    return whole_number(text) if text.strip() else None


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(_("A day is written like 2026-03-01."), pointer="/expected_on") from None


def _price(text: str) -> Decimal | None:
    if not text.strip():
        return None
    try:
        cost = Decimal(text.strip())
    except InvalidOperation:
        raise Invalid(_("A price is a number, like 2.50."), pointer="/unit_cost") from None
    if not cost.is_finite() or len(text) > 20 or cost != cost.quantize(Decimal("0.0001")):
        raise Invalid(_("A price has at most four decimals."), pointer="/unit_cost")
    return cost
