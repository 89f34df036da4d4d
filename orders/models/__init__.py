from orders.models.drafts import Draft
from orders.models.holds import Hold
from orders.models.lines import OrderCharge, OrderLine
from orders.models.orders import Order
from orders.models.screening import ScreeningRule
from orders.models.simulations import SourcingSimulation
from orders.models.standing import StandingLine, StandingOrder
from orders.models.tax import TaxRate

__all__ = ["Draft", "Hold", "Order", "OrderCharge", "OrderLine", "ScreeningRule", "SourcingSimulation", "StandingLine", "StandingOrder", "TaxRate"]
