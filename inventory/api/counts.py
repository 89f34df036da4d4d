"""Counts over REST. A sheet is as blind here as it is on the desk: what should be there is told when it is booked."""

from typing import Any

from django.db.models import Prefetch
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inventory import counting
from inventory.models import Count, CountLine
from inventory.states import AbcClass, CountState
from oms.core.api.access import principal_of
from oms.core.api.cursors import asked, listed, one_of
from oms.core.api.idempotency import Answer, once
from oms.core.api.schema import CURSOR, IDEMPOTENCY_KEY, PROBLEMS
from oms.core.api.shapes import StrictSerializer, Text, WholeNumber, checked
from oms.core.api.views import Document, Resource
from oms.core.errors import Invalid, NotFound
from oms.core.readable import row_of


class OpenCountSerializer(StrictSerializer):
    """A sheet to open: of these SKUs, or else of what is due."""

    warehouse = Text(max_length=20, help_text="A warehouse's code")
    abc_class = serializers.ChoiceField(choices=AbcClass.values, required=False)
    skus = serializers.ListField(child=Text(max_length=40), max_length=counting.MOST_LINES, required=False)
    most = WholeNumber(min_value=1, max_value=counting.MOST_LINES, required=False, help_text=f"{counting.USUAL_LINES} without it")


class CountedSerializer(StrictSerializer):
    sku = Text(max_length=40)
    counted = WholeNumber(min_value=0, max_value=counting.MOST_UNITS, allow_null=True, help_text="null takes a number back")


class EnterCountsSerializer(StrictSerializer):
    """What was counted."""

    at = serializers.DateTimeField(required=False, help_text="When, where that is not now")
    lines = CountedSerializer(many=True, min_length=1, max_length=counting.MOST_LINES)  # type: ignore[call-arg]


class AnsweredCountLine(serializers.Serializer):
    sku = serializers.CharField()
    counted = serializers.IntegerField(allow_null=True)
    counted_at = serializers.DateTimeField(allow_null=True)
    expected = serializers.IntegerField(allow_null=True, help_text="What should have been there when it was counted; null until it is booked")
    difference = serializers.IntegerField(allow_null=True)
    moved_meanwhile = serializers.BooleanField(allow_null=True, help_text="It moved between counting and booking")


class AnsweredCount(serializers.Serializer):
    """A sheet of SKUs that somebody counts in a warehouse."""

    number = serializers.CharField()
    state = serializers.ChoiceField(choices=CountState.choices)
    warehouse = serializers.CharField()
    abc_class = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    lines = AnsweredCountLine(many=True)


class AnsweredCounts(serializers.Serializer):
    data = AnsweredCount(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


READ = ("stock:read", "inventory.view_stocklevel")
WRITE = ("stock:write", "inventory.adjust_stock")


def _rows() -> Any:
    lines = Prefetch("lines", CountLine.objects.select_related("sku").order_by("id"))
    return Count.objects.select_related("warehouse").prefetch_related(lines)


def count_numbered(number: str) -> Count:
    """Give the sheet whose number it is, with its lines. Raises NotFound."""
    pk = row_of(number, Count.NUMBER_PREFIX)
    found = _rows().filter(pk=pk).first() if pk else None
    if found is None:
        raise NotFound(_("There is no count %(number)s.") % {"number": number[:30]})
    return found


def count_shown(count: Count) -> dict[str, Any]:
    """Show a sheet as AnsweredCount says: of a line that is not booked, only what was written down."""
    return {
        "number": count.number,
        "state": count.state,
        "warehouse": count.warehouse.code,
        "abc_class": count.abc_class,
        "created_at": count.created_at,
        "closed_at": count.closed_at,
        "lines": [
            {
                "sku": line.sku.code,
                "counted": line.counted,
                "counted_at": line.counted_at,
                "expected": None if line.difference is None else line.expected,
                "difference": line.difference,
                "moved_meanwhile": None if line.difference is None else line.moved_meanwhile,
            }
            for line in count.lines.all()
        ],
    }


class CountsView(Resource):
    needs = {"GET": READ, "POST": WRITE}

    @extend_schema(
        operation_id="list_counts",
        parameters=[OpenApiParameter("state", str, enum=CountState.values), *CURSOR],
        responses={200: AnsweredCounts, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List sheets, the latest first."""
        wanted = asked(request, "state", "cursor", "limit")
        rows = _rows()
        if state := one_of(wanted, "state", CountState.values):
            rows = rows.filter(state=state)
        return Response(listed(request, rows, order=("-id",), show=lambda some: [count_shown(one) for one in some]))

    @extend_schema(operation_id="open_count", request=OpenCountSerializer, parameters=[IDEMPOTENCY_KEY], responses={201: AnsweredCount, **PROBLEMS})
    def post(self, request: Request) -> HttpResponse:
        """Open a sheet."""
        wanted = checked(OpenCountSerializer, request.data)

        def work() -> Answer:
            opened = counting.open_count(
                wanted["warehouse"],
                abc_class=wanted.get("abc_class", ""),
                skus=wanted.get("skus", ()),
                most=wanted.get("most", counting.USUAL_LINES),
                actor=principal_of(request),
            )
            return Answer(201, count_shown(count_numbered(opened.number)))

        return once(request, work, location=lambda body: f"/api/v1/counts/{body['number']}")


class _Sheet(Document):
    find = staticmethod(count_numbered)
    show = staticmethod(count_shown)


class CountView(_Sheet):
    needs = {"GET": READ}

    @extend_schema(operation_id="read_count", responses={200: AnsweredCount, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """Read a sheet: blind while it is open, with its differences once it is booked."""
        return self.read(number)


class CountEntriesView(_Sheet):
    needs = {"POST": WRITE}

    @extend_schema(
        operation_id="enter_counts", request=EnterCountsSerializer, parameters=[IDEMPOTENCY_KEY], responses={200: AnsweredCount, **PROBLEMS}
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Write down what was counted, in any order, and again to correct it."""
        wanted = checked(EnterCountsSerializer, request.data)
        found = self.find(number)
        lines = {line.sku.code: line.pk for line in found.lines.all()}
        counted: dict[int, int | None] = {}
        for position, line in enumerate(wanted["lines"]):
            known = lines.get(line["sku"].strip().upper())
            if known is None or known in counted:
                facts = {"number": found.number, "sku": line["sku"]}
                raise Invalid(_("Name each SKU of %(number)s once: %(sku)s is not.") % facts, pointer=f"/lines/{position}/sku")
            counted[known] = line["counted"]
        return self.act(request, found, lambda: counting.enter_counts(found.pk, counted, at=wanted.get("at"), actor=principal_of(request)))


class CancelCountView(_Sheet):
    needs = {"POST": WRITE}

    @extend_schema(operation_id="cancel_count", request=None, parameters=[IDEMPOTENCY_KEY], responses={200: AnsweredCount, **PROBLEMS})
    def post(self, request: Request, number: str) -> HttpResponse:
        """Throw a sheet away. Nothing is booked."""
        found = self.find(number)
        return self.act(request, found, lambda: counting.cancel_count(found.pk, actor=principal_of(request)))
