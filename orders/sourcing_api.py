"""Sourcing over REST: the rules, simulations of others, why an order is filled from where it is, and swaps between two orders."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.decisions import decisions_of
from inventory.decisions import shown as decisions_shown
from inventory.sourcing import RuleChange, all_rules, change_rules, version_of
from inventory.states import SourcingPolicy
from inventory.waiting import LineStock, stock_of_lines
from oms.core.api.access import principal_of
from oms.core.api.cursors import asked, listed
from oms.core.api.idempotency import Answer, once
from oms.core.api.schema import CURSOR, IDEMPOTENCY_KEY, PROBLEMS
from oms.core.api.shapes import ExactAmount, StrictSerializer, Text, WholeNumber, YesNo, checked
from oms.core.api.views import Resource
from oms.core.errors import Invalid, NotFound
from orders.api import order_numbered
from orders.models import Order, OrderLine, SourcingSimulation
from orders.prioritising import LEAST_URGENT, MOST_URGENT, set_priority
from orders.simulating import MOST_DAYS, ask_for_simulation
from orders.states import SimulationState
from orders.swapping import Preview, Promise, apply_swap, preview_swap

READ = ("stock:read", "inventory.view_stocklevel")
CHANGE = ("sourcing:write", "inventory.change_sourcingrule")
SWAP = ("sourcing:write", "orders.swap_stock")


class SourcingStepSerializer(StrictSerializer):
    """A step of the sourcing. `amount`: what every part must be worth, for split_value alone."""

    policy = serializers.ChoiceField(choices=SourcingPolicy.values)
    active = YesNo()
    amount = ExactAmount(required=False, allow_null=True)


class SourcingRulesSerializer(StrictSerializer):
    """All steps that are to be in force, in their order; what is not among them is switched off. `version`: of the rules this is a change of."""

    rules = SourcingStepSerializer(many=True, max_length=len(SourcingPolicy.values))  # type: ignore[call-arg]
    version = Text(max_length=40, required=False)


class AnsweredSourcingStep(serializers.Serializer):
    policy = serializers.ChoiceField(choices=SourcingPolicy.values)
    title = serializers.CharField()
    active = serializers.BooleanField()
    amount = serializers.CharField(allow_null=True)


class AnsweredSourcingRules(serializers.Serializer):
    """The steps in their order. `version` tells these rules from others: send it back with a change."""

    version = serializers.CharField()
    rules = AnsweredSourcingStep(many=True)


class SourcingRulesView(Resource):
    needs = {"GET": READ, "PUT": CHANGE}

    @extend_schema(operation_id="read_sourcing_rules", responses={200: AnsweredSourcingRules, **PROBLEMS})
    def get(self, request: Request) -> Response:
        """Read the steps by which an order's warehouses are chosen."""
        asked(request)
        return Response(_rules_shown())

    @extend_schema(operation_id="change_sourcing_rules", request=SourcingRulesSerializer, responses={200: AnsweredSourcingRules, **PROBLEMS})
    def put(self, request: Request) -> Response:
        """Put these steps in force. Safe to repeat. What waits is looked at again."""
        wanted = checked(SourcingRulesSerializer, request.data)
        change_rules(_rule_changes(wanted["rules"]), actor=principal_of(request), seen=wanted.get("version", ""))
        return Response(_rules_shown())


class SimulationSerializer(StrictSerializer):
    """The steps to replay the orders of the last `days` days under."""

    rules = SourcingStepSerializer(many=True, max_length=len(SourcingPolicy.values))  # type: ignore[call-arg]
    days = WholeNumber(min_value=1, max_value=MOST_DAYS)


class AnsweredSimulation(serializers.Serializer):
    """A simulation and, once it is done, what the orders come to under the rules that were in force and under the edited ones."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=SimulationState.values)
    days = serializers.IntegerField()
    done = serializers.IntegerField(help_text="Choices made so far, of `total`: every order is replayed under both sets of rules")
    total = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField(allow_blank=True)
    rules = serializers.ListField(child=serializers.ListField())
    result = serializers.DictField(allow_null=True)


class AnsweredSimulations(serializers.Serializer):
    data = AnsweredSimulation(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class SimulationsView(Resource):
    needs = {"GET": READ, "POST": CHANGE}

    @extend_schema(operation_id="list_simulations", parameters=CURSOR, responses={200: AnsweredSimulations, **PROBLEMS})
    def get(self, request: Request) -> Response:
        """List simulations, the latest first."""
        asked(request, "cursor", "limit")
        return Response(listed(request, SourcingSimulation.objects.all(), order=("-id",), show=lambda rows: [_simulation_shown(row) for row in rows]))

    @extend_schema(
        operation_id="ask_for_simulation",
        request=SimulationSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={202: AnsweredSimulation, **PROBLEMS},
    )
    def post(self, request: Request) -> HttpResponse:
        """Ask what the orders of the last days would have come to under other steps. Nothing is touched; read it until it is done."""
        wanted = checked(SimulationSerializer, request.data)

        def work() -> Answer:
            simulation = ask_for_simulation(_rule_changes(wanted["rules"]), days=wanted["days"], actor=principal_of(request))
            return Answer(202, _simulation_shown(simulation))

        return once(request, work, location=lambda body: f"/api/v1/sourcing/simulations/{body['id']}")


class SimulationView(Resource):
    needs = {"GET": READ}

    @extend_schema(operation_id="read_simulation", responses={200: AnsweredSimulation, **PROBLEMS})
    def get(self, request: Request, pk: int) -> Response:
        """Read a simulation: how far it is, or what it came to."""
        simulation = SourcingSimulation.objects.filter(pk=pk).first() if pk < 2**63 else None
        if simulation is None:
            raise NotFound(_("There is no such simulation."))
        return Response(_simulation_shown(simulation))


class AnsweredDecision(serializers.Serializer):
    made_at = serializers.DateTimeField()
    steps = serializers.ListField(child=serializers.CharField(), help_text="What each step said, in sentences; the last is what came of it")


class AnsweredBringer(serializers.Serializer):
    """What is on its way with units that a line waits for."""

    kind = serializers.ChoiceField(choices=["purchase", "transfer"])
    number = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    units = serializers.IntegerField()
    expected_on = serializers.DateField(allow_null=True)


class AnsweredLineStock(serializers.Serializer):
    """Where a line's units lie, and what it waits for."""

    line = serializers.IntegerField(help_text="Its position on the order, from 1")
    sku = serializers.CharField()
    reserved = serializers.ListField(child=serializers.DictField())
    waits_for = serializers.ListField(child=serializers.DictField())
    promised_on = serializers.DateField(allow_null=True)
    expected_on = serializers.DateField(allow_null=True)


class AnsweredSourcing(serializers.Serializer):
    """Why an order is filled from where it is: the latest decision first."""

    number = serializers.CharField()
    decisions = AnsweredDecision(many=True)
    lines = AnsweredLineStock(many=True)


class OrderSourcingView(Resource):
    needs = {"GET": ("orders:read", "orders.view_order")}

    @extend_schema(operation_id="read_order_sourcing", responses={200: AnsweredSourcing, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """Read why an order's warehouses were chosen, where its units lie, and what will bring the rest."""
        order = order_numbered(number, request)
        stock = stock_of_lines(order.pk)
        lines = order.lines.select_related("sku").order_by("position")
        return Response(
            {
                "number": order.number,
                "decisions": decisions_shown(decisions_of(order.pk)),
                "lines": [_line_shown(line, stock.get(line.pk, LineStock())) for line in lines],
            }
        )


class SwapSerializer(StrictSerializer):
    """`line` of the order waits for `units`; `other_line` of the order `other` has them, or waits for the same SKU and gets it sooner.

    Lines are given by their position, from 1. `seen`: from the preview; without it, nothing is done but shown.
    """

    line = WholeNumber(min_value=1, max_value=10_000)
    other = Text(max_length=30)
    other_line = WholeNumber(min_value=1, max_value=10_000)
    units = WholeNumber(min_value=1, max_value=1_000_000)


class ApplySwapSerializer(SwapSerializer):
    seen = Text(max_length=64)


class AnsweredPromise(serializers.Serializer):
    """What a line was promised and what is expected, as it is and after the swap. null: nothing that waits, or nothing that brings it."""

    order = serializers.CharField()
    sku = serializers.CharField()
    promised_on = serializers.DateField(allow_null=True)
    waits = serializers.IntegerField()
    expected_on = serializers.DateField(allow_null=True)
    waits_after = serializers.IntegerField()
    expected_after = serializers.DateField(allow_null=True)


class AnsweredSwap(serializers.Serializer):
    """Both orders' promises, before and after. `seen`: send it back to have it done; it is refused once either order has moved on."""

    kind = serializers.ChoiceField(choices=["stock", "place"])
    units = serializers.IntegerField()
    sku = serializers.CharField()
    promises = AnsweredPromise(many=True)
    seen = serializers.CharField()


class SwapPreviewView(Resource):
    needs = {"POST": SWAP}

    @extend_schema(operation_id="preview_swap", request=SwapSerializer, responses={200: AnsweredSwap, **PROBLEMS})
    def post(self, request: Request, number: str) -> Response:
        """Show what a swap would do to both orders' promises. Nothing is changed."""
        order_numbered(number, request)
        wanted = checked(SwapSerializer, request.data)
        return Response(_swap_shown(preview_swap(*_both_lines(request, number, wanted), units=wanted["units"])))


class SwapsView(Resource):
    needs = {"POST": SWAP}

    @extend_schema(operation_id="apply_swap", request=ApplySwapSerializer, parameters=[IDEMPOTENCY_KEY], responses={200: AnsweredSwap, **PROBLEMS})
    def post(self, request: Request, number: str) -> HttpResponse:
        """Swap between two orders as a preview showed it. 409 where either has moved on since."""
        order_numbered(number, request)
        wanted = checked(ApplySwapSerializer, request.data)

        def work() -> Answer:
            lines = _both_lines(request, number, wanted)
            return Answer(200, _swap_shown(apply_swap(*lines, units=wanted["units"], seen=wanted["seen"], actor=principal_of(request))))

        return once(request, work)


class PrioritySerializer(StrictSerializer):
    priority = WholeNumber(min_value=MOST_URGENT, max_value=LEAST_URGENT, help_text="1 is served first, 9 last")


class AnsweredPriority(serializers.Serializer):
    number = serializers.CharField()
    priority = serializers.IntegerField()


class PriorityView(Resource):
    needs = {"PUT": ("sourcing:write", "orders.set_priority")}

    @extend_schema(operation_id="set_priority", request=PrioritySerializer, responses={200: AnsweredPriority, **PROBLEMS})
    def put(self, request: Request, number: str) -> Response:
        """Say how urgent an order is. Safe to repeat. What it waits for is pegged anew."""
        found = order_numbered(number, request)
        wanted = checked(PrioritySerializer, request.data)
        order = set_priority(found.pk, wanted["priority"], actor=principal_of(request))
        return Response({"number": order.number, "priority": order.priority})


def _rule_changes(steps: list[dict[str, Any]]) -> list[RuleChange]:
    return [RuleChange(step["policy"], 10 * number, step["active"], step.get("amount")) for number, step in enumerate(steps, start=1)]


def _rules_shown() -> dict[str, Any]:
    rules = all_rules()
    return {
        "version": version_of(rules),
        "rules": [
            {
                "policy": rule.policy,
                "title": str(SourcingPolicy(rule.policy).label),
                "active": rule.is_active,
                "amount": None if rule.amount is None else f"{rule.amount:f}",
            }
            for rule in rules
        ],
    }


def _simulation_shown(row: SourcingSimulation) -> dict[str, Any]:
    fields = ("state", "days", "done", "total", "created_at", "finished_at", "error", "rules", "result")
    return {"id": row.pk} | {name: getattr(row, name) for name in fields}


def _line_shown(line: OrderLine, stock: LineStock) -> dict[str, Any]:
    days = [one.expected_on for one in stock.waits_for]
    return {
        "line": line.position,
        "sku": line.sku.code,
        "reserved": [{"warehouse": one.warehouse, "sku": one.sku, "units": one.units} for one in stock.lies],
        "waits_for": [
            {
                "sku": one.sku,
                "units": one.units,
                "expected_on": one.expected_on,
                "unknown": one.unknown,
                "brings": [{"kind": b.kind, "number": b.number, "source": b.source, "units": b.units, "expected_on": b.on} for b in one.brings],
            }
            for one in stock.waits_for
        ],
        "promised_on": line.promised_on,
        "expected_on": None if None in days else max((day for day in days if day), default=None),
    }


def _both_lines(request: Request, number: str, wanted: dict[str, Any]) -> tuple[int, int]:
    first, second = order_numbered(number, request), order_numbered(wanted["other"], request)
    return _line(first, wanted["line"], "/line"), _line(second, wanted["other_line"], "/other_line")


def _line(order: Order, position: int, pointer: str) -> int:
    pk = order.lines.filter(position=position).values_list("pk", flat=True).first()
    if pk is None:
        raise Invalid(_("%(number)s has no line %(position)d.") % {"number": order.number, "position": position}, pointer=pointer)
    return pk


def _promise_shown(promise: Promise) -> dict[str, Any]:
    return {
        "order": promise.order,
        "sku": promise.sku,
        "promised_on": promise.promised_on,
        "waits": promise.waits,
        "expected_on": promise.expected,
        "waits_after": promise.waits_after,
        "expected_after": promise.expected_after,
    }


def _swap_shown(preview: Preview) -> dict[str, Any]:
    return {
        "kind": preview.kind,
        "units": preview.units,
        "sku": preview.sku,
        "promises": [_promise_shown(promise) for promise in preview.promises],
        "seen": preview.seen,
    }
