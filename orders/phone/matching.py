"""What the lines of a call mean: each is a SKU, or stays to be resolved with what it may mean beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inventory.finding import Coded, coded_skus, meant_by_words
from inventory.models import Sku
from orders.phone.reading import Reading, readings

MOST_WORDED = 100


@dataclass(frozen=True)
class Meant:
    """A line as it is understood: so many of `sku`; None where it means nothing, or one of several."""

    text: str
    quantity: int
    sku: Sku | None
    discount: str = ""


def meant(lines: Sequence[str]) -> list[Meant]:
    """Say what each of `lines` means: by a code or barcode in it, else by a name that only one SKU has. A constant number of queries."""
    ways = [readings(line) for line in lines]
    coded = coded_skus({reading.text for some in ways for reading in some})
    named = [next((reading for reading in some if not reading.is_code), Reading(1, line)) for line, some in zip(lines, ways, strict=True)]
    worded = _worded(list(dict.fromkeys(reading.text for reading, some in zip(named, ways, strict=True) if not _coded(some, coded))))
    found = []
    for reading, some in zip(named, ways, strict=True):
        code = _coded(some, coded)
        if code is not None:
            found.append(code)
        else:
            found.append(Meant(reading.text, reading.quantity, worded.get(reading.text), reading.discount))
    return found


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
