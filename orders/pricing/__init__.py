"""What an order costs, and why. Pure: plain values in, plain values out."""

from orders.pricing.amounts import Amounts, add_up, taxed
from orders.pricing.baskets import (
    Approval,
    Basket,
    BasketCharge,
    BasketLine,
    Concern,
    Explanation,
    NoPrice,
    Off,
    PricedBasket,
    PricedCharge,
    PricedLine,
    price_basket,
)
from orders.pricing.lists import EVERYBODYS, PriceList, PriceRow, Source, winning
from orders.pricing.promotions import Buyer, Effect, Kind, Promotion, Refused, Why
from orders.pricing.taxes import NO_TAX, Tax, Zone, tax_on, zone_of

__all__ = [
    "EVERYBODYS",
    "NO_TAX",
    "Amounts",
    "Approval",
    "Basket",
    "BasketCharge",
    "BasketLine",
    "Buyer",
    "Concern",
    "Effect",
    "Explanation",
    "Kind",
    "NoPrice",
    "Off",
    "PriceList",
    "PriceRow",
    "PricedBasket",
    "PricedCharge",
    "PricedLine",
    "Promotion",
    "Refused",
    "Source",
    "Tax",
    "Why",
    "Zone",
    "add_up",
    "price_basket",
    "tax_on",
    "taxed",
    "winning",
    "zone_of",
]
