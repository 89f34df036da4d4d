"""A customer at a glance, composed of what every app knows of them."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounting.models import Invoice, Payment
from customers.models import Customer
from customers.views import row_or_404
from oms.core.access import staff_may
from oms.core.models import Event
from oms.core.pages import keyset_page
from orders.models import Order


@staff_may("customers.view_customer")
def customer(request: HttpRequest, number: str) -> HttpResponse:
    """Show a customer: what is agreed, what they bought and owe, their orders, open invoices and payments."""
    found = Customer.objects.select_related("channel").filter(pk=row_or_404(number)).first()
    if found is None:
        raise Http404
    orders = Order.objects.filter(customer=found, placed_at__isnull=False)
    context = {
        "customer": found,
        "addresses": found.addresses.all(),
        "contacts": found.contacts.all(),
        "page": keyset_page(orders, order=("-placed_at", "-id"), after=request.GET.get("after", ""), size=25),
        "invoices": Invoice.objects.open().filter(customer=found).select_related("order").order_by("due_on", "id")[:20],
        "payments": Payment.objects.filter(customer=found).select_related("order").order_by("-id")[:10],
        "events": Event.objects.filter(subject="customer", subject_id=found.pk).order_by("-id")[:30],
        "average": found.orders_total / found.orders_count if found.orders_count else None,
    }
    return render(request, "customers/customer.html", context)
