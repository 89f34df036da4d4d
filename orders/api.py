"""Orders over REST."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from customers.models import Channel, Customer
from customers.serializers import customer_draft
from customers.services import known_or_registered
from inventory.api.promise import basket_of
from oms.core import stations
from oms.core.api.access import channel_of, principal_of
from oms.core.api.cursors import asked, listed, one_of
from oms.core.api.idempotency import Answer, answer_again, once
from oms.core.api.schema import CURSOR, IDEMPOTENCY_KEY, PROBLEMS
from oms.core.api.shapes import checked
from oms.core.api.views import Resource
from oms.core.errors import BusinessError, Invalid, NotFound
from oms.core.readable import row_of
from orders.answers import shown, shown_as_placed, shown_in_list
from orders.cancelling import cancel_order
from orders.delivering import delivered_by
from orders.models import Order
from orders.placing import OrderDraft, place_order
from orders.serializers import (
    AnsweredOrder,
    AnsweredOrders,
    CancelSerializer,
    PlaceOrderSerializer,
    draft_fields,
)
from orders.states import FulfilmentStatus, OrderState, PaymentStatus

CHOICES = {"state": OrderState.values, "payment_status": PaymentStatus.values, "fulfilment_status": FulfilmentStatus.values}
INSTANTS = {"placed_after": "placed_at__gt", "placed_before": "placed_at__lt"}


def order_numbered(number: str, request: Request) -> Order:
    """Give the order whose number it is, of those the request may see. Raises NotFound."""
    pk = row_of(number, Order.NUMBER_PREFIX)
    order = Order.objects.known_to(channel_of(request)).filter(pk=pk).first() if pk else None
    if order is None:
        raise NotFound(_("There is no order %(number)s.") % {"number": number[:30]})
    return order


class OrdersView(Resource):
    needs = {"GET": ("orders:read", "orders.view_order"), "POST": ("orders:write", "orders.place_order")}

    @extend_schema(
        operation_id="list_orders",
        parameters=[
            *(OpenApiParameter(name, str, enum=values) for name, values in CHOICES.items()),
            *(OpenApiParameter(name, datetime, description="An instant with its offset: 2026-01-31T12:00:00Z") for name in INSTANTS),
            OpenApiParameter("customer", str, description="A customer's number"),
            OpenApiParameter("external_reference", str),
            *CURSOR,
        ],
        responses={200: AnsweredOrders, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List orders, the latest first."""
        wanted = asked(request, *CHOICES, *INSTANTS, "customer", "external_reference", "cursor", "limit")
        rows = _matching(Order.objects.known_to(channel_of(request)).filter(placed_at__isnull=False), wanted)
        return Response(listed(request, rows, order=("-placed_at", "-id"), show=shown_in_list))

    @extend_schema(
        operation_id="place_order",
        request=PlaceOrderSerializer,
        parameters=[
            IDEMPOTENCY_KEY,
            OpenApiParameter("Prefer", str, OpenApiParameter.HEADER, description="`wait`: answer when stock has been looked for"),
        ],
        responses={201: AnsweredOrder, **PROBLEMS},
    )
    def post(self, request: Request) -> HttpResponse:
        """Place an order. Prices and taxes are ours. With `Prefer: wait` it is screened, reserved, invoiced and planned before the answer."""
        wanted = checked(PlaceOrderSerializer, request.data)
        channel = channel_of(request) or desk_channel()
        placed: list[Order] = []

        def work() -> Answer:
            fields = draft_fields(wanted)
            if "basket" in wanted:
                fields["basket"] = basket_of(request, wanted["basket"])
            draft = OrderDraft(channel=channel, customer_id=_customer_row(wanted["customer"], request), **fields)
            if "delivery" in wanted:
                draft = delivered_by(draft, wanted["delivery"], actor=principal_of(request), known_to=channel_of(request))
            order = place_order(draft, actor=principal_of(request), known_to=channel_of(request))
            placed.append(order)
            return Answer(201, shown_as_placed(order))

        response = once(request, work, location=lambda body: f"/api/v1/orders/{body['number']}")
        if placed and _waits(request):
            stations.walk(placed[0].pk, model=Order)
            response.content = answer_again(request, shown(Order.objects.get(pk=placed[0].pk))).encode()
            response["Preference-Applied"] = "wait"
        return response


class CancelView(Resource):
    needs = {"POST": ("orders:write", "orders.cancel_order")}

    @extend_schema(operation_id="cancel_order", request=CancelSerializer, responses={200: AnsweredOrder, **PROBLEMS})
    def post(self, request: Request, number: str) -> Response:
        """Cancel an order of which nothing has left. Safe to repeat: a cancelled order is answered as it is."""
        order = order_numbered(number, request)
        reason = checked(CancelSerializer, request.data).get("reason", "")
        order = cancel_order(order.pk, actor=principal_of(request), reason=reason)
        return Response(shown(order))


def _matching(rows: QuerySet[Order], wanted: dict[str, str]) -> QuerySet[Order]:
    for name, values in CHOICES.items():
        if value := one_of(wanted, name, values):
            rows = rows.filter(**{name: value})
    for name, lookup in INSTANTS.items():
        if name in wanted:
            rows = rows.filter(**{lookup: _instant(name, wanted[name])})
    if "customer" in wanted:
        rows = rows.filter(customer=row_of(wanted["customer"], Customer.NUMBER_PREFIX) or 0)
    if "external_reference" in wanted:
        rows = rows.filter(external_reference=wanted["external_reference"])
    return rows


def _instant(name: str, text: str) -> datetime:
    try:
        instant = parse_datetime(text.replace(" ", "+"))  # a plus sign in an address arrives as a space
        if instant is not None and instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Invalid(_("%(name)s is an instant with its offset, such as 2026-01-31T12:00:00Z.") % {"name": name}, parameter=name)


def _customer_row(customer: str | dict[str, Any], request: Request) -> int:
    if isinstance(customer, dict):
        try:
            return known_or_registered(customer_draft(customer), channel=channel_of(request), actor=principal_of(request)).pk
        except BusinessError as refusal:
            refusal.pointer = f"/customer{refusal.pointer}"
            raise
    pk = row_of(customer, Customer.NUMBER_PREFIX)
    if pk is None:
        raise NotFound(_("There is no customer %(number)s.") % {"number": customer[:30]}, pointer="/customer")
    return pk


def _waits(request: Request) -> bool:
    """Say whether the request prefers to wait for the line (RFC 7240)."""
    preferences = request.headers.get("Prefer", "").lower().split(",")
    return any(preference.partition(";")[0].partition("=")[0].strip() == "wait" for preference in preferences)


def desk_channel() -> Channel:
    channel = Channel.objects.filter(kind="phone", is_active=True).first()
    if channel is None:
        raise Invalid(_("There is no telephone channel: a manager adds one in the admin."))
    return channel
