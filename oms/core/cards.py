"""Card numbers, which are never written down here: found in whatever somebody types, and refused. Pure but for the sentence.

A number is one that begins and is as long as a scheme's numbers are (ISO/IEC 7812 and the schemes' own tables), whose last digit is right by
Luhn, and that stands alone or in the groups that cards are printed in. What is a GTIN by its own check digit is a GTIN: people scan those all day.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from oms.core.errors import Invalid

# How numbers begin → how long they are.
_SCHEMES = [
    (re.compile(r"4"), (13, 16, 19)),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),  # Mastercard
    (re.compile(r"3[47]"), (15,)),  # American Express
    (re.compile(r"6011|64[4-9]|65"), (16, 19)),  # Discover
    (re.compile(r"352[89]|35[3-8]"), (16, 19)),  # JCB
    (re.compile(r"30[0-59]|3[689]"), (14, 16, 19)),  # Diners Club
    (re.compile(r"62"), (16, 17, 18, 19)),  # UnionPay
    (re.compile(r"220[0-4]"), (16, 19)),  # Mir
    (re.compile(r"5018|5020|5038|5893|6304|6759|676[1-3]"), (13, 15, 16, 18, 19)),  # Maestro
]
_GTIN_LENGTHS = (13, 14)
_RUN = re.compile(r"\d+(?:[ \u00a0\u2007\u202f.\-\u2010-\u2015/_*]\d+)*")
_PRINTED_UNEVENLY = {(4, 6, 5), (4, 6, 4)}
MOST_DIGITS = 19


def find_card_number(text: str) -> str | None:
    """Give the digits of the first card number in `text`, in whichever digits it is written; None where there is none."""
    for run in _RUN.finditer(text):
        for digits in _candidates([_plain(group) for group in re.findall(r"\d+", run[0])]):
            if _is_card(digits):
                return digits
    return None


def refuse_card_numbers(fields: Mapping[str, str]) -> None:
    """Raise Invalid for the first of `fields`, name → text, with a card number in it. No more of it than its last four digits is repeated."""
    for name, text in fields.items():
        digits = find_card_number(text)
        if digits is not None:
            raise Invalid(
                _("That looks like a card number (… %(last)s). Never write one down: send a payment link, or note the card terminal's reference.")
                % {"last": digits[-4:]},
                pointer=f"/{name}",
                field=name,
            )


def _plain(digits: str) -> str:
    return "".join(str(unicodedata.decimal(digit)) for digit in digits)


def _candidates(groups: list[str]) -> Iterator[str]:
    """Give what may be one number: groups in a row of one size, the last of them perhaps shorter."""
    for start in range(len(groups)):
        sizes: list[int] = []
        for group in groups[start:]:
            sizes.append(len(group))
            if sum(sizes) > MOST_DIGITS:
                break
            is_even = len(set(sizes[:-1])) <= 1 and sizes[-1] <= sizes[0]
            if is_even or tuple(sizes) in _PRINTED_UNEVENLY:
                yield "".join(groups[start : start + len(sizes)])


def _is_card(digits: str) -> bool:
    if not any(len(digits) in lengths and beginning.match(digits) for beginning, lengths in _SCHEMES):
        return False
    return _luhn(digits) and not (len(digits) in _GTIN_LENGTHS and _is_gtin(digits))


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(value - 9 if value > 9 else value for value in doubled)) % 10 == 0


def _is_gtin(digits: str) -> bool:
    return (sum(map(int, digits[-1::-2])) + 3 * sum(map(int, digits[-2::-2]))) % 10 == 0
