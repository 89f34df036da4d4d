"""Who is calling: customers found while what is known of them is still being typed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from customers.models import Channel, Customer
from oms.core.readable import human_number, row_of
from oms.core.reading import read
from oms.core.spelling import words_like

MOST_FOUND = 8
# How many are taken up before they are ranked: what is typed with more than that behind it is not worth ranking yet.
MOST_CANDIDATES = 200
LEAST_DIGITS = 3
LEAST_LETTERS = 2
# Words like the typed one that are looked for in its place.
MOST_WORDS = 12
MOST_TYPED = 6
# Of several words the rarest is looked up, and the others are looked for in what was found.
FEW = 2_000
MOST_LOOKED_THROUGH = 10_000
MOST_ALIKE_LOOKED_THROUGH = 4_000
_LIKE = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})

_FOUND = """
    SELECT customer.id, customer.name, customer.kind, customer.phone, customer.email, customer.is_blocked, customer.last_order_at,
        coalesce(nullif(concat_ws(' ', nullif(place.postcode, ''), place.city), ''), '')
    FROM customers_customer customer
    LEFT JOIN LATERAL (
        SELECT postcode, city FROM customers_address address WHERE address.customer_id = customer.id
        ORDER BY is_delivery DESC, id LIMIT 1
    ) place ON true
    WHERE customer.id = ANY(%s)
"""


@dataclass(frozen=True)
class Found:
    """A customer that what was typed may mean. `place`: postcode and town. `why`: what of theirs it was found by."""

    pk: int
    number: str
    name: str
    kind: str
    phone: str
    email: str
    place: str
    why: str
    is_blocked: bool
    last_order_at: datetime | None


def find_customers(text: str, *, limit: int = MOST_FOUND, channel: Channel | None = None) -> list[Found]:
    """Give the customers that `text`, as far as it is typed, may mean, the likeliest first, then who bought last.

    Any of their telephone numbers however it is written or from its last digits, names with typing errors, an e-mail, a postcode, their
    number. `channel`: only those a storefront of it may see. A handful of queries, each bounded, whatever their number; too little to go
    by gives nobody.
    """
    ranked = _ranked(text, MOST_CANDIDATES, channel)
    if not ranked:
        return []
    lately = {
        pk: at.timestamp() if at else 0 for pk, at in read("SELECT id, last_order_at FROM customers_customer WHERE id = ANY(%s)", [list(ranked)])
    }
    likeliest = sorted(lately, key=lambda pk: (ranked[pk][0], -lately[pk], pk))[:limit]
    rows = {row[0]: row for row in read(_FOUND, [likeliest])}
    return [_found(*rows[pk], why=ranked[pk][1]) for pk in likeliest]


def customers_meant(text: str, *, channel: Channel | None = None, most: int = MOST_CANDIDATES) -> list[int]:
    """Give the rows of up to `most` customers that `text` may mean, for a list that is filtered by it. In no order."""
    return list(_ranked(text, most, channel))


def _found(pk: int, name: str, kind: str, phone: str, email: str, is_blocked: bool, last_order_at: datetime | None, place: str, *, why: str) -> Found:
    return Found(pk, human_number(Customer.NUMBER_PREFIX, pk), name, kind, phone, email, place, why, is_blocked, last_order_at)


def _ranked(text: str, most: int, channel: Channel | None) -> dict[int, tuple[int, str]]:
    """Give row → (rank, what it was found by); the lower the likelier."""
    text = " ".join(text.replace("\x00", "").split())[:100]
    ranked: dict[int, tuple[int, str]] = {}
    for ids, rank, why in _candidates(text, most):
        for pk in ids:
            if pk not in ranked or rank < ranked[pk][0]:
                ranked[pk] = (rank, why)
    if channel is not None and ranked:
        known = Customer.objects.known_to(channel).filter(pk__in=ranked).values_list("pk", flat=True)
        ranked = {pk: ranked[pk] for pk in known}
    return ranked


def _candidates(text: str, most: int) -> Iterable[tuple[list[int], int, str]]:
    """Give what `text` may be, as far as its shape allows: rows, rank, and what it was taken for."""
    letters = sum(map(str.isalpha, text))
    digits = "".join(character for character in text if character.isdigit() and character.isascii())
    if pk := row_of(text, Customer.NUMBER_PREFIX):
        yield _rows("SELECT id FROM customers_customer WHERE id = %s", [pk]), 0, "number"
    if text and len(text) >= LEAST_DIGITS:
        yield _rows("SELECT id FROM customers_customer WHERE external_reference = %s LIMIT %s", [text, most]), 0, "number"
    if len(digits) >= LEAST_DIGITS and not letters and "@" not in text:
        yield from _by_digits(text, digits, most)
    if "@" in text:
        yield _by_key("e", text.lower(), most), 0, "email"
        return
    by_email = _by_key("e", text.lower(), most) if letters >= LEAST_LETTERS and " " not in text else []
    if by_email:
        yield by_email, 3, "email"
        if "." in text:  # Half an e-mail, that somebody has: no name has a point within it.
            return
    if digits and len(text) <= 10:
        yield _by_key("z", "".join(filter(str.isalnum, text)).upper(), most), 2, "postcode"
    if letters >= LEAST_LETTERS:
        [(words,)] = read("SELECT customers_words(%s)", [text])
        if 0 < len(words) <= MOST_TYPED:
            found = _by_words(words, most)
            yield found, 1, "name"
            if not found:
                yield _by_words_alike(words, most), 4, "name"


def _by_digits(text: str, digits: str, most: int) -> Iterable[tuple[list[int], int, str]]:
    """Read digits as people dial them: +44 113…, 0044 113…, 0113…, or the last that they remember."""
    if text.startswith("+"):
        yield _by_key("p", digits, most), 0, "phone"
        return
    if digits.startswith("00"):
        yield _by_key("p", digits[2:], most), 0, "phone"
        return
    yield _by_key("n", digits.removeprefix("0"), most), 1, "phone"
    yield _by_key("p", digits, most), 1, "phone"
    if len(digits) >= 4:
        yield _by_key("r", digits[::-1], most), 2, "phone"


def _by_key(kind: str, start: str, most: int) -> list[int]:
    if len(start) < LEAST_LETTERS:
        return []
    return _rows("SELECT customer_id FROM customers_searchkey WHERE kind = %s AND key LIKE %s LIMIT %s", [kind, f"{start.translate(_LIKE)}%", most])


def _by_words(words: Sequence[str], most: int) -> list[int]:
    """Give who has all of `words` in their name, the last of which may still be being typed."""
    return _with_all([_typed(word, is_last=position == len(words) - 1) for position, word in enumerate(words)], most)


def _by_words_alike(words: Sequence[str], most: int) -> list[int]:
    """Give who has words like all of `words` in their name: one step from them, and only where that is nobody, two."""
    near = {word: words_like(word, table="customers_nameword", most=MOST_WORDS) for word in words if len(word) > 2}
    if not all(near.values()):
        return []
    for reach in (1, 2):
        likely = {word: [one for one, steps in found if steps <= reach] for word, found in near.items()}
        if not all(likely.values()):
            continue
        found = _with_all(
            [
                _Meant("key = ANY(%s)", likely[word]) if word in likely else _typed(word, is_last=position == len(words) - 1)
                for position, word in enumerate(words)
            ],
            most,
            through=MOST_ALIKE_LOOKED_THROUGH,
        )
        if found:
            return found
    return []


def _with_all(wanted: Sequence["_Meant"], most: int, *, through: int = MOST_LOOKED_THROUGH) -> list[int]:
    """Give who meets all that is `wanted`, of the first `through` who meet the rarest of it."""
    first, *others = _rarest_first(wanted)
    also = "".join(
        f" AND EXISTS (SELECT FROM customers_searchkey other WHERE other.customer_id = rare.customer_id AND other.kind = 'w' AND {one.condition})"
        for one in others
    )
    statement = (
        f"WITH rare AS MATERIALIZED (SELECT customer_id FROM customers_searchkey WHERE kind = 'w' AND {first.condition} LIMIT %s)"
        f" SELECT rare.customer_id FROM rare WHERE true{also} LIMIT %s"
    )
    return _rows(statement, [first.value, through if others else most, *(one.value for one in others), most])


class _Meant(NamedTuple):
    """A condition on the key of a word, and the value that is bound to it."""

    condition: str
    value: str | list[str]


def _typed(word: str, *, is_last: bool) -> _Meant:
    return _Meant("key LIKE %s", f"{word.translate(_LIKE)}%") if is_last else _Meant("key = %s", word)


def _rarest_first(wanted: Sequence[_Meant]) -> list[_Meant]:
    """Sort conditions by how many rows they hold for, counted no further than it takes to tell few from many."""
    if len(wanted) == 1:
        return list(wanted)
    counts = ", ".join(
        f"(SELECT count(*) FROM (SELECT FROM customers_searchkey WHERE kind = 'w' AND {one.condition} LIMIT {FEW}) few)" for one in wanted
    )
    [counted] = read(f"SELECT {counts}", [one.value for one in wanted])
    return [one for _count, _position, one in sorted(zip(counted, range(len(wanted)), wanted, strict=True))]


def _rows(statement: str, values: list[object]) -> list[int]:
    return list(dict.fromkeys(pk for (pk,) in read(statement, values)))
