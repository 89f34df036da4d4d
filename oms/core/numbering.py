"""Numbers people read: order and shipment numbers from the row's own id, invoice numbers without a gap."""

import re

from django.db.models import F

from oms.core.models import NumberSeries

_OFFSET = 1000
_NUMBER = re.compile(r"^\s*([A-Za-z]{1,3})-?(\d{4,18})\s*$")


def human_number(prefix: str, pk: int) -> str:
    """Give the number people use for row `pk`: `SO-1001` is row 1. Unique as the row is; gaps are normal."""
    return f"{prefix}-{pk + _OFFSET}"


def row_of(number: str, prefix: str) -> int | None:
    """Give the row that `number` names, or None if it is not a `prefix` number. `so1001` and `SO-1001` are one."""
    match = _NUMBER.match(number)
    if not match or match[1].upper() != prefix:
        return None
    pk = int(match[2]) - _OFFSET
    return pk if 0 < pk < 2**62 else None


def take_numbers(series: str, count: int) -> list[str]:
    """Take the next `count` numbers of a gapless series, in order.

    Locks the series row until the transaction ends, so take it last and keep what follows short. A rollback gives the
    numbers back: the series is 1…N without a gap (EU VAT Directive art. 226(2): a sequential number).
    """
    if not count:
        return []
    rows = NumberSeries.objects.filter(code=series)
    if not rows.update(next_value=F("next_value") + count):
        raise NumberSeries.DoesNotExist(f"number series {series!r}: run `manage.py setup`")
    row = rows.get()
    first = row.next_value - count
    return [f"{row.prefix}{first + i:0{row.width}d}" for i in range(count)]
