"""A counter in Leeds: yesterday's drawer was forty pence short, today's is open and has sold a little, and one customer is fetching their purse."""

from decimal import Decimal
from uuid import uuid4

from accounting.drawers import Tendered, close_drawer, move_cash, open_drawer
from accounting.models import Till
from customers.models import Channel, Customer
from customers.states import CustomerKind
from inventory.models import StockLevel, Warehouse
from oms.core.models import User
from oms.desk.counter.basket import Basket
from oms.desk.counter.selling import Sale, take_away
from oms.desk.counter.unfinished import park_basket
from orders.drafts import Seen
from orders.phone.call import Row
from orders.placing import LineDraft

CLERK = "user:clerk"


def sell_at_the_counter(store: Channel, warehouse: Warehouse, customers: list[Customer]) -> None:
    """Set up one till, and sell at it what there is most of."""
    till = Till.objects.create(name="Counter", warehouse=warehouse, channel=store)
    levels = StockLevel.objects.filter(warehouse=warehouse, sku__is_active=True, sku__prices__isnull=False).select_related("sku")
    codes = [level.sku.code for level in sorted(levels, key=lambda level: (-level.free, level.sku.code))[:6]]
    known = next(customer.pk for customer in customers if customer.kind == CustomerKind.PERSON and not customer.is_blocked)
    before = open_drawer(till.pk, opening_float=Decimal(100), actor=CLERK)
    _sell(till, {codes[0]: 2, codes[1]: 1}, Tendered("cash", given=Decimal(200)))
    move_cash(till.pk, kind="to_safe", amount=_beyond_the_float(till), reason="All but the float", actor=CLERK)
    close_drawer(before.pk, pieces={Decimal(20): 3, Decimal(10): 3, Decimal(5): 1, Decimal("0.20"): 23}, note="Busy until the end", actor=CLERK)
    open_drawer(till.pk, opening_float=Decimal(100), actor=CLERK)
    _sell(till, {codes[2]: 1}, Tendered("cash", given=Decimal(200)))
    _sell(till, {codes[3]: 2, codes[4]: 1}, Tendered("card", reference="T-004417"))
    _sell(till, {codes[5]: 1}, Tendered("cash"), customer=known)
    move_cash(till.pk, kind="expense", amount=Decimal("3.20"), reason="Milk and tea", actor=CLERK)
    waits = Basket(uuid4(), Seen(0, "demo"), rows=[Row(codes[1], "2", "5"), Row(codes[4], "1")])
    park_basket(waits, till, note="Red coat, fetches their purse", person=User.objects.get(username="clerk"))


def _beyond_the_float(till: Till) -> Decimal:
    """Give what is in the drawer beyond its float."""
    return till.sessions.get(state="open").expected - 100


def _sell(till: Till, units: dict[str, int], tendered: Tendered, customer: int | None = None) -> None:
    take_away(till.pk, Sale([LineDraft(code, number) for code, number in units.items()], tendered, customer_id=customer), actor=CLERK)
