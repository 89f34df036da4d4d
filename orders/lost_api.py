"""Lost sales over REST: what was wanted and not sold, and the calls in which it was. A key is told of those of its channel's customers."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core.api.access import channel_of
from oms.core.api.cursors import asked, limit_of, listed
from oms.core.api.schema import CURSOR, PROBLEMS
from oms.core.api.shapes import amount
from oms.core.api.views import Resource
from orders.lost_sales import BY, asked_for, calls_lost, lost_sales
from orders.models import LostSale
from orders.states import LostReason

_FILTERS = ("q", "sku", "words", "reason", "since", "until")
FILTERS = [
    OpenApiParameter("q", str, description="Part of a code or name, or of what was asked for"),
    OpenApiParameter("sku", str, description="Code of a SKU"),
    OpenApiParameter("words", str, description="Something we do not have, in the words it was asked for with"),
    OpenApiParameter("reason", str, enum=LostReason.values),
    OpenApiParameter("since", str, description="The first day, 2027-03-01; the last 90 days without a period"),
    OpenApiParameter("until", str, description="The last day, 2027-03-31; today without"),
]


class AnsweredLoss(serializers.Serializer):
    """What was lost of a SKU, or of something we do not have, and why."""

    sku = serializers.CharField(allow_null=True, help_text="null for what we do not have, and where all of it is summed up")
    name = serializers.CharField()
    wanted = serializers.CharField(help_text="What we do not have, in the words it was asked for with")
    reason = serializers.ChoiceField(choices=LostReason.values, allow_null=True, help_text="null where all reasons are summed up")
    units = serializers.IntegerField()
    times = serializers.IntegerField(help_text="In how many calls")
    value = serializers.CharField(allow_null=True, help_text="At the list price of the day, in the books' currency; null where nothing had one")
    currency = serializers.CharField()
    last_at = serializers.DateTimeField(help_text="The last call")


class AnsweredLosses(serializers.Serializer):
    data = AnsweredLoss(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class AnsweredWish(serializers.Serializer):
    sku = serializers.CharField(allow_null=True)
    wanted = serializers.CharField()
    quantity = serializers.IntegerField()


class AnsweredLostCall(serializers.Serializer):
    """A call in which nothing was ordered."""

    id = serializers.IntegerField()
    noted_at = serializers.DateTimeField()
    noted_by = serializers.CharField()
    customer = serializers.CharField(allow_null=True, help_text="C-1001; null for somebody whom nobody knew")
    reason = serializers.ChoiceField(choices=LostReason.values)
    note = serializers.CharField()
    lines = AnsweredWish(many=True)


class AnsweredLostCalls(serializers.Serializer):
    data = AnsweredLostCall(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class LostSalesView(Resource):
    needs = {"GET": ("orders:read", "orders.view_order")}

    @extend_schema(
        operation_id="list_lost_sales",
        parameters=[*FILTERS, OpenApiParameter("by", str, enum=list(BY), description="What a row is of: both without"), *CURSOR],
        responses={200: AnsweredLosses, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List what was wanted and not sold, the dearest first."""
        wanted = asked(request, *_FILTERS, "by", "cursor", "limit")
        page = lost_sales(asked_for(wanted, channel=channel_of(request)), after=wanted.get("cursor", ""), size=limit_of(request))
        currency = settings.BOOKS_CURRENCY
        data = [
            {
                "sku": row.sku or None,
                "name": row.name,
                "wanted": row.words,
                "reason": row.reason or None,
                "units": row.units,
                "times": row.times,
                "value": None if row.worth is None else amount(row.worth, currency),
                "currency": currency,
                "last_at": row.last_at,
            }
            for row in page.rows
        ]
        return Response({"data": data, "next_cursor": page.next or None, "has_more": bool(page.next)})


class LostCallsView(Resource):
    needs = {"GET": ("orders:read", "orders.view_order")}

    @extend_schema(operation_id="list_lost_calls", parameters=[*FILTERS, *CURSOR], responses={200: AnsweredLostCalls, **PROBLEMS})
    def get(self, request: Request) -> Response:
        """List the calls in which nothing was ordered, the latest first."""
        wanted = asked(request, *_FILTERS, "cursor", "limit")
        rows = calls_lost(asked_for(wanted, channel=channel_of(request))).select_related("customer").prefetch_related("lines__sku")
        return Response(listed(request, rows, order=("-noted_at", "-id"), show=_shown))


def _shown(calls: list[LostSale]) -> list[dict[str, Any]]:
    return [
        {
            "id": call.pk,
            "noted_at": call.noted_at,
            "noted_by": call.noted_by,
            "customer": call.customer.number if call.customer else None,
            "reason": call.reason,
            "note": call.note,
            "lines": [{"sku": line.sku.code if line.sku else None, "wanted": line.text, "quantity": line.quantity} for line in call.lines.all()],
        }
        for call in calls
    ]
