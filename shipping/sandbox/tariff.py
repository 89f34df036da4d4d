"""What the sandbox carrier charges: pounds, by zone and weight."""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.door import Refused
from shipping.sandbox.requests import Asked

CURRENCY = "GBP"
NEIGHBOURS = frozenset(("AT", "BE", "CH", "CZ", "DE", "DK", "ES", "FR", "IE", "IT", "LU", "NL", "NO", "PL", "PT", "SE"))


@dataclass(frozen=True)
class Service:
    """`base` and `per_kilo` hold at home; abroad they are multiplied (see `_zone`). `mark`: the big letter on the label."""

    code: str
    name: str
    mark: str
    base: Decimal
    per_kilo: Decimal
    days: int


SERVICES = {
    "parcel": (
        Service("economy", "Economy", "E", Decimal("2.90"), Decimal("0.35"), 4),
        Service("standard", "Standard", "S", Decimal("4.20"), Decimal("0.45"), 2),
        Service("express", "Express", "X", Decimal("9.80"), Decimal("0.95"), 1),
    ),
    "freight": (
        Service("freight", "Freight", "F", Decimal("62.00"), Decimal("0.18"), 4),
        Service("freight-tail-lift", "Freight with tail lift", "T", Decimal("94.00"), Decimal("0.18"), 4),
    ),
}


def service_for(asked: Asked) -> Service:
    """Give the service that was asked for; the standard one (for freight: the plain one) where none was."""
    wanted = asked.service or {"parcel": "standard", "freight": "freight"}[asked.mode]
    for service in SERVICES[asked.mode]:
        if service.code == wanted:
            return service
    raise Refused(f"There is no service “{wanted}” for {asked.mode}.", code="unknown_service")


def price(service: Service, asked: Asked) -> Decimal:
    factor, _ = _zone(asked)
    kilos = Decimal(asked.weight_grams) / 1000
    return ((service.base * len(asked.weights_grams) + service.per_kilo * kilos) * factor).quantize(Decimal("0.01"))


def days(service: Service, asked: Asked) -> int:
    return service.days + _zone(asked)[1]


def _zone(asked: Asked) -> tuple[Decimal, int]:
    """Give the factor on the price and the days on top."""
    home, there = asked.sender.country, asked.recipient.country
    if home == there:
        return Decimal(1), 0
    return (Decimal("2.2"), 2) if there in NEIGHBOURS else (Decimal("4.5"), 5)
