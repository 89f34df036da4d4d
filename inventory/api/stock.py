"""Stock over REST: the list with its filters, one SKU, and what makes each of its numbers."""

from typing import Any

from django.conf import settings
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.api.named import asked_warehouse, sku_called
from inventory.explaining import TITLES, explain
from inventory.listing import HEADER, MOVED_HEADER, SHOWS, Filter, asked_for, exported, moved, skus_shown
from inventory.models import Reservation, Sku, StockMovement
from inventory.numbers import numbers_of
from inventory.states import MovementKind, ReservationState
from oms.core.api.cursors import asked, listed, one_of
from oms.core.api.schema import CURSOR, PROBLEMS
from oms.core.api.shapes import amount
from oms.core.api.views import Resource
from oms.core.errors import Invalid
from oms.core.exports import csv_response
from oms.core.readable import human_number

MOST_SKUS = 100
NUMBERS = ("on_hand", "reserved", "free", "safety", "to_promise", "coming")
FILTERS = [
    OpenApiParameter("q", str, description="Part of a code or name, or a barcode"),
    OpenApiParameter("show", str, enum=list(SHOWS), description="Only these; without it those that are sold"),
    OpenApiParameter("warehouse", str, description="Code of a warehouse: its SKUs, with its numbers"),
    OpenApiParameter("abc", str, enum=["A", "B", "C"]),
    OpenApiParameter("days", int, description="Without a movement, for show=dead"),
]
WAREHOUSE = OpenApiParameter("warehouse", str, description="Code of a warehouse; everywhere without")


class CsvRenderer(BaseRenderer):
    """Lets a request ask for text/csv; what is rendered by it is an error, in JSON."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return bytes(JSONRenderer().render(data))


class AnsweredPlace(serializers.Serializer):
    warehouse = serializers.CharField()
    kind = serializers.CharField(help_text="warehouse; transit and drop_ship: owned, and lies in no warehouse")
    on_hand = serializers.IntegerField()
    reserved = serializers.IntegerField()
    free = serializers.IntegerField()
    safety = serializers.IntegerField()
    to_promise = serializers.IntegerField()
    coming = serializers.IntegerField()


class AnsweredStock(serializers.Serializer):
    """How much of a SKU there is, and where."""

    sku = serializers.CharField()
    name = serializers.CharField()
    is_kit = serializers.BooleanField()
    is_active = serializers.BooleanField()
    abc_class = serializers.CharField()
    on_hand = serializers.IntegerField()
    reserved = serializers.IntegerField()
    free = serializers.IntegerField(help_text="On hand in a warehouse, and nobody's yet")
    safety = serializers.IntegerField(help_text="Kept back from every promise")
    to_promise = serializers.IntegerField(
        help_text="What can be sold now: free, less safety, less what others wait for; of a kit, what its components make"
    )
    coming = serializers.IntegerField(help_text="On order, and on the road from another warehouse")
    waiting = serializers.IntegerField(help_text="What orders wait for")
    in_transit = serializers.IntegerField()
    places = AnsweredPlace(many=True)


class AnsweredStocks(serializers.Serializer):
    data = AnsweredStock(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class AnsweredMovement(serializers.Serializer):
    """Stock that came or went."""

    id = serializers.IntegerField()
    moved_at = serializers.DateTimeField()
    effective_on = serializers.DateField(help_text="The day it belongs to")
    kind = serializers.ChoiceField(choices=MovementKind.values)
    warehouse = serializers.CharField()
    quantity = serializers.IntegerField()
    value = serializers.CharField(help_text="In the books' currency")
    cause = serializers.CharField()
    cause_id = serializers.IntegerField()
    note = serializers.CharField()
    actor = serializers.CharField()


class AnsweredMovements(serializers.Serializer):
    data = AnsweredMovement(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class AnsweredReservation(serializers.Serializer):
    """Stock that is spoken for."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=["soft", "firm"])
    warehouse = serializers.CharField()
    quantity = serializers.IntegerField()
    order = serializers.CharField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class AnsweredReservations(serializers.Serializer):
    data = AnsweredReservation(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class AnsweredTerm(serializers.Serializer):
    label = serializers.CharField()  # type: ignore[assignment]
    value = serializers.CharField(help_text="Signed; with decimals where the number is a value")
    number = serializers.CharField(help_text="The number that explains it further; empty where none does")
    warehouse = serializers.CharField()
    movement_kind = serializers.CharField()


class AnsweredExplanation(serializers.Serializer):
    """A number, and the sum that makes it, counted anew when it is asked for."""

    sku = serializers.CharField()
    number = serializers.ChoiceField(choices=list(TITLES))
    warehouse = serializers.CharField(allow_null=True)
    kept = serializers.CharField(help_text="What is stored")
    counted = serializers.CharField(help_text="What its rows add up to: the same, or something is broken")
    agrees = serializers.BooleanField()
    terms = AnsweredTerm(many=True)


class StocksView(Resource):
    needs = {"GET": ("stock:read", "inventory.view_stocklevel")}

    @extend_schema(
        operation_id="list_stock",
        parameters=[OpenApiParameter("sku", str, description="Codes, with commas between: up to 100"), *FILTERS, *CURSOR],
        responses={200: AnsweredStocks, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List SKUs with their stock, by code."""
        wanted = asked(request, "sku", "q", "show", "warehouse", "abc", "days", "cursor", "limit")
        filter = _filter(wanted)
        rows = skus_shown(filter)
        if "show" not in wanted:
            rows = rows.filter(is_active=True)
        if "sku" in wanted:
            codes = {code.strip().upper() for code in wanted["sku"].split(",") if code.strip()}
            if len(codes) > MOST_SKUS:
                raise Invalid(_("Ask for at most %(most)d SKUs at once.") % {"most": MOST_SKUS}, parameter="sku")
            rows = rows.filter(code__in=codes)
        return Response(listed(request, rows, order=("code",), show=lambda skus: _shown(skus, filter.warehouse_id)))


class StockView(Resource):
    needs = {"GET": ("stock:read", "inventory.view_stocklevel")}

    @extend_schema(operation_id="read_stock", responses={200: AnsweredStock, **PROBLEMS})
    def get(self, request: Request, code: str) -> Response:
        """Read the stock of a SKU."""
        return Response(_shown([sku_called(code)])[0])


class MovementsView(Resource):
    needs = {"GET": ("stock:read", "inventory.view_stocklevel")}

    @extend_schema(
        operation_id="list_stock_movements",
        parameters=[WAREHOUSE, OpenApiParameter("kind", str, enum=MovementKind.values), *CURSOR],
        responses={200: AnsweredMovements, **PROBLEMS},
    )
    def get(self, request: Request, code: str) -> Response:
        """List the movements of a SKU, the latest first."""
        wanted = asked(request, "warehouse", "kind", "cursor", "limit")
        rows = StockMovement.objects.filter(sku=sku_called(code)).select_related("warehouse")
        if place := asked_warehouse(wanted):
            rows = rows.filter(warehouse=place)
        if kind := one_of(wanted, "kind", MovementKind.values):
            rows = rows.filter(kind=kind)
        return Response(listed(request, rows, order=("-id",), show=_movements))


class ReservationsView(Resource):
    needs = {"GET": ("stock:read", "inventory.view_stocklevel")}

    @extend_schema(operation_id="list_reservations", parameters=[WAREHOUSE, *CURSOR], responses={200: AnsweredReservations, **PROBLEMS})
    def get(self, request: Request, code: str) -> Response:
        """List what is reserved of a SKU, the latest first."""
        wanted = asked(request, "warehouse", "cursor", "limit")
        rows = Reservation.objects.filter(sku=sku_called(code), state__in=[ReservationState.SOFT, ReservationState.FIRM]).select_related("warehouse")
        if place := asked_warehouse(wanted):
            rows = rows.filter(warehouse=place)
        return Response(listed(request, rows, order=("-id",), show=_reservations))


class ExplanationView(Resource):
    needs = {"GET": ("stock:read", "inventory.view_stocklevel")}

    @extend_schema(
        operation_id="explain_stock",
        parameters=[OpenApiParameter("number", str, enum=list(TITLES), description="free without it"), WAREHOUSE],
        responses={200: AnsweredExplanation, **PROBLEMS},
    )
    def get(self, request: Request, code: str) -> Response:
        """Explain a number of a SKU: the sum that makes it, counted anew."""
        wanted = asked(request, "number", "warehouse")
        number = one_of(wanted, "number", list(TITLES)) or "free"
        found = explain(sku_called(code), number, warehouse=asked_warehouse(wanted), size=1)

        def shown(value: Any) -> str:
            return amount(value, settings.BOOKS_CURRENCY) if found.is_money else str(value)

        return Response(
            {
                "sku": found.sku.code,
                "number": found.number,
                "warehouse": found.warehouse.code if found.warehouse else None,
                "kept": shown(found.kept),
                "counted": shown(found.counted),
                "agrees": found.agrees,
                "terms": [
                    {"label": term.label, "value": shown(term.value), "number": term.number, "warehouse": term.warehouse, "movement_kind": term.kind}
                    for term in found.terms
                ],
            }
        )


class StockExportView(Resource):
    needs = {"GET": ("stock:read", "inventory.view_stocklevel")}
    renderer_classes = [CsvRenderer, JSONRenderer]

    @extend_schema(operation_id="export_stock", parameters=FILTERS, responses={(200, "text/csv"): OpenApiTypes.STR, **PROBLEMS})
    def get(self, request: Request) -> StreamingHttpResponse:
        """Export the stock list as CSV, all of it."""
        filter = _filter(asked(request, "q", "show", "warehouse", "abc", "days"))
        return csv_response(f"stock-{timezone.localdate():%Y-%m-%d}.csv", HEADER, exported(filter, currency=settings.BOOKS_CURRENCY))


class MovementsExportView(Resource):
    needs = {"GET": ("stock:read", "inventory.view_stocklevel")}
    renderer_classes = [CsvRenderer, JSONRenderer]

    @extend_schema(
        operation_id="export_stock_movements",
        parameters=[OpenApiParameter("sku", str, required=True)],
        responses={(200, "text/csv"): OpenApiTypes.STR, **PROBLEMS},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Export all movements of a SKU as CSV, the latest first."""
        sku = sku_called(asked(request, "sku").get("sku", ""))
        return csv_response(f"movements-{timezone.localdate():%Y-%m-%d}.csv", MOVED_HEADER, moved(sku))


def _filter(wanted: dict[str, str]) -> Filter:
    place = asked_warehouse(wanted)
    return asked_for(
        text=wanted.get("q", ""),
        show=wanted.get("show", ""),
        warehouse_id=place.pk if place else None,
        abc=wanted.get("abc", ""),
        days=wanted.get("days", ""),
    )


def _shown(skus: list[Sku], warehouse_id: int | None = None) -> list[dict[str, Any]]:
    known = numbers_of(skus)
    answers = []
    for sku in skus:
        numbers = known[sku.pk].at(warehouse_id)
        answers.append(
            {
                "sku": sku.code,
                "name": sku.name,
                "is_kit": sku.is_kit,
                "is_active": sku.is_active,
                "abc_class": sku.abc_class,
                **{name: getattr(numbers, name) for name in (*NUMBERS, "waiting", "in_transit")},
                "places": [
                    {"warehouse": place.code, "kind": place.kind} | {name: getattr(place, name) for name in NUMBERS} for place in numbers.places
                ],
            }
        )
    return answers


def _movements(rows: list[StockMovement]) -> list[dict[str, Any]]:
    return [
        {
            "id": row.pk,
            "moved_at": row.moved_at,
            "effective_on": row.effective_on,
            "kind": row.kind,
            "warehouse": row.warehouse.code,
            "quantity": row.quantity,
            "value": amount(row.value, settings.BOOKS_CURRENCY),
            "cause": row.cause,
            "cause_id": row.cause_id,
            "note": row.note,
            "actor": row.actor,
        }
        for row in rows
    ]


def _reservations(rows: list[Reservation]) -> list[dict[str, Any]]:
    return [
        {
            "id": row.pk,
            "state": row.state,
            "warehouse": row.warehouse.code,
            "quantity": row.quantity,
            "order": human_number("SO", row.order_id) if row.order_id else None,
            "expires_at": row.expires_at,
            "created_at": row.created_at,
        }
        for row in rows
    ]
