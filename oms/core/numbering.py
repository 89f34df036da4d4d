"""Gapless numbers, from a counter that is locked until the transaction ends."""

from django.db.models import F

from oms.core.models import NumberSeries


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
