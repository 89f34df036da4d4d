"""Purchasing over REST: vendors, what is proposed to buy, purchase orders and reorder rules."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.models import PurchaseNeed, PurchaseOrder, PurchaseOrderLine, ReorderRule, Sku, Vendor, Warehouse
from inventory.purchasing.changing import Changed, Confirmed, acknowledge_order, cancel_purchase, change_order, close_purchase
from inventory.purchasing.needs import approve_needs, reject_needs
from inventory.purchasing.ordering import MOST_LINES, Draft, Wanted, approve_order, draft_order
from inventory.purchasing.rules import set_rule
from inventory.purchasing.selectors import VendorStanding, grouped, items_of, standings
from inventory.purchasing.stories import story_of
from inventory.states import NeedState, PurchaseState
from oms.core.api.access import principal_of
from oms.core.api.cursors import asked, listed
from oms.core.api.idempotency import Answer, once
from oms.core.api.schema import CURSOR, IDEMPOTENCY_KEY, PROBLEMS
from oms.core.api.shapes import ExactAmount, StrictSerializer, Text, WholeNumber, YesNo, amount, checked
from oms.core.api.views import Resource
from oms.core.errors import Invalid, NotFound
from oms.core.readable import row_of

MOST_UNITS = 1_000_000_000
READS = ("purchasing:read", "inventory.view_purchaseorder")
BUYS = ("purchasing:write", "inventory.approve_purchase")


# --- vendors ---


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


def vendor_numbered(number: str) -> Vendor:
    """Give the vendor called `number` (V-1001). Raises NotFound."""
    vendor = Vendor.objects.filter(pk=row_of(number, Vendor.NUMBER_PREFIX) or 0).first()
    if vendor is None:
        raise NotFound(_("There is no vendor %(number)s.") % {"number": number[:40]})
    return vendor


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


# --- needs ---


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
        state = asked(request, "state", "cursor", "limit").get("state", NeedState.PROPOSED)
        if state not in NeedState.values:
            raise Invalid(_("A need is one of: %(states)s.") % {"states": ", ".join(NeedState.values)}, parameter="state")
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


# --- purchase orders ---


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
    expected_on = serializers.DateField(required=False)
    note = Text(max_length=500, required=False, allow_blank=True)


class EndSerializer(StrictSerializer):
    version = WholeNumber(min_value=1, required=False)
    reason = Text(max_length=300, required=False, allow_blank=True)


class ApproveOrderSerializer(StrictSerializer):
    version = WholeNumber(min_value=1, required=False)
    accept_below_minimum = YesNo(required=False)


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
        if "state" in wanted:
            if wanted["state"] not in PurchaseState.values:
                raise Invalid(_("A purchase order is one of: %(states)s.") % {"states": ", ".join(PurchaseState.values)}, parameter="state")
            rows = rows.filter(state=wanted["state"])
        if "vendor" in wanted:
            rows = rows.filter(vendor=vendor_numbered(wanted["vendor"]))
        return Response(listed(request, rows, order=("-id",), show=lambda found: [order_shown(order) for order in found]))

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
            return Answer(201, order_shown(order_numbered(order.number)))

        return once(request, work, location=lambda body: f"/api/v1/purchase-orders/{body['number']}")


class PurchaseOrderView(Resource):
    needs = {"GET": READS}

    @extend_schema(operation_id="read_purchase_order", responses={200: AnsweredPurchaseOrder, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """Read a purchase order."""
        return Response(order_shown(order_numbered(number)))


class ApproveOrderView(Resource):
    needs = {"POST": BUYS}

    @extend_schema(
        operation_id="approve_purchase_order",
        request=ApproveOrderSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={200: AnsweredPurchaseOrder, **PROBLEMS},
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Approve a draft and send it to the vendor."""
        order, wanted = order_numbered(number), checked(ApproveOrderSerializer, request.data)

        def work() -> Answer:
            approve_order(order.pk, **wanted, actor=principal_of(request))
            return Answer(200, order_shown(order_numbered(number)))

        return once(request, work)


class AcknowledgementView(Resource):
    needs = {"POST": BUYS}

    @extend_schema(
        operation_id="acknowledge_purchase_order",
        request=AcknowledgeSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={200: AnsweredPurchaseOrder, **PROBLEMS},
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Keep what the vendor has confirmed: how many of each line, and when."""
        order, wanted = order_numbered(number), checked(AcknowledgeSerializer, request.data)
        lines = {
            _line(order, said["sku"], position): Confirmed(said.get("quantity"), said.get("expected_on"))
            for position, said in enumerate(wanted.get("lines", []))
        }

        def work() -> Answer:
            reference, version = wanted.get("vendor_reference", ""), wanted.get("version")
            acknowledge_order(order.pk, lines, vendor_reference=reference, version=version, actor=principal_of(request))
            return Answer(200, order_shown(order_numbered(number)))

        return once(request, work)


class ChangePurchaseOrderView(Resource):
    needs = {"POST": BUYS}

    @extend_schema(
        operation_id="change_purchase_order",
        request=ChangeSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={200: AnsweredPurchaseOrder, **PROBLEMS},
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Change quantities, days and prices, or call lines off. The vendor is sent the changed order."""
        order, wanted = order_numbered(number), checked(ChangeSerializer, request.data)
        lines = {
            _line(order, said["sku"], position): Changed(said.get("quantity"), said.get("expected_on"), said.get("unit_cost"))
            for position, said in enumerate(wanted.get("lines", []))
        }

        def work() -> Answer:
            change_order(
                order.pk,
                lines,
                version=wanted["version"],
                expected_on=wanted.get("expected_on"),
                note=wanted.get("note"),
                actor=principal_of(request),
            )
            return Answer(200, order_shown(order_numbered(number)))

        return once(request, work)


class CancelPurchaseOrderView(Resource):
    needs = {"POST": BUYS}

    @extend_schema(
        operation_id="cancel_purchase_order", request=EndSerializer, parameters=[IDEMPOTENCY_KEY], responses={200: AnsweredPurchaseOrder, **PROBLEMS}
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Call a purchase order off; the vendor is told. Refused once some of it has come: close it then."""
        order, wanted = order_numbered(number), checked(EndSerializer, request.data)

        def work() -> Answer:
            cancel_purchase(order.pk, reason=wanted.get("reason", ""), version=wanted.get("version"), actor=principal_of(request))
            return Answer(200, order_shown(order_numbered(number)))

        return once(request, work)


class ClosePurchaseOrderView(Resource):
    needs = {"POST": BUYS}

    @extend_schema(
        operation_id="close_purchase_order", request=EndSerializer, parameters=[IDEMPOTENCY_KEY], responses={200: AnsweredPurchaseOrder, **PROBLEMS}
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Close a purchase order: what has not come is not expected any more."""
        order, wanted = order_numbered(number), checked(EndSerializer, request.data)

        def work() -> Answer:
            close_purchase(order.pk, version=wanted.get("version"), actor=principal_of(request))
            return Answer(200, order_shown(order_numbered(number)))

        return once(request, work)


def order_numbered(number: str) -> PurchaseOrder:
    """Give the purchase order called `number` (PO-1001), with its lines. Raises NotFound."""
    rows = PurchaseOrder.objects.select_related("vendor", "warehouse").prefetch_related("lines__sku")
    order = rows.filter(pk=row_of(number, PurchaseOrder.NUMBER_PREFIX) or 0).first()
    if order is None:
        raise NotFound(_("There is no purchase order %(number)s.") % {"number": number[:40]})
    return order


def order_shown(order: PurchaseOrder) -> dict[str, Any]:
    """Show a purchase order, with its lines prefetched."""
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


def _draft(wanted: dict[str, Any]) -> Draft:
    vendor = vendor_numbered(wanted["vendor"])
    place = Warehouse.objects.stocking().filter(code=wanted["warehouse"]).first()
    if place is None:
        raise Invalid(_("There is no warehouse %(code)s.") % {"code": wanted["warehouse"]}, pointer="/warehouse")
    codes = [line["sku"].strip().upper() for line in wanted["lines"]]
    known = dict(Sku.objects.filter(code__in=codes).values_list("code", "id"))
    lines = []
    for position, (code, line) in enumerate(zip(codes, wanted["lines"], strict=True)):
        if code not in known:
            raise Invalid(_("There is no SKU %(code)s.") % {"code": code}, pointer=f"/lines/{position}/sku")
        lines.append(Wanted(known[code], line["quantity"], line.get("unit_cost")))
    return Draft(vendor.pk, place.pk, lines, expected_on=wanted.get("expected_on"), note=wanted.get("note", ""))


def _line(order: PurchaseOrder, sku: str, position: int) -> int:
    line: PurchaseOrderLine | None = next((one for one in order.lines.all() if one.sku.code == sku.strip().upper()), None)
    if line is None:
        raise Invalid(_("%(sku)s is not on %(number)s.") % {"sku": sku, "number": order.number}, pointer=f"/lines/{position}/sku")
    return line.pk


# --- reorder rules ---


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
    needs = {"GET": READS}

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
