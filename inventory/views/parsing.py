"""What forms of the warehouse say."""

from django.utils.translation import gettext as _

from oms.core.errors import Invalid


def whole_number(text: str) -> int:
    """Give the whole number that `text` is, with or without a sign. Raises Invalid."""
    text = text.strip()
    if not text.removeprefix("-").removeprefix("+").isdigit() or not text.isascii() or len(text) > 11:
        raise Invalid(_("A quantity is a whole number."), pointer="/quantity")
    return int(text)
