"""Vendors' bills over REST."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.billing import MOST_LINES, BillDraft, BillLineDraft, approve_bill, enter_bill
from accounting.models import BillDifference, VendorBill, VendorBillLine
from accounting.states import BillState
from inventory.models import LandedCost, PurchaseOrder, PurchaseOrderLine
from oms.core.api.access import principal_of
from oms.core.api.cursors import asked, listed
from oms.core.api.idempotency import Answer, once
from oms.core.api.schema import CURSOR, IDEMPOTENCY_KEY, PROBLEMS
from oms.core.api.shapes import ExactAmount, StrictSerializer, Text, WholeNumber, amount, checked
from oms.core.api.views import Resource
from oms.core.errors import Invalid, NotFound
from oms.core.readable import row_of


class BillLineSerializer(StrictSerializer):
    """Units of a purchase order's line (`purchase_order`, `sku`, `quantity`), or a landed cost (`landed_cost`)."""

    purchase_order = Text(max_length=20, required=False)
    sku = Text(max_length=40, required=False)
    quantity = WholeNumber(min_value=1, max_value=1_000_000_000, required=False)
    landed_cost = WholeNumber(min_value=1, max_value=2**62, required=False)
    unit_price = ExactAmount(help_text="In the bill's currency, without tax")


class BillSerializer(StrictSerializer):
    """A vendor's bill as it stands on paper."""

    reference = Text(max_length=60, help_text="The vendor's own number: each is entered once")
    billed_on = serializers.DateField()
    lines = BillLineSerializer(many=True, allow_empty=False, max_length=MOST_LINES)  # type: ignore[call-arg]
    tax = ExactAmount(required=False, help_text="0 without it")
    total = ExactAmount(required=False, help_text="With tax, to be checked against the lines")
    vendor = WholeNumber(min_value=1, max_value=2**62, required=False, help_text="The purchase order's without it")
    currency = Text(max_length=3, required=False)
    due_on = serializers.DateField(required=False, help_text="By the terms of the order without it")
    books_rate = serializers.DecimalField(18, 8, required=False, help_text="The books' currency for one unit of the bill's; the vendor's without it")
    note = Text(max_length=300, required=False, allow_blank=True)


class ReleaseSerializer(StrictSerializer):
    note = Text(max_length=300, help_text="Why it is released in spite of what differs")


class AnsweredBillLine(serializers.Serializer):
    purchase_order = serializers.CharField(allow_null=True)
    sku = serializers.CharField(allow_null=True)
    landed_cost = serializers.IntegerField(allow_null=True)
    description = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = serializers.CharField()
    net = serializers.CharField()


class AnsweredDifference(serializers.Serializer):
    kind = serializers.CharField()
    amount = serializers.CharField(help_text="Too much, or below zero too little, in the bill's currency")
    sentence = serializers.CharField()


class AnsweredBill(serializers.Serializer):
    """A vendor's bill, or their credit note (amounts below zero). `differences` hold it."""

    number = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.CharField()
    vendor = serializers.IntegerField()
    vendor_name = serializers.CharField()
    reference = serializers.CharField()
    billed_on = serializers.DateField()
    due_on = serializers.DateField()
    currency = serializers.CharField()
    net_total = serializers.CharField()
    tax_total = serializers.CharField()
    total = serializers.CharField()
    open = serializers.CharField()
    books_currency = serializers.CharField()
    books_total = serializers.CharField()
    credits = serializers.CharField(allow_null=True)
    lines = AnsweredBillLine(many=True)
    differences = AnsweredDifference(many=True)


class AnsweredBills(serializers.Serializer):
    data = AnsweredBill(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class BillsView(Resource):
    needs = {"GET": ("purchasing:read", "accounting.view_vendorbill"), "POST": ("purchasing:write", "accounting.enter_bill")}

    @extend_schema(
        operation_id="list_vendor_bills",
        parameters=[OpenApiParameter("state", str, enum=BillState.values), OpenApiParameter("vendor", int), *CURSOR],
        responses={200: AnsweredBills, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List vendors' bills, the newest first."""
        wanted = asked(request, "state", "vendor", "cursor", "limit")
        rows = _bills()
        if state := wanted.get("state"):
            if state not in BillState.values:
                raise Invalid(_("There is no such state of a bill."), parameter="state")
            rows = rows.filter(state=state)
        if vendor := wanted.get("vendor"):
            if not (vendor.isascii() and vendor.isdigit() and len(vendor) < 19):
                raise Invalid(_("A vendor is a whole number."), parameter="vendor")
            rows = rows.filter(vendor=int(vendor))
        return Response(listed(request, rows, order=("-id",), show=_shown))

    @extend_schema(operation_id="enter_vendor_bill", request=BillSerializer, parameters=[IDEMPOTENCY_KEY], responses={201: AnsweredBill, **PROBLEMS})
    def post(self, request: Request) -> HttpResponse:
        """Enter a vendor's bill: `posted` where it agrees with what was ordered and has come, `held` with its differences where not."""
        wanted = checked(BillSerializer, request.data)

        def work() -> Answer:
            made = enter_bill(_draft(wanted), actor=principal_of(request))
            return Answer(201, _shown([_bills().get(pk=made.pk)])[0])

        return once(request, work, location=lambda body: f"/api/v1/vendor-bills/{body['number']}")


class BillView(Resource):
    needs = {"GET": ("purchasing:read", "accounting.view_vendorbill")}

    @extend_schema(operation_id="read_vendor_bill", responses={200: AnsweredBill, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """Read a vendor's bill, and what holds it."""
        return Response(_shown([_numbered(number)])[0])


class ReleaseBillView(Resource):
    needs = {"POST": ("bills:release", "accounting.release_bill")}

    @extend_schema(
        operation_id="release_vendor_bill", request=ReleaseSerializer, parameters=[IDEMPOTENCY_KEY], responses={200: AnsweredBill, **PROBLEMS}
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Release a held bill in spite of its differences, and post it."""
        wanted = checked(ReleaseSerializer, request.data)
        pk = _numbered(number).pk

        def work() -> Answer:
            approve_bill(pk, note=wanted["note"], actor=principal_of(request))
            return Answer(200, _shown([_bills().get(pk=pk)])[0])

        return once(request, work)


def _bills() -> QuerySet[VendorBill]:
    return VendorBill.objects.select_related("vendor", "credits")


def _numbered(number: str) -> VendorBill:
    found = _bills().filter(pk=row_of(number, VendorBill.NUMBER_PREFIX) or 0).first()
    if found is None:
        raise NotFound(_("There is no bill %(number)s.") % {"number": number[:40].replace("\x00", "")})
    return found


def _draft(wanted: dict[str, Any]) -> BillDraft:
    """Find what the lines of a checked body are for. Two queries. Raises Invalid for what is on no purchase order."""
    lines = wanted["lines"]
    orders = {row_of(line.get("purchase_order", ""), PurchaseOrder.NUMBER_PREFIX) or 0 for line in lines if "landed_cost" not in line}
    ordered = {
        (line.order_id, line.sku.code): line
        for line in PurchaseOrderLine.objects.filter(order__in=orders, sku__code__in={line.get("sku", "").upper() for line in lines}).select_related(
            "sku", "order"
        )
    }
    drafts, vendors = [], []
    for i, line in enumerate(lines):
        if "landed_cost" in line:
            if {"purchase_order", "sku", "quantity"} & set(line):
                raise Invalid(_("A line is for a purchase order's line or for a landed cost."), pointer=f"/lines/{i}")
            drafts.append(BillLineDraft(line["unit_price"], landed_cost_id=line["landed_cost"]))
            continue
        found = ordered.get((row_of(line.get("purchase_order", ""), PurchaseOrder.NUMBER_PREFIX) or 0, line.get("sku", "").upper()))
        if found is None or "quantity" not in line:
            raise Invalid(_("Say which SKU of which purchase order the line is for, and how many units."), pointer=f"/lines/{i}")
        vendors.append(found.order.vendor_id)
        drafts.append(BillLineDraft(line["unit_price"], line["quantity"], purchase_line_id=found.pk))
    fields = {name: wanted[name] for name in ("reference", "billed_on", "tax", "total", "currency", "due_on", "books_rate", "note") if name in wanted}
    return BillDraft(vendor_id=wanted.get("vendor") or _vendor_of(vendors, drafts), lines=drafts, **fields)


def _vendor_of(vendors: list[int], drafts: list[BillLineDraft]) -> int:
    if vendors:
        return vendors[0]
    costs = LandedCost.objects.filter(pk__in=[draft.landed_cost_id for draft in drafts])
    vendor = costs.order_by("id").values_list("order__vendor", flat=True).first()
    if vendor is None:
        raise Invalid(_("There is no such landed cost."), pointer="/lines/0/landed_cost")
    return vendor


def _shown(bills: list[VendorBill]) -> list[dict[str, Any]]:
    """Show bills as AnsweredBill says. Two queries."""
    lines: dict[int, list[VendorBillLine]] = {bill.pk: [] for bill in bills}
    differences: dict[int, list[BillDifference]] = {bill.pk: [] for bill in bills}
    for line in VendorBillLine.objects.filter(bill__in=bills).select_related("purchase_line__order", "purchase_line__sku").order_by("id"):
        lines[line.bill_id].append(line)
    for difference in BillDifference.objects.filter(line__bill__in=bills, settled_at__isnull=True).select_related("line").order_by("id"):
        differences[difference.line.bill_id].append(difference)
    return [_bill_shown(bill, lines[bill.pk], differences[bill.pk]) for bill in bills]


def _bill_shown(bill: VendorBill, lines: list[VendorBillLine], differences: list[BillDifference]) -> dict[str, Any]:
    return {
        "number": bill.number,
        "kind": bill.kind,
        "state": bill.state,
        "vendor": bill.vendor_id,
        "vendor_name": bill.vendor.name,
        "reference": bill.reference,
        "billed_on": bill.billed_on,
        "due_on": bill.due_on,
        "currency": bill.currency,
        **{name: amount(getattr(bill, name), bill.currency) for name in ("net_total", "tax_total", "total")},
        "open": amount(bill.open_amount, bill.currency),
        "books_currency": settings.BOOKS_CURRENCY,
        "books_total": amount(bill.books_total, settings.BOOKS_CURRENCY),
        "credits": bill.credits.number if bill.credits else None,
        "lines": [
            {
                "purchase_order": line.purchase_line.order.number if line.purchase_line else None,
                "sku": line.purchase_line.sku.code if line.purchase_line else None,
                "landed_cost": line.landed_cost_id,
                "description": line.description,
                "quantity": line.quantity,
                "unit_price": f"{line.unit_price:f}",
                "net": amount(line.net, bill.currency),
            }
            for line in lines
        ],
        "differences": [
            {
                "kind": difference.kind,
                "amount": amount(difference.amount, bill.currency),
                "sentence": difference.sentence(bill.currency, settings.BOOKS_CURRENCY),
            }
            for difference in differences
        ],
    }
