"""How an address is written, by the custom of its country. Pure.

Source of the orders: Universal Postal Union, Postal addressing systems in member countries; what is not listed here has
the postcode before the city.
"""

from babel import Locale, UnknownLocaleError

from shipping.carriers.base import Party

POSTCODE_BELOW_CITY = frozenset(("GB", "GG", "IE", "IM", "JE"))
CITY_REGION_POSTCODE = frozenset(("AU", "CA", "IN", "PR", "US"))


def address_lines(party: Party, *, seen_from: str, language: str = "en") -> tuple[str, ...]:
    """Give the lines of an address, name first. The country, in capitals, only where it is not `seen_from`."""
    lines = [party.company, party.name, *party.lines, *_town(party)]
    if party.country != seen_from:
        lines.append(country_name(party.country, language).upper())
    return tuple(line for line in (" ".join(line.split()) for line in lines) if line)


def country_name(code: str, language: str = "en") -> str:
    """Give the name of the country `code` in `language` (CLDR); the code itself where CLDR knows none."""
    try:
        territories = Locale.parse(language, sep="-").territories
    except (UnknownLocaleError, ValueError):
        territories = Locale("en").territories
    return str(territories.get(code, code))


def _town(party: Party) -> list[str]:
    if party.country in POSTCODE_BELOW_CITY:
        return [party.city, party.region, party.postcode]
    if party.country in CITY_REGION_POSTCODE:
        comma = "," if party.city and party.region else ""
        return [f"{party.city}{comma} {party.region} {party.postcode}"]
    return [f"{party.postcode} {party.city}", party.region]
