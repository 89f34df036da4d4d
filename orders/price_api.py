"""What a basket would cost, and how it can be delivered, over REST."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customers.models import Customer
from customers.services import AddressDraft
from inventory.api.promise import asked_country, asked_lines
from inventory.availability import availability_of
from oms.core.api.access import channel_of, principal_of
from oms.core.api.cursors import asked
from oms.core.api.schema import PROBLEMS
from oms.core.api.shapes import amount
from oms.core.api.views import Resource
from oms.core.errors import Invalid, NotFound
from oms.core.readable import row_of
from orders import reasons
from orders.api import desk_channel
from orders.delivering import delivered_by, ways_for
from orders.placing import LineDraft, OrderDraft, Quote, quote

BASKET = [
    OpenApiParameter("sku", str, required=True, description="Codes, with commas between: up to 100"),
    OpenApiParameter("quantity", str, description="Units of each, in the same order; 1 of each without it"),
    OpenApiParameter("customer", str, description="A customer's number; without it, for somebody new"),
    OpenApiParameter("country", str, description="Where it goes, with two letters: the customer's address without it, or GB"),
    OpenApiParameter("postcode", str),
    OpenApiParameter("code", str, description="Promotion codes, with commas between"),
]
"""What tells a basket."""


class AnsweredQuotedLine(serializers.Serializer):
    """What a line costs, and why."""

    sku = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = serializers.DecimalField(19, 4)
    discount = serializers.DecimalField(19, 4)
    net = serializers.DecimalField(19, 4)
    tax_name = serializers.CharField()
    tax_rate = serializers.DecimalField(6, 5)
    tax = serializers.DecimalField(19, 4)
    price_reason = serializers.CharField(help_text="List, contract, break and promotions, as a sentence")


class AnsweredPromotion(serializers.Serializer):
    """A promotion that the basket would have."""

    name = serializers.CharField()
    code = serializers.CharField(help_text="By which it was asked for; empty where it needs none")
    amount = serializers.DecimalField(19, 4)


class AnsweredRefusal(serializers.Serializer):
    """A promotion, or a code, that takes nothing off, and why."""

    name = serializers.CharField()
    reason = serializers.CharField()


class AnsweredWay(serializers.Serializer):
    """A way in which the basket can be delivered."""

    code = serializers.CharField(help_text="What to ask for: `delivery` of an order")
    name = serializers.CharField()
    price = serializers.DecimalField(19, 4, help_text="With tax where prices include it")
    arrives_on = serializers.DateField(allow_null=True, help_text="The day on which all of it arrives; null where nobody knows yet")


class AnsweredWays(serializers.Serializer):
    """The ways in which a basket can be delivered now."""

    currency = serializers.CharField()
    data = AnsweredWay(many=True)  # type: ignore[assignment]


class AnsweredQuote(serializers.Serializer):
    """What a basket would cost now. An order that is placed later is priced anew."""

    currency = serializers.CharField()
    prices_include_tax = serializers.BooleanField()
    lines = AnsweredQuotedLine(many=True)
    discount_total = serializers.DecimalField(19, 4)
    net_total = serializers.DecimalField(19, 4)
    tax_total = serializers.DecimalField(19, 4)
    total = serializers.DecimalField(19, 4)
    promotions = AnsweredPromotion(many=True)
    not_applied = AnsweredRefusal(many=True, help_text="Promotions that take nothing off yet: “needs 5.00 GBP more”")
    refused_codes = AnsweredRefusal(many=True)


class PricesView(Resource):
    needs = {"GET": ("orders:read", "orders.place_order")}

    @extend_schema(
        operation_id="quote_prices",
        parameters=[
            *BASKET,
            OpenApiParameter("delivery", str, description="The code of the way it is delivered, whose price is in the total then"),
        ],
        responses={200: AnsweredQuote, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """Say what a basket costs, and why: each line's list, break and discounts, and which promotions are within reach."""
        wanted = asked(request, "sku", "quantity", "customer", "country", "postcode", "code", "delivery")
        draft = _draft(request, wanted)
        if wanted.get("delivery"):
            draft = delivered_by(draft, wanted["delivery"], actor=principal_of(request), known_to=channel_of(request))
        return Response(_shown(quote(draft, actor=principal_of(request), known_to=channel_of(request))))


class DeliveriesView(Resource):
    needs = {"GET": ("orders:read", "orders.place_order")}

    @extend_schema(operation_id="list_deliveries", parameters=BASKET, responses={200: AnsweredWays, **PROBLEMS})
    def get(self, request: Request) -> Response:
        """Say how a basket can be delivered, for how much, and when all of it arrives."""
        wanted = asked(request, "sku", "quantity", "customer", "country", "postcode", "code")
        order = quote(_draft(request, wanted), actor=principal_of(request), known_to=channel_of(request)).order
        lines = [(line.sku.code, line.quantity) for line in order.placed_lines]
        days = [answer.ships_on for answer in availability_of(lines, country=order.country, postcode=order.postcode)]
        leaves_on = max((day for day in days if day), default=None) if all(days) else None
        ways = [
            {"code": way.code, "name": way.name, "price": amount(way.price, order.currency), "arrives_on": way.on}
            for way in ways_for(order, leaves_on=leaves_on)
        ]
        return Response({"currency": order.currency, "data": ways})


def _draft(request: Request, wanted: dict[str, str]) -> OrderDraft:
    return OrderDraft(
        channel=channel_of(request) or desk_channel(),
        customer_id=_customer(wanted),
        lines=[LineDraft(code, quantity) for code, quantity in asked_lines(wanted)],
        ship_to=_destination(wanted),
        codes=[code for code in wanted.get("code", "").split(",") if code.strip()],
    )


def _customer(wanted: dict[str, str]) -> int | None:
    if not wanted.get("customer"):
        return None
    pk = row_of(wanted["customer"], Customer.NUMBER_PREFIX)
    if pk is None:
        raise NotFound(_("There is no customer %(number)s.") % {"number": wanted["customer"][:30]}, parameter="customer")
    return pk


def _destination(wanted: dict[str, str]) -> AddressDraft | None:
    country = asked_country(wanted.get("country", ""))
    if not country and wanted.get("customer"):
        if wanted.get("postcode"):
            raise Invalid(_("A postcode needs its country: country=GB."), parameter="country")
        return None
    return AddressDraft(lines="-", city="-", postcode=wanted.get("postcode", "")[:20], country=country or "GB")


def _shown(quoted: Quote) -> dict[str, Any]:
    order = quoted.order
    currency = order.currency
    return {
        "currency": currency,
        "prices_include_tax": order.prices_include_tax,
        "lines": [
            {
                "sku": line.sku.code,
                "quantity": line.quantity,
                "unit_price": f"{line.unit_price:f}",
                "discount": amount(line.discount, currency),
                "net": amount(line.net, currency),
                "tax_name": line.tax_name,
                "tax_rate": f"{line.tax_rate:f}",
                "tax": amount(line.tax, currency),
                "price_reason": reasons.told(line.price_reason),
            }
            for line in order.placed_lines
        ],
        "discount_total": amount(order.discount_total, currency),
        "net_total": amount(order.net_total, currency),
        "tax_total": amount(order.tax_total, currency),
        "total": amount(order.total, currency),
        "promotions": [
            {"name": effect.promotion.name, "code": effect.promotion.code, "amount": amount(effect.total, currency)} for effect in quoted.promotions
        ],
        "not_applied": [{"name": name, "reason": reason} for name, reason in quoted.refused],
        "refused_codes": [{"name": code, "reason": reason} for code, reason in quoted.codes.items()],
    }
