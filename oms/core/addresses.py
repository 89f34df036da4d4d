"""How an address is written, by the custom of its country. Pure.

Source of the orders: Universal Postal Union, Postal addressing systems in member countries; what is not listed here has
the postcode before the city.
"""

from babel import Locale, UnknownLocaleError

POSTCODE_BELOW_CITY = frozenset(("GB", "GG", "IE", "IM", "JE"))
CITY_REGION_POSTCODE = frozenset(("AU", "CA", "IN", "PR", "US"))


def country_name(code: str, language: str = "en") -> str:
    """Give the name of the country `code` in `language` (CLDR); the code itself where CLDR knows none."""
    try:
        territories = Locale.parse(language, sep="-").territories
    except (UnknownLocaleError, ValueError):
        territories = Locale("en").territories
    return str(territories.get(code, code))


def town_lines(*, city: str, region: str, postcode: str, country: str) -> list[str]:
    """Give the lines under the street; empty ones may be among them."""
    if country in POSTCODE_BELOW_CITY:
        return [city, region, postcode]
    if country in CITY_REGION_POSTCODE:
        comma = "," if city and region else ""
        return [f"{city}{comma} {region} {postcode}"]
    return [f"{postcode} {city}", region]
