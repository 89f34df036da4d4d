"""Erasing a person on their request, from the page that shows first what goes and what stays."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

import accounting.erasing
import orders.erasing
import shipping.erasing
from customers.erasing import erase_customer, preview_erasure
from customers.views import row_or_404
from oms.core.access import actor_of, staff_may

ERASERS = (shipping.erasing.ERASER, orders.erasing.ERASER, accounting.erasing.ERASER)


@staff_may("customers.erase_customer")
def erase(request: HttpRequest, number: str) -> HttpResponse:
    """Show what erasing would take away and what speaks against it; POST does it, once its number was typed again."""
    pk = row_or_404(number)
    preview = preview_erasure(pk, erasers=ERASERS)
    if request.method == "POST" and request.POST.get("typed", "").strip().upper() == preview.customer.number:
        erase_customer(pk, erasers=ERASERS, actor=actor_of(request.user))
        messages.success(request, _("%(number)s is erased. Issued invoices stay, as the law asks.") % {"number": number})
        return redirect("customer", number)
    is_wrong = request.method == "POST"
    return render(request, "customers/erase.html", {"preview": preview, "is_wrong": is_wrong}, status=422 if is_wrong else 200)
