"""Countries as the file names them → ISO 3166-1."""

from babel import Locale

_OTHERWISE = {
    "EIRE": "IE",
    "RSA": "ZA",
    "USA": "US",
    "Channel Islands": "JE",
    "European Community": "BE",
    "Hong Kong": "HK",
    "Czech Republic": "CZ",
    "Unspecified": "GB",
    "": "GB",
}
_BY_NAME = {name: code for code, name in Locale("en").territories.items() if len(code) == 2 and code.isalpha()}


def country_code(name: str) -> str:
    """Give the code of a country; one that nobody knows is taken as the United Kingdom, where the house is."""
    return _OTHERWISE.get(name) or _BY_NAME.get(name, "GB")
