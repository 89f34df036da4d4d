"""At the dock: what is expected, and counting it in with a scanner, with a telephone or by hand."""

import logging
import uuid
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory.models import PurchaseOrder, ReceivingScan
from inventory.purchasing import dock
from inventory.purchasing.landing import add_landed_cost
from inventory.purchasing.receiving import reverse_receipt
from inventory.purchasing.scanning import identify
from inventory.views.parsing import whole_number
from inventory.views.purchasing import row_or_404
from oms.core import stations
from oms.core.access import actor_of, staff_may
from oms.core.errors import BusinessError, Invalid
from oms.core.pages import keyset_page

log = logging.getLogger(__name__)

SECONDS_TO_SERVE = 2.0


@staff_may("inventory.receive_goods")
def receiving(request: HttpRequest) -> HttpResponse:
    """Show what is expected, the latest first; or, for a code that was scanned, its purchase order or the orders that bring it."""
    code = _text(request.GET.get("code", ""))
    said: dict[str, Any] = {}
    if code:
        try:
            found = identify(code, choose=_text(request.GET.get("choose", "")))
            if found.purchase:
                return redirect("receiving_sheet", found.purchase)
            assert found.sku is not None
            said = {"found": found, "bringing": dock.expecting(found.sku)}
        except BusinessError as error:
            said = {"refusal": error.sentence, "choices": error.data.get("choices", []), "code": code}
    page = keyset_page(_expected(), order=("expected_on", "id"), after=request.GET.get("after", ""), size=100, has_nulls=True)
    today = timezone.localdate()
    for order in page.rows:
        order.when = _when(order, today)  # type: ignore[attr-defined]
    return render(request, "inventory/receiving.html", {"page": page, "code": code, **said})


@staff_may("inventory.receive_goods")
def sheet(request: HttpRequest, number: str) -> HttpResponse:
    """Show the sheet of a purchase order: what is expected, what is counted, and the field for the next scan."""
    return _sheet(request, _order_or_404(number))


@require_POST
@staff_may("inventory.receive_goods")
def scan(request: HttpRequest, number: str) -> HttpResponse:
    """Count what a code says. A refusal keeps the page, with what to do, and the SKUs to choose between where several have the code."""
    order = _order_or_404(number)
    code = _text(request.POST.get("code", ""))
    try:
        counted = dock.scan_goods(
            order.pk,
            code,
            key=_text(request.POST.get("key", "")),
            actor=actor_of(request.user),
            choose=_text(request.POST.get("choose", "")),
        )
    except BusinessError as error:
        said = {"refusal": error.sentence, "choices": error.data.get("choices", []), "code": code, "elsewhere": error.data.get("purchase", "")}
        return _sheet(request, order, status=error.status, **said)
    return _after(request, order, line=counted.line_id)


@require_POST
@staff_may("inventory.receive_goods")
def set_count(request: HttpRequest, number: str) -> HttpResponse:
    """Set by hand what is counted of a line."""
    order = _order_or_404(number)
    line = whole_number(request.POST.get("line", ""))
    try:
        dock.set_count(order.pk, line, whole_number(request.POST.get("units", "")), actor=actor_of(request.user))
    except BusinessError as error:
        return _sheet(request, order, status=error.status, refusal=error.sentence)
    return _after(request, order, line=line)


@require_POST
@staff_may("inventory.receive_goods")
def count_all(request: HttpRequest, number: str) -> HttpResponse:
    """Count all that is still expected as come."""
    order = _order_or_404(number)
    dock.count_all(order.pk, actor=actor_of(request.user))
    return redirect("receiving_sheet", order.number)


@require_POST
@staff_may("inventory.receive_goods")
def undo_scan(request: HttpRequest, number: str) -> HttpResponse:
    """Take back the last scan."""
    order = _order_or_404(number)
    undone = dock.undo_scan(order.pk, whole_number(request.POST.get("scan", "")))
    return _after(request, order, line=undone.line_id if undone else None)


@require_POST
@staff_may("inventory.receive_goods")
def start_over(request: HttpRequest, number: str) -> HttpResponse:
    """Throw away what is counted and not confirmed."""
    order = _order_or_404(number)
    dock.start_over(order.pk)
    messages.success(request, _("Nothing is counted any more."))
    return redirect("receiving_sheet", order.number)


@require_POST
@staff_may("inventory.receive_goods")
def confirm(request: HttpRequest, number: str) -> HttpResponse:
    """Receive what is counted, and show whom it goes to. Who waits is served at once, as far as a moment allows; the line does the rest."""
    receipt = dock.confirm(row_or_404(number), key=_text(request.POST.get("key", "")), actor=actor_of(request.user))
    _serve()
    return redirect("cross_dock", receipt.pk)


@require_POST
@staff_may("inventory.receive_goods")
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a receipt that was wrong."""
    receipt = reverse_receipt(pk, actor=actor_of(request.user), reason=_text(request.POST.get("reason", "")))
    messages.success(request, _("The receipt is taken back: its goods are expected again."))
    return redirect("purchase_order", receipt.order.number)


@require_POST
@staff_may("inventory.add_landedcost")
def land(request: HttpRequest, number: str) -> HttpResponse:
    """Add freight, duty or another cost to the goods of a purchase order."""
    landed = add_landed_cost(
        row_or_404(number),
        kind=_text(request.POST.get("kind", "")),
        amount=_amount(_text(request.POST.get("amount", ""))),
        spread_by=_text(request.POST.get("spread_by", "")),
        key=_text(request.POST.get("key", ""))[:100],
        actor=actor_of(request.user),
        note=_text(request.POST.get("note", "")),
    )
    messages.success(request, _("%(kind)s is spread over what has come.") % {"kind": landed.get_kind_display()})
    return redirect("purchase_order", number)


def _serve() -> None:
    """Have the stations that wait for goods work for a moment. What fails is left to the line, which looks again by itself: the goods are in."""
    for name in stations.woken_by(["stock.arrived"]):
        try:
            stations.run(stations.named(name), seconds=SECONDS_TO_SERVE)
        except Exception:
            log.exception("station %s could not serve who waits at once", name)


def _after(request: HttpRequest, order: PurchaseOrder, *, line: int | None) -> HttpResponse:
    """Answer a change: the parts of the sheet that changed to the page's module, the page again to a plain form."""
    return _sheet(request, order, only=line) if request.htmx else redirect("receiving_sheet", order.number)  # type: ignore[attr-defined]


def _sheet(request: HttpRequest, order: PurchaseOrder, *, only: int | None = None, status: int = 200, **said: Any) -> HttpResponse:
    rows = dock.sheet_of(order)
    last = ReceivingScan.objects.filter(order=order).select_related("line__sku").order_by("-id").first()
    is_part = bool(request.htmx) and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    context = {
        "order": order,
        "rows": [row for row in rows if row.line.pk == only] if is_part else rows,
        "last": last,
        "last_counted": next((row for row in rows if last is not None and row.line.pk == last.line_id), None),
        "counted": sum(row.counted for row in rows),
        "expected": sum(row.line.open_quantity for row in rows),
        "done": sum(row.state in ("all", "over") for row in rows),
        "lines": len(rows),
        "key": uuid.uuid4().hex,
        "is_late": order.can_receive and order.expected_on is not None and order.expected_on < timezone.localdate(),
        **said,
    }
    return render(request, "inventory/_receiving_changes.html" if is_part else "inventory/receiving_sheet.html", context, status=status)


def _order_or_404(number: str) -> PurchaseOrder:
    return get_object_or_404(PurchaseOrder.objects.select_related("vendor", "warehouse"), pk=row_or_404(number))


def _expected() -> Any:
    open_lines = Q(lines__received__lt=F("lines__quantity"))
    return (
        dock.expected_orders()
        .select_related("vendor", "warehouse")
        .annotate(
            open_units=Sum(F("lines__quantity") - F("lines__received"), filter=open_lines),
            open_lines=Count("lines", filter=open_lines),
            is_being_counted=Exists(ReceivingScan.objects.filter(order=OuterRef("pk"))),
        )
    )


def _when(order: PurchaseOrder, today: Any) -> str:
    if order.expected_on is None:
        return _("No day is known")
    if order.expected_on < today:
        return _("Late")
    if order.expected_on == today:
        return _("Today")
    return _("This week") if order.expected_on <= today + timedelta(days=7) else _("Later")


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise Invalid(_("An amount is written with a point: 120.50."), pointer="/amount") from None


def _text(value: str) -> str:
    return value.replace("\x00", "")[:200]
