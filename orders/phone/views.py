"""The phone form's page and its fragments."""

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from customers import looking_up
from customers.models import Channel, Customer
from customers.services import AddressDraft, register_customer
from customers.states import PaymentMethod
from inventory.baskets import let_go
from oms.core import stations
from oms.core.access import actor_of, staff_may
from oms.core.errors import BusinessError, Invalid
from oms.core.models import StoredResponse
from oms.core.readable import row_of
from orders.models import Order
from orders.phone import selectors
from orders.phone.call import Call, Row, parse_entry
from orders.placing import OrderDraft, place_order


@staff_may("orders.place_order")
def phone(request: HttpRequest) -> HttpResponse:
    """Take an order by telephone. POST places it, or shows the form again with all that was typed and what is wrong."""
    if request.method != "POST":
        return _page(request, Call.new())
    call = Call.of(request.POST)
    if request.POST.get("action") == "add":
        _add(call, request.POST.get("entry", ""))
        return _page(request, call)
    try:
        number = _place_once(request, call)
    except BusinessError as error:
        call.error = error
        return _page(request, call, status=422)
    return redirect("order", number)


@staff_may("orders.place_order")
def find_customers(request: HttpRequest) -> HttpResponse:
    """Give the customers that what is typed may mean, as options."""
    found = looking_up.find_customers(request.GET.get("q", ""))
    return render(request, "orders/_phone_customers.html", {"found": found})


@staff_may("orders.place_order")
def choose_customer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who is calling."""
    customer = Customer.objects.prefetch_related("addresses").filter(pk=pk).first()
    if customer is None:
        raise Http404
    return render(request, "orders/_phone_customer.html", _known(customer))


@staff_may("orders.place_order")
def find_skus(request: HttpRequest) -> HttpResponse:
    """Give the SKUs that what is typed may mean, as options; a number before it is the quantity."""
    quantity, text = parse_entry(request.GET.get("q", "").replace("\x00", "")[:100])
    return render(request, "orders/_phone_skus.html", {"found": selectors.skus_matching(text), "quantity": quantity})


@require_POST
@staff_may("orders.place_order")
def lines(request: HttpRequest) -> HttpResponse:
    """Show the lines and totals as they stand, with what was just entered added."""
    call = Call.of(request.POST)
    _add(call, request.POST.get("entry", ""))
    return render(request, "orders/_phone_lines.html", _lines_of(request, call))


@require_POST
@staff_may("orders.place_order")
def leave(request: HttpRequest) -> HttpResponse:
    """Let go of the stock that was held for a call that came to nothing."""
    let_go(Call.of(request.POST).basket, actor=actor_of(request.user))
    return HttpResponse(status=204)


def _page(request: HttpRequest, call: Call, *, status: int = 200) -> HttpResponse:
    customer = _customer_of(call)
    context = {
        "call": call,
        "methods": PaymentMethod.choices,
        **_lines_of(request, call),
        **(_known(customer) if customer else {}),
    }
    return render(request, "orders/phone.html", context, status=status)


def _known(customer: Customer) -> dict:
    return {"customer": customer, "addresses": list(customer.addresses.all()), "last_orders": selectors.last_orders(customer)}


def _lines_of(request: HttpRequest, call: Call) -> dict:
    error = call.error
    try:
        draft = _draft(call)
    except BusinessError as refusal:
        draft, error = None, error or refusal
    if request.method != "POST":
        return {"rows": [], "call": call}
    quote = selectors.quote(call, draft, actor=actor_of(request.user))
    return {"rows": quote.rows, "order": quote.order, "error": error or quote.error, "held_until": quote.held_until, "call": call}


def _add(call: Call, entry: str) -> None:
    """Add what was entered in one go: the same SKU again is one line with more of it."""
    quantity, text = parse_entry(entry.replace("\x00", "")[:100])
    if not text:
        return
    sku = selectors.meant(text)
    if sku is None:
        call.error = Invalid(_("“%(text)s” means no SKU, or more than one: choose from the list.") % {"text": text})
        return
    for position, row in enumerate(call.rows):
        if row.sku.upper() == sku.code and row.quantity.isdigit():
            call.rows[position] = Row(sku.code, str(int(row.quantity) + quantity))
            return
    call.rows.append(Row(sku.code, str(quantity)))


def _draft(call: Call) -> OrderDraft | None:
    """Give what the call amounts to; None while nobody knows who it is for. Totals need a customer, because tax does."""
    customer = _customer_of(call)
    address = None
    if customer is None:
        if not call.rows:
            return None
        customer = Customer.objects.filter(channel=_channel()).first() or Customer.objects.first()
        if customer is None:
            return None
        address = AddressDraft(lines="-", city="-", country=(call.fields.get("new_country") or "GB").upper()[:2])
    return OrderDraft(channel=_channel(), customer_id=customer.pk, lines=call.drafts, ship_to=address, **call.options())


def _place_once(request: HttpRequest, call: Call) -> str:
    """Place the call's order and give its number; a second press of the same form gives the first one's. The database holds the form's key once."""
    principal = f"phone:{request.user.get_username()}"
    try:
        with transaction.atomic():
            known = StoredResponse.objects.filter(principal=principal, key=call.key).first()
            if known is not None:
                return known.body
            order = place_order(_final(request, call), actor=actor_of(request.user))
            StoredResponse.objects.create(principal=principal, key=call.key, request_sha256="", status_code=201, body=order.number)
    except IntegrityError as error:
        if "one_response_per_key" not in str(error):
            raise
        return StoredResponse.objects.get(principal=principal, key=call.key).body
    stations.walk(order.pk, model=Order)
    messages.success(request, _("%(number)s is placed.") % {"number": order.number})
    return order.number


def _final(request: HttpRequest, call: Call) -> OrderDraft:
    if not call.rows:
        raise Invalid(_("An order needs at least one line: type a quantity and a code, and press Enter."), pointer="/entry")
    customer = _customer_of(call)
    if customer is None and not call.is_new_customer:
        raise Invalid(_("Say who is calling: find the customer, or fill in a new one."), pointer="/caller")
    if customer is None:
        customer = register_customer(call.customer_draft(), channel=_channel(), actor=actor_of(request.user))
    return OrderDraft(channel=_channel(), customer_id=customer.pk, lines=call.drafts, basket=call.basket, **call.options())


def _customer_of(call: Call) -> Customer | None:
    pk = row_of(call.customer, Customer.NUMBER_PREFIX)
    return Customer.objects.filter(pk=pk).first() if pk else None


def _channel() -> Channel:
    channel = Channel.objects.filter(kind="phone", is_active=True).first()
    if channel is None:
        raise Invalid(_("There is no telephone channel: a manager adds one in the admin."))
    return channel
