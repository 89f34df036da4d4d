"""What is added to, changed of and taken from a customer's page: each part of them by its own small form."""

from collections.abc import Callable, Mapping
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from customers.agreeing import (
    add_note,
    add_payment_preference,
    make_default_payment,
    note_consent,
    pin_note,
    remove_payment_preference,
    settle_complaint,
)
from customers.reaching import (
    ContactDraft,
    add_email,
    add_telephone,
    have_main_address,
    make_main_email,
    make_main_telephone,
    remove_part,
    save_address,
    save_contact,
)
from customers.services import AddressDraft
from customers.views import row_or_404
from oms.core.access import actor_of, staff_may
from oms.core.errors import BusinessError, Invalid

Typed = Mapping[str, str]
_FIELDS = [
    *("number", "label", "country", "address", "name", "role", "email", "phone", "note", "lines", "city", "region", "postcode", "is_billing"),
    *("is_delivery", "method", "token", "is_default", "channel", "is_given", "source", "given_on", "text", "kind", "is_pinned"),
]


def _address(pk: int, typed: Typed, actor: str, address: int | None = None) -> None:
    draft = AddressDraft(
        lines=typed["lines"][:300],
        city=typed["city"][:100],
        country=typed["country"] or "GB",
        name=typed["name"][:200],
        region=typed["region"][:100],
        postcode=typed["postcode"][:20],
    )
    save_address(pk, draft, is_billing=bool(typed["is_billing"]), is_delivery=bool(typed["is_delivery"]), address=address, actor=actor)


def _contact(pk: int, typed: Typed, actor: str, contact: int | None = None) -> None:
    country = typed["country"] or "GB"
    save_contact(
        pk,
        ContactDraft(typed["name"], typed["role"], typed["email"], typed["phone"], typed["note"], country=country),
        contact=contact,
        actor=actor,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(_("“%(text)s” is not a date: write 2027-03-31.") % {"text": text[:20]}, pointer="/given_on") from None


ADD: dict[str, Callable[[int, Typed, str], object]] = {
    "telephone": lambda pk, typed, actor: add_telephone(
        pk, typed["number"][:40], label=typed["label"], country=typed["country"] or "GB", actor=actor
    ),
    "email": lambda pk, typed, actor: add_email(pk, typed["address"][:254], label=typed["label"], actor=actor),
    "contact": _contact,
    "address": _address,
    "payment": lambda pk, typed, actor: add_payment_preference(
        pk, typed["method"], token=typed["token"], label=typed["label"], is_default=bool(typed["is_default"]), actor=actor
    ),
    "consent": lambda pk, typed, actor: note_consent(
        pk, typed["channel"], is_given=typed["is_given"] == "1", source=typed["source"], given_on=_day(typed["given_on"]), actor=actor
    ),
    "note": lambda pk, typed, actor: add_note(pk, typed["text"], kind=typed["kind"] or "note", is_pinned=bool(typed["is_pinned"]), actor=actor),
}
ACT: dict[tuple[str, str], Callable[[int, int, Typed, str], object]] = {
    ("telephone", "main"): lambda pk, part, typed, actor: make_main_telephone(pk, part, actor=actor),
    ("telephone", "remove"): lambda pk, part, typed, actor: remove_part(pk, "telephone", part, actor=actor),
    ("email", "main"): lambda pk, part, typed, actor: make_main_email(pk, part, actor=actor),
    ("email", "remove"): lambda pk, part, typed, actor: remove_part(pk, "e-mail", part, actor=actor),
    ("contact", "change"): lambda pk, part, typed, actor: _contact(pk, typed, actor, part),
    ("contact", "remove"): lambda pk, part, typed, actor: remove_part(pk, "contact", part, actor=actor),
    ("address", "change"): lambda pk, part, typed, actor: _address(pk, typed, actor, part),
    ("address", "main"): lambda pk, part, typed, actor: have_main_address(pk, part, actor=actor),
    ("address", "remove"): lambda pk, part, typed, actor: remove_part(pk, "address", part, actor=actor),
    ("payment", "default"): lambda pk, part, typed, actor: make_default_payment(pk, part, actor=actor),
    ("payment", "remove"): lambda pk, part, typed, actor: remove_payment_preference(pk, part, actor=actor),
    ("note", "pin"): lambda pk, part, typed, actor: pin_note(pk, part, is_pinned=True, actor=actor),
    ("note", "unpin"): lambda pk, part, typed, actor: pin_note(pk, part, is_pinned=False, actor=actor),
    ("note", "settle"): lambda pk, part, typed, actor: settle_complaint(pk, part, actor=actor),
}


@require_POST
@staff_may("customers.change_customer")
def add_part(request: HttpRequest, number: str, what: str) -> HttpResponse:
    """Add a telephone, e-mail, contact, address, way to pay, consent or note."""
    if what not in ADD:
        raise Http404
    return _done(request, number, lambda pk, typed, actor: ADD[what](pk, typed, actor))


@require_POST
@staff_may("customers.change_customer")
def act_on_part(request: HttpRequest, number: str, what: str, part: int, action: str) -> HttpResponse:
    """Change, remove or prefer one of them."""
    act = ACT.get((what, action))
    if act is None:
        raise Http404
    return _done(request, number, lambda pk, typed, actor: act(pk, part, typed, actor))


def _done(request: HttpRequest, number: str, act: Callable[[int, Typed, str], object]) -> HttpResponse:
    typed = {name: request.POST.get(name, "").replace("\x00", "").strip()[:4000] for name in _FIELDS}
    try:
        act(row_or_404(number), typed, actor_of(request.user))
    except BusinessError as error:
        if error.status == 404:
            raise
        messages.error(request, error.sentence)
    return redirect("customer", number)
