"""What the lines of a call mean: each is a SKU, or stays to be resolved with what it may mean beside it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from inventory.finding import Coded, coded_skus, find_skus, meant_by_words
from inventory.models import Sku, Substitute
from orders.models import CustomerPart
from orders.phone.reading import Reading, readings

MOST_WORDED = 100
MOST_MEANT = 5
# So many lines are looked for by names that are merely alike, each with a query of its own.
MOST_ALIKE = 10


@dataclass(frozen=True)
class Meant:
    """A line as it is understood: so many of `sku`; None where it means nothing, or one of several."""

    text: str
    quantity: int
    sku: Sku | None
    discount: str = ""


@dataclass(frozen=True)
class Candidates:
    """What a line that is not understood may mean. `is_gone`: it is the code of something that is no longer sold; these take its place."""

    skus: Sequence[Sku]
    is_gone: bool = False


def meant(lines: Sequence[str], *, customer_id: int | None) -> list[Meant]:
    """Say what each of `lines` means: by a code in it, ours, the customer's own or a barcode, else by words that only one SKU has.

    A constant number of queries.
    """
    ways = [readings(line) for line in lines]
    coded = _codes({reading.text for some in ways for reading in some}, customer_id)
    named = [next((reading for reading in some if not reading.is_code), Reading(1, line)) for line, some in zip(lines, ways, strict=True)]
    worded = _worded(list(dict.fromkeys(reading.text for reading, some in zip(named, ways, strict=True) if not _coded(some, coded))))
    found = []
    for reading, some in zip(named, ways, strict=True):
        code = _coded(some, coded)
        found.append(code or Meant(reading.text, reading.quantity, worded.get(reading.text), reading.discount))
    return found


def candidates_for(texts: Sequence[str]) -> list[Candidates]:
    """Give for each of `texts` what it may mean, in their order. Of a long list the first are asked; the others are as those are resolved."""
    asked = list(dict.fromkeys(texts[:MOST_WORDED]))
    gone = {text: code.sku.pk for text, code in coded_skus(asked).items() if not code.sku.is_active}
    instead: dict[int, list[Sku]] = {}
    for row in Substitute.objects.filter(sku__in=gone.values(), substitute__is_active=True).select_related("substitute"):
        instead.setdefault(row.sku_id, []).append(row.substitute)
    worded = meant_by_words(asked, limit=MOST_MEANT)
    alike = [text for text in asked if text not in worded and text not in gone][:MOST_ALIKE]
    near = {text: find_skus(text, limit=MOST_MEANT) for text in alike}
    return [Candidates(instead.get(gone[text], ()), True) if text in gone else Candidates(worded.get(text) or near.get(text) or ()) for text in texts]


def _codes(texts: Iterable[str], customer_id: int | None) -> dict[str, Coded]:
    """Give text → what it is a code of; the customer's own number comes before one of ours."""
    wanted = {text: text.strip().upper() for text in texts}
    coded = coded_skus(wanted)
    if customer_id is not None:
        own = CustomerPart.objects.filter(customer=customer_id, code__in=set(wanted.values())).select_related("sku")
        parts = {part.code: Coded(part.sku, 1) for part in own}
        coded |= {text: parts[code] for text, code in wanted.items() if code in parts}
    return coded


def _coded(some: Sequence[Reading], coded: Mapping[str, Coded]) -> Meant | None:
    """Give the first reading that is a code of something on sale."""
    for reading in some:
        code = coded.get(reading.text)
        if code is not None and code.sku.is_active:
            return Meant(reading.text, reading.quantity * code.units, code.sku, reading.discount)
    return None


def _worded(texts: Sequence[str]) -> Mapping[str, Sku]:
    """Give text → the only SKU whose words it has. Of a long list the first are asked; the others are as soon as those are resolved."""
    return {text: some[0] for text, some in meant_by_words(texts[:MOST_WORDED], limit=2).items() if len(some) == 1}
