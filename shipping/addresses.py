"""How the address of a party is written on papers and labels. Pure."""

from oms.core.addresses import country_name, town_lines
from shipping.carriers.base import Party


def address_lines(party: Party, *, seen_from: str, language: str = "en") -> tuple[str, ...]:
    """Give the lines of an address, name first. The country, in capitals, only where it is not `seen_from` nor named already."""
    lines = [" ".join(line.split()) for line in (party.company, party.name, *party.lines, *_town(party))]
    lines = [line for line in lines if line]
    names = {country_name(party.country, known).upper() for known in (language, "en")}
    if party.country != seen_from and not (lines and lines[-1].upper() in names):
        lines.append(country_name(party.country, language).upper())
    return tuple(lines)


def _town(party: Party) -> list[str]:
    return town_lines(city=party.city, region=party.region, postcode=party.postcode, country=party.country)
