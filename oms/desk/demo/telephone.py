"""The telephone: ways of delivery, what replaces what, a customer's own part numbers, two calls left half done and one in which nothing was sold."""

import uuid
from decimal import Decimal

from customers.models import Customer
from customers.states import CustomerKind
from inventory.models import Sku, Substitute
from oms.core.models import User
from orders.drafts import Seen, park_draft, save_draft
from orders.models import CustomerPart, DeliveryOption
from orders.phone.call import Call, Row
from orders.phone.losing import lose_call

_WAYS = [
    # code, name, days, price, free from, at most so many grams, countries
    ("parcel", "Parcel", 2, "4.90", "150", 20_000, ["GB"]),
    ("express", "Next working day", 1, "9.50", None, 20_000, ["GB"]),
    ("pallet", "Pallet", 3, "49.00", None, None, ["GB"]),
    ("abroad", "Parcel abroad", 5, "19.00", None, 20_000, []),
]
_INSTEAD = [
    ("MUG-BLUE", "MUG-SAND"),
    ("MUG-SAND", "MUG-GREEN"),
    ("LAMP-DESK", "LAMP-CLIP"),
    ("CUSHION-RUST", "CUSHION-MOSS"),
    ("CUSHION-MOSS", "CUSHION-RUST"),
]


def answer_the_phone(customers: list[Customer]) -> None:
    """Set up what calls need, and leave a few behind."""
    DeliveryOption.objects.bulk_create(
        DeliveryOption(
            code=code,
            name=name,
            days=days,
            price=Decimal(price),
            free_from=free_from and Decimal(free_from),
            up_to_grams=grams,
            countries=countries,
            rank=rank,
        )
        for rank, (code, name, days, price, free_from, grams, countries) in enumerate(_WAYS, start=1)
    )
    skus = Sku.objects.in_bulk({code for pair in _INSTEAD for code in pair}, field_name="code")
    Substitute.objects.bulk_create(Substitute(sku=skus[code], substitute=skus[other]) for code, other in _INSTEAD)
    companies = [customer for customer in customers if customer.kind == CustomerKind.COMPANY and not customer.is_blocked]
    CustomerPart.objects.bulk_create(
        CustomerPart(customer=companies[0], code=f"H-{100 + number}", sku=sku) for number, sku in enumerate(skus.values(), start=1)
    )
    clerk, manager = User.objects.get(username="clerk"), User.objects.get(username="manager")
    _left(clerk, companies[1], Row("MUG-BLUE", "24"), Row("CUSHION-MOSS", "6"))
    handed = _left(manager, companies[2], Row("LAMP-DESK", "8"))
    park_draft(handed.key, note="Asks whether eight can be there by Friday: ring back", colleague="clerk", person=manager)
    lost = _left(clerk, companies[3], Row("LAMP-DESK", "400"))
    lose_call(lost, reason="stock", note="Needed all of them this week", person=clerk)


def _left(person: User, customer: Customer, *rows: Row) -> Call:
    call = Call(uuid.uuid4(), Seen(0, uuid.uuid4().hex), customer=customer.number, rows=list(rows))
    save_draft(call.key, call.typed(), customer_id=customer.pk, seen=call.seen, person=person)
    return call
