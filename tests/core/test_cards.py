"""Card numbers are found however they are written, and nothing else is taken for one."""

import random

import pytest

from oms.core.cards import find_card_number, refuse_card_numbers
from oms.core.errors import Invalid

# The numbers that payment companies give out for testing.
NUMBERS = [
    "4111111111111111", "4012888888881881", "4222222222222", "4000056655665556", "4242424242424242", "4917610000000000003",
    "5555555555554444", "5105105105105100", "2223003122003222", "2223000048400011", "5200828282828210",
    "378282246310005", "371449635398431", "378734493671000",
    "6011111111111117", "6011000990139424", "6011981111111113",
    "3530111333300000", "3566002020360505",
    "30569309025904", "38520000023237", "36227206271667",
    "6200000000000005", "6205500000000000004", "6759649826438453", "5018000000000009",
]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    "written",
    [
        lambda n: n,
        lambda n: f"card {n}, expires 12/27",
        lambda n: " ".join(n[i : i + 4] for i in range(0, len(n), 4)),
        lambda n: "-".join(n[i : i + 4] for i in range(0, len(n), 4)),
        lambda n: ".".join(n[i : i + 4] for i in range(0, len(n), 4)),
        lambda n: f"{n[:4]} {n[4:10]} {n[10:]}" if len(n) in (14, 15) else n,
        lambda n: " ".join(n),
        lambda n: "".join(chr(0xFF10 + int(digit)) for digit in n),
        lambda n: "".join(chr(0x0660 + int(digit)) for digit in n),
        lambda n: "\u00a0".join(n[i : i + 4] for i in range(0, len(n), 4)) + " 123",
    ],
)
def test_a_card_number_is_found_however_it_is_written(number, written):
    found = find_card_number(written(number))

    assert found and number.startswith(found)


@pytest.mark.parametrize(
    "text",
    [
        "", "12 ab-10", "+44 113 496 0001", "0113 496 0001 or 0113 496 0002", "SO-1001", "GB29 NWBK 6016 1331 9268 19", "DE89 3704 0044 0532 0130 00",
        "4111111111111112", "4111 1111 1111", "4006381333931", "5901234123457", "(01)09506000134352(37)12", "0109506000134352", "376104250021234569",
        "12 4006381333931\n3 5901234123457\n", "1234567812345670", "GB 980 7806 84", "2026-11-26 10:32:21", "4 6 5", "85123A\t6\n71053\t8",
    ],
)  # fmt: skip
def test_nothing_else_is_taken_for_one(text):
    assert find_card_number(text) is None


def test_gtins_are_scanned_all_day_and_never_refused():
    dice = random.Random(4)
    for _ in range(3000):
        body = "".join(dice.choices("0123456789", k=dice.choice((7, 11, 12, 13))))
        check = -(3 * sum(map(int, body[-1::-2])) + sum(map(int, body[-2::-2]))) % 10
        assert find_card_number(f"{body}{check}") is None


def test_a_refusal_names_the_field_and_repeats_four_digits_at_most():
    with pytest.raises(Invalid, match="1111") as refused:
        refuse_card_numbers({"note": "ring twice", "reference": "4111 1111 1111 1111"})

    assert refused.value.pointer == "/reference"
    assert "4111" not in refused.value.sentence
    refuse_card_numbers({"note": "ring twice", "reference": "T-004112"})
