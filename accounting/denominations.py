"""The notes and coins of a currency, as they lie in a drawer. Pure.

Sources: Bank of England and The Royal Mint (GBP), European Central Bank (EUR), Saudi Central Bank (SAR); the US Treasury (USD).
"""

from decimal import Decimal

_DENOMINATIONS = {
    "GBP": "50 20 10 5 2 1 0.50 0.20 0.10 0.05 0.02 0.01",
    "EUR": "200 100 50 20 10 5 2 1 0.50 0.20 0.10 0.05 0.02 0.01",
    "SAR": "500 200 100 50 20 10 5 2 1 0.50 0.25 0.10 0.05",
    "USD": "100 50 20 10 5 1 0.25 0.10 0.05 0.01",
}
_UNKNOWN = "1000 500 200 100 50 20 10 5 2 1 0.50 0.20 0.10 0.05 0.02 0.01"


def denominations(currency: str) -> list[Decimal]:
    """Give the notes and coins of `currency`, the largest first; for one that is not known here, whatever may be in a drawer."""
    return [Decimal(value) for value in _DENOMINATIONS.get(currency, _UNKNOWN).split()]


def likely_notes(total: Decimal, currency: str, *, most: int = 4) -> list[Decimal]:
    """Give the amounts that somebody is likely to put down for `total`: exactly that, then the next round sums in notes."""
    found = [total]
    for note in sorted(value for value in denominations(currency) if value >= 5):
        round_sum = -(-total // note) * note
        if round_sum > found[-1]:
            found.append(round_sum)
    return found[:most]
