"""The pages of a swap: whom to swap with, both promises before and after, and doing it; and how urgent an order is."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from oms.core.access import actor_of, staff_may
from oms.core.errors import Invalid
from orders.models import OrderLine
from orders.prioritising import set_priority
from orders.swapping import STOCK, apply_swap, candidates, preview_swap
from orders.views import row_or_404


@staff_may("orders.swap_stock")
def swap(request: HttpRequest, number: str) -> HttpResponse:
    """List whom a waiting line could swap with."""
    line = _line(request.GET.get("line", ""), number)
    return render(request, "orders/swap.html", {"line": line, "order": line.order, "candidates": candidates(line), "STOCK": STOCK})


@staff_may("orders.swap_stock")
def swap_with(request: HttpRequest, number: str, other: str) -> HttpResponse:
    """Show both promises, as they are and as they would be."""
    line, their_line = _line(request.GET.get("line", ""), number), _line(request.GET.get("with", ""), other)
    preview = preview_swap(line.pk, their_line.pk, units=_units(request.GET.get("units", "")))
    return render(
        request, "orders/swap_preview.html", {"preview": preview, "line": line, "their_line": their_line, "is_stock": preview.kind == STOCK}
    )


@require_POST
@staff_may("orders.swap_stock")
def apply(request: HttpRequest, number: str, other: str) -> HttpResponse:
    """Do what was shown, if both orders are still as they were."""
    line, their_line = _line(request.POST.get("line", ""), number), _line(request.POST.get("with", ""), other)
    units = _units(request.POST.get("units", ""))
    apply_swap(line.pk, their_line.pk, units=units, seen=request.POST.get("seen", "")[:64], actor=actor_of(request.user))
    messages.success(request, _("Swapped between %(number)s and %(other)s.") % {"number": number, "other": other})
    return redirect("order", number)


@require_POST
@staff_may("orders.set_priority")
def priority(request: HttpRequest, number: str) -> HttpResponse:
    """Say how urgent an order is."""
    text = request.POST.get("priority", "")
    order = set_priority(row_or_404(number), int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0, actor=actor_of(request.user))
    messages.success(request, _("%(number)s has priority %(priority)d now.") % {"number": order.number, "priority": order.priority})
    return redirect("order", number)


def _line(text: str, number: str) -> OrderLine:
    pk = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    line = OrderLine.objects.select_related("order__customer", "sku").filter(pk=pk, order=row_or_404(number)).first()
    if line is None:
        raise Http404
    return line


def _units(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid(_("A quantity is a whole number."), pointer="/units")
    return int(text)
