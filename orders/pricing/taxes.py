"""Which tax is on something that goes somewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from oms.core.money import ZERO


@dataclass(frozen=True)
class Tax:
    """A rate and its name, as printed on the invoice."""

    name: str = ""
    rate: Decimal = ZERO


NO_TAX = Tax()
EXEMPT = Tax("Exempt")
REVERSE_CHARGE = Tax("Reverse charge")


@dataclass(frozen=True)
class Zone:
    """Places with the same taxes: a rate for each class of goods. `has_reverse_charge`: companies with a VAT number pay it there themselves."""

    rates: Mapping[str, Tax] = field(default_factory=dict)
    has_reverse_charge: bool = False


def zone_of(areas: Mapping[str, Sequence[tuple[str, Zone]]], *, country: str, postcode: str) -> Zone | None:
    """Give the zone of a place; None where no tax is charged (an export). `areas`: country → (how its postcodes begin, zone).

    The longest beginning that fits decides: the Canary Islands before Spain.
    """
    code = postcode.upper().replace(" ", "")
    fitting = [(len(prefix), position) for position, (prefix, _zone) in enumerate(areas.get(country, ())) if code.startswith(prefix)]
    return areas[country][max(fitting)[1]][1] if fitting else None


def tax_on(zone: Zone | None, category: str, *, is_exempt: bool, has_vat_number: bool) -> Tax:
    """Give the tax on goods of a class in `zone`: none outside all zones, nor on goods that the zone has no rate for.

    Reverse charge: EU VAT Directive, art. 138 and 196, for who sells from within the EU; the buyer's VAT number must be known.
    """
    if zone is None:
        return NO_TAX
    if is_exempt:
        return EXEMPT
    if zone.has_reverse_charge and has_vat_number:
        return REVERSE_CHARGE
    return zone.rates.get(category, NO_TAX)
