"""What becomes of each row of a list that somebody sends: said before anything is written."""

from collections.abc import Sequence
from typing import Any

NEW, CHANGED, SAME, REFUSED = "new", "changed", "same", "refused"


class Counted:
    """A report that counts its `fates`, each with its `fate`."""

    fates: Sequence[Any]

    @property
    def new(self) -> int:
        return self._count(NEW)

    @property
    def changed(self) -> int:
        return self._count(CHANGED)

    @property
    def same(self) -> int:
        return self._count(SAME)

    @property
    def refused(self) -> int:
        return self._count(REFUSED)

    def _count(self, fate: str) -> int:
        return sum(one.fate == fate for one in self.fates)
