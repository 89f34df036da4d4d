"""What is gone: correcting stock, booking counts, and the queue of those who lost something by it."""

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory.models import Backorder, Count, Shortfall, Sku, Warehouse
from inventory.shortfalls import settle_shortfall
from inventory.states import MovementKind
from inventory.views.parsing import plain, whole_number
from oms.core.access import actor_of, staff_may
from oms.core.pages import keyset_page
from oms.core.readable import row_of
from orders.models import Order
from shipping import losses


@dataclass(frozen=True)
class ShortfallRow:
    """A shortfall with the order that lost it. `waits`: its line still waits for this SKU; `expected_on`: when what it waits for comes."""

    row: Shortfall
    order: Order
    waits: bool
    expected_on: date | None

    @property
    def slips(self) -> bool:
        """Say whether it comes later than its customer was told."""
        return self.waits and (self.expected_on is None or (self.row.promised_on is not None and self.expected_on > self.row.promised_on))


@staff_may("orders.view_order")
def shortfalls(request: HttpRequest) -> HttpResponse:
    """List what was reserved and is gone, the newest first: what nobody has dealt with, where nothing else is asked for."""
    show = "all" if request.GET.get("show") == "all" else "open"
    rows = Shortfall.objects.select_related("sku", "warehouse")
    page = keyset_page(rows.filter(settled_at=None) if show == "open" else rows, order=("-id",), after=request.GET.get("after", ""))
    context = {
        "page": page,
        "rows": _rows(page.rows),
        "show": show,
        "shows": [("open", _("To deal with")), ("all", _("All"))],
        "query": f"show={show}",
    }
    return render(request, "shipping/shortfalls.html", context)


@require_POST
@staff_may("inventory.settle_shortfall")
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that somebody has dealt with a shortfall."""
    if pk >= 2**63:
        raise Http404
    settle_shortfall(pk, actor=actor_of(request.user))
    messages.success(request, _("Dealt with."))
    return redirect("shortfalls")


@require_POST
@staff_may("inventory.adjust_stock")
def adjust(request: HttpRequest, code: str) -> HttpResponse:
    """Correct the stock of a SKU by hand, down to what is reserved. The form's key makes a second press the same correction."""
    found = get_object_or_404(Sku, code=code.replace("\x00", "").upper())
    warehouse = get_object_or_404(Warehouse, code=plain(request.POST.get("warehouse", ""), 20))
    newest = Shortfall.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    losses.correct_stock(
        found,
        warehouse,
        quantity=whole_number(request.POST.get("quantity", "")),
        kind=plain(request.POST.get("kind", ""), 20) or MovementKind.COUNT,
        note=plain(request.POST.get("note", ""), 200),
        key=plain(request.POST.get("key", ""), 100),
        actor=actor_of(request.user),
    )
    messages.success(request, _("The stock of %(sku)s in %(warehouse)s is corrected.") % {"sku": found.code, "warehouse": warehouse})
    if Shortfall.objects.filter(pk__gt=newest, sku=found, warehouse=warehouse).exists():
        messages.warning(request, _("Some of it was reserved: see Shortfalls for the orders that wait again."))
    return redirect("sku", found.code)


@require_POST
@staff_may("inventory.adjust_stock")
def post_count(request: HttpRequest, number: str) -> HttpResponse:
    """Book what a count found."""
    pk = row_of(number, Count.NUMBER_PREFIX)
    if pk is None:
        raise Http404
    posted = losses.post_count(pk, actor=actor_of(request.user))
    messages.success(request, _("%(number)s is booked.") % {"number": posted.number})
    return redirect("count", posted.number)


def _rows(found: list[Shortfall]) -> list[ShortfallRow]:
    """Give shortfalls with their orders and what they wait for. Two queries."""
    orders = {order.pk: order for order in Order.objects.filter(pk__in={row.order_id for row in found}).select_related("customer")}
    waiting = Backorder.objects.filter(line_id__in={row.line_id for row in found}, sku__in={row.sku_id for row in found})
    expected = {(one.line_id, one.sku_id): one.expected_on for one in waiting}
    return [ShortfallRow(row, orders[row.order_id], (row.line_id, row.sku_id) in expected, expected.get((row.line_id, row.sku_id))) for row in found]
