"""What is agreed with a customer, and what colleagues should know of them."""

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Consent, Customer, Note, PaymentPreference
from customers.reaching import changing
from customers.states import ConsentChannel, NoteKind, PaymentMethod
from oms.core.cards import refuse_card_numbers
from oms.core.errors import Invalid, NotFound

MOST_PREFERENCES = 20


def add_payment_preference(pk: int, method: str, *, token: str = "", label: str = "", is_default: bool = False, actor: str) -> PaymentPreference:
    """Add a way the customer likes to pay; the first is the default. `token`: the payment service's own, never a card's number.

    Locks the customer, whose `payment_method` follows the default. Raises Invalid.
    """
    if method not in PaymentMethod.values:
        raise Invalid(_("There is no payment method %(method)s.") % {"method": method[:30]}, pointer="/method")
    refuse_card_numbers({"token": token, "label": label})
    with changing(pk, "payment", actor=actor) as customer:
        if customer.payment_preferences.count() >= MOST_PREFERENCES:
            raise Invalid(_("A customer has at most %(most)d ways to pay: remove one first.") % {"most": MOST_PREFERENCES})
        is_default = is_default or not customer.payment_preferences.exists()
        if is_default:
            customer.payment_preferences.filter(is_default=True).update(is_default=False)
        row = PaymentPreference.objects.create(
            customer=customer, method=method, token=token.strip()[:100], label=label.strip()[:60], is_default=is_default
        )
        _follow(customer)
    return row


def make_default_payment(pk: int, preference: int, *, actor: str) -> None:
    """Have one of the ways to pay be the default. Raises NotFound."""
    with changing(pk, "payment", actor=actor) as customer:
        if not customer.payment_preferences.filter(pk=preference).exists():
            raise NotFound(_("That is gone by now: look at the customer again."))
        customer.payment_preferences.filter(is_default=True).update(is_default=False)
        customer.payment_preferences.filter(pk=preference).update(is_default=True)
        _follow(customer)


def remove_payment_preference(pk: int, preference: int, *, actor: str) -> None:
    """Remove a way to pay; of those left the oldest becomes the default where it was. Removing what is gone changes nothing."""
    with changing(pk, "payment", actor=actor) as customer:
        customer.payment_preferences.filter(pk=preference).delete()
        if not customer.payment_preferences.filter(is_default=True).exists():
            oldest = customer.payment_preferences.order_by("id").values("pk")[:1]
            customer.payment_preferences.filter(pk__in=list(oldest.values_list("pk", flat=True))).update(is_default=True)
        _follow(customer)


def note_consent(pk: int, channel: str, *, is_given: bool, source: str, given_on: date | None = None, actor: str) -> Consent:
    """Note that the customer agreed to offers by `channel`, or took it back. What was noted before stays to be read. Raises Invalid."""
    if channel not in ConsentChannel.values:
        raise Invalid(_("There is no channel %(channel)s.") % {"channel": channel[:30]}, pointer="/channel")
    if not source.strip():
        raise Invalid(_("Say where they said so: by telephone, on a form, at a fair."), pointer="/source")
    given_on = given_on or timezone.localdate()
    if given_on > timezone.localdate():
        raise Invalid(_("That day is still to come."), pointer="/given_on")
    with changing(pk, "consent", actor=actor) as customer:
        return Consent.objects.create(
            customer=customer, channel=channel, is_given=is_given, source=source.strip()[:100], given_on=given_on, noted_by=actor
        )


def consents_of(customer: Customer) -> dict[str, Consent]:
    """Give channel → the latest word of a customer on it. One query."""
    rows = Consent.objects.filter(customer=customer).order_by("channel", "-id").distinct("channel")
    return {row.channel: row for row in rows}


def add_note(pk: int, text: str, *, kind: str = NoteKind.NOTE, is_pinned: bool = False, order_id: int | None = None, actor: str) -> Note:
    """Write down what colleagues should know: a note, a call, or a complaint, which stays open until it is settled. Raises Invalid."""
    text = text.strip()
    if not text:
        raise Invalid(_("Write something."), pointer="/text")
    if kind not in NoteKind.values:
        raise Invalid(_("There is no kind %(kind)s.") % {"kind": kind[:30]}, pointer="/kind")
    refuse_card_numbers({"text": text})
    with changing(pk, NoteKind(kind).value, actor=actor) as customer:
        return Note.objects.create(customer=customer, kind=kind, text=text[:4000], is_pinned=is_pinned, order_id=order_id, author=actor)


def pin_note(pk: int, note: int, *, is_pinned: bool, actor: str) -> None:
    """Pin a note on top of the profile, or take it down. Safe to repeat."""
    with changing(pk, "note", actor=actor) as customer:
        customer.notes.filter(pk=note).update(is_pinned=is_pinned)


def settle_complaint(pk: int, note: int, *, actor: str) -> None:
    """Note that a complaint is dealt with. Safe to repeat: the first who settles it is named."""
    with changing(pk, "complaint", actor=actor) as customer:
        customer.notes.filter(pk=note, kind=NoteKind.COMPLAINT, settled_at__isnull=True).update(settled_at=timezone.now(), settled_by=actor)


def _follow(customer: Customer) -> None:
    """Have the customer pay by their default."""
    default = customer.payment_preferences.filter(is_default=True).first()
    if default is not None and default.method != customer.payment_method:
        customer.payment_method = default.method
        customer.save(update_fields=["payment_method"])
