"""Prices that not everybody pays, in the demo house: lists, a contract, promotions, and what people may give by themselves."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.models import Group
from django.utils import timezone

from customers.models import Channel, Customer, CustomerGroup
from customers.states import ChannelKind, CustomerKind
from inventory.models import Price, PriceList, Sku
from oms.desk.demo.goods import GOODS
from orders.models import DiscountLimit, MarginFloor, PriceAssignment, Promotion, PromotionCode
from orders.placing import LineDraft, OrderDraft, place_order
from orders.states import PromotionKind

LIMITS = {"clerk": "5", "manager": "20"}


def set_prices(channels: Mapping[str, Channel], customers: Sequence[Customer]) -> None:
    """Give companies a trade list with breaks, one of them a contract, and everybody something to hope for."""
    trade = CustomerGroup.objects.create(code="trade", name="Trade")
    companies = [customer for customer in customers if customer.kind == CustomerKind.COMPANY]
    Customer.objects.filter(pk__in=[company.pk for company in companies]).update(group=trade)
    skus = {sku.code: sku for sku in Sku.objects.all()}
    listed = {code: Decimal(price) for code, _name, price, *_ in GOODS}

    by_list = PriceList.objects.create(name="Trade 2026", includes_tax=False)
    PriceAssignment.objects.create(price_list=by_list, group=trade)
    contract = PriceList.objects.create(name=f"{companies[0].name}, mugs and bowls", includes_tax=False)
    PriceAssignment.objects.create(price_list=contract, customer=companies[0])
    agreed = [code for code in listed if code.startswith(("MUG", "BOWL"))]
    Price.objects.bulk_create(
        [
            *(
                Price(sku=skus[code], price_list=by_list, from_quantity=units, unit_price=(price * part).quantize(Decimal("0.01")))
                for code, price in listed.items()
                for units, part in ((6, Decimal("0.95")), (24, Decimal("0.90")))
            ),
            *(Price(sku=skus[code], price_list=contract, unit_price=(listed[code] * Decimal("0.86")).quantize(Decimal("0.01"))) for code in agreed),
        ]
    )
    _promote(channels, skus)
    MarginFloor.objects.create(floor=Decimal("0.10"))
    DiscountLimit.objects.bulk_create([DiscountLimit(group=Group.objects.get(name=role), percent=percent) for role, percent in LIMITS.items()])


def _promote(channels: Mapping[str, Channel], skus: Mapping[str, Sku]) -> None:
    today = timezone.localdate()
    candles = Promotion.objects.create(name="Three candles for two", kind=PromotionKind.FREE_UNITS, buy=2, get=1, percent=100, is_for_all_goods=False)
    candles.skus.set([sku for code, sku in skus.items() if code.startswith("CANDLE")])
    Promotion.objects.create(name="Free delivery", kind=PromotionKind.FREE_SHIPPING, minimum=75, channel=channels[ChannelKind.WEB])
    welcome = Promotion.objects.create(
        name="Welcome", kind=PromotionKind.PERCENT, percent=10, needs_code=True, is_for_first_orders=True, is_exclusive=True
    )
    autumn = Promotion.objects.create(
        name="Autumn",
        kind=PromotionKind.AMOUNT,
        amount=5,
        minimum=40,
        needs_code=True,
        budget=500,
        valid_on=(today - timedelta(days=20), today + timedelta(days=40)),
    )
    PromotionCode.objects.bulk_create(
        [PromotionCode(promotion=welcome, code="WELCOME10"), PromotionCode(promotion=autumn, code="AUTUMN5", most_uses=80)]
    )


def give_away(channels: Mapping[str, Channel], customers: Sequence[Customer]) -> None:
    """Place two orders by telephone: one with a code, and one with more off than a clerk may give, which waits for the manager."""
    company, person = (next(one for one in customers if one.kind == kind) for kind in (CustomerKind.COMPANY, CustomerKind.PERSON))
    phone = channels[ChannelKind.PHONE]
    place_order(OrderDraft(phone, person.pk, [LineDraft("LAMP-DESK", 1), LineDraft("FRAME-A5", 2)], codes=["autumn5"]), actor="user:clerk")
    generous = [LineDraft("MUG-BLUE", 24, discount_percent=Decimal(12)), LineDraft("BOWL-L", 12)]
    place_order(OrderDraft(phone, company.pk, generous), actor="user:clerk")
