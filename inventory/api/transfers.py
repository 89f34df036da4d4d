"""Transfers over REST."""

from typing import Any

from django.conf import settings
from django.db.models import Prefetch
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inventory import transferring
from inventory.models import Transfer, TransferLine
from inventory.states import TransferState
from oms.core.api.access import principal_of
from oms.core.api.cursors import asked, listed, one_of
from oms.core.api.idempotency import Answer, once
from oms.core.api.schema import CURSOR, IDEMPOTENCY_KEY, PROBLEMS
from oms.core.api.shapes import StrictSerializer, Text, WholeNumber, amount, checked
from oms.core.api.views import Document, Resource
from oms.core.errors import Invalid, NotFound
from oms.core.readable import row_of


class TransferLineSerializer(StrictSerializer):
    sku = Text(max_length=40)
    quantity = WholeNumber(min_value=1, max_value=transferring.MOST_UNITS)


class PlanTransferSerializer(StrictSerializer):
    """A transfer to plan. Nothing moves before it is sent."""

    source = Text(max_length=20, help_text="A warehouse's code")  # type: ignore[assignment]
    destination = Text(max_length=20, help_text="Another's")
    expected_on = serializers.DateField()
    note = Text(max_length=200, required=False, allow_blank=True)
    lines = TransferLineSerializer(many=True, min_length=1, max_length=transferring.MOST_LINES)  # type: ignore[call-arg]


class TransferContentsSerializer(StrictSerializer):
    """What a planned transfer carries, all of it."""

    lines = TransferLineSerializer(many=True, min_length=1, max_length=transferring.MOST_LINES)  # type: ignore[call-arg]


class ReceiveTransferSerializer(StrictSerializer):
    """What has come of a transfer."""

    lines = TransferLineSerializer(many=True, min_length=1, max_length=transferring.MOST_LINES)  # type: ignore[call-arg]


class LoseTransferSerializer(StrictSerializer):
    """Why the rest will not come."""

    note = Text(max_length=200)


class AnsweredTransferLine(serializers.Serializer):
    sku = serializers.CharField()
    quantity = serializers.IntegerField()
    received = serializers.IntegerField()
    lost = serializers.IntegerField()
    value = serializers.CharField(help_text="What the units sent are worth, in the books' currency")


class AnsweredTransfer(serializers.Serializer):
    """Goods that go from one of our warehouses to another."""

    number = serializers.CharField()
    state = serializers.ChoiceField(choices=TransferState.choices)
    source = serializers.CharField()  # type: ignore[assignment]
    destination = serializers.CharField()
    expected_on = serializers.DateField()
    note = serializers.CharField()
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    lines = AnsweredTransferLine(many=True)


class AnsweredTransfers(serializers.Serializer):
    data = AnsweredTransfer(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


READ = ("stock:read", "inventory.view_stocklevel")
WRITE = ("stock:write", "inventory.transfer_stock")


def _rows() -> Any:
    lines = Prefetch("lines", TransferLine.objects.select_related("sku").order_by("id"))
    return Transfer.objects.select_related("source", "destination").prefetch_related(lines)


def _numbered(number: str) -> Transfer:
    pk = row_of(number, Transfer.NUMBER_PREFIX)
    found = _rows().filter(pk=pk).first() if pk else None
    if found is None:
        raise NotFound(_("There is no transfer %(number)s.") % {"number": number[:30]})
    return found


def _shown(transfer: Transfer) -> dict[str, Any]:
    return {
        "number": transfer.number,
        "state": transfer.state,
        "source": transfer.source.code,
        "destination": transfer.destination.code,
        "expected_on": transfer.expected_on,
        "note": transfer.note,
        "created_at": transfer.created_at,
        "sent_at": transfer.sent_at,
        "lines": [
            {
                "sku": line.sku.code,
                "quantity": line.quantity,
                "received": line.received,
                "lost": line.lost,
                "value": amount(line.value, settings.BOOKS_CURRENCY),
            }
            for line in transfer.lines.all()
        ],
    }


class TransfersView(Resource):
    needs = {"GET": READ, "POST": WRITE}

    @extend_schema(
        operation_id="list_transfers",
        parameters=[OpenApiParameter("state", str, enum=TransferState.values), *CURSOR],
        responses={200: AnsweredTransfers, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List transfers, the latest first."""
        wanted = asked(request, "state", "cursor", "limit")
        rows = _rows()
        if state := one_of(wanted, "state", TransferState.values):
            rows = rows.filter(state=state)
        return Response(listed(request, rows, order=("-id",), show=lambda some: [_shown(one) for one in some]))

    @extend_schema(
        operation_id="plan_transfer", request=PlanTransferSerializer, parameters=[IDEMPOTENCY_KEY], responses={201: AnsweredTransfer, **PROBLEMS}
    )
    def post(self, request: Request) -> HttpResponse:
        """Plan a transfer between two warehouses."""
        wanted = checked(PlanTransferSerializer, request.data)

        def work() -> Answer:
            planned = transferring.plan_transfer(
                wanted["source"],
                wanted["destination"],
                [(line["sku"], line["quantity"]) for line in wanted["lines"]],
                expected_on=wanted["expected_on"],
                note=wanted.get("note", ""),
                actor=principal_of(request),
            )
            return Answer(201, _shown(_numbered(planned.number)))

        return once(request, work, location=lambda body: f"/api/v1/transfers/{body['number']}")


class _Transfer(Document):
    find = staticmethod(_numbered)
    show = staticmethod(_shown)


class TransferView(_Transfer):
    needs = {"GET": READ}

    @extend_schema(operation_id="read_transfer", responses={200: AnsweredTransfer, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """Read a transfer: what it carries, and how much of it has come."""
        return self.read(number)


class TransferLinesView(_Transfer):
    needs = {"PUT": WRITE}

    @extend_schema(
        operation_id="change_transfer_lines",
        request=TransferContentsSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={200: AnsweredTransfer, **PROBLEMS},
    )
    def put(self, request: Request, number: str) -> HttpResponse:
        """Have a planned transfer carry these lines and nothing else. Refused once it was sent."""
        lines = [(line["sku"], line["quantity"]) for line in checked(TransferContentsSerializer, request.data)["lines"]]
        found = self.find(number)
        return self.act(request, found, lambda: transferring.change_transfer(found.pk, lines, actor=principal_of(request)))


class SendTransferView(_Transfer):
    needs = {"POST": WRITE}

    @extend_schema(operation_id="send_transfer", request=None, parameters=[IDEMPOTENCY_KEY], responses={200: AnsweredTransfer, **PROBLEMS})
    def post(self, request: Request, number: str) -> HttpResponse:
        """Send a planned transfer: its goods leave the source and lie on the road. What is reserved stays."""
        found = self.find(number)
        return self.act(request, found, lambda: transferring.send_transfer(found.pk, actor=principal_of(request)))


class CancelTransferView(_Transfer):
    needs = {"POST": WRITE}

    @extend_schema(operation_id="cancel_transfer", request=None, parameters=[IDEMPOTENCY_KEY], responses={200: AnsweredTransfer, **PROBLEMS})
    def post(self, request: Request, number: str) -> HttpResponse:
        """Call off a transfer that was not sent."""
        found = self.find(number)
        return self.act(request, found, lambda: transferring.cancel_transfer(found.pk, actor=principal_of(request)))


class TransferReceiptsView(_Transfer):
    needs = {"POST": WRITE}

    @extend_schema(
        operation_id="receive_transfer",
        request=ReceiveTransferSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={200: AnsweredTransfer, **PROBLEMS},
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Receive what has come of a transfer, in part or all. Orders that waited for it get it first."""
        wanted = checked(ReceiveTransferSerializer, request.data)
        found = self.find(number)
        lines = {line.sku.code: line for line in found.lines.all()}
        units: dict[int, int] = {}
        for position, line in enumerate(wanted["lines"]):
            known = lines.get(line["sku"].strip().upper())
            if known is None:
                facts = {"number": found.number, "sku": line["sku"]}
                raise Invalid(_("There is no %(sku)s on %(number)s.") % facts, pointer=f"/lines/{position}/sku")
            units[known.pk] = units.get(known.pk, 0) + line["quantity"]
        return self.act(request, found, lambda: transferring.receive_transfer(found.pk, units, actor=principal_of(request)))


class TransferLossesView(_Transfer):
    needs = {"POST": WRITE}

    @extend_schema(
        operation_id="lose_rest_of_transfer",
        request=LoseTransferSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={200: AnsweredTransfer, **PROBLEMS},
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Write off what is still on the road: it will not come any more."""
        note = checked(LoseTransferSerializer, request.data)["note"]
        found = self.find(number)
        return self.act(request, found, lambda: transferring.lose_rest(found.pk, note=note, actor=principal_of(request)))
