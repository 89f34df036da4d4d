"""A counter to tell stories at: a till in Leeds with 100.00 in its drawer."""

from decimal import Decimal
from uuid import UUID

from accounting.drawers import Tendered, open_drawer
from accounting.models import Till
from customers.models import Channel
from oms.core.models import User
from oms.desk.counter.basket import Basket
from oms.desk.counter.selling import Sale, take_away
from oms.desk.counter.unfinished import sell_basket
from orders.drafts import Seen
from orders.models import Order
from orders.phone.call import Row
from orders.placing import LineDraft
from tests import cast


def till(house: cast.House, name: str = "Counter", *, opening_float: str | None = "100") -> Till:
    """Set a till up in Leeds; with `opening_float` None its drawer stays shut."""
    found = Till.objects.create(name=name, warehouse=house.leeds, channel=Channel.objects.get(kind="store"))
    if opening_float is not None:
        open_drawer(found.pk, opening_float=Decimal(opening_float), actor="user:clerk")
    return found


def sell(
    till: Till, *lines: tuple[str, int], given: str | None = None, card: str = "", customer: int | None = None, codes: tuple[str, ...] = ()
) -> Order:
    """Sell at `till`, for cash, or by card where its slip's reference is given: `sell(till, ("MUG", 2), given="20")`."""
    tendered = Tendered("card", reference=card) if card else Tendered("cash", given=Decimal(given) if given else None)
    sale = Sale(lines=[LineDraft(sku, quantity) for sku, quantity in lines], tendered=tendered, customer_id=customer, codes=codes)
    return take_away(till.pk, sale, actor="user:clerk")


def basket(*lines: tuple[str, int], key: int = 1, discount: str = "", version: int = 0, page: str = "p", **fields: str) -> Basket:
    """Give what a page holds of a sale."""
    return Basket(UUID(int=key), Seen(version, page), rows=[Row(sku, str(units), discount) for sku, units in lines], fields=fields)


def press_pay(till: Till, person: User, *lines: tuple[str, int], **changes) -> Order:
    """Pay what a page holds, as its button does."""
    return sell_basket(basket(*lines, **changes), till, person=person)
