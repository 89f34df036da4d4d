"""A customer's own part numbers over REST."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import ngettext
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api import customer_numbered
from oms.core.api.access import principal_of
from oms.core.api.cursors import asked, listed
from oms.core.api.idempotency import Answer, once
from oms.core.api.problems import problem
from oms.core.api.schema import CURSOR, IDEMPOTENCY_KEY, PROBLEMS
from oms.core.api.shapes import StrictSerializer, Text, YesNo, checked
from oms.core.api.views import Resource
from orders.models import CustomerPart
from orders.part_numbers import (
    CHANGED,
    MOST_ROWS,
    NEW,
    REFUSED,
    SAME,
    Named,
    Report,
    add_part_numbers,
    check_part_numbers,
    remove_part_number,
    save_part_number,
)


class PartNumberSerializer(StrictSerializer):
    """What a customer calls a SKU of ours."""

    part_number = Text(max_length=40)
    sku = Text(max_length=40, help_text="Our code, or its barcode")


class PartNumberListSerializer(StrictSerializer):
    """Many at once: all of them are kept or, with one bad row, none."""

    rows = serializers.ListField(child=PartNumberSerializer(), min_length=1, max_length=MOST_ROWS)
    dry_run = YesNo(required=False, help_text="true: tell what would become of each row, and write nothing")


class AnsweredPartNumber(serializers.Serializer):
    id = serializers.IntegerField()
    part_number = serializers.CharField()
    sku = serializers.CharField()
    name = serializers.CharField()


class AnsweredPartNumbers(serializers.Serializer):
    data = AnsweredPartNumber(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class AnsweredPartFate(serializers.Serializer):
    row = serializers.IntegerField(help_text="From 1 on")
    part_number = serializers.CharField()
    sku = serializers.CharField()
    fate = serializers.ChoiceField(choices=[NEW, CHANGED, SAME, REFUSED])
    before = serializers.CharField(help_text="What it meant, where that changes")
    reason = serializers.CharField(help_text="Why it is refused")


class AnsweredPartNumberList(serializers.Serializer):
    """What a list did, or would do."""

    is_written = serializers.BooleanField()
    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    same = serializers.IntegerField()
    refused = serializers.IntegerField()
    fates = AnsweredPartFate(many=True)


class PartNumbersView(Resource):
    needs = {"GET": ("customers:read", "customers.view_customer"), "POST": ("customers:write", "customers.change_customer")}

    @extend_schema(
        operation_id="list_part_numbers",
        parameters=[OpenApiParameter("search", str, description="Part of their number, or of our code"), *CURSOR],
        responses={200: AnsweredPartNumbers, **PROBLEMS},
    )
    def get(self, request: Request, number: str) -> Response:
        """List what a customer calls our goods, by their numbers."""
        customer = customer_numbered(number, request)
        rows = CustomerPart.objects.filter(customer=customer).select_related("sku")
        if search := asked(request, "search", "cursor", "limit").get("search"):
            rows = rows.filter(Q(code__icontains=search) | Q(sku__code__icontains=search))
        return Response(listed(request, rows, order=("code", "id"), show=lambda page: [_shown(part) for part in page]))

    @extend_schema(
        operation_id="add_part_number", parameters=[IDEMPOTENCY_KEY], request=PartNumberSerializer, responses={201: AnsweredPartNumber, **PROBLEMS}
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Keep what a customer calls a SKU. The same again is left as it is; a number that means something else already is refused."""
        customer = customer_numbered(number, request)
        wanted = checked(PartNumberSerializer, request.data)

        def done() -> Answer:
            part = save_part_number(customer.pk, wanted["part_number"], wanted["sku"], actor=principal_of(request))
            return Answer(201, _shown(part))

        return once(request, done)


class PartNumberView(Resource):
    needs = {"PUT": ("customers:write", "customers.change_customer"), "DELETE": ("customers:write", "customers.change_customer")}

    @extend_schema(operation_id="change_part_number", request=PartNumberSerializer, responses={200: AnsweredPartNumber, **PROBLEMS})
    def put(self, request: Request, number: str, part: int) -> Response:
        """Change a part number, or what it means. Safe to repeat."""
        customer = customer_numbered(number, request)
        wanted = checked(PartNumberSerializer, request.data)
        return Response(_shown(save_part_number(customer.pk, wanted["part_number"], wanted["sku"], part=part, actor=principal_of(request))))

    @extend_schema(operation_id="remove_part_number", responses={204: None, **PROBLEMS})
    def delete(self, request: Request, number: str, part: int) -> Response:
        """Remove a part number. Safe to repeat."""
        remove_part_number(customer_numbered(number, request).pk, part, actor=principal_of(request))
        return Response(status=204)


class PartNumberListsView(Resource):
    needs = {"POST": ("customers:write", "customers.change_customer")}

    @extend_schema(operation_id="add_part_numbers", request=PartNumberListSerializer, responses={200: AnsweredPartNumberList, **PROBLEMS})
    def post(self, request: Request, number: str) -> HttpResponse:
        """Keep many part numbers at once: all of them or, with one bad row, none. The same list again changes nothing, so it is safe to repeat."""
        customer = customer_numbered(number, request)
        wanted = checked(PartNumberListSerializer, request.data)
        rows = [Named(row["part_number"], row["sku"]) for row in wanted["rows"]]
        if wanted.get("dry_run"):
            return Response(_told(check_part_numbers(customer.pk, rows)))
        report = add_part_numbers(customer.pk, rows, actor=principal_of(request))
        return _refused(report) if report.refused else Response(_told(report))


def _shown(part: CustomerPart) -> dict[str, Any]:
    return {"id": part.pk, "part_number": part.code, "sku": part.sku.code, "name": part.sku.name}


def _told(report: Report) -> dict[str, Any]:
    return {
        **{name: getattr(report, name) for name in ("is_written", "new", "changed", "same", "refused")},
        "fates": [
            {"row": one.row, "part_number": one.theirs, "sku": one.ours, "fate": one.fate, "before": one.before, "reason": one.reason}
            for one in report.fates
        ],
    }


def _refused(report: Report) -> HttpResponse:
    facts = {"count": report.refused, "rows": len(report.fates)}
    sentence = ngettext(
        "Nothing is written: %(count)d of %(rows)d rows is refused.", "Nothing is written: %(count)d of %(rows)d rows are refused.", report.refused
    )
    errors = [
        {"pointer": f"/rows/{fate.row - 1}", "code": "invalid", "detail": f"{fate.theirs}: {fate.reason}"}
        for fate in report.fates
        if fate.fate == REFUSED
    ]
    return problem(422, "rows_refused", sentence % facts, errors=errors, rows=len(report.fates), refused=report.refused)
