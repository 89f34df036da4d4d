"""Corrections of what stock is worth, over REST."""

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from inventory.api.named import sku_and_warehouse
from inventory.costing import correct_cost
from oms.core.api.access import principal_of
from oms.core.api.idempotency import Answer, once
from oms.core.api.schema import IDEMPOTENCY_KEY, PROBLEMS
from oms.core.api.shapes import ExactAmount, StrictSerializer, Text, amount, checked
from oms.core.api.views import Resource


class CorrectCostSerializer(StrictSerializer):
    """By how much the stock of a day was worth more (below zero: less) than the books said."""

    warehouse = Text(max_length=20, help_text="A warehouse's code")
    amount = ExactAmount(help_text="In the books' currency, to the cent")
    effective_on = serializers.DateField(required=False, help_text="The end of this day; today without it")
    note = Text(max_length=200)


class AnsweredCostCorrection(serializers.Serializer):
    sku = serializers.CharField()
    warehouse = serializers.CharField()
    amount = serializers.CharField()
    stays = serializers.CharField(help_text="What of it stays with the stock that is there")
    expensed = serializers.CharField(help_text="What of it went with what has left since then")


class CostCorrectionsView(Resource):
    needs = {"POST": ("stock:write", "inventory.correct_cost")}

    @extend_schema(
        operation_id="correct_cost",
        request=CorrectCostSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: AnsweredCostCorrection, **PROBLEMS},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Correct what a SKU was worth in a warehouse, also as of a day that has passed: a new entry, never a rewriting."""
        wanted = checked(CorrectCostSerializer, request.data)
        sku, warehouse = sku_and_warehouse(code, wanted["warehouse"])

        def work() -> Answer:
            stays = correct_cost(
                sku,
                warehouse,
                amount=wanted["amount"],
                effective_on=wanted.get("effective_on"),
                note=wanted["note"],
                actor=principal_of(request),
            )
            figures = {"amount": wanted["amount"], "stays": stays, "expensed": wanted["amount"] - stays}
            shown = {name: amount(value, settings.BOOKS_CURRENCY) for name, value in figures.items()}
            return Answer(201, {"sku": sku.code, "warehouse": warehouse.code} | shown)

        return once(request, work)
