"""Shipments: what to pick, pack and hand over, and where the rest is."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory.models import PurchaseOrder, Warehouse
from oms.core.access import actor_of, staff_may
from oms.core.errors import Invalid
from oms.core.models import Event
from oms.core.pages import keyset_page
from oms.core.readable import row_of
from orders.models import Order
from shipping import dispatching, fulfilling, tracking
from shipping.drop_shipping import confirm_drop_shipment, order_drop_shipment
from shipping.models import Carrier, Shipment
from shipping.paper import packing_slip, pick_lists
from shipping.selectors import tracking_of
from shipping.states import BEFORE_DISPATCH, ON_THE_WAY, ShipmentState

SETS = {
    "to_do": lambda: BEFORE_DISPATCH,
    "on_the_way": lambda: ON_THE_WAY,
}


@staff_may("shipping.view_shipment")
def shipments(request: HttpRequest) -> HttpResponse:
    """List shipments, the newest first; what the warehouse has to do, where nothing else is asked for."""
    rows: QuerySet[Shipment] = Shipment.objects.select_related("order", "order__customer", "warehouse", "carrier")
    state = request.GET.get("state", "to_do")
    rows = _filtered(rows, state, request.GET.get("warehouse", ""))
    page = keyset_page(rows, order=("-id",), after=request.GET.get("after", ""), size=100)
    query = request.GET.copy()
    query.pop("after", None)
    context = {
        "page": page,
        "state": state,
        "query": query.urlencode(),
        "states": [("to_do", _("To do")), ("on_the_way", _("On the way")), ("all", _("All")), *ShipmentState.choices],
        "warehouses": Warehouse.objects.stocking(),
        "warehouse": request.GET.get("warehouse", ""),
    }
    return render(request, "shipping/shipments.html", context)


def _filtered(rows: QuerySet[Shipment], state: str, warehouse: str) -> QuerySet[Shipment]:
    if state in SETS:
        rows = rows.filter(state__in=SETS[state]())
    elif state in ShipmentState.values:
        rows = rows.filter(state=state)
    return rows.filter(warehouse__code=warehouse) if warehouse else rows


@staff_may("shipping.view_shipment")
def shipment(request: HttpRequest, number: str) -> HttpResponse:
    """Show a shipment and what can be done with it now."""
    rows = Shipment.objects.select_related("order", "order__customer", "warehouse", "carrier", "label").defer("label__content")
    found = rows.filter(pk=_row(number)).first()
    if found is None:
        raise Http404
    context = {
        "shipment": found,
        "lines": found.lines.select_related("sku", "order_line"),
        "told": tracking_of(found),
        "events": Event.objects.filter(subject="shipment", subject_id=found.pk).order_by("-id")[:100],
        "carriers": Carrier.objects.filter(is_active=True),
    }
    return render(request, "shipping/shipment.html", context)


@require_POST
@staff_may("shipping.fulfil_shipment")
def pick(request: HttpRequest) -> HttpResponse:
    """Start picking the chosen shipments; print their lists where that is asked for."""
    chosen = [int(pk) for pk in request.POST.getlist("shipment") if pk.isascii() and pk.isdigit()][:200]
    if not chosen:
        raise Invalid(_("Choose at least one shipment."))
    started, refused = fulfilling.start_picking(chosen, actor=actor_of(request.user))
    for refusal in refused:
        messages.error(request, refusal.sentence)
    if request.POST.get("print") and started:
        return _pdf(pick_lists([found.pk for found in started]), "pick-list.pdf")
    if started:
        messages.success(request, _("Being picked: %(numbers)s") % {"numbers": ", ".join(found.number for found in started)})
    return redirect("shipment", started[0].number) if request.POST.get("alone") and started else redirect("shipments")


@require_POST
@staff_may("shipping.fulfil_shipment")
def pack(request: HttpRequest, number: str) -> HttpResponse:
    """Pack a shipment as weighed."""
    packed = fulfilling.pack_shipment(
        _row(number),
        actor=actor_of(request.user),
        packages=_whole(request.POST.get("packages", "1"), _("The number of packages")),
        weight_grams=_whole(request.POST["weight_grams"], _("The weight")) if request.POST.get("weight_grams") else None,
        tracking_number=request.POST.get("tracking_number", "").replace("\x00", ""),
    )
    messages.success(request, _("%(number)s is packed. Its carrier is being booked.") % {"number": packed.number})
    return redirect("shipment", number)


@require_POST
@staff_may("shipping.fulfil_shipment")
def choose_carrier(request: HttpRequest, number: str) -> HttpResponse:
    """Have another carrier take a shipment."""
    changed = fulfilling.choose_carrier(_row(number), request.POST.get("carrier", ""), actor=actor_of(request.user))
    messages.success(request, _("%(number)s goes with %(carrier)s.") % {"number": changed.number, "carrier": changed.carrier})
    return redirect("shipment", number)


@require_POST
@staff_may("shipping.dispatch_shipment")
def dispatch(request: HttpRequest, number: str) -> HttpResponse:
    """Hand a shipment to its carrier."""
    gone = dispatching.dispatch_shipment(_row(number), actor=actor_of(request.user))
    messages.success(request, _("%(number)s has left.") % {"number": gone.number})
    return redirect("shipment", number)


@require_POST
@staff_may("shipping.dispatch_shipment")
def delivered(request: HttpRequest, number: str) -> HttpResponse:
    """Note by hand that a shipment has arrived."""
    arrived = tracking.mark_delivered(_row(number), actor=actor_of(request.user))
    messages.success(request, _("%(number)s is delivered.") % {"number": arrived.number})
    return redirect("shipment", number)


@staff_may("shipping.view_shipment")
def slip(request: HttpRequest, number: str) -> HttpResponse:
    """Print a packing slip."""
    return _pdf(packing_slip(_row(number)), f"packing-slip-{number}.pdf")


def _pdf(content: bytes, name: str) -> HttpResponse:
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})


def _row(number: str) -> int:
    pk = row_of(number, Shipment.NUMBER_PREFIX)
    if pk is None:
        raise Http404
    return pk


def _whole(text: str, what: str) -> int:
    if not (text.isascii() and text.strip().isdigit() and len(text) < 10):
        raise Invalid(_("%(what)s is a whole number.") % {"what": what})
    return int(text)


@require_POST
@staff_may("inventory.approve_purchase")
def have_vendor_ship(request: HttpRequest, number: str) -> HttpResponse:
    """Have a vendor ship to the customer what the chosen lines of an order wait for."""
    pk = row_of(number, Order.NUMBER_PREFIX)
    if pk is None:
        raise Http404
    chosen = [int(line) for line in request.POST.getlist("line") if line.isascii() and line.isdigit() and len(line) < 19][:200]
    vendor = _whole(request.POST.get("vendor", ""), _("The vendor"))
    purchase = order_drop_shipment(pk, chosen, vendor_id=vendor, actor=actor_of(request.user))
    messages.success(
        request, _("%(number)s goes to %(vendor)s, with the customer's address.") % {"number": purchase.number, "vendor": purchase.vendor.name}
    )
    return redirect("order", number)


@require_POST
@staff_may("shipping.dispatch_shipment")
def vendor_has_shipped(request: HttpRequest, number: str) -> HttpResponse:
    """Note what a vendor has shipped to our customer. The form's key makes a second press the same shipment."""
    pk = row_of(number, PurchaseOrder.NUMBER_PREFIX)
    if pk is None:
        raise Http404
    quantities = {
        int(name.removeprefix("line-")): _whole(str(value), _("The quantity"))
        for name, value in request.POST.items()
        if name.startswith("line-") and name.removeprefix("line-").isdigit() and len(name) < 24 and str(value).strip()
    }
    shipment = confirm_drop_shipment(
        pk,
        quantities,
        tracking_number=request.POST.get("tracking_number", ""),
        key=request.POST.get("key", "").replace("\x00", "")[:100],
        actor=actor_of(request.user),
    )
    messages.success(request, _("%(number)s is on its way from the vendor to the customer.") % {"number": shipment.number})
    return redirect("order", shipment.order.number)
