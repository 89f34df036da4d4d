"""The phone form's page and its fragments. Every request that carries the form saves it first."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from customers import looking_up
from customers.models import Customer
from customers.states import PaymentMethod
from inventory.baskets import let_go
from oms.core import stations
from oms.core.access import actor_of, may, person_of, staff_may
from oms.core.errors import BusinessError
from oms.core.readable import row_of
from orders.drafts import AlreadyPlaced, GivenUp, Overtaken, park_draft, save_draft, take_over
from orders.models import Draft, Order
from orders.phone import selectors
from orders.phone.acting import act
from orders.phone.call import Call
from orders.phone.losing import lose_call
from orders.phone.matching import candidates_for
from orders.phone.placing import place_call, quote_call
from orders.phone.quoting import as_typed, customer_of, quote, usual_payment
from orders.phone.reading import readings
from orders.states import LostReason

MOST_PASTED = 200_000


@staff_may("orders.place_order")
def phone(request: HttpRequest) -> HttpResponse:
    """Begin an order by telephone. Nothing is saved before something is typed."""
    return _page(request, Call.new())


@staff_may("orders.place_order")
def draft(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take a draft up again. POST does what a button says, and places the order where none says anything else."""
    if request.method != "POST":
        return _taken_up(request, key)
    call = Call.of(key, request.POST)
    action = request.POST.get("action", "place")
    act(call, action, _entry(request))
    try:
        if action != "place":
            _save(request, call)
            return _page(request, call)
        order, is_new = place_call(call, person=person_of(request))
    except AlreadyPlaced as refusal:
        return redirect("order", refusal.data["order"])
    except BusinessError as error:
        call.error = error
        return _page(request, _kept(request, call), status=error.status)
    if is_new:
        stations.walk(order.pk, model=Order)
        messages.success(request, _("%(number)s is placed.") % {"number": order.number})
    return redirect("order", order.number)


@require_POST
@staff_may("orders.place_order")
def change(request: HttpRequest, key: UUID) -> HttpResponse:
    """Do to the call what a key says; give the parts of the page as they are now."""
    call = Call.of(key, request.POST)
    act(call, request.POST.get("action", ""), _entry(request))
    try:
        saved = _save(request, call)
    except BusinessError as error:
        return _refused(request, error)
    return _stamped(render(request, "orders/_phone_parts.html", _parts(request, call)), saved)


@require_POST
@staff_may("orders.place_order")
def save(request: HttpRequest, key: UUID) -> HttpResponse:
    """Save what was typed where nothing else on the page changes by it."""
    call = Call.of(key, request.POST)
    act(call, "", "")
    try:
        saved = _save(request, call)
    except BusinessError as error:
        return _refused(request, error)
    if call.error and call.error.data.get("field"):
        return _stamped(_refused(request, call.error), saved)
    return _stamped(HttpResponse(status=204), saved)


@require_POST
@staff_may("orders.place_order")
def park(request: HttpRequest, key: UUID) -> HttpResponse:
    """Leave the draft to whoever takes it up, or to a colleague."""
    call = Call.of(key, request.POST)
    act(call, "", "")
    try:
        _save(request, call)
        parked = park_draft(key, note=request.POST.get("park_note", ""), colleague=request.POST.get("colleague", ""), person=person_of(request))
    except BusinessError as error:
        call.error = error
        return _page(request, call, status=error.status)
    if parked.owner_id == request.user.pk:
        messages.success(request, _("Parked. It waits here for whoever takes it up."))
    else:
        messages.success(request, _("Handed to %(who)s.") % {"who": parked.owner.username})
    return redirect("drafts")


@require_POST
@staff_may("orders.place_order")
def quote_instead(request: HttpRequest, key: UUID) -> HttpResponse:
    """Offer it instead of placing it."""
    call = Call.of(key, request.POST)
    act(call, "place", _entry(request))
    try:
        quotation = quote_call(call, person=person_of(request))
    except GivenUp as error:
        messages.error(request, error.sentence)
        return redirect("quotations")
    except BusinessError as error:
        call.error = error
        return _page(request, _kept(request, call), status=error.status)
    messages.success(request, _("%(number)s is made, and on its way to the customer.") % {"number": quotation.number})
    return redirect("quotation", quotation.number)


@require_POST
@staff_may("orders.place_order")
def lose(request: HttpRequest, key: UUID) -> HttpResponse:
    """Note that nothing was ordered, and why."""
    call = Call.of(key, request.POST)
    act(call, "", "")
    try:
        _save(request, call)
        lose_call(call, reason=request.POST.get("reason", ""), note=request.POST.get("lost_note", ""), person=person_of(request))
    except BusinessError as error:
        call.error = error
        return _page(request, call, status=error.status)
    messages.success(request, _("Noted: nothing was ordered."))
    return redirect("phone")


@require_POST
@staff_may("orders.place_order")
def read_back(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give what to read to the caller before it is ordered, in their language."""
    call = Call.of(key, request.POST)
    act(call, "", "")
    try:
        saved = _save(request, call)
    except BusinessError as error:
        return _refused(request, error)
    customer = customer_of(call)
    language = customer.language if customer else call.fields.get("new_language", "en")
    language = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    quoted = quote(call, actor=actor_of(request.user), holds=True)
    with translation.override(language):
        context = {"quote": quoted, "call": call, "language": language, "is_rtl": translation.get_language_bidi()}
        return _stamped(render(request, "orders/_phone_read_back.html", context), saved)


@require_POST
@staff_may("orders.place_order")
def take(request: HttpRequest, key: UUID) -> HttpResponse:
    """Go on with what a colleague began."""
    try:
        take_over(key, person=person_of(request))
    except AlreadyPlaced as refusal:
        return redirect("order", refusal.data["order"])
    return redirect("draft", key)


@require_POST
@staff_may("orders.place_order")
def leave(request: HttpRequest, key: UUID) -> HttpResponse:
    """Let go of the stock that is held for a call whose page is closed. What a colleague has taken over keeps its own."""
    mine = Draft.objects.by_telephone().filter(key=key).exclude(state="parked")
    if mine.filter(owner=person_of(request)).exists():
        let_go(mine.get().basket, actor=actor_of(request.user))
    return HttpResponse(status=204)


@staff_may("orders.place_order")
def now(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say whether the draft is still that of who asks: nothing to say, or who has it."""
    found = Draft.objects.by_telephone().select_related("owner", "order").filter(key=key).first()
    if found is None or (found.owner_id == request.user.pk and found.order_id is None):
        return HttpResponse(status=204)
    return render(request, "orders/_phone_overtaken.html", {"draft": found})


@staff_may("orders.place_order")
def drafts(request: HttpRequest) -> HttpResponse:
    """List what is not finished: one's own, what is parked, or everybody's."""
    show = request.GET.get("show", "")
    rows = Draft.objects.by_telephone().unfinished().select_related("owner", "customer")
    if show == "parked":
        rows = rows.filter(state="parked")
    elif show != "all":
        rows = rows.filter(owner=person_of(request))
    return render(request, "orders/drafts.html", {"drafts": rows[:100], "show": show})


@staff_may("orders.place_order")
def find_customers(request: HttpRequest) -> HttpResponse:
    """Give the customers that what is typed may mean, as options."""
    text = request.GET.get("q", "").replace("\x00", "")
    found = looking_up.find_customers(text)
    return render(request, "orders/_phone_customers.html", {"found": found, "order": selectors.order_meant(text)})


@staff_may("orders.place_order")
def find_skus(request: HttpRequest) -> HttpResponse:
    """Give the SKUs that what is typed may mean, as options; a number before it is the quantity."""
    read = readings(request.GET.get("q", "").replace("\x00", "")[:100])
    likely = next((reading for reading in read if not reading.is_code), None)
    customer_id = row_of(request.GET.get("customer", ""), Customer.NUMBER_PREFIX)
    found = selectors.skus_matching(likely.text, customer_id=customer_id) if likely else []
    return render(request, "orders/_phone_skus.html", {"found": found, "reading": likely})


def _taken_up(request: HttpRequest, key: UUID) -> HttpResponse:
    found = Draft.objects.by_telephone().select_related("owner", "customer", "order").filter(key=key).first()
    if found is None:
        return _page(request, Call.new())
    if found.order is not None:
        return redirect("order", found.order.number)
    if found.owner_id != request.user.pk:
        return render(request, "orders/draft.html", {"draft": found})
    return _page(request, Call.taken_up(found), draft=found)


def _page(request: HttpRequest, call: Call, *, status: int = 200, draft: Draft | None = None) -> HttpResponse:
    call.go_on_here()
    context = {
        **_parts(request, call),
        "draft": draft,
        "reasons": LostReason.choices,
        "colleagues": selectors.colleagues_of(person_of(request)),
        "unfinished": Draft.objects.by_telephone().unfinished().filter(owner=person_of(request)).exclude(key=call.key).count(),
    }
    return render(request, "orders/phone.html", context, status=status)


def _parts(request: HttpRequest, call: Call) -> dict[str, Any]:
    """Give what the parts of the page show that the server words: who is calling, the lines, what it comes to."""
    customer = customer_of(call)
    if isinstance(call.error, Overtaken):
        quoted = as_typed(call, call.error)
    else:
        quoted = quote(call, actor=actor_of(request.user), holds=request.method == "POST")
    call.error = call.error or quoted.error
    return {
        "call": call,
        "quote": quoted,
        "unmatched": list(zip(call.unmatched, candidates_for([row.text for row in call.unmatched]), strict=True)),
        "beside": selectors.bought_with([row.sku for row in quoted.rows]) if not call.error else [],
        "favourites": selectors.favourites_of(customer.pk) if customer and call.offering == "favourites" else [],
        "may_see_margin": may(request.user, "orders.view_margin"),
        "methods": PaymentMethod.choices,
        "has_sms": bool(settings.SMS_GATEWAY),
        **(_known(customer) if customer else {}),
    }


def _known(customer: Customer) -> dict[str, Any]:
    return {
        "customer": customer,
        "addresses": list(customer.addresses.all()),
        "last_orders": selectors.last_orders(customer),
        "usual_payment": PaymentMethod(usual_payment(customer)).label,
    }


def _entry(request: HttpRequest) -> str:
    """Give what stands in the field for lines, and in the one for a list where there is no script to take what is pasted."""
    return "\n".join(filter(None, [request.POST.get("entry", ""), request.POST.get("pasted", "")])).replace("\x00", "")[:MOST_PASTED]


def _save(request: HttpRequest, call: Call) -> Draft:
    customer = customer_of(call)
    saved = save_draft(call.key, call.typed(), customer_id=customer.pk if customer else None, seen=call.seen, person=person_of(request))
    call.seen = type(call.seen)(saved.version, call.seen.page)
    return saved


def _kept(request: HttpRequest, call: Call) -> Call:
    """Save a call that could not be placed, unless that is because somebody else has it."""
    if not isinstance(call.error, Overtaken):
        try:
            _save(request, call)
        except Overtaken as error:
            call.error = error
    return call


def _stamped(response: HttpResponse, saved: Draft) -> HttpResponse:
    response["Draft-Version"] = str(saved.version)
    response["Draft-Saved-At"] = saved.saved_at.isoformat()
    return response


def _refused(request: HttpRequest, error: BusinessError) -> HttpResponse:
    return render(request, "orders/_phone_refused.html", {"error": error}, status=error.status)
