"""What is proposed to buy, over REST."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.models import PurchaseNeed
from inventory.purchasing.needs import approve_needs, reject_needs
from inventory.purchasing.ordering import MOST_LINES, MOST_UNITS
from inventory.purchasing.selectors import grouped
from inventory.states import NeedState
from oms.core.api.access import principal_of
from oms.core.api.cursors import asked, listed, one_of
from oms.core.api.idempotency import Answer, once
from oms.core.api.schema import CURSOR, IDEMPOTENCY_KEY, PROBLEMS
from oms.core.api.shapes import StrictSerializer, WholeNumber, YesNo, amount, checked
from oms.core.api.views import Resource

READS = ("purchasing:read", "inventory.view_purchaseorder")
BUYS = ("purchasing:write", "inventory.approve_purchase")


class AnsweredBreak(serializers.Serializer):
    """A price break within reach."""

    more = serializers.IntegerField()
    quantity = serializers.IntegerField()
    unit_price = serializers.CharField()
    saves = serializers.CharField(help_text="Less than the same units would cost at today's price")
    extra = serializers.CharField(help_text="More than is paid without them")


class AnsweredNeed(serializers.Serializer):
    """What is proposed to buy."""

    id = serializers.IntegerField()
    sku = serializers.CharField()
    warehouse = serializers.CharField()
    vendor = serializers.CharField(allow_null=True)
    quantity = serializers.IntegerField()
    origin = serializers.CharField()
    reason = serializers.CharField()
    state = serializers.CharField()
    unit_price = serializers.CharField()
    currency = serializers.CharField()
    next_break = AnsweredBreak(allow_null=True)
    created_at = serializers.DateTimeField()


class AnsweredNeeds(serializers.Serializer):
    data = AnsweredNeed(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class ApproveNeedSerializer(StrictSerializer):
    id = WholeNumber(min_value=1)
    quantity = WholeNumber(min_value=1, max_value=MOST_UNITS, required=False, help_text="Other than proposed")


class ApproveNeedsSerializer(StrictSerializer):
    """What is to be bought."""

    needs = ApproveNeedSerializer(many=True, allow_empty=False, max_length=MOST_LINES)  # type: ignore[call-arg]
    accept_below_minimum = YesNo(required=False, help_text="Order even where a vendor's minimum order is not reached")


class RejectNeedsSerializer(StrictSerializer):
    needs = serializers.ListField(child=WholeNumber(min_value=1), allow_empty=False, max_length=MOST_LINES)


class AnsweredApproval(serializers.Serializer):
    purchase_orders = serializers.ListField(child=serializers.CharField())


class AnsweredRejection(serializers.Serializer):
    rejected = serializers.IntegerField()


class NeedsView(Resource):
    needs = {"GET": READS}

    @extend_schema(
        operation_id="list_purchase_needs",
        parameters=[OpenApiParameter("state", str, enum=NeedState.values, description="proposed without it"), *CURSOR],
        responses={200: AnsweredNeeds, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List what is proposed to buy, the longest first, priced at its quantity."""
        state = one_of(asked(request, "state", "cursor", "limit"), "state", NeedState.values) or NeedState.PROPOSED
        rows = PurchaseNeed.objects.filter(state=state).select_related("sku", "warehouse", "vendor")
        return Response(listed(request, rows, order=("id",), show=_needs))


class ApproveNeedsView(Resource):
    needs = {"POST": BUYS}

    @extend_schema(
        operation_id="approve_purchase_needs",
        request=ApproveNeedsSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={200: AnsweredApproval, **PROBLEMS},
    )
    def post(self, request: Request) -> HttpResponse:
        """Buy what is proposed: one purchase order per vendor and warehouse, sent at once."""
        wanted = checked(ApproveNeedsSerializer, request.data)

        def work() -> Answer:
            orders = approve_needs(
                [one["id"] for one in wanted["needs"]],
                quantities={one["id"]: one["quantity"] for one in wanted["needs"] if "quantity" in one},
                accept_below_minimum=wanted.get("accept_below_minimum", False),
                actor=principal_of(request),
            )
            return Answer(200, {"purchase_orders": [order.number for order in orders]})

        return once(request, work)


class RejectNeedsView(Resource):
    needs = {"POST": BUYS}

    @extend_schema(
        operation_id="reject_purchase_needs",
        request=RejectNeedsSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={200: AnsweredRejection, **PROBLEMS},
    )
    def post(self, request: Request) -> HttpResponse:
        """Do not buy what is proposed. While it stays low, it is proposed again after a day."""
        wanted = checked(RejectNeedsSerializer, request.data)
        return once(request, lambda: Answer(200, {"rejected": reject_needs(wanted["needs"], actor=principal_of(request))}))


def _needs(rows: list[PurchaseNeed]) -> list[dict[str, Any]]:
    priced = {line.need.pk: (line.priced, one.currency) for one in grouped(rows) for line in one.lines}
    shown = []
    for need in rows:
        line, currency = priced[need.pk]
        tip = line.advice
        shown.append(
            {
                "id": need.pk,
                "sku": need.sku.code,
                "warehouse": need.warehouse.code,
                "vendor": need.vendor.number if need.vendor else None,
                "quantity": need.quantity,
                "origin": need.origin,
                "reason": need.why,
                "state": need.state,
                "unit_price": f"{line.unit_price:f}",
                "currency": currency,
                "next_break": tip
                and {
                    "more": tip.more,
                    "quantity": tip.quantity,
                    "unit_price": f"{tip.unit_price:f}",
                    "saves": amount(tip.saves, currency),
                    "extra": amount(tip.extra, currency),
                },
                "created_at": need.created_at,
            }
        )
    return shown
