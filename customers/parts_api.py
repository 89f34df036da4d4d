"""How a customer is reached and what is agreed with them, over REST. Of the notes, which are the desk's own, those that are pinned."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customers.agreeing import add_note, add_payment_preference, note_consent, pin_note, remove_payment_preference
from customers.api import customer_numbered
from customers.models import Contact, Customer
from customers.reaching import (
    ContactDraft,
    add_email,
    add_telephone,
    change_email,
    change_telephone,
    have_main_address,
    have_main_email,
    have_main_telephone,
    remove_part,
    save_address,
    save_contact,
)
from customers.serializers import AddressSerializer, address_draft
from customers.states import ConsentChannel, NoteKind, PaymentMethod
from oms.core.api.access import principal_of
from oms.core.api.idempotency import Answer, once
from oms.core.api.schema import IDEMPOTENCY_KEY, PROBLEMS
from oms.core.api.shapes import StrictSerializer, Text, YesNo, checked
from oms.core.api.views import Resource


class TelephoneSerializer(StrictSerializer):
    """A further telephone number, in any form that is usual in `country`. The first is the main one."""

    number = Text(max_length=40)
    label = Text(max_length=40, required=False, allow_blank=True)  # type: ignore[assignment]
    country = serializers.RegexField(r"^[A-Z]{2}$", required=False, help_text="GB without")


class EmailSerializer(StrictSerializer):
    """A further e-mail. The first is the main one."""

    address = serializers.EmailField(max_length=254)
    label = Text(max_length=40, required=False, allow_blank=True)  # type: ignore[assignment]


class ContactSerializer(StrictSerializer):
    """Somebody to speak to there."""

    name = Text(max_length=200)
    role = Text(max_length=100, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    phone = Text(max_length=40, required=False, allow_blank=True)
    country = serializers.RegexField(r"^[A-Z]{2}$", required=False, help_text="Where `phone` is dialled so; GB without")


class PlaceSerializer(AddressSerializer):
    """An address; it takes over as the one for bills or deliveries where that is said, and where there is none yet."""

    is_billing = YesNo(required=False)
    is_delivery = YesNo(required=False)


class PaymentPreferenceSerializer(StrictSerializer):
    """A way the customer likes to pay. `token`: the payment service's own. A card's number is refused everywhere."""

    method = serializers.ChoiceField(choices=PaymentMethod.choices)
    token = Text(max_length=100, required=False, allow_blank=True)
    label = Text(max_length=60, required=False, allow_blank=True)  # type: ignore[assignment]
    is_default = YesNo(required=False)


class ConsentSerializer(StrictSerializer):
    """That the customer agreed to offers, or took it back. `source`: where they said so."""

    channel = serializers.ChoiceField(choices=ConsentChannel.choices)
    is_given = YesNo()
    source = Text(max_length=100)  # type: ignore[assignment]
    given_on = serializers.DateField(required=False, help_text="Today without")


class MainTelephoneSerializer(StrictSerializer):
    """One of their numbers, in any form that is usual in `country`."""

    number = Text(max_length=40)
    country = serializers.RegexField(r"^[A-Z]{2}$", required=False, help_text="GB without")


class MainEmailSerializer(StrictSerializer):
    """One of their e-mails."""

    address = serializers.EmailField(max_length=254)


class MainAddressSerializer(StrictSerializer):
    """What goes there: both without."""

    is_billing = YesNo(required=False)
    is_delivery = YesNo(required=False)


class NoteSerializer(StrictSerializer):
    """What colleagues should know before all else."""

    text = Text(max_length=4000)
    kind = serializers.ChoiceField(choices=NoteKind.choices, required=False, help_text="note without")


class AnsweredParts(serializers.Serializer):
    data = serializers.ListField(child=serializers.DictField(), help_text="Each with its id")  # type: ignore[assignment]


class _Parts(Resource):
    """All of one kind that a customer has. What is one says which (`related`), what is shown of each (`shows`), and how one is added."""

    needs = {"GET": ("customers:read", "customers.view_customer"), "POST": ("customers:write", "customers.change_customer")}
    related: ClassVar[str]
    shows: ClassVar[tuple[str, ...]]

    def listed(self, request: Request, number: str) -> Response:
        return Response(self._shown(customer_numbered(number, request)))

    def added(self, request: Request, number: str, shape: type[StrictSerializer], add: Callable[[int, dict[str, Any], str], object]) -> HttpResponse:
        """Add one, once for the request's key, and answer with all of them as they are then."""
        customer = customer_numbered(number, request)
        wanted = checked(shape, request.data)

        def done() -> Answer:
            add(customer.pk, wanted, principal_of(request))
            return Answer(201, self._shown(customer))

        return once(request, done)

    def rows(self, customer: Customer) -> QuerySet[Any]:
        """Give those that are shown."""
        return getattr(customer, self.related).all()

    def _shown(self, customer: Customer) -> dict[str, Any]:
        return {"data": [{"id": row.pk, **{name: _said(row, name) for name in self.shows}} for row in self.rows(customer)]}


class _Part(Resource):
    """One of them, to be changed or taken away. What can be changed says as what it is listed (`among`)."""

    needs = {"PUT": ("customers:write", "customers.change_customer"), "DELETE": ("customers:write", "customers.change_customer")}
    among: ClassVar[type[_Parts]]

    def changed(self, request: Request, number: str, shape: type[StrictSerializer], change: Callable[[int, dict[str, Any], str], object]) -> Response:
        """Change it, and answer with all of them as they are then. Safe to repeat."""
        customer = customer_numbered(number, request)
        change(customer.pk, checked(shape, request.data), principal_of(request))
        return self.among().listed(request, number)

    def removed(self, request: Request, number: str, remove: Callable[[int, str], None]) -> Response:
        remove(customer_numbered(number, request).pk, principal_of(request))
        return Response(status=204)


def _said(row: Model, name: str) -> Any:
    value = getattr(row, name)
    if name == "lines":
        return value.splitlines()
    return value.isoformat() if hasattr(value, "isoformat") else value


class TelephonesView(_Parts):
    related, shows = "telephones", ("number", "label")

    @extend_schema(operation_id="list_telephones", responses={200: AnsweredParts, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """List the further telephone numbers of a customer: the main one stands on the customer."""
        return self.listed(request, number)

    @extend_schema(
        operation_id="add_telephone", parameters=[IDEMPOTENCY_KEY], request=TelephoneSerializer, responses={201: AnsweredParts, **PROBLEMS}
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Add a telephone number. One they have already is left as it is."""
        return self.added(request, number, TelephoneSerializer, lambda pk, wanted, actor: add_telephone(pk, **wanted, actor=actor))


class EmailsView(_Parts):
    related, shows = "emails", ("address", "label")

    @extend_schema(operation_id="list_emails", responses={200: AnsweredParts, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """List the further e-mails of a customer: the main one stands on the customer."""
        return self.listed(request, number)

    @extend_schema(operation_id="add_email", parameters=[IDEMPOTENCY_KEY], request=EmailSerializer, responses={201: AnsweredParts, **PROBLEMS})
    def post(self, request: Request, number: str) -> HttpResponse:
        """Add an e-mail. One they have already is left as it is."""
        return self.added(request, number, EmailSerializer, lambda pk, wanted, actor: add_email(pk, **wanted, actor=actor))


class ContactsView(_Parts):
    related, shows = "contacts", ("name", "role", "email", "phone")

    @extend_schema(operation_id="list_contacts", responses={200: AnsweredParts, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """List whom to speak to at a customer."""
        return self.listed(request, number)

    @extend_schema(operation_id="add_contact", parameters=[IDEMPOTENCY_KEY], request=ContactSerializer, responses={201: AnsweredParts, **PROBLEMS})
    def post(self, request: Request, number: str) -> HttpResponse:
        """Add somebody to speak to."""
        return self.added(request, number, ContactSerializer, lambda pk, wanted, actor: save_contact(pk, ContactDraft(**wanted), actor=actor))


class AddressesView(_Parts):
    related, shows = "addresses", ("name", "lines", "city", "region", "postcode", "country", "is_billing", "is_delivery")

    @extend_schema(operation_id="list_addresses", responses={200: AnsweredParts, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """List the addresses of a customer, and which of them bills and deliveries go to."""
        return self.listed(request, number)

    @extend_schema(operation_id="add_address", parameters=[IDEMPOTENCY_KEY], request=PlaceSerializer, responses={201: AnsweredParts, **PROBLEMS})
    def post(self, request: Request, number: str) -> HttpResponse:
        """Add an address. Orders keep the copy they were placed with."""
        return self.added(request, number, PlaceSerializer, _save_address)


class PaymentPreferencesView(_Parts):
    related, shows = "payment_preferences", ("method", "label", "is_default")

    @extend_schema(operation_id="list_payment_preferences", responses={200: AnsweredParts, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """List how a customer likes to pay, the default first. Tokens are taken, not given out."""
        return self.listed(request, number)

    @extend_schema(
        operation_id="add_payment_preference",
        parameters=[IDEMPOTENCY_KEY],
        request=PaymentPreferenceSerializer,
        responses={201: AnsweredParts, **PROBLEMS},
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Add a way to pay; the first is the default."""
        return self.added(request, number, PaymentPreferenceSerializer, lambda pk, wanted, actor: add_payment_preference(pk, **wanted, actor=actor))


class ConsentsView(_Parts):
    related, shows = "consents", ("channel", "is_given", "source", "given_on", "noted_at")

    @extend_schema(operation_id="list_consents", responses={200: AnsweredParts, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """List what a customer has agreed to and taken back, the latest first: of each channel the first counts."""
        return self.listed(request, number)

    @extend_schema(operation_id="note_consent", parameters=[IDEMPOTENCY_KEY], request=ConsentSerializer, responses={201: AnsweredParts, **PROBLEMS})
    def post(self, request: Request, number: str) -> HttpResponse:
        """Note that a customer agreed to offers, or took it back. What was noted before stays."""
        return self.added(request, number, ConsentSerializer, lambda pk, wanted, actor: note_consent(pk, **wanted, actor=actor))


class PinnedNotesView(_Parts):
    needs = {"GET": ("customers:notes", "customers.view_customer"), "POST": ("customers:notes", "customers.change_customer")}
    related, shows = "notes", ("kind", "text", "author", "created_at")

    def rows(self, customer: Customer) -> QuerySet[Any]:
        return customer.notes.filter(is_pinned=True)

    @extend_schema(operation_id="list_pinned_notes", responses={200: AnsweredParts, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """List the notes that are pinned on a customer's page, the latest first. What else colleagues wrote is the desk's own."""
        return self.listed(request, number)

    @extend_schema(operation_id="pin_note", parameters=[IDEMPOTENCY_KEY], request=NoteSerializer, responses={201: AnsweredParts, **PROBLEMS})
    def post(self, request: Request, number: str) -> HttpResponse:
        """Write a note and pin it. A complaint stays open until it is settled at the desk."""
        return self.added(request, number, NoteSerializer, lambda pk, wanted, actor: add_note(pk, **wanted, is_pinned=True, actor=actor))


class PinnedNoteView(_Part):
    needs = {"DELETE": ("customers:notes", "customers.change_customer")}

    @extend_schema(operation_id="take_down_note", responses={204: None, **PROBLEMS})
    def delete(self, request: Request, number: str, part: int) -> Response:
        """Take a note down. It stays among the notes of the customer: what was written is not unwritten. Safe to repeat."""
        return self.removed(request, number, lambda pk, actor: pin_note(pk, part, is_pinned=False, actor=actor))


class TelephoneView(_Part):
    among = TelephonesView

    @extend_schema(operation_id="change_telephone", request=TelephoneSerializer, responses={200: AnsweredParts, **PROBLEMS})
    def put(self, request: Request, number: str, part: int) -> Response:
        """Change a further telephone number, and what it is. Safe to repeat."""
        return self.changed(request, number, TelephoneSerializer, lambda pk, wanted, actor: change_telephone(pk, part, **wanted, actor=actor))

    @extend_schema(operation_id="remove_telephone", responses={204: None, **PROBLEMS})
    def delete(self, request: Request, number: str, part: int) -> Response:
        """Remove a further telephone number. Safe to repeat."""
        return self.removed(request, number, lambda pk, actor: remove_part(pk, "telephone", part, actor=actor))


class EmailView(_Part):
    among = EmailsView

    @extend_schema(operation_id="change_email", request=EmailSerializer, responses={200: AnsweredParts, **PROBLEMS})
    def put(self, request: Request, number: str, part: int) -> Response:
        """Change a further e-mail, and what it is for. Safe to repeat."""
        return self.changed(request, number, EmailSerializer, lambda pk, wanted, actor: change_email(pk, part, **wanted, actor=actor))

    @extend_schema(operation_id="remove_email", responses={204: None, **PROBLEMS})
    def delete(self, request: Request, number: str, part: int) -> Response:
        """Remove a further e-mail. Safe to repeat."""
        return self.removed(request, number, lambda pk, actor: remove_part(pk, "e-mail", part, actor=actor))


class ContactView(_Part):
    among = ContactsView

    @extend_schema(operation_id="change_contact", request=ContactSerializer, responses={200: AnsweredParts, **PROBLEMS})
    def put(self, request: Request, number: str, part: int) -> Response:
        """Change a contact: what is not sent is empty afterwards, but for what colleagues noted of them. Safe to repeat."""
        return self.changed(request, number, ContactSerializer, lambda pk, wanted, actor: _change_contact(pk, part, wanted, actor))

    @extend_schema(operation_id="remove_contact", responses={204: None, **PROBLEMS})
    def delete(self, request: Request, number: str, part: int) -> Response:
        """Remove a contact. Safe to repeat."""
        return self.removed(request, number, lambda pk, actor: remove_part(pk, "contact", part, actor=actor))


class AddressView(_Part):
    among = AddressesView

    @extend_schema(operation_id="change_address", request=PlaceSerializer, responses={200: AnsweredParts, **PROBLEMS})
    def put(self, request: Request, number: str, part: int) -> Response:
        """Change an address. Orders keep the copy they were placed with. Safe to repeat."""
        return self.changed(request, number, PlaceSerializer, lambda pk, wanted, actor: _save_address(pk, wanted, actor, part))

    @extend_schema(operation_id="remove_address", responses={204: None, **PROBLEMS})
    def delete(self, request: Request, number: str, part: int) -> Response:
        """Remove an address; not the one that bills or deliveries go to while there is another. Safe to repeat."""
        return self.removed(request, number, lambda pk, actor: remove_part(pk, "address", part, actor=actor))


class PaymentPreferenceView(_Part):
    needs = {"DELETE": ("customers:write", "customers.change_customer")}

    @extend_schema(operation_id="remove_payment_preference", responses={204: None, **PROBLEMS})
    def delete(self, request: Request, number: str, part: int) -> Response:
        """Remove a way to pay. Safe to repeat."""
        return self.removed(request, number, lambda pk, actor: remove_payment_preference(pk, part, actor=actor))


class MainTelephoneView(_Part):
    needs = {"PUT": ("customers:write", "customers.change_customer")}
    among = TelephonesView

    @extend_schema(operation_id="make_main_telephone", request=MainTelephoneSerializer, responses={200: AnsweredParts, **PROBLEMS})
    def put(self, request: Request, number: str) -> Response:
        """Have one of their numbers be the main one; the one that was is kept among the further ones, which are answered. Safe to repeat."""
        return self.changed(request, number, MainTelephoneSerializer, lambda pk, wanted, actor: have_main_telephone(pk, **wanted, actor=actor))


class MainEmailView(_Part):
    needs = {"PUT": ("customers:write", "customers.change_customer")}
    among = EmailsView

    @extend_schema(operation_id="make_main_email", request=MainEmailSerializer, responses={200: AnsweredParts, **PROBLEMS})
    def put(self, request: Request, number: str) -> Response:
        """Have one of their e-mails be the main one; the one that was is kept among the further ones, which are answered. Safe to repeat."""
        return self.changed(request, number, MainEmailSerializer, lambda pk, wanted, actor: have_main_email(pk, **wanted, actor=actor))


class MainAddressView(_Part):
    needs = {"PUT": ("customers:write", "customers.change_customer")}
    among = AddressesView

    @extend_schema(operation_id="make_main_address", request=MainAddressSerializer, responses={200: AnsweredParts, **PROBLEMS})
    def put(self, request: Request, number: str, part: int) -> Response:
        """Have bills, deliveries or both go to an address. Safe to repeat."""
        return self.changed(request, number, MainAddressSerializer, lambda pk, wanted, actor: _make_main(pk, part, wanted, actor))


def _save_address(pk: int, wanted: dict[str, Any], actor: str, part: int | None = None) -> object:
    wanted = dict(wanted)
    goes = {name: wanted.pop(name, False) for name in ("is_billing", "is_delivery")}
    return save_address(pk, address_draft(wanted), **goes, address=part, actor=actor)


def _change_contact(pk: int, part: int, wanted: dict[str, Any], actor: str) -> object:
    note = Contact.objects.filter(customer=pk, pk=part).values_list("note", flat=True).first() or ""
    return save_contact(pk, ContactDraft(**wanted, note=note), contact=part, actor=actor)


def _make_main(pk: int, part: int, wanted: dict[str, Any], actor: str) -> None:
    goes = wanted or {"is_billing": True, "is_delivery": True}
    have_main_address(pk, part, is_billing=goes.get("is_billing", False), is_delivery=goes.get("is_delivery", False), actor=actor)
