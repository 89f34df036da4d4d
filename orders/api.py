"""Orders over REST."""

from collections import defaultdict
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from customers.models import Channel, Customer
from oms.core import stations
from oms.core.api.access import channel_of, principal_of
from oms.core.api.cursors import limit_of, listed
from oms.core.api.idempotency import once
from oms.core.api.schema import CURSOR, IDEMPOTENCY_KEY, PROBLEMS
from oms.core.errors import Invalid, NotFound
from oms.core.models import Event
from oms.core.readable import human_number, row_of
from orders.blockers import blocker_of
from orders.cancelling import cancel_order
from orders.models import Order, OrderLine
from orders.placing import OrderDraft, place_order
from orders.serializers import (
    AnsweredEvents,
    AnsweredOrder,
    AnsweredOrders,
    CancelSerializer,
    PlaceOrderSerializer,
    draft_fields,
)
from orders.states import OrderState

FILTERS = {
    "state": OrderState.values,
    "payment_status": ["unpaid", "partly_paid", "paid"],
    "fulfilment_status": ["unfulfilled", "partly_shipped", "shipped", "delivered"],
}


def order_numbered(number: str, request: Request) -> Order:
    """Give the order whose number it is, of those the request may see. Raises NotFound."""
    pk = row_of(number, Order.NUMBER_PREFIX)
    order = Order.objects.known_to(channel_of(request)).filter(pk=pk).first() if pk else None
    if order is None:
        raise NotFound(_("There is no order %(number)s.") % {"number": number[:30]})
    return order


class OrdersView(APIView):
    needs = {"GET": ("orders:read", "orders.view_order"), "POST": ("orders:write", "orders.place_order")}

    @extend_schema(
        operation_id="list_orders",
        parameters=[
            *(OpenApiParameter(name, str, enum=values) for name, values in FILTERS.items()),
            OpenApiParameter("customer", str, description="A customer's number"),
            OpenApiParameter("external_reference", str),
            *CURSOR,
        ],
        responses={200: AnsweredOrders, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List orders, the latest first."""
        rows = Order.objects.known_to(channel_of(request)).filter(placed_at__isnull=False)
        for name, values in FILTERS.items():
            if wanted := request.query_params.get(name):
                if wanted not in values:
                    raise Invalid(_("%(name)s is one of %(values)s.") % {"name": name, "values": ", ".join(values)}, pointer=f"/{name}")
                rows = rows.filter(**{name: wanted})
        if number := request.query_params.get("customer"):
            rows = rows.filter(customer=row_of(number, Customer.NUMBER_PREFIX) or 0)
        if reference := request.query_params.get("external_reference", "").replace("\x00", ""):
            rows = rows.filter(external_reference=reference)
        return Response(listed(request, rows, order=("-placed_at", "-id"), show=shown))

    @extend_schema(
        operation_id="place_order",
        request=PlaceOrderSerializer,
        parameters=[
            IDEMPOTENCY_KEY,
            OpenApiParameter("Prefer", str, OpenApiParameter.HEADER, description="`wait`: answer when stock has been looked for"),
        ],
        responses={201: AnsweredOrder, **PROBLEMS},
    )
    def post(self, request: Request) -> Any:
        """Place an order. Prices and taxes are ours. With `Prefer: wait` it is screened, reserved, invoiced and planned before the answer."""
        shape = PlaceOrderSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        channel = channel_of(request) or _desk_channel()
        placed: list[Order] = []

        def work() -> tuple[int, dict[str, Any], dict[str, str]]:
            draft = OrderDraft(channel=channel, customer_id=_customer_row(shape.validated_data["customer"]), **draft_fields(shape.validated_data))
            order = place_order(draft, actor=principal_of(request), known_to=channel_of(request))
            placed.append(order)
            return 201, _one(order, list(order.placed_lines), _just_placed()), {"Location": f"/api/v1/orders/{order.number}"}

        response = once(request, work)
        if placed and "wait" in request.headers.get("Prefer", ""):
            stations.walk(placed[0].pk, model=Order)
            [body] = shown([Order.objects.get(pk=placed[0].pk)])
            return Response(body, status=201, headers={"Location": response["Location"], "Preference-Applied": "wait"})
        return response


class OrderView(APIView):
    needs = {"GET": ("orders:read", "orders.view_order")}

    @extend_schema(operation_id="read_order", responses={200: AnsweredOrder, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """Read an order: where it stands, what it waits for, how far each line has come."""
        return Response(shown([order_numbered(number, request)])[0])


class CancelView(APIView):
    needs = {"POST": ("orders:write", "orders.cancel_order")}

    @extend_schema(operation_id="cancel_order", request=CancelSerializer, responses={200: AnsweredOrder, **PROBLEMS})
    def post(self, request: Request, number: str) -> Response:
        """Cancel an order of which nothing has left. Safe to repeat: a cancelled order is answered as it is."""
        order = order_numbered(number, request)
        shape = CancelSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        order = cancel_order(order.pk, actor=principal_of(request), reason=shape.validated_data.get("reason", ""))
        return Response(shown([order])[0])


class EventsView(APIView):
    needs = {"GET": ("orders:read", "orders.view_order")}

    @extend_schema(
        operation_id="list_events",
        parameters=[OpenApiParameter("after", str, description="next_cursor of the page before; empty: from the first"), CURSOR[1]],
        responses={200: AnsweredEvents, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """Read what happened to orders, in an order that skips nothing: ask again with `next_cursor` whenever you like."""
        xact, last = _position(request.query_params.get("after", ""))
        limit = limit_of(request)
        channel = channel_of(request)
        # Ids are handed out before commit. Only what lies below every transaction still running is served, by (transaction, id), so nothing comes later before it.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT e.id, e.kind, e.order_id, e.happened_at, e.data, e.xact::text FROM core_event e"
                " JOIN orders_order o ON o.id = e.order_id"
                " WHERE e.xact < pg_snapshot_xmin(pg_current_snapshot()) AND (e.xact, e.id) > (%s::text::xid8, %s)"
                + (" AND o.channel_id = %s" if channel else "")
                + " ORDER BY e.xact, e.id LIMIT %s",
                [str(xact), last, *([channel.pk] if channel else []), limit + 1],
            )
            rows = cursor.fetchall()
        page = rows[:limit]
        position = f"{page[-1][5]}-{page[-1][0]}" if page else f"{xact}-{last}"
        data = [
            {"id": pk, "kind": kind, "order": human_number(Order.NUMBER_PREFIX, order_id), "happened_at": happened_at, "data": _loaded(data)}
            for pk, kind, order_id, happened_at, data, _xact in page
        ]
        return Response({"data": data, "next_cursor": position, "has_more": len(rows) > limit})


def shown(orders: list[Order]) -> list[dict[str, Any]]:
    """Show orders as AnsweredOrder says. A constant number of queries for a page; the blocker is told for single orders."""
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=orders).select_related("sku").order_by("order_id", "position"):
        lines[line.order_id].append(line)
    alone = len(orders) == 1
    shown_orders = []
    for order in orders:
        blocker = blocker_of(order) if alone else None
        shown_orders.append(_one(order, lines[order.pk], f"{blocker.sentence} ({blocker.who})" if blocker else None))
    return shown_orders


def _one(order: Order, lines: list[OrderLine], waits_for: str | None) -> dict[str, Any]:
    return {
        "number": order.number,
        "state": order.state,
        "payment_status": order.payment_status,
        "fulfilment_status": order.fulfilment_status,
        "waits_for": waits_for,
        "external_reference": order.external_reference,
        "customer": human_number(Customer.NUMBER_PREFIX, order.customer_id),
        "placed_at": order.placed_at,
        "currency": order.currency,
        "net_total": f"{order.net_total:f}",
        "tax_total": f"{order.tax_total:f}",
        "total": f"{order.total:f}",
        "paid_total": f"{order.paid_total:f}",
        "ship_to": order.ship_to,
        "tracking_page": f"{settings.PUBLIC_URL}/o/{order.public_token}/",
        "lines": [
            {
                "sku": line.sku.code,
                "description": line.description,
                "quantity": line.quantity,
                "unit_price": f"{line.unit_price:f}",
                "net": f"{line.net:f}",
                "tax_rate": f"{line.tax_rate:f}",
                "tax": f"{line.tax:f}",
                "reserved": line.reserved,
                "backordered": line.backordered,
                "shipped": line.shipped,
                "delivered": line.delivered,
                "cancelled": line.cancelled,
            }
            for line in lines
        ],
    }


def _just_placed() -> str:
    return f"{_('It has just come in: the line is looking at it.')} ({_('The line')})"


def _customer_row(number: str) -> int:
    pk = row_of(number, Customer.NUMBER_PREFIX)
    if pk is None:
        raise NotFound(_("There is no customer %(number)s.") % {"number": number[:30]}, pointer="/customer")
    return pk


def _desk_channel() -> Channel:
    channel = Channel.objects.filter(kind="phone", is_active=True).first()
    if channel is None:
        raise Invalid(_("There is no telephone channel: a manager adds one in the admin."))
    return channel


def _position(text: str) -> tuple[int, int]:
    xact, _dash, last = text.partition("-")
    if not text:
        return 0, 0
    if not (text.isascii() and xact.isdigit() and last.isdigit() and len(text) <= 38):
        raise Invalid(_("That is not a cursor of this list: start again without one."), pointer="/after")
    return min(int(xact), 2**63), min(int(last), 2**63 - 1)


def _loaded(data: Any) -> Any:
    return Event._meta.get_field("data").from_db_value(data, None, connection) if isinstance(data, str) else data
