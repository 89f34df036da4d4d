"""The counter's page: a scanner, the lines, the total, the money, the receipt."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounting.models import DrawerSession, Till
from accounting.states import DrawerState
from oms.core.access import actor_of, staff_may
from oms.core.errors import BusinessError
from oms.core.readable import row_of
from oms.desk.counter.basket import Basket, bill, refuse_strays
from oms.desk.counter.receipts import receipt_of, render_receipt
from oms.desk.counter.selling import take_away
from orders.models import Order


@staff_may("orders.place_order")
def counter(request: HttpRequest) -> HttpResponse:
    """Go to the till, or choose among several."""
    tills = list(Till.objects.filter(is_active=True).select_related("warehouse"))
    if len(tills) == 1:
        return redirect("till", tills[0].pk)
    sessions = DrawerSession.objects.filter(state=DrawerState.OPEN, till__in=tills)
    open_tills = {session.till_id: session for session in sessions}
    return render(request, "counter/tills.html", {"tills": [(till, open_tills.get(till.pk)) for till in tills]})


@staff_may("orders.place_order")
def till(request: HttpRequest, pk: int) -> HttpResponse:
    """Sell at a till. POST does what a button says; Enter adds what was scanned, or goes on to the money, or takes it."""
    found = till_or_404(pk)
    session = DrawerSession.objects.filter(till=found, state=DrawerState.OPEN).first()
    if session is None:
        return render(request, "counter/shut.html", {"till": found})
    if request.method != "POST":
        return _page(request, found, Basket.new())
    basket = Basket.of(request.POST)
    try:
        order = _act(request, found, basket)
    except BusinessError as error:
        basket.error = error
        return _page(request, found, basket, status=error.status)
    if order is None:
        return _page(request, found, basket)
    return redirect("receipt", order.number)


@staff_may("orders.place_order")
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """Show what was sold, the change large, and the receipt to print."""
    return render(request, "counter/receipt.html", {"receipt": receipt_of(_sold(number))})


@staff_may("orders.place_order")
def receipt_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """Give the receipt as a PDF of a roll's width, 80 mm."""
    order = _sold(number)
    response = HttpResponse(render_receipt(receipt_of(order)), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{order.number}.pdf"'
    return response


def till_or_404(pk: int) -> Till:
    found = Till.objects.select_related("warehouse", "channel").filter(pk=pk, is_active=True).first()
    if found is None:
        raise Http404
    return found


def _act(request: HttpRequest, till: Till, basket: Basket) -> Order | None:
    """Do what a key or button says: `remove:2`. Give the order, where it is sold."""
    verb, _colon, what = request.POST.get("action", "enter").partition(":")
    entry = request.POST.get("entry", "")
    if verb == "pay" or (verb == "enter" and not entry.strip() and (basket.is_paying or basket.given or basket.reference)):
        refuse_strays(basket, entry)
        basket.settle()
        return take_away(till.pk, basket.sale(), actor=actor_of(request.user), key=basket.key)
    acts: dict[str, Callable[[], None]] = {
        "enter": lambda: basket.add(entry),
        "remove": lambda: _drop(basket.rows, what),
        "drop": lambda: _drop(basket.unmatched, what),
        "find": basket.find_customer,
        "count": lambda: None,
        "forget": lambda: setattr(basket, "customer", ""),
    }
    acts.get(verb, acts["enter"])()
    basket.settle()
    basket.is_paying = verb == "enter" and not entry.strip() and bool(basket.rows) and not basket.unmatched
    return None


def _drop(rows: list, position: str) -> None:
    if position.isdigit() and int(position) < len(rows):
        del rows[int(position)]


def _page(request: HttpRequest, till: Till, basket: Basket, *, status: int = 200) -> HttpResponse:
    try:
        basket.settle()
    except BusinessError as error:
        basket.error = basket.error or error
    context = {"till": till, "basket": basket, "bill": bill(basket, till, actor=actor_of(request.user)), "customer": basket.chosen_customer}
    return render(request, "counter/till.html", context, status=status)


def _sold(number: str) -> Order:
    pk = row_of(number, Order.NUMBER_PREFIX)
    found = Order.objects.select_related("customer").filter(pk=pk, payments__taking__isnull=False).first() if pk else None
    if found is None:
        raise Http404(_("Nothing was sold at the counter under that number."))
    return found
