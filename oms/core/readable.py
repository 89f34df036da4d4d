"""Numbers people read, made from the row's own id: `SO-1001` is row 1 of orders."""

import re

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
