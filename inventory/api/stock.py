"""Stock over REST."""

from collections import defaultdict
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.models import Sku, StockLevel
from oms.core.api.cursors import asked, listed
from oms.core.api.schema import CURSOR, PROBLEMS
from oms.core.api.views import Resource
from oms.core.errors import Invalid, NotFound

MOST_SKUS = 100


class AnsweredPlace(serializers.Serializer):
    warehouse = serializers.CharField()
    on_hand = serializers.IntegerField()
    reserved = serializers.IntegerField()
    free = serializers.IntegerField()


class AnsweredStock(serializers.Serializer):
    """How much of a SKU there is, and where."""

    sku = serializers.CharField()
    name = serializers.CharField()
    on_hand = serializers.IntegerField()
    reserved = serializers.IntegerField()
    free = serializers.IntegerField(help_text="What can be sold now")
    places = AnsweredPlace(many=True)


class AnsweredStocks(serializers.Serializer):
    data = AnsweredStock(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class StocksView(Resource):
    needs = {"GET": ("stock:read", "inventory.view_stocklevel")}

    @extend_schema(
        operation_id="list_stock",
        parameters=[OpenApiParameter("sku", str, description="Codes, with commas between: up to 100"), *CURSOR],
        responses={200: AnsweredStocks, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List SKUs with their stock, by code."""
        rows = Sku.objects.filter(is_active=True)
        if wanted := asked(request, "sku", "cursor", "limit").get("sku"):
            codes = {code.strip().upper() for code in wanted.split(",") if code.strip()}
            if len(codes) > MOST_SKUS:
                raise Invalid(_("Ask for at most %(most)d SKUs at once.") % {"most": MOST_SKUS}, parameter="sku")
            rows = rows.filter(code__in=codes)
        return Response(listed(request, rows, order=("code",), show=_shown))


class StockView(Resource):
    needs = {"GET": ("stock:read", "inventory.view_stocklevel")}

    @extend_schema(operation_id="read_stock", responses={200: AnsweredStock, **PROBLEMS})
    def get(self, request: Request, code: str) -> Response:
        """Read the stock of a SKU."""
        sku = Sku.objects.filter(code=code.replace("\x00", "").upper()).first()
        if sku is None:
            raise NotFound(_("There is no SKU %(code)s.") % {"code": code[:40]})
        return Response(_shown([sku])[0])


def _shown(skus: list[Sku]) -> list[dict[str, Any]]:
    places: dict[int, list[dict[str, Any]]] = defaultdict(list)
    levels = StockLevel.objects.filter(sku__in=skus).select_related("warehouse").order_by("warehouse__rank", "warehouse_id")
    for level in levels:
        places[level.sku_id].append({"warehouse": level.warehouse.code, "on_hand": level.on_hand, "reserved": level.reserved, "free": level.free})
    return [
        {
            "sku": sku.code,
            "name": sku.name,
            **{name: sum(place[name] for place in places[sku.pk]) for name in ("on_hand", "reserved", "free")},
            "places": places[sku.pk],
        }
        for sku in skus
    ]
