"""The counter's page: a scanner, the lines, the total, the money, the receipt."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from accounting.models import DrawerSession, Till
from accounting.states import DrawerState
from oms.core.access import actor_of, person_of, staff_may
from oms.core.errors import BusinessError
from oms.core.readable import row_of
from oms.desk.counter.agreeing import agree
from oms.desk.counter.basket import Basket, bill, priced, refuse_strays
from oms.desk.counter.receipts import receipt_of, render_receipt
from oms.desk.counter.unfinished import give_up_basket, in_progress, park_basket, save_basket, sell_basket, take_up_basket, waiting_at
from orders.drafts import AlreadyPlaced, Overtaken
from orders.models import Draft, Order
from orders.phone.acting import act
from orders.phone.matching import candidates_for


@staff_may("orders.place_order")
def counter(request: HttpRequest) -> HttpResponse:
    """Go to the till, or choose among several."""
    tills = list(Till.objects.filter(is_active=True).select_related("warehouse"))
    if len(tills) == 1:
        return redirect("till", tills[0].pk)
    sessions = DrawerSession.objects.filter(state=DrawerState.OPEN, till__in=tills)
    open_tills = {session.till_id: session for session in sessions}
    return render(request, "counter/tills.html", {"tills": [(till, open_tills.get(till.pk)) for till in tills]})


@sensitive_post_parameters("approver_password")
@staff_may("orders.place_order")
def till(request: HttpRequest, pk: int) -> HttpResponse:
    """Sell at a till, or go on with what was being sold. POST does what a button says; Enter adds what was scanned, or goes on to the money, or
    takes it. Every POST saves the sale as it stands.
    """
    found = till_or_404(pk)
    if not DrawerSession.objects.filter(till=found, state=DrawerState.OPEN).exists():
        return render(request, "counter/shut.html", {"till": found})
    if request.method != "POST":
        draft = in_progress(found, person=person_of(request))
        return _page(request, found, Basket.taken_up(draft) if draft else Basket.new(), draft=draft)
    basket = Basket.of(_key(request.POST.get("key", "")), request.POST)
    try:
        answer = _done(request, found, basket)
        if answer is not None:
            return answer
    except BusinessError as error:
        basket.error = error
    return _page(request, found, _saved(request, found, basket), status=basket.error.status if basket.error else 200)


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


def _done(request: HttpRequest, till: Till, basket: Basket) -> HttpResponse | None:
    """Do what a key or button says: `remove:2`. Give where that leads, where it is not to the same page."""
    action, entry, person = request.POST.get("action", "enter"), request.POST.get("entry", ""), person_of(request)
    verb, _colon, what = action.partition(":")
    if verb == "enter" and not entry.strip() and (basket.is_paying or basket.given or basket.reference):
        verb = "pay"
    basket.is_paying = False
    if verb == "over":
        give_up_basket(basket, person=person)
        return redirect("till", till.pk)
    act(basket, action if verb in ("remove", "drop", "forget") else "add", entry)
    if basket.error:
        raise basket.error
    if verb == "find":
        basket.find_customer()
    if request.POST.get("approver_password") or verb == "agree":
        _agree(request, till, basket)
    if verb == "pay":
        refuse_strays(entry)
        return redirect("receipt", sell_basket(basket, till, person=person).number)
    if verb == "park":
        park_basket(basket, till, note=request.POST.get("park_note", ""), person=person)
        messages.success(request, _("Parked. Any till of this shop can take it up."))
        return redirect("till", till.pk)
    if verb == "resume":
        return _resume(request, till, basket, what)
    basket.is_paying = verb in ("enter", "agree") and not entry.strip() and bool(basket.rows) and not basket.unmatched
    return None


def _agree(request: HttpRequest, till: Till, basket: Basket) -> None:
    """Have a second person agree to the prices as they are now."""
    order = priced(basket, till, actor=actor_of(request.user)).order
    basket.fields["agreed"] = agree(
        order,
        key=basket.key,
        username=request.POST.get("approver", "").replace("\x00", "").strip(),
        password=request.POST.get("approver_password", ""),
        giver=person_of(request),
    )


def _resume(request: HttpRequest, till: Till, basket: Basket, key: str) -> HttpResponse:
    """Take up what waits; what is on the counter waits in its place."""
    person = person_of(request)
    if not basket.is_empty:
        park_basket(basket, till, person=person)
    try:
        take_up_basket(_key(key), till, person=person)
    except BusinessError as error:
        messages.error(request, error.sentence)
    return redirect("till", till.pk)


def _saved(request: HttpRequest, till: Till, basket: Basket) -> Basket:
    """Save a basket, unless somebody else has it or it is sold: then say so."""
    if not isinstance(basket.error, Overtaken | AlreadyPlaced):
        try:
            save_basket(basket, till, person=person_of(request))
        except (Overtaken, AlreadyPlaced) as error:
            basket.error = error
    return basket


def _page(request: HttpRequest, till: Till, basket: Basket, *, status: int = 200, draft: Draft | None = None) -> HttpResponse:
    basket.go_on_here()
    context = {
        "till": till,
        "basket": basket,
        "draft": draft,
        "bill": bill(basket, till, actor=actor_of(request.user)),
        "unmatched": list(zip(basket.unmatched, candidates_for([row.text for row in basket.unmatched]), strict=True)),
        "customer": basket.chosen_customer,
        "waiting": waiting_at(till, person=person_of(request), but=basket.key),
    }
    return render(request, "counter/till.html", context, status=status)


def _key(text: str) -> UUID:
    """Read the key of a sale; a new one where it is none of ours."""
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _sold(number: str) -> Order:
    pk = row_of(number, Order.NUMBER_PREFIX)
    found = Order.objects.select_related("customer").filter(pk=pk, payments__taking__isnull=False).first() if pk else None
    if found is None:
        raise Http404(_("Nothing was sold at the counter under that number."))
    return found
