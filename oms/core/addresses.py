"""How an address is written, by the custom of its country. Pure.

Source of the orders: Universal Postal Union, Postal addressing systems in member countries; what is not listed here has
the postcode before the city.
"""

from collections.abc import Mapping

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


def paper_lines(address: Mapping[str, str], language: str) -> list[str]:
    """Write a frozen address with the name of its country: who checks the tax may sit anywhere."""
    given = {part: address.get(part, "") for part in ("city", "region", "postcode", "country")}
    country = country_name(given["country"], language)
    lines = [address.get("name", ""), *address.get("lines", "").splitlines(), *town_lines(**given), country]
    return [line for line in (" ".join(line.split()) for line in lines) if line]
