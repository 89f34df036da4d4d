"""What the buttons and keys of the form do to a call. Each is a verb, with what it is done to after a colon: `choose:C-1001`, `remove:3`."""

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _

from customers.looking_up import find_customers
from customers.models import Customer
from oms.core.cards import refuse_card_numbers
from oms.core.errors import Invalid
from oms.core.readable import row_of
from orders.models import Order, OrderLine
from orders.phone.call import Call, Row, Unmatched
from orders.phone.matching import meant
from orders.phone.reading import pasted_lines
from orders.phone.selectors import order_meant


def act(call: Call, action: str, entry: str) -> None:
    """Do to a call what a key or button says, `entry` standing in the field for lines. What cannot be done is said in `call.error`."""
    verb, _colon, what = action.partition(":")
    call.forget_card_numbers()
    try:
        refuse_card_numbers({"entry": entry})
        if verb in _ACTS:
            _ACTS[verb](call, what, entry)
        call.unmatched = settled(call.unmatched, call.customer, lambda code, units, discount: call.add(code, units, discount=discount))
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
    """Choose the caller where only one is meant, or whose order is named."""
    text = call.fields.get("caller", "")
    found = find_customers(text)
    order = None if found and not row_of(text, Order.NUMBER_PREFIX) else order_meant(text)
    if order is not None:
        call.customer = order.customer.number
    elif len(found) == 1:
        call.customer = found[0].number
    elif not found:
        raise Invalid(_("Nobody known is meant by “%(text)s”: fill in somebody new.") % {"text": text}, pointer="/caller")


def _forget(call: Call, _what: str, _entry: str) -> None:
    """It is somebody else after all."""
    call.customer = ""


def _repeat(call: Call, number: str, _entry: str) -> None:
    """Add the lines of an order, else of the last one, with what they cost then. What is no longer sold stays, to be replaced."""
    orders = Order.objects.filter(customer=row_of(call.customer, Customer.NUMBER_PREFIX), placed_at__isnull=False).order_by("-placed_at", "-id")
    if pk := row_of(number, Order.NUMBER_PREFIX):
        orders = orders.filter(pk=pk)
    order = orders.first()
    if order is None:
        raise Invalid(_("There is no order of theirs to repeat."), pointer="/caller")
    for line in OrderLine.objects.filter(order=order).select_related("sku").order_by("position"):
        if line.sku.is_active:
            call.add(line.sku.code, line.quantity, was=f"{line.unit_price.normalize():f}")
        else:
            call.unmatched.append(Unmatched(line.sku.code, str(line.quantity)))


def _take(call: Call, what: str, _entry: str) -> None:
    """Add what was offered: `take:12:AB-10`."""
    quantity, _colon, code = what.partition(":")
    if quantity.isdigit() and len(quantity) < 8 and code:
        call.add(code[:60].upper(), int(quantity))


def _swap(call: Call, what: str, _entry: str) -> None:
    """Have something else take the place of a line: `swap:3:AB-11`."""
    position, _colon, code = what.partition(":")
    if position.isdigit() and int(position) < len(call.rows) and code:
        row = call.rows.pop(int(position))
        call.rows.insert(int(position), Row(code[:60].upper(), row.quantity, row.discount))


def _offer(call: Call, what: str, _entry: str) -> None:
    call.offering = what[:20]


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
    "repeat": _repeat,
    "take": _take,
    "swap": _swap,
    "offer": _offer,
    "remove": _remove,
    "drop": _drop,
}


def settled(unmatched: Sequence[Unmatched], customer: str, add: Callable[[str, int, str], None]) -> list[Unmatched]:
    """`add` (code, units, discount) what means one SKU by now, because it was typed anew or chosen; give what is left.

    `customer`: the number of who is calling, whose own part numbers count.
    """
    if not unmatched:
        return []
    left = []
    found = meant([row.text for row in unmatched], customer_id=row_of(customer, Customer.NUMBER_PREFIX))
    for row, one in zip(unmatched, found, strict=True):
        times = int(row.quantity) if row.quantity.strip().isdigit() else 1
        if one.sku is None:
            left.append(Unmatched(one.text, str(one.quantity * times)))
        else:
            add(one.sku.code, one.quantity * times, one.discount)
    return left
