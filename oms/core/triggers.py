"""What the database itself refuses, declared beside the table it guards (Meta.triggers)."""

from collections.abc import Iterable

import pgtrigger


def append_only() -> list[pgtrigger.Trigger]:
    """Refuse UPDATE, DELETE and TRUNCATE: a correction is a new row."""
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        no_truncate(),
    ]


def no_truncate() -> pgtrigger.Trigger:
    """Refuse TRUNCATE, which row triggers never see."""
    return pgtrigger.Trigger(
        name="no_truncate",
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        level=pgtrigger.Statement,
        func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
    )


def legal_moves(field: str, moves: Iterable[tuple[str, str]]) -> pgtrigger.Trigger:
    """Refuse any change of the state column that is not one of `moves` (from, to), whoever writes it."""
    return pgtrigger.FSM(name=f"{field}_moves", field=field, transitions=sorted(set(moves)))
