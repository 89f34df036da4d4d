"""Taking goods in over REST: receipts, what brought them in, and what a code says."""

import hashlib
from collections import defaultdict
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.api.named import order_numbered
from inventory.models import LandedCost, PurchaseOrder, PurchaseOrderLine, Receipt, ReceiptLine
from inventory.purchasing.landing import add_landed_cost
from inventory.purchasing.receiving import receive_goods, reverse_receipt
from inventory.purchasing.scanning import MOST_CHARACTERS, Scan, identify
from inventory.states import LandedKind, SpreadBy
from oms.core.api.access import principal_of
from oms.core.api.cursors import asked, listed
from oms.core.api.idempotency import HEADER, Answer, once
from oms.core.api.schema import CURSOR, IDEMPOTENCY_KEY, PROBLEMS
from oms.core.api.shapes import ExactAmount, StrictSerializer, Text, WholeNumber, amount, checked
from oms.core.api.views import Resource
from oms.core.errors import Invalid, NotFound

MOST_LINES = 500


def key_of(request: Request) -> str:
    """Give the key that the services know a request's work by: as long as they take, and nobody else's."""
    return hashlib.sha256(f"{principal_of(request)} {request.headers.get(HEADER, '')}".encode()).hexdigest()


def lines_by_sku(order: PurchaseOrder, some: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Give purchase order line → what was said of its SKU. Raises Invalid for a SKU that is not on it, or is named twice."""
    lines = {line.sku.code: line for line in order.lines.all()}
    found: dict[int, dict[str, Any]] = {}
    for position, said in enumerate(some):
        line: PurchaseOrderLine | None = lines.get(said["sku"].strip().upper())
        if line is None:
            raise Invalid(_("%(sku)s is not on %(number)s.") % {"sku": said["sku"][:40], "number": order.number}, pointer=f"/lines/{position}/sku")
        if line.pk in found:
            raise Invalid(_("%(sku)s stands there twice: add the two lines up.") % {"sku": line.sku.code}, pointer=f"/lines/{position}/sku")
        found[line.pk] = said
    return found


class ReceivedLineSerializer(StrictSerializer):
    sku = Text(max_length=40)
    quantity = WholeNumber(min_value=1, max_value=1_000_000_000)
    note = Text(max_length=200, required=False, allow_blank=True, help_text="What stood on the package: batch, expiry")


class ReceiveSerializer(StrictSerializer):
    """What has come of a purchase order."""

    lines = ReceivedLineSerializer(many=True, min_length=1, max_length=MOST_LINES)  # type: ignore[call-arg]


class AnsweredReceiptLine(serializers.Serializer):
    sku = serializers.CharField()
    quantity = serializers.IntegerField(help_text="Below zero where a receipt is taken back")
    value = serializers.DecimalField(19, 4, help_text="In the books' currency")
    note = serializers.CharField()


class AnsweredReceipt(serializers.Serializer):
    """Goods taken in against a purchase order, or taken back."""

    id = serializers.IntegerField()
    purchase_order = serializers.CharField()
    received_at = serializers.DateTimeField()
    reverses = serializers.IntegerField(allow_null=True, help_text="The receipt that this one takes back")
    currency = serializers.CharField()
    lines = AnsweredReceiptLine(many=True)


class AnsweredReceipts(serializers.Serializer):
    data = AnsweredReceipt(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class ReceiptsView(Resource):
    needs = {
        "GET": ("purchasing:read", "inventory.view_purchaseorder"),
        "POST": ("purchasing:write", "inventory.receive_goods"),
    }

    @extend_schema(operation_id="list_receipts", parameters=CURSOR, responses={200: AnsweredReceipts, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """List what has come of a purchase order, the latest first."""
        asked(request, "cursor", "limit")
        order = order_numbered(number)
        return Response(listed(request, Receipt.objects.filter(order=order), order=("-id",), show=lambda rows: _shown(order, rows)))

    @extend_schema(
        operation_id="receive_goods",
        parameters=[IDEMPOTENCY_KEY],
        request=ReceiveSerializer,
        responses={201: AnsweredReceipt, **PROBLEMS},
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Receive goods of a purchase order. Orders that wait for them get them first. More than the order tolerates is refused."""
        wanted = checked(ReceiveSerializer, request.data)

        def work() -> Answer:
            order = order_numbered(number)
            lines = lines_by_sku(order, wanted["lines"])
            receipt = receive_goods(
                order.pk,
                {pk: said["quantity"] for pk, said in lines.items()},
                key=key_of(request),
                actor=principal_of(request),
                notes={pk: said["note"] for pk, said in lines.items() if said.get("note")},
            )
            return Answer(201, _shown(order, [receipt])[0])

        return once(request, work)


class ReverseSerializer(StrictSerializer):
    reason = Text(max_length=200, required=False, allow_blank=True)


class ReversalView(Resource):
    needs = {"POST": ("purchasing:write", "inventory.receive_goods")}

    @extend_schema(
        operation_id="reverse_receipt",
        parameters=[IDEMPOTENCY_KEY],
        request=ReverseSerializer,
        responses={201: AnsweredReceipt, **PROBLEMS},
    )
    def post(self, request: Request, number: str, receipt: int) -> HttpResponse:
        """Take back a receipt that was wrong, while its goods are free. They are expected again."""
        wanted = checked(ReverseSerializer, request.data)

        def work() -> Answer:
            order = order_numbered(number)
            if not Receipt.objects.filter(pk=receipt, order=order).exists():
                raise NotFound(_("There is no such receipt."))
            back = reverse_receipt(receipt, actor=principal_of(request), reason=wanted.get("reason", ""))
            return Answer(201, _shown(order, [back])[0])

        return once(request, work)


class LandedCostSerializer(StrictSerializer):
    """What it cost to bring the goods of a purchase order in."""

    kind = serializers.ChoiceField(choices=LandedKind.choices)
    amount = ExactAmount(help_text="In the books' currency")
    spread_by = serializers.ChoiceField(choices=SpreadBy.choices)
    note = Text(max_length=200, required=False, allow_blank=True)


class AnsweredLandedCost(serializers.Serializer):
    """A cost that was spread over what has come."""

    id = serializers.IntegerField()
    purchase_order = serializers.CharField()
    kind = serializers.CharField()
    amount = serializers.DecimalField(19, 4)
    currency = serializers.CharField()
    spread_by = serializers.CharField()
    note = serializers.CharField()
    created_at = serializers.DateTimeField()


class LandedCostsView(Resource):
    needs = {"POST": ("purchasing:write", "inventory.add_landedcost")}

    @extend_schema(
        operation_id="add_landed_cost",
        parameters=[IDEMPOTENCY_KEY],
        request=LandedCostSerializer,
        responses={201: AnsweredLandedCost, **PROBLEMS},
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Spread freight, duty or another cost over what has come of a purchase order. Of units that have left it is a cost of their sale."""
        wanted = checked(LandedCostSerializer, request.data)

        def work() -> Answer:
            order = order_numbered(number)
            landed = add_landed_cost(
                order.pk,
                kind=wanted["kind"],
                amount=wanted["amount"],
                spread_by=wanted["spread_by"],
                key=key_of(request),
                actor=principal_of(request),
                note=wanted.get("note", ""),
            )
            return Answer(201, _landed(order, landed))

        return once(request, work)


class ScanSerializer(StrictSerializer):
    """A code as a scanner gives it, or as somebody typed it."""

    code = Text(max_length=MOST_CHARACTERS, trim_whitespace=False)
    purchase_order = Text(max_length=20, required=False, help_text="Asks its vendor's own numbers only")
    choose = Text(max_length=40, required=False, help_text="The SKU, where several have the code")


class AnsweredScan(serializers.Serializer):
    """What a code says: units of a SKU, or a purchase order."""

    kind = serializers.ChoiceField(choices=["sku", "purchase_order"])
    sku = serializers.CharField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    units = serializers.IntegerField(help_text="In the package with this code")
    note = serializers.CharField(help_text="Batch and expiry, where the code says them")
    purchase_order = serializers.CharField(allow_null=True)


class ScansView(Resource):
    needs = {"POST": ("purchasing:read", "inventory.receive_goods")}

    @extend_schema(operation_id="read_code", request=ScanSerializer, responses={200: AnsweredScan, **PROBLEMS})
    def post(self, request: Request) -> Response:
        """Say what a code is: a GTIN of any length, GS1-128 or GS1 DataMatrix, our own or the vendor's code, a purchase order. Changes nothing."""
        wanted = checked(ScanSerializer, request.data)
        vendor = order_numbered(wanted["purchase_order"]).vendor_id if wanted.get("purchase_order") else None
        return Response(_read(identify(wanted["code"], vendor_id=vendor, choose=wanted.get("choose", ""))))


def _read(found: Scan) -> dict[str, Any]:
    return {
        "kind": "sku" if found.sku else "purchase_order",
        "sku": found.sku.code if found.sku else None,
        "name": found.sku.name if found.sku else None,
        "units": found.units,
        "note": found.note,
        "purchase_order": found.purchase or None,
    }


def _shown(order: PurchaseOrder, receipts: list[Receipt]) -> list[dict[str, Any]]:
    """Show receipts of `order` as AnsweredReceipt says. One query."""
    lines: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in ReceiptLine.objects.filter(receipt__in=receipts).select_related("line__sku").order_by("line_id"):
        shown = {"sku": row.line.sku.code, "quantity": row.quantity, "value": amount(row.value, settings.BOOKS_CURRENCY), "note": row.note}
        lines[row.receipt_id].append(shown)
    return [
        {
            "id": receipt.pk,
            "purchase_order": order.number,
            "received_at": receipt.received_at,
            "reverses": receipt.reverses_id,
            "currency": settings.BOOKS_CURRENCY,
            "lines": lines[receipt.pk],
        }
        for receipt in receipts
    ]


def _landed(order: PurchaseOrder, landed: LandedCost) -> dict[str, Any]:
    return {
        "id": landed.pk,
        "purchase_order": order.number,
        "kind": landed.kind,
        "amount": amount(landed.amount, settings.BOOKS_CURRENCY),
        "currency": settings.BOOKS_CURRENCY,
        "spread_by": landed.spread_by,
        "note": landed.note,
        "created_at": landed.created_at,
    }
