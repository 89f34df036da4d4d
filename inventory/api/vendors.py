"""Vendors over REST."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.api.named import vendor_numbered
from inventory.models import Vendor
from inventory.purchasing.ordering import MOST_LINES
from inventory.purchasing.selectors import VendorStanding, items_of, standings
from oms.core.api.cursors import asked, listed
from oms.core.api.schema import CURSOR, PROBLEMS
from oms.core.api.shapes import amount
from oms.core.api.views import Resource

READS = ("purchasing:read", "inventory.view_purchaseorder")


class AnsweredLeadTime(serializers.Serializer):
    """Days from order to receipt."""

    promised_days = serializers.IntegerField()
    observed_days = serializers.FloatField(allow_null=True, help_text="On average; null while nothing has come")
    ninety_percent_days = serializers.FloatField(allow_null=True, help_text="Nine of ten lines have come by then")
    receipts = serializers.IntegerField(help_text="Lines received that it was observed over")
    on_time = serializers.FloatField(allow_null=True, help_text="Share of them that came on the day asked for, or sooner")


class AnsweredVendor(serializers.Serializer):
    """Whom we buy from."""

    number = serializers.CharField()
    name = serializers.CharField()
    currency = serializers.CharField()
    terms_days = serializers.IntegerField()
    minimum_order = serializers.CharField(help_text="In their currency")
    lead_time = AnsweredLeadTime()
    open_orders = serializers.IntegerField()
    late_orders = serializers.IntegerField()
    is_active = serializers.BooleanField()


class AnsweredVendors(serializers.Serializer):
    data = AnsweredVendor(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class AnsweredContact(serializers.Serializer):
    name = serializers.CharField()
    role = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()


class AnsweredPrice(serializers.Serializer):
    from_quantity = serializers.IntegerField()
    unit_price = serializers.CharField()


class AnsweredVendorItem(serializers.Serializer):
    """A SKU as the vendor sells it."""

    sku = serializers.CharField()
    vendor_code = serializers.CharField()
    pack_size = serializers.IntegerField()
    minimum_order = serializers.IntegerField()
    is_preferred = serializers.BooleanField()
    prices = AnsweredPrice(many=True)
    lead_time = AnsweredLeadTime()


class AnsweredWholeVendor(AnsweredVendor):
    """A vendor with contacts, and the first 500 of the SKUs he sells."""

    contacts = AnsweredContact(many=True)
    items = AnsweredVendorItem(many=True)


class VendorsView(Resource):
    needs = {"GET": READS}

    @extend_schema(operation_id="list_vendors", parameters=CURSOR, responses={200: AnsweredVendors, **PROBLEMS})
    def get(self, request: Request) -> Response:
        """List vendors by name, with promised and observed lead times."""
        asked(request, "cursor", "limit")
        return Response(listed(request, Vendor.objects.all(), order=("name", "id"), show=lambda rows: [_vendor(one) for one in standings(rows)]))


class VendorView(Resource):
    needs = {"GET": READS}

    @extend_schema(operation_id="read_vendor", responses={200: AnsweredWholeVendor, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """Read a vendor with contacts, items, price breaks and lead times."""
        vendor = vendor_numbered(number)
        [standing] = standings([vendor])
        items = items_of(vendor, list(vendor.items.select_related("sku").prefetch_related("prices").order_by("sku__code")[:MOST_LINES]))
        body = _vendor(standing) | {
            "contacts": list(vendor.contacts.values("name", "role", "email", "phone")),
            "items": [
                {
                    "sku": row.item.sku.code,
                    "vendor_code": row.item.vendor_code,
                    "pack_size": row.item.pack_size,
                    "minimum_order": row.item.minimum_order,
                    "is_preferred": row.item.is_preferred,
                    "prices": [{"from_quantity": one.from_quantity, "unit_price": f"{one.unit_price:f}"} for one in row.item.prices.all()],
                    "lead_time": _lead_time(row.promised, row.kept),
                }
                for row in items
            ],
        }
        return Response(body)


def _vendor(standing: VendorStanding) -> dict[str, Any]:
    vendor = standing.vendor
    return {
        "number": vendor.number,
        "name": vendor.name,
        "currency": vendor.currency,
        "terms_days": vendor.terms_days,
        "minimum_order": amount(vendor.minimum_order, vendor.currency),
        "lead_time": _lead_time(vendor.lead_time_days, standing.kept),
        "open_orders": standing.open_orders,
        "late_orders": standing.late_orders,
        "is_active": vendor.is_active,
    }


def _lead_time(promised: int, kept: Any) -> dict[str, Any]:
    return {
        "promised_days": promised,
        "observed_days": round(kept.lead.mean, 1) if kept else None,
        "ninety_percent_days": round(kept.lead.ninety, 1) if kept else None,
        "receipts": kept.lead.receipts if kept else 0,
        "on_time": round(kept.on_time_share, 3) if kept else None,
    }
