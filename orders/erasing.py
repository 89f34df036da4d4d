"""What orders know of a person, taken out on their request."""

import secrets
from collections.abc import Mapping, Sequence

from django.utils.translation import ngettext

from customers.erasing import Eraser, Person
from oms.core.locks import lock
from oms.core.scrubbing import empty_documents, scrub_what_was_told, scrubbed
from orders.models import CustomerPart, Draft, Hold, LostLine, LostSale, Order, Quotation, StandingOrder
from orders.states import StandingState


def _against(pks: Sequence[int]) -> list[str]:
    open_orders = Order.objects.open().filter(customer__in=pks).count()
    standing = StandingOrder.objects.filter(customer__in=pks).exclude(state=StandingState.ENDED).count()
    said = []
    if open_orders:
        said.append(
            ngettext("%(n)d order is open: deliver or cancel it first.", "%(n)d orders are open: deliver or cancel them first.", open_orders)
            % {"n": open_orders}
        )
    if standing:
        said.append(ngettext("%(n)d standing order goes on: end it.", "%(n)d standing orders go on: end them.", standing) % {"n": standing})
    return said


def _known(pks: Sequence[int]) -> list[str]:
    rows = Order.objects.filter(customer__in=pks).values_list("email", "phone", "bill_to", "ship_to")
    words = set()
    for email, phone, *addresses in rows.iterator():
        words |= {email, phone, *(address.get(part, "") for address in addresses for part in ("name", "lines"))}
    return sorted(words)


def _erase(person: Person) -> Mapping[str, int]:
    """Leave of an order what was sold, for how much, and which country it went to, which tax returns need."""
    orders = list(Order.objects.filter(customer__in=person.pks).only("pk", "bill_to", "ship_to"))
    for order in orders:
        order.email = order.phone = order.note = order.external_reference = order.delivery_window = ""
        order.bill_to, order.ship_to = _country_only(order.bill_to), _country_only(order.ship_to)
        order.public_token = secrets.token_urlsafe(18)
    scrapped = ["email", "phone", "note", "external_reference", "delivery_window", "bill_to", "ship_to", "public_token"]
    Order.objects.bulk_update(orders, scrapped, batch_size=500)
    ids = [order.pk for order in orders]
    holds = [hold for hold in Hold.objects.filter(order__in=ids) if _clean(hold, "reason", person.words)]
    Hold.objects.bulk_update(holds, ["reason"], batch_size=500)
    StandingOrder.objects.filter(customer__in=person.pks).update(note="", ship_to=None)
    drafts = Draft.objects.filter(customer__in=person.pks).update(typed={}, note="")
    lost = LostSale.objects.filter(customer__in=person.pks).update(note="")
    wishes = [line for line in LostLine.objects.filter(lost_sale__customer__in=person.pks, sku=None) if _clean(line, "text", person.words)]
    LostLine.objects.bulk_update(wishes, ["text"], batch_size=500)
    quotations = list(Quotation.objects.filter(customer__in=person.pks))
    for quotation in quotations:
        quotation.frozen, quotation.email = scrubbed(quotation.frozen, person.words), ""
    Quotation.objects.bulk_update(quotations, ["frozen", "email"], batch_size=200)
    empty_documents(quotation.document_id for quotation in quotations if quotation.document_id)
    parts = CustomerPart.objects.filter(customer__in=person.pks).delete()[0]
    told = scrub_what_was_told(ids, subjects=[("customer", pk) for pk in person.pks], words=person.words)
    gone = {"orders": len(orders), "drafts": drafts, "holds": len(holds), "lost sales": lost, "quotations": len(quotations), "part numbers": parts}
    return gone | told


def _clean(row: Hold | LostLine, column: str, words: Sequence[str]) -> bool:
    before = getattr(row, column)
    setattr(row, column, scrubbed(before, words))
    return bool(getattr(row, column) != before)


def _country_only(address: Mapping[str, str]) -> dict[str, str]:
    return {"name": "", "lines": "", "city": "", "region": "", "postcode": "", "country": address.get("country", "")}


ERASER = Eraser(
    _erase,
    against=_against,
    lock=lambda pks: lock(Order.objects.filter(customer__in=pks)),
    known=_known,
)
