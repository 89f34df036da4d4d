"""What demand and lead time teach about when to buy, and how much. Pure arithmetic: knows nothing of Django.

Safety stock = z · √(L·σd² + d²·σL²): demand of d a day (deviation σd) and a lead time of L days (deviation σL), each normal and independent of the
other; z is the service level's quantile of the normal distribution. The reorder point is what is sold in the lead time, and the safety stock.
(Silver, Pyke and Thomas, “Inventory and Production Management in Supply Chains”, 4th ed., ch. 6; King, “Crack the Code”, APICS magazine 7/2011.)
"""

from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist

MOST_UNITS = 1_000_000_000
LEAST_DAYS = 28


@dataclass(frozen=True)
class Demand:
    """Units a day: the mean and the deviation over `days`, days without a sale counted."""

    mean: float
    deviation: float
    days: int


@dataclass(frozen=True)
class LeadTime:
    """Days from order to receipt: the mean, the deviation, and the day by which nine of ten have come, over `receipts`; 0: as the vendor promises."""

    mean: float
    deviation: float
    ninety: float
    receipts: int = 0


@dataclass(frozen=True)
class Learned:
    """Buy at or below `point`, up to `target`; `safety` of the point is kept back from every promise."""

    point: int
    target: int
    safety: int


def demand_from(total: float, squares: float, *, days: int) -> Demand:
    """Give the demand of `days` days in which `total` units were sold, `squares` the sum of each day's units squared. Days without a sale count."""
    mean = total / days
    variance = (squares - days * mean * mean) / (days - 1) if days > 1 else 0.0
    return Demand(mean, sqrt(max(variance, 0.0)), days)


def days_observed(*, window: int, known: int) -> int:
    """Give over how many days demand is told: as long as the SKU is `known`, but not so few that one good day makes a season."""
    return min(window, max(known, LEAST_DAYS))


def safety_stock(demand: Demand, lead: LeadTime, *, service_level: float) -> float:
    """Give the units to keep so that nothing runs out in `service_level` (0.5 to below 1) of all lead times."""
    z = NormalDist().inv_cdf(service_level)
    return z * sqrt(lead.mean * demand.deviation**2 + demand.mean**2 * lead.deviation**2)


def learn(demand: Demand, lead: LeadTime, *, service_level: float, cover_days: int) -> Learned | None:
    """Say when to buy and how much, an order lasting `cover_days`. None where nothing was sold: then there is nothing to learn from."""
    if demand.mean <= 0:
        return None
    safety = min(ceil(safety_stock(demand, lead, service_level=service_level)), MOST_UNITS)
    point = min(ceil(demand.mean * lead.mean) + safety, MOST_UNITS)
    return Learned(point, min(point + max(ceil(demand.mean * cover_days), 1), MOST_UNITS + 1), safety)
