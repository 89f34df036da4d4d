"""A counter to tell stories at: a till in Leeds with 100.00 in its drawer."""

from decimal import Decimal

from accounting.drawers import Tendered, open_drawer
from accounting.models import Till
from customers.models import Channel
from oms.desk.counter.selling import Sale, take_away
from orders.models import Order
from orders.placing import LineDraft
from tests import cast


def till(house: cast.House, name: str = "Counter", *, opening_float: str | None = "100") -> Till:
    """Set a till up in Leeds; with `opening_float` None its drawer stays shut."""
    found = Till.objects.create(name=name, warehouse=house.leeds, channel=Channel.objects.get(kind="store"))
    if opening_float is not None:
        open_drawer(found.pk, opening_float=Decimal(opening_float), actor="user:clerk")
    return found


def sell(till: Till, *lines: tuple[str, int], given: str | None = None, card: str = "", key: str = "", customer: int | None = None) -> Order:
    """Sell at `till`, for cash, or by card where its slip's reference is given: `sell(till, ("MUG", 2), given="20")`."""
    tendered = Tendered("card", reference=card) if card else Tendered("cash", given=Decimal(given) if given else None)
    sale = Sale(lines=[LineDraft(sku, quantity) for sku, quantity in lines], tendered=tendered, customer_id=customer)
    return take_away(till.pk, sale, actor="user:clerk", key=key)
