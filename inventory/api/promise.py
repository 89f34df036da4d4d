"""Promises over REST: when something can be there, and stock held for a basket."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.availability import Availability, availability_of
from inventory.baskets import MOST_LINES, MOST_MINUTES, USUAL_MINUTES, Held, hold_stock, let_go
from oms.core.api.access import channel_of, principal_of
from oms.core.api.cursors import asked
from oms.core.api.schema import PROBLEMS
from oms.core.api.shapes import StrictSerializer, Text, WholeNumber, checked
from oms.core.api.views import Resource
from oms.core.errors import Invalid

MOST_SKUS = 100


class AnsweredAvailability(serializers.Serializer):
    """When so many units of a SKU can be there."""

    sku = serializers.CharField()
    quantity = serializers.IntegerField()
    free = serializers.IntegerField(help_text="Units of it that could leave today")
    ships_on = serializers.DateField(allow_null=True, help_text="When all of it can leave; null where nothing brings it")
    arrives_on = serializers.DateField(allow_null=True, help_text="With the days on the road, where the way to the destination is known")
    code = serializers.ChoiceField(choices=["now", "coming", "buy", "never"])
    reason = serializers.CharField(help_text="The same as a sentence")


class AnsweredAvailabilities(serializers.Serializer):
    data = AnsweredAvailability(many=True)  # type: ignore[assignment]


class AvailabilityView(Resource):
    needs = {"GET": ("stock:read", "inventory.view_stocklevel")}

    @extend_schema(
        operation_id="read_availability",
        parameters=[
            OpenApiParameter("sku", str, required=True, description="Codes, with commas between: up to 100"),
            OpenApiParameter("quantity", str, description="Units of each, in the same order; 1 of each without it"),
            OpenApiParameter("country", str, description="Where to, with two letters: only warehouses that serve it are counted"),
            OpenApiParameter("postcode", str),
        ],
        responses={200: AnsweredAvailabilities, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """Say for every SKU when it can be there, and why then. What is promised to one line is gone for the next."""
        wanted = asked(request, "sku", "quantity", "country", "postcode")
        rows = availability_of(asked_lines(wanted), country=asked_country(wanted.get("country", "")), postcode=wanted.get("postcode", "")[:20])
        return Response({"data": [_shown(row) for row in rows]})


class HeldLineSerializer(StrictSerializer):
    sku = Text(max_length=40)
    quantity = WholeNumber(min_value=1, max_value=1_000_000)


class HoldBasketSerializer(StrictSerializer):
    """What a basket is to hold. It replaces what it held before."""

    lines = HeldLineSerializer(many=True, max_length=MOST_LINES)  # type: ignore[call-arg]
    minutes = WholeNumber(min_value=1, max_value=MOST_MINUTES, required=False, help_text=f"{USUAL_MINUTES} without it")
    country = Text(max_length=2, required=False, allow_blank=True)
    postcode = Text(max_length=20, required=False, allow_blank=True)


class AnsweredHeldLine(serializers.Serializer):
    sku = serializers.CharField()
    quantity = serializers.IntegerField()
    held = serializers.IntegerField(help_text="Units that nobody else can have until then")


class AnsweredBasket(serializers.Serializer):
    """What a basket holds, and until when."""

    basket = serializers.CharField()
    held_until = serializers.DateTimeField()
    lines = AnsweredHeldLine(many=True)


class BasketView(Resource):
    needs = {
        "PUT": ("orders:write", "orders.place_order"),
        "DELETE": ("orders:write", "orders.place_order"),
    }

    @extend_schema(operation_id="hold_basket", request=HoldBasketSerializer, responses={200: AnsweredBasket, **PROBLEMS})
    def put(self, request: Request, basket: str) -> Response:
        """Hold stock for a basket for some minutes. Safe to repeat: it then lasts longer. An order that names the basket takes it up."""
        wanted = checked(HoldBasketSerializer, request.data)
        lines = [(line["sku"], line["quantity"]) for line in wanted["lines"]]
        held = hold_stock(
            basket_of(request, basket),
            lines,
            minutes=wanted.get("minutes", USUAL_MINUTES),
            country=asked_country(wanted.get("country", "")),
            postcode=wanted.get("postcode", ""),
            actor=principal_of(request),
        )
        return Response(_held(basket, lines, held))

    @extend_schema(operation_id="let_basket_go", responses={204: None, **PROBLEMS})
    def delete(self, request: Request, basket: str) -> Response:
        """Let go of what a basket holds. Safe to repeat."""
        let_go(basket_of(request, basket), actor=principal_of(request))
        return Response(status=204)


def basket_of(request: Request, name: str) -> str:
    """Give how a storefront's basket is called here: nobody can name another's. Raises Invalid."""
    channel = channel_of(request)
    if not name or len(name) > 50 or not name.isascii() or not name.isprintable():
        raise Invalid(_("Name the basket with 1 to 50 printable ASCII characters."), pointer="/basket")
    return f"{channel.code if channel else 'desk'}:{name}"


def asked_lines(wanted: dict[str, str]) -> list[tuple[str, int]]:
    """Give the lines that `sku` and `quantity` of a query ask for. Raises Invalid."""
    codes = [code.strip() for code in wanted.get("sku", "").split(",") if code.strip()]
    if not codes:
        raise Invalid(_("Say which SKUs: sku=MUG,LAMP."), parameter="sku")
    if len(codes) > MOST_SKUS:
        raise Invalid(_("Ask for at most %(most)d SKUs at once.") % {"most": MOST_SKUS}, parameter="sku")
    if "quantity" not in wanted:
        return [(code, 1) for code in codes]
    texts = [text.strip() for text in wanted["quantity"].split(",")]
    if len(texts) != len(codes) or not all(text.isascii() and text.isdigit() and len(text) < 10 for text in texts):
        raise Invalid(_("Give a whole number for each SKU, in the same order: quantity=2,1."), parameter="quantity")
    return [(code, int(text)) for code, text in zip(codes, texts, strict=True)]


def asked_country(text: str) -> str:
    """Give a country as it is kept, nothing for none. Raises Invalid."""
    country = text.strip().upper()
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise Invalid(_("A country is written with two letters: GB, DE, SA."), parameter="country", pointer="/country")
    return country


def _shown(row: Availability) -> dict[str, Any]:
    return {
        "sku": row.sku,
        "quantity": row.quantity,
        "free": row.free,
        "ships_on": row.ships_on,
        "arrives_on": row.arrives_on,
        "code": row.code,
        "reason": row.reason,
    }


def _held(basket: str, lines: list[tuple[str, int]], held: Held) -> dict[str, Any]:
    return {
        "basket": basket,
        "held_until": held.until,
        "lines": [{"sku": sku.strip().upper(), "quantity": units, "held": held.units[position]} for position, (sku, units) in enumerate(lines)],
    }
