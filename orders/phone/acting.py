"""What the buttons and keys of the form do to a call. Each is a verb, with what it is done to after a colon: `choose:C-1001`, `remove:3`."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from customers.looking_up import find_customers
from oms.core.cards import refuse_card_numbers
from oms.core.errors import Invalid
from orders.phone.call import Call, Unmatched
from orders.phone.matching import meant
from orders.phone.reading import pasted_lines


def act(call: Call, action: str, entry: str) -> None:
    """Do to a call what a key or button says, `entry` standing in the field for lines. What cannot be done is said in `call.error`."""
    verb, _colon, what = action.partition(":")
    call.forget_card_numbers()
    try:
        refuse_card_numbers({"entry": entry})
        if verb in _ACTS:
            _ACTS[verb](call, what, entry)
        _settle(call)
    except Invalid as refusal:
        call.error = refusal


def _add(call: Call, _what: str, entry: str) -> None:
    """Add what was typed, scanned or pasted; what means nothing, or several, stays to be resolved."""
    call.unmatched += [Unmatched(line, "1") for line in pasted_lines(entry)]


def _place(call: Call, what: str, entry: str) -> None:
    """What still stands in the field for lines is wanted too, and is seen before it is ordered."""
    if entry.strip():
        _add(call, what, entry)
        call.error = Invalid(_("A line still stood in its field: it is added now. Look at it, and place the order again."), pointer="/entry")


def _choose(call: Call, number: str, _entry: str) -> None:
    call.customer = number[:20]


def _find(call: Call, _what: str, _entry: str) -> None:
    """Choose the caller where only one is meant."""
    found = find_customers(call.fields.get("caller", ""))
    if len(found) == 1:
        call.customer = found[0].number
    elif not found:
        raise Invalid(_("Nobody known is meant by “%(text)s”: fill in somebody new.") % {"text": call.fields.get("caller", "")}, pointer="/caller")


def _forget(call: Call, _what: str, _entry: str) -> None:
    """It is somebody else after all."""
    call.customer = ""


def _remove(call: Call, position: str, _entry: str) -> None:
    if position.isdigit() and int(position) < len(call.rows):
        del call.rows[int(position)]


def _drop(call: Call, position: str, _entry: str) -> None:
    if position.isdigit() and int(position) < len(call.unmatched):
        del call.unmatched[int(position)]


_ACTS: dict[str, Callable[[Call, str, str], None]] = {
    "add": _add,
    "place": _place,
    "choose": _choose,
    "find": _find,
    "forget": _forget,
    "remove": _remove,
    "drop": _drop,
}


def _settle(call: Call) -> None:
    """Make lines of what means one SKU by now: it was typed anew, or chosen."""
    if not call.unmatched:
        return
    left = []
    for row, found in zip(call.unmatched, meant([row.text for row in call.unmatched]), strict=True):
        times = int(row.quantity) if row.quantity.strip().isdigit() else 1
        if found.sku is None:
            left.append(Unmatched(found.text, str(found.quantity * times)))
        else:
            call.add(found.sku.code, found.quantity * times)
    call.unmatched = left
