"""Which SKUs somebody means by what they type or scan: by code, barcode or words, while they are still typing."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import Q, QuerySet

from inventory.models import Barcode, Sku
from inventory.models.catalogue import SKU_WORDS
from inventory.purchasing.scanning import read_code
from oms.core.errors import Invalid
from oms.core.spelling import words_like

MOST_FOUND = 8
# So many are looked at before the best are chosen: a word that half the catalogue has is not read to its end.
_LOOKED_AT = 60
# So many words are looked for by others that are like them, each by so many.
_MOST_ALIKE = 4
_NEAR_WORDS = 8
# What may be a scanned GTIN or GS1 message rather than a code of our own.
_SCANNED = ("(", "]", "01", "02")


@dataclass(frozen=True)
class Coded:
    """What a code stands for: `units` of a SKU; of a package as many as are in it."""

    sku: Sku
    units: int


def coded_skus(texts: Iterable[str]) -> dict[str, Coded]:
    """Give text → what it is the exact code, barcode or package of. What is no code is left out. Two queries, whatever their number."""
    wanted: dict[str, list[str]] = {text: _spellings(text) for text in texts}
    every = {spelling for spellings in wanted.values() for spelling in spellings}
    if not every:
        return {}
    known: dict[str, Coded] = {}
    for package in Barcode.objects.filter(code__in=every).select_related("sku"):
        known[package.code] = Coded(package.sku, package.units)
    for sku in Sku.objects.filter(Q(code__in=every) | Q(barcode__in=every)):
        known[sku.barcode or sku.code] = known[sku.code] = Coded(sku, 1)
    return {text: known[spelling] for text, spellings in wanted.items() for spelling in spellings if spelling in known}


def find_skus(text: str, *, limit: int = MOST_FOUND) -> list[Sku]:
    """Give the SKUs on sale that `text` may mean, the likeliest first: what it is the code of, what its code begins with, whose words it has.

    Words in any order, each as far as it is typed; where no name has them all, names that are alike. At most nine small queries.
    """
    text = text.strip()
    if not text:
        return []
    exact = coded_skus([text])
    found = {code.sku.pk: code.sku for code in exact.values() if code.sku.is_active}
    sold = Sku.objects.filter(is_active=True)
    pattern = text.upper()
    for sku in sold.filter(code__startswith=pattern).order_by("code")[:limit]:
        found.setdefault(sku.pk, sku)
    if len(found) < limit and (query := _query(text)):
        words = sold.alias(words=SKU_WORDS).filter(words=SearchQuery(query, config="simple", search_type="raw")).order_by()[:_LOOKED_AT]
        for sku in sorted(words, key=lambda sku: _distance(sku, text)):
            found.setdefault(sku.pk, sku)
    if not found and len(text) > 2:
        found = {sku.pk: sku for sku in _alike(text, limit)}
    return list(found.values())[:limit]


def meant_by_words(texts: Sequence[str], *, limit: int) -> Mapping[str, Sequence[Sku]]:
    """Give text → the SKUs on sale whose words it has, up to `limit` each. Two queries, whatever their number."""
    queries = {text: query for text in texts if (query := _query(text))}
    if not queries:
        return {}
    inner, parameters = (
        Sku.objects.filter(is_active=True)
        .alias(words=SKU_WORDS)
        .filter(words=SearchQuery("$asked$", config="simple", search_type="raw"))
        .order_by()
        .values("pk")
        .query.sql_with_params()
    )
    # The one parameter that is the query itself is each asked text's own.
    statement = inner % tuple("asked.query" if value == "$asked$" else "%s" for value in parameters)
    rest = [value for value in parameters if value != "$asked$"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT asked.text, hit.id FROM unnest(%s::text[], %s::text[]) AS asked(text, query)"
            f" CROSS JOIN LATERAL ({statement} LIMIT %s) AS hit(id)",
            [list(queries), list(queries.values()), *rest, limit],
        )
        hits = cursor.fetchall()
    skus = Sku.objects.in_bulk({pk for _text, pk in hits})
    found: dict[str, list[Sku]] = {}
    for text, pk in hits:
        found.setdefault(text, []).append(skus[pk])
    return found


def _spellings(text: str) -> list[str]:
    """Give the ways in which a code may be kept, the surest last."""
    text = text.strip()
    spellings = [text.upper()]
    if (text.isascii() and text.isdigit() and len(text) in (8, 12, 13, 14)) or (text.startswith(_SCANNED) and len(text) > 15):
        try:
            spellings = [*read_code(text).spellings, *spellings]
        except Invalid:
            return spellings
    return spellings


def _query(text: str) -> str:
    """Give the search for the words of `text`, each as far as it is typed."""
    return " & ".join(f"{word}:*" for word in re.findall(r"[^\W_]+", text)[:8])


def _distance(sku: Sku, text: str) -> tuple[bool, int, str]:
    """Order what has the words: those that begin with what is typed, then the shortest name, which says least beside it."""
    return (not sku.name.upper().startswith(text.upper()), len(sku.name), sku.code)


def _alike(text: str, limit: int) -> list[Sku]:
    """Give the SKUs with words like those of `text`: a letter too many, too few, wrong, or two in the wrong order."""
    query = " & ".join(f"({_near(word)})" for word in re.findall(r"[^\W_]+", text.lower())[:_MOST_ALIKE])
    if not query:
        return []
    named: QuerySet[Sku] = (
        Sku.objects.filter(is_active=True).alias(words=SKU_WORDS).filter(words=SearchQuery(query, config="simple", search_type="raw"))
    )
    return sorted(named.order_by()[:_LOOKED_AT], key=lambda sku: _distance(sku, text))[:limit]


def _near(word: str) -> str:
    """Give the search for a word as far as it is typed, or any of the words of names that are at most two steps from it. One query."""
    if len(word) < 3 or any(map(str.isdigit, word)):
        return f"{word}:*"
    return " | ".join([f"{word}:*", *(near for near, _steps in words_like(word, table="inventory_skuword", most=_NEAR_WORDS))])
