"""How the address of a party is written on papers and labels. Pure."""

from oms.core.addresses import country_name, town_lines
from shipping.carriers.base import Party


def address_lines(party: Party, *, seen_from: str, language: str = "en") -> tuple[str, ...]:
    """Give the lines of an address, name first. The country, in capitals, only where it is not `seen_from`."""
    lines = [party.company, party.name, *party.lines, *_town(party)]
    if party.country != seen_from:
        lines.append(country_name(party.country, language).upper())
    return tuple(line for line in (" ".join(line.split()) for line in lines) if line)


def _town(party: Party) -> list[str]:
    return town_lines(city=party.city, region=party.region, postcode=party.postcode, country=party.country)
