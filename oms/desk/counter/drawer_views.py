"""The drawer's pages: opened with a float, cash in and out, counted note by note.

Who counts does not see what should be there: they count what is. Who may see drawers sees the difference.
"""

import uuid
from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounting import drawers as services
from accounting.denominations import denominations
from accounting.models import DrawerSession
from accounting.states import CashKind, DrawerState
from oms.core.access import actor_of, may, staff_may
from oms.core.errors import BusinessError, Invalid
from oms.core.money import ZERO
from oms.core.pages import keyset_page
from oms.desk.counter.views import till_or_404

SEES_CASH = "accounting.view_drawersession"


@require_POST
@staff_may("orders.place_order")
def open_drawer(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the drawer with its float."""
    till = till_or_404(pk)
    try:
        services.open_drawer(pk, opening_float=_amount(request.POST.get("float", "")), actor=actor_of(request.user))
    except Invalid as error:
        return render(request, "counter/shut.html", {"till": till, "error": error, "float": request.POST.get("float", "")}, status=422)
    return redirect("till", pk)


@staff_may("orders.place_order")
def drawer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the drawer that is open at a till."""
    return _drawer(request, pk)


@require_POST
@staff_may("orders.place_order")
def move_cash(request: HttpRequest, pk: int) -> HttpResponse:
    """Put cash in or take it out."""
    typed = {name: request.POST.get(name, "").replace("\x00", "") for name in ("kind", "amount", "reason", "key")}
    try:
        amount = _amount(typed["amount"])
        services.move_cash(pk, kind=typed["kind"], amount=amount, reason=typed["reason"], key=typed["key"], actor=actor_of(request.user))
    except BusinessError as error:
        if error.status == 404:
            raise Http404 from None
        return _drawer(request, pk, typed=typed, error=error)
    messages.success(request, _("Noted."))
    return redirect("drawer", pk)


@staff_may("orders.place_order")
def count_drawer(request: HttpRequest, pk: int) -> HttpResponse:
    """Count a drawer, note by note, and close it."""
    session = _session(pk)
    if not session.is_open:
        return _counted(request, session)
    typed = {str(value): request.POST.get(f"pieces-{value}", "").strip()[:7] for value in denominations(session.currency)}
    error = None
    if request.method == "POST":
        try:
            services.close_drawer(pk, pieces=_pieces(typed), note=request.POST.get("note", "").replace("\x00", ""), actor=actor_of(request.user))
            return redirect("count_drawer", pk)
        except Invalid as refusal:
            error = refusal
    rows = [(value, typed[str(value)]) for value in denominations(session.currency)]
    return render(
        request,
        "counter/count.html",
        {"session": session, "rows": rows, "error": error, "note": request.POST.get("note", "")},
        status=error.status if error else 200,
    )


@staff_may(SEES_CASH)
def drawers(request: HttpRequest) -> HttpResponse:
    """List the drawers, the latest first, with what each was over or short."""
    page = keyset_page(DrawerSession.objects.select_related("till"), order=("-id",), after=request.GET.get("after", ""))
    return render(request, "counter/drawers.html", {"page": page})


@staff_may(SEES_CASH)
def counted_drawer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a drawer: what was sold, what went in and out, what was counted."""
    return _counted(request, _session(pk))


def _drawer(request: HttpRequest, pk: int, *, typed: dict[str, str] | None = None, error: BusinessError | None = None) -> HttpResponse:
    till = till_or_404(pk)
    session = DrawerSession.objects.select_related("till").filter(till=till, state=DrawerState.OPEN).first()
    if session is None:
        return redirect("till", pk)
    context = {
        **_told(request, session),
        "till": till,
        "kinds": CashKind.choices,
        "typed": typed or {},
        "error": error,
        "key": uuid.uuid4().hex,
    }
    return render(request, "counter/drawer.html", context, status=error.status if error else 200)


def _counted(request: HttpRequest, session: DrawerSession) -> HttpResponse:
    pieces = [
        (Decimal(value), number, Decimal(value) * number) for value, number in sorted(session.pieces.items(), key=lambda piece: -Decimal(piece[0]))
    ]
    return render(request, "counter/counted.html", {**_told(request, session), "pieces": pieces})


def _told(request: HttpRequest, session: DrawerSession) -> dict[str, object]:
    sold = services.sold_at(session)
    return {
        "session": session,
        "movements": session.movements.all(),
        "sales": sum(count for count, _amount in sold.values()),
        "cash_sales": sold.get("cash", (0, ZERO))[1],
        "card_sales": sold.get("card", (0, ZERO))[1],
        "sees_cash": may(request.user, SEES_CASH),
    }


def _session(pk: int) -> DrawerSession:
    found = DrawerSession.objects.select_related("till").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _pieces(typed: dict[str, str]) -> dict[Decimal, int]:
    wrong = [text for text in typed.values() if text and not (text.isascii() and text.isdigit())]
    if wrong:
        raise Invalid(_("Count in whole pieces: “%(text)s” is none.") % {"text": wrong[0]}, pointer="/pieces")
    return {Decimal(value): int(text) for value, text in typed.items() if text}


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", ".").strip())
    except InvalidOperation:
        raise Invalid(_("“%(text)s” is not an amount: write it like 20 or 12.50.") % {"text": text[:20]}, pointer="/amount") from None
