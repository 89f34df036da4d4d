"""What is gone, over REST: corrections of stock, the booking of counts, and who lost something by it."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.api.counts import AnsweredCount, count_numbered, count_shown
from inventory.api.named import sku_and_warehouse
from inventory.models import Shortfall
from inventory.shortfalls import settle_shortfall
from inventory.states import MovementKind
from oms.core.api.access import channel_of, principal_of
from oms.core.api.cursors import asked, listed, one_of
from oms.core.api.idempotency import Answer, once
from oms.core.api.schema import CURSOR, IDEMPOTENCY_KEY, PROBLEMS
from oms.core.api.shapes import StrictSerializer, Text, WholeNumber, checked
from oms.core.api.views import Document, Resource
from oms.core.errors import NotFound
from oms.core.readable import human_number
from orders.models import Order
from shipping import losses

KINDS = [MovementKind.COUNT, MovementKind.DAMAGE, MovementKind.SCRAP, MovementKind.CORRECTION]
SHOWS = ["open", "all"]


class CorrectStockSerializer(StrictSerializer):
    """A correction of stock by hand."""

    warehouse = Text(max_length=20, help_text="A warehouse's code")
    quantity = WholeNumber(min_value=-1_000_000_000, max_value=1_000_000_000, help_text="Units more; below zero, fewer")
    kind = serializers.ChoiceField(choices=[str(kind) for kind in KINDS])
    note = Text(max_length=200)


class AnsweredStockCorrection(serializers.Serializer):
    sku = serializers.CharField()
    warehouse = serializers.CharField()
    quantity = serializers.IntegerField()
    moved_at = serializers.DateTimeField()


class AnsweredShortfall(serializers.Serializer):
    """Units that were reserved for an order and are gone."""

    id = serializers.IntegerField()
    order = serializers.CharField()
    sku = serializers.CharField()
    warehouse = serializers.CharField()
    quantity = serializers.IntegerField()
    reason = serializers.CharField()
    promised_on = serializers.DateField(allow_null=True)
    created_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)


class AnsweredShortfalls(serializers.Serializer):
    data = AnsweredShortfall(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class StockCorrectionsView(Resource):
    needs = {"POST": ("stock:write", "inventory.adjust_stock")}

    @extend_schema(
        operation_id="correct_stock",
        request=CorrectStockSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: AnsweredStockCorrection, **PROBLEMS},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Correct the stock of a SKU. Down, it may be reserved: the newest orders lose it, wait again and are listed as shortfalls."""
        wanted = checked(CorrectStockSerializer, request.data)
        sku, warehouse = sku_and_warehouse(code, wanted["warehouse"])

        def work() -> Answer:
            movement = losses.correct_stock(
                sku, warehouse, quantity=wanted["quantity"], kind=wanted["kind"], note=wanted["note"], actor=principal_of(request)
            )
            return Answer(
                201, {"sku": sku.code, "warehouse": warehouse.code, "quantity": movement.quantity, "moved_at": movement.moved_at.isoformat()}
            )

        return once(request, work)


class PostCountView(Document):
    find = staticmethod(count_numbered)
    show = staticmethod(count_shown)
    needs = {"POST": ("stock:write", "inventory.adjust_stock")}

    @extend_schema(operation_id="post_count", request=None, parameters=[IDEMPOTENCY_KEY], responses={200: AnsweredCount, **PROBLEMS})
    def post(self, request: Request, number: str) -> HttpResponse:
        """Book what a sheet found. Lines that nobody counted stay due."""
        found = self.find(number)
        return self.act(request, found, lambda: losses.post_count(found.pk, actor=principal_of(request)))


class ShortfallsView(Resource):
    needs = {"GET": ("stock:read", "orders.view_order")}

    @extend_schema(
        operation_id="list_shortfalls",
        parameters=[OpenApiParameter("show", str, enum=SHOWS, description="`open` (without it): what nobody has dealt with"), *CURSOR],
        responses={200: AnsweredShortfalls, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List what was reserved and is gone, the latest first."""
        show = one_of(asked(request, "show", "cursor", "limit"), "show", SHOWS)
        rows = _known_to(request)
        rows = rows if show == "all" else rows.filter(settled_at=None)
        return Response(listed(request, rows, order=("-id",), show=lambda some: [_shown(row) for row in some]))


class SettleShortfallView(Resource):
    needs = {"POST": ("stock:write", "inventory.settle_shortfall")}

    @extend_schema(operation_id="settle_shortfall", request=None, responses={200: AnsweredShortfall, **PROBLEMS})
    def post(self, request: Request, pk: int) -> Response:
        """Note that somebody has dealt with a shortfall. Safe to repeat."""
        if pk >= 2**63 or not _known_to(request).filter(pk=pk).exists():
            raise NotFound(_("There is no such shortfall."))
        return Response(_shown(settle_shortfall(pk, actor=principal_of(request))))


def _known_to(request: Request) -> QuerySet[Shortfall]:
    """Give the shortfalls of the orders that the request may see."""
    rows = Shortfall.objects.select_related("sku", "warehouse")
    channel = channel_of(request)
    return rows if channel is None else rows.filter(order_id__in=Order.objects.known_to(channel).values("pk"))


def _shown(row: Shortfall) -> dict[str, Any]:
    return {
        "id": row.pk,
        "order": human_number(Order.NUMBER_PREFIX, row.order_id),
        "sku": row.sku.code,
        "warehouse": row.warehouse.code,
        "quantity": row.quantity,
        "reason": row.reason,
        "promised_on": row.promised_on,
        "created_at": row.created_at,
        "settled_at": row.settled_at,
    }
