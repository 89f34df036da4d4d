from orders.models.calls import CustomerPart, DeliveryOption, LostLine, LostSale
from orders.models.drafts import Draft
from orders.models.holds import Hold
from orders.models.lines import OrderCharge, OrderLine
from orders.models.orders import Order
from orders.models.prices import DiscountLimit, MarginFloor, PriceAssignment, Promotion, PromotionCode, PromotionRedemption
from orders.models.quotations import Quotation
from orders.models.screening import ScreeningRule
from orders.models.simulations import SourcingSimulation
from orders.models.standing import StandingLine, StandingOrder
from orders.models.tax import TaxArea, TaxRate, TaxZone

__all__ = [
    "CustomerPart",
    "DeliveryOption",
    "DiscountLimit",
    "Draft",
    "Hold",
    "LostLine",
    "LostSale",
    "MarginFloor",
    "Order",
    "OrderCharge",
    "OrderLine",
    "PriceAssignment",
    "Promotion",
    "PromotionCode",
    "PromotionRedemption",
    "Quotation",
    "ScreeningRule",
    "SourcingSimulation",
    "StandingLine",
    "StandingOrder",
    "TaxArea",
    "TaxRate",
    "TaxZone",
]
