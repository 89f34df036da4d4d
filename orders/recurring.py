"""When something that recurs is next. Pure: dates in, dates out."""

import calendar
from datetime import date, timedelta


def next_after(on: date, *, unit: str, every: int, day: int) -> date:
    """Give the turn after `on`, every so many weeks or months; `day`: of the month, where the month has it, else its last."""
    if unit == "week":
        return on + timedelta(weeks=every)
    months = on.year * 12 + on.month - 1 + every
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day, calendar.monthrange(year, month + 1)[1]))


def next_from(on: date, *, unit: str, every: int, day: int, today: date) -> date:
    """Give the first turn after `today`, counted on from `on`: what was missed is missed once, and never made up for in a heap."""
    while on <= today:
        on = next_after(on, unit=unit, every=every, day=day)
    return on
