"""Reorder rules over REST."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.api.named import vendor_numbered
from inventory.models import ReorderRule
from inventory.purchasing.ordering import MOST_UNITS
from inventory.purchasing.rules import set_rule
from inventory.purchasing.stories import story_of
from oms.core.api.access import principal_of
from oms.core.api.cursors import asked, listed
from oms.core.api.schema import CURSOR, PROBLEMS
from oms.core.api.shapes import ExactAmount, StrictSerializer, Text, WholeNumber, YesNo, checked
from oms.core.api.views import Resource


class AnsweredRule(serializers.Serializer):
    """When a SKU is bought for a warehouse."""

    sku = serializers.CharField()
    warehouse = serializers.CharField()
    vendor = serializers.CharField()
    point = serializers.IntegerField()
    target = serializers.IntegerField()
    safety = serializers.IntegerField(help_text="Kept back from every promise")
    is_learned = serializers.BooleanField()
    service_level = serializers.CharField()
    cover_days = serializers.IntegerField()
    reason = serializers.CharField(help_text="Why it is so, in a sentence")
    learned_at = serializers.DateTimeField(allow_null=True)


class AnsweredRules(serializers.Serializer):
    data = AnsweredRule(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class SetRuleSerializer(StrictSerializer):
    """A reorder rule, by hand (point and target) or learned."""

    vendor = Text(max_length=30)
    point = WholeNumber(min_value=0, max_value=MOST_UNITS, required=False)
    target = WholeNumber(min_value=1, max_value=MOST_UNITS, required=False)
    safety = WholeNumber(min_value=0, max_value=MOST_UNITS, required=False)
    is_learned = YesNo(required=False)
    service_level = ExactAmount(required=False, help_text='"0.95" without it')
    cover_days = WholeNumber(min_value=1, max_value=365, required=False)


class RulesView(Resource):
    needs = {"GET": ("purchasing:read", "inventory.view_purchaseorder")}

    @extend_schema(
        operation_id="list_reorder_rules",
        parameters=[OpenApiParameter("sku", str), OpenApiParameter("warehouse", str), *CURSOR],
        responses={200: AnsweredRules, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List reorder rules by SKU."""
        wanted = asked(request, "sku", "warehouse", "cursor", "limit")
        rows = ReorderRule.objects.select_related("sku", "warehouse", "vendor")
        if "sku" in wanted:
            rows = rows.filter(sku__code=wanted["sku"].upper())
        if "warehouse" in wanted:
            rows = rows.filter(warehouse__code=wanted["warehouse"])
        return Response(listed(request, rows, order=("id",), show=lambda found: [_rule(rule) for rule in found]))


class RuleView(Resource):
    needs = {"PUT": ("purchasing:write", "inventory.change_reorderrule")}

    @extend_schema(operation_id="set_reorder_rule", request=SetRuleSerializer, responses={200: AnsweredRule, **PROBLEMS})
    def put(self, request: Request, warehouse: str, sku: str) -> Response:
        """Set the reorder rule of a SKU in a warehouse. Safe to repeat."""
        wanted = checked(SetRuleSerializer, request.data)
        vendor = vendor_numbered(wanted.pop("vendor"))
        return Response(_rule(set_rule(sku, warehouse, vendor_id=vendor.pk, **wanted, actor=principal_of(request))))


def _rule(rule: ReorderRule) -> dict[str, Any]:
    return {
        "sku": rule.sku.code,
        "warehouse": rule.warehouse.code,
        "vendor": rule.vendor.number,
        "point": rule.point,
        "target": rule.target,
        "safety": rule.safety,
        "is_learned": rule.is_learned,
        "service_level": f"{rule.service_level:f}",
        "cover_days": rule.cover_days,
        "reason": story_of(rule),
        "learned_at": rule.learned_at,
    }
