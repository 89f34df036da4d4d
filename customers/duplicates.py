"""Customers who may be one and the same, by what they have in common."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from customers.models import Customer, NotTheSame
from oms.core.reading import read

# What two customers have in common → how much it speaks for their being one. From LEAST on it is proposed.
POINTS = {"vat": 60, "phone": 45, "email": 45, "postcode": 20, "name": 40}
LEAST = 60
# How many of those who came or bought last are compared with everybody.
MOST_LOOKED_AT = 3_000
MOST_PROPOSED = 100
# A number or an e-mail that more than so many share is a switchboard's, and says nothing.
MOST_SHARING = 8
# Names as alike as this count in full; below LEAST_ALIKE not at all (pg_trgm's similarity).
LEAST_ALIKE = 0.45

_PAIRS = """
    WITH asked AS (SELECT id FROM customers_customer WHERE id = ANY(%(some)s)),
    common AS (
        SELECT least(mine.customer_id, theirs.customer_id) AS first, greatest(mine.customer_id, theirs.customer_id) AS second, mine.kind
        FROM asked JOIN customers_searchkey mine ON mine.customer_id = asked.id AND mine.kind IN ('p', 'e', 'z')
        CROSS JOIN LATERAL (
            SELECT other.customer_id, count(*) OVER () AS sharing FROM (
                SELECT customer_id FROM customers_searchkey other WHERE other.kind = mine.kind AND other.key = mine.key LIMIT %(sharing)s + 2
            ) other
        ) theirs
        WHERE theirs.customer_id <> mine.customer_id AND (theirs.sharing <= %(sharing)s OR mine.kind = 'z' AND theirs.sharing < %(sharing)s + 2)
        UNION
        SELECT least(mine.id, theirs.id), greatest(mine.id, theirs.id), 'v'
        FROM customers_customer mine JOIN customers_customer theirs ON theirs.vat_number = mine.vat_number AND theirs.vat_number <> ''
            AND theirs.id <> mine.id
        WHERE mine.id = ANY(%(some)s) AND mine.vat_number <> ''
    )
    SELECT common.first, common.second, array_agg(DISTINCT common.kind), similarity(lower(a.name), lower(b.name))
    FROM common JOIN customers_customer a ON a.id = common.first JOIN customers_customer b ON b.id = common.second
    WHERE a.merged_into_id IS NULL AND b.merged_into_id IS NULL
        AND NOT EXISTS (SELECT FROM customers_notthesame said WHERE said.first_id = common.first AND said.second_id = common.second)
    GROUP BY common.first, common.second, a.name, b.name
"""
_KINDS = {"p": "phone", "e": "email", "z": "postcode", "v": "vat"}


@dataclass(frozen=True)
class Proposal:
    """Two customers who may be one. `score`: of 100; `why`: what they have in common, in words. The one to keep comes first."""

    kept: Customer
    gone: Customer
    score: int
    why: Sequence[str]


def proposals(*, looked_at: int = MOST_LOOKED_AT) -> list[Proposal]:
    """Give who may be one, of the `looked_at` customers who came last and those who bought last, the surest first. Three queries."""
    latest = [pk for (pk,) in read("SELECT id FROM customers_customer ORDER BY id DESC LIMIT %s", [looked_at // 2])]
    buyers = [pk for (pk,) in read("SELECT id FROM customers_customer ORDER BY last_order_at DESC NULLS LAST, id DESC LIMIT %s", [looked_at // 2])]
    return _scored({*latest, *buyers})[:MOST_PROPOSED]


def duplicates_of(pk: int) -> list[Proposal]:
    """Give who may be the same as one customer. Two queries."""
    return _scored([pk])


def say_not_the_same(one: int, other: int, *, actor: str) -> None:
    """Note that two customers are not one: they are proposed no more. Safe to repeat."""
    first, second = sorted((one, other))
    NotTheSame.objects.get_or_create(first_id=first, second_id=second, defaults={"said_by": actor})


def _scored(some: Iterable[int]) -> list[Proposal]:
    found = []
    for first, second, kinds, alike in read(_PAIRS, {"some": list(some), "sharing": MOST_SHARING}):
        common = [_KINDS[kind] for kind in kinds]
        score = sum(POINTS[what] for what in common) + (round(POINTS["name"] * min(alike, 1)) if alike >= LEAST_ALIKE else 0)
        if score >= LEAST:
            found.append((min(score, 100), first, second, common, alike))
    known = Customer.objects.in_bulk({pk for _score, first, second, *_rest in found for pk in (first, second)})
    return [
        Proposal(*_kept_first(known[first], known[second]), score, _why(common, alike))
        for score, first, second, common, alike in sorted(found, key=lambda one: (-one[0], one[1], one[2]))
    ]


def _kept_first(one: Customer, other: Customer) -> tuple[Customer, Customer]:
    """Keep who has bought more, else who came first."""
    return (other, one) if (other.orders_count, -other.pk) > (one.orders_count, -one.pk) else (one, other)


def _why(common: Sequence[str], alike: float) -> list[str]:
    words = {"phone": _("same telephone"), "email": _("same e-mail"), "postcode": _("same postcode"), "vat": _("same VAT number")}
    name = [_("same name") if alike == 1 else _("names alike")] if alike >= LEAST_ALIKE else []
    return [*(words[what] for what in POINTS if what in common), *name]
