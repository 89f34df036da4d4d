"""Purchase orders over REST."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.api.named import order_numbered, vendor_numbered
from inventory.models import PurchaseOrder, PurchaseOrderLine, Sku, Warehouse
from inventory.purchasing.changing import Changed, Confirmed, acknowledge_order, cancel_purchase, change_order, close_purchase
from inventory.purchasing.ordering import MOST_LINES, MOST_UNITS, Draft, Wanted, approve_order, draft_order
from inventory.states import PurchaseState
from oms.core.api.access import principal_of
from oms.core.api.cursors import asked, listed, one_of
from oms.core.api.idempotency import Answer, once
from oms.core.api.schema import CURSOR, IDEMPOTENCY_KEY, PROBLEMS
from oms.core.api.shapes import ExactAmount, StrictSerializer, Text, WholeNumber, YesNo, amount, checked
from oms.core.api.views import Document, Resource
from oms.core.errors import Invalid

READS = ("purchasing:read", "inventory.view_purchaseorder")
BUYS = ("purchasing:write", "inventory.approve_purchase")


class AnsweredPurchaseLine(serializers.Serializer):
    sku = serializers.CharField()
    quantity = serializers.IntegerField(help_text="0 where it was called off")
    acknowledged = serializers.IntegerField(allow_null=True)
    received = serializers.IntegerField()
    over = serializers.IntegerField(help_text="Units that may come beyond what is ordered")
    expected_on = serializers.DateField(allow_null=True)
    unit_cost = serializers.CharField()


class AnsweredPurchaseOrder(serializers.Serializer):
    """A purchase order as it stands."""

    number = serializers.CharField()
    state = serializers.CharField()
    vendor = serializers.CharField()
    warehouse = serializers.CharField()
    currency = serializers.CharField()
    total = serializers.CharField()
    expected_on = serializers.DateField(allow_null=True, help_text="The day we asked for")
    vendor_reference = serializers.CharField()
    note = serializers.CharField()
    revision = serializers.IntegerField(help_text="How often the vendor was sent it, changed")
    version = serializers.IntegerField(help_text="Send it with a change: it is refused where somebody was quicker")
    is_late = serializers.BooleanField()
    lines = AnsweredPurchaseLine(many=True)
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)


class AnsweredPurchaseOrders(serializers.Serializer):
    data = AnsweredPurchaseOrder(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class OrderedLineSerializer(StrictSerializer):
    sku = Text(max_length=40)
    quantity = WholeNumber(min_value=1, max_value=MOST_UNITS)
    unit_cost = ExactAmount(required=False, min_value=0, help_text="In the vendor's currency; his price at that quantity without it")


class CreatePurchaseOrderSerializer(StrictSerializer):
    """An order to make by hand."""

    vendor = Text(max_length=30, help_text="V-1001")
    warehouse = Text(max_length=20, help_text="The warehouse's code")
    lines = OrderedLineSerializer(many=True, allow_empty=False, max_length=MOST_LINES)  # type: ignore[call-arg]
    expected_on = serializers.DateField(required=False)
    note = Text(max_length=500, required=False, allow_blank=True)
    approve = YesNo(required=False, help_text="Approve and send it at once; a draft without it")
    accept_below_minimum = YesNo(required=False)


class ConfirmedLineSerializer(StrictSerializer):
    sku = Text(max_length=40)
    quantity = WholeNumber(min_value=0, max_value=MOST_UNITS, required=False)
    expected_on = serializers.DateField(required=False)


class AcknowledgeSerializer(StrictSerializer):
    """What the vendor has confirmed. A line that is not named comes as ordered."""

    lines = ConfirmedLineSerializer(many=True, required=False, max_length=MOST_LINES)  # type: ignore[call-arg]
    vendor_reference = Text(max_length=60, required=False, allow_blank=True)
    version = WholeNumber(min_value=1, required=False)


class ChangedLineSerializer(StrictSerializer):
    sku = Text(max_length=40)
    quantity = WholeNumber(min_value=0, max_value=MOST_UNITS, required=False, help_text="What has come, to call the rest off")
    expected_on = serializers.DateField(required=False)
    unit_cost = ExactAmount(required=False, min_value=0)


class ChangeSerializer(StrictSerializer):
    """What is to be different. `version`: of the order that it was decided on."""

    version = WholeNumber(min_value=1)
    lines = ChangedLineSerializer(many=True, required=False, max_length=MOST_LINES)  # type: ignore[call-arg]
    add = OrderedLineSerializer(many=True, required=False, max_length=MOST_LINES, help_text="New lines, while nothing has come")  # type: ignore[call-arg]
    expected_on = serializers.DateField(required=False)
    note = Text(max_length=500, required=False, allow_blank=True)


class EndSerializer(StrictSerializer):
    version = WholeNumber(min_value=1, required=False)
    reason = Text(max_length=300, required=False, allow_blank=True)


class ApproveOrderSerializer(StrictSerializer):
    version = WholeNumber(min_value=1, required=False)
    accept_below_minimum = YesNo(required=False)


def _shown(order: PurchaseOrder) -> dict[str, Any]:
    return {
        "number": order.number,
        "state": order.state,
        "vendor": order.vendor.number,
        "warehouse": order.warehouse.code,
        "currency": order.currency,
        "total": amount(order.total, order.currency),
        "expected_on": order.expected_on,
        "vendor_reference": order.vendor_reference,
        "note": order.note,
        "revision": order.revision,
        "version": order.version,
        "is_late": order.is_late,
        "lines": [
            {
                "sku": line.sku.code,
                "quantity": line.quantity,
                "acknowledged": line.acknowledged,
                "received": line.received,
                "over": line.over,
                "expected_on": line.due_on,
                "unit_cost": f"{line.unit_cost:f}",
            }
            for line in order.lines.all()
        ],
        "created_at": order.created_at,
        "sent_at": order.sent_at,
        "acknowledged_at": order.acknowledged_at,
    }


class PurchaseOrdersView(Resource):
    needs = {"GET": READS, "POST": BUYS}

    @extend_schema(
        operation_id="list_purchase_orders",
        parameters=[OpenApiParameter("state", str, enum=PurchaseState.values), OpenApiParameter("vendor", str), *CURSOR],
        responses={200: AnsweredPurchaseOrders, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List purchase orders, the newest first."""
        wanted = asked(request, "state", "vendor", "cursor", "limit")
        rows = PurchaseOrder.objects.select_related("vendor", "warehouse").prefetch_related("lines__sku")
        if state := one_of(wanted, "state", PurchaseState.values):
            rows = rows.filter(state=state)
        if "vendor" in wanted:
            rows = rows.filter(vendor=vendor_numbered(wanted["vendor"]))
        return Response(listed(request, rows, order=("-id",), show=lambda found: [_shown(order) for order in found]))

    @extend_schema(
        operation_id="create_purchase_order",
        request=CreatePurchaseOrderSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: AnsweredPurchaseOrder, **PROBLEMS},
    )
    def post(self, request: Request) -> HttpResponse:
        """Make a purchase order by hand: a draft, or sent at once."""
        wanted = checked(CreatePurchaseOrderSerializer, request.data)
        draft = _draft(wanted)

        def work() -> Answer:
            order = draft_order(draft, actor=principal_of(request))
            if wanted.get("approve"):
                approve_order(order.pk, accept_below_minimum=wanted.get("accept_below_minimum", False), actor=principal_of(request))
            return Answer(201, _shown(order_numbered(order.number)))

        return once(request, work, location=lambda body: f"/api/v1/purchase-orders/{body['number']}")


class _PurchaseOrder(Document):
    find = staticmethod(order_numbered)
    show = staticmethod(_shown)


class PurchaseOrderView(_PurchaseOrder):
    needs = {"GET": READS}

    @extend_schema(operation_id="read_purchase_order", responses={200: AnsweredPurchaseOrder, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """Read a purchase order."""
        return self.read(number)


class ApproveOrderView(_PurchaseOrder):
    needs = {"POST": BUYS}

    @extend_schema(
        operation_id="approve_purchase_order",
        request=ApproveOrderSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={200: AnsweredPurchaseOrder, **PROBLEMS},
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Approve a draft and send it to the vendor."""
        order, wanted = self.find(number), checked(ApproveOrderSerializer, request.data)
        return self.act(request, order, lambda: approve_order(order.pk, **wanted, actor=principal_of(request)))


class AcknowledgementView(_PurchaseOrder):
    needs = {"POST": BUYS}

    @extend_schema(
        operation_id="acknowledge_purchase_order",
        request=AcknowledgeSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={200: AnsweredPurchaseOrder, **PROBLEMS},
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Keep what the vendor has confirmed: how many of each line, and when."""
        order, wanted = self.find(number), checked(AcknowledgeSerializer, request.data)
        lines = {
            _line(order, said["sku"], position): Confirmed(said.get("quantity"), said.get("expected_on"))
            for position, said in enumerate(wanted.get("lines", []))
        }

        def work() -> None:
            reference, version = wanted.get("vendor_reference", ""), wanted.get("version")
            acknowledge_order(order.pk, lines, vendor_reference=reference, version=version, actor=principal_of(request))

        return self.act(request, order, work)


class ChangePurchaseOrderView(_PurchaseOrder):
    needs = {"POST": BUYS}

    @extend_schema(
        operation_id="change_purchase_order",
        request=ChangeSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={200: AnsweredPurchaseOrder, **PROBLEMS},
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Change quantities, days and prices, call lines off, or add some. The vendor is sent the changed order."""
        order, wanted = self.find(number), checked(ChangeSerializer, request.data)
        lines = {
            _line(order, said["sku"], position): Changed(said.get("quantity"), said.get("expected_on"), said.get("unit_cost"))
            for position, said in enumerate(wanted.get("lines", []))
        }
        added = _wanted(wanted.get("add", []), pointer="/add")

        def work() -> None:
            change_order(
                order.pk,
                lines,
                version=wanted["version"],
                added=added,
                expected_on=wanted.get("expected_on"),
                note=wanted.get("note"),
                actor=principal_of(request),
            )

        return self.act(request, order, work)


class CancelPurchaseOrderView(_PurchaseOrder):
    needs = {"POST": BUYS}

    @extend_schema(
        operation_id="cancel_purchase_order", request=EndSerializer, parameters=[IDEMPOTENCY_KEY], responses={200: AnsweredPurchaseOrder, **PROBLEMS}
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Call a purchase order off; the vendor is told. Refused once some of it has come: close it then."""
        order, wanted = self.find(number), checked(EndSerializer, request.data)

        def work() -> None:
            cancel_purchase(order.pk, reason=wanted.get("reason", ""), version=wanted.get("version"), actor=principal_of(request))

        return self.act(request, order, work)


class ClosePurchaseOrderView(_PurchaseOrder):
    needs = {"POST": BUYS}

    @extend_schema(
        operation_id="close_purchase_order", request=EndSerializer, parameters=[IDEMPOTENCY_KEY], responses={200: AnsweredPurchaseOrder, **PROBLEMS}
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Close a purchase order: what has not come is not expected any more."""
        order, wanted = self.find(number), checked(EndSerializer, request.data)
        return self.act(request, order, lambda: close_purchase(order.pk, version=wanted.get("version"), actor=principal_of(request)))


def _draft(wanted: dict[str, Any]) -> Draft:
    vendor = vendor_numbered(wanted["vendor"])
    place = Warehouse.objects.stocking().filter(code=wanted["warehouse"]).first()
    if place is None:
        raise Invalid(_("There is no warehouse %(code)s.") % {"code": wanted["warehouse"]}, pointer="/warehouse")
    lines = _wanted(wanted["lines"], pointer="/lines")
    return Draft(vendor.pk, place.pk, lines, expected_on=wanted.get("expected_on"), note=wanted.get("note", ""))


def _wanted(lines: list[dict[str, Any]], *, pointer: str) -> list[Wanted]:
    codes = [line["sku"].strip().upper() for line in lines]
    known = dict(Sku.objects.filter(code__in=codes).values_list("code", "id"))
    for position, code in enumerate(codes):
        if code not in known:
            raise Invalid(_("There is no SKU %(code)s.") % {"code": code}, pointer=f"{pointer}/{position}/sku")
    return [Wanted(known[code], line["quantity"], line.get("unit_cost")) for code, line in zip(codes, lines, strict=True)]


def _line(order: PurchaseOrder, sku: str, position: int) -> int:
    line: PurchaseOrderLine | None = next((one for one in order.lines.all() if one.sku.code == sku.strip().upper()), None)
    if line is None:
        raise Invalid(_("%(sku)s is not on %(number)s.") % {"sku": sku, "number": order.number}, pointer=f"/lines/{position}/sku")
    return line.pk
