"""The line: the whole order-to-cash process on one screen.

What each station works on and how stands with its app; here stands the order they are passed in, and which event wakes
each. Celery beat asks every one of them every few seconds as well, so a wake-up that is lost costs seconds and nothing else.
"""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from accounting.stations import CREDIT, DOCUMENT, INVOICE, MATCH_BILLS, POST_STOCK, SETTLE
from inventory.stations import IMPORT_SKUS, LAPSE, LEARN, PEG, PURCHASE_PDF, REPLENISH
from oms.core import messages
from oms.core.stations import OutsideStation, lay
from oms.desk import quotations
from orders.models import Quotation
from orders.stations import BACKORDERS, COMPLETE, EXPIRE, RELEASE, RESERVE, SCREEN, SIMULATE, STANDING
from shipping.stations import BOOK, HAND_OVER, PLAN, TRACK, VOID

QUOTATION_PDF = OutsideStation(
    name="quotation_pdf",
    title=_("Quotation PDF"),
    waiting=lambda: Quotation.objects.waiting_for_document().select_related("customer", "channel"),
    perform=quotations.render_quotation,
    work=quotations.keep_quotations,
    lease_seconds=180,
)
SEND = OutsideStation(
    name="send",
    title=_("Send mail"),
    waiting=lambda: messages.waiting().select_related("document"),
    perform=messages.send,
    work=messages.note_sent,
    batch=50,
)

LINE = [
    #        station      is woken by                                                        works on, queue
    replace(STANDING, wakes_on=("standing.set_up", "standing.changed", "standing.resumed")),  # standing orders
    replace(QUOTATION_PDF, wakes_on=("quotation.made",)),                                    # quotations, outside
    replace(SCREEN, wakes_on=("order.placed",)),                                             # orders
    replace(RELEASE, wakes_on=("payment.received", "screening.changed", "blocklist.lifted", "customer.changed")),  # orders
    replace(RESERVE, wakes_on=("order.screened", "order.hold_released")),                    # orders
    replace(BACKORDERS, wakes_on=("stock.arrived", "stock.freed", "order.shortfall", "sourcing.changed", "order.hold_released")),  # orders
    replace(PEG, wakes_on=("supply.changed",)),                                              # SKUs
    replace(LEARN, wakes_on=("rule.set",)),                                                  # reorder rules
    replace(REPLENISH, wakes_on=("order.allocated", "order.shortfall", "supply.changed", "stock.adjusted", "transfer.sent", "restock.due")), # SKUs
    replace(PURCHASE_PDF, wakes_on=("purchase.ordered", "purchase.changed")),                # purchase orders, outside
    replace(INVOICE, wakes_on=("order.allocated", "order.filled", "shipment.dispatched", "order.hold_released")),
    replace(PLAN, wakes_on=("order.allocated", "order.filled", "payment.received", "order.hold_released")),
    replace(DOCUMENT, wakes_on=("invoice.issued", "invoice.credited")),                      # invoices, outside
    replace(BOOK, wakes_on=("shipment.packed", "order.hold_released")),                      # shipments, outside
    replace(HAND_OVER, wakes_on=("shipment.dispatched",)),                                   # shipments, outside
    replace(TRACK, wakes_on=("tracking.received", "shipment.booked")),                       # tracking events
    replace(POST_STOCK, wakes_on=("stock.moved",)),                                          # stock movements
    replace(MATCH_BILLS, wakes_on=("purchase.received", "purchase.receipt_reversed", "purchase.changed", "bill.posted", "bill.credited")),
    replace(SETTLE, wakes_on=("checkout.told",)),                                            # checkouts, outside
    replace(COMPLETE, wakes_on=("order.delivered", "payment.received", "invoice.issued", "order.hold_released")),
    replace(CREDIT, wakes_on=("order.cancelled",)),                                          # invoices
    replace(VOID, wakes_on=("order.cancelled",)),                                            # shipments, outside
    replace(SEND, wakes_on=("message.queued",)),                                             # messages, outside
    replace(IMPORT_SKUS, wakes_on=("import.asked",)),                                        # files of SKUs, outside
    replace(SIMULATE, wakes_on=("simulation.asked",)),                                       # simulations, outside
    replace(EXPIRE, wakes_on=()),                                                            # drafts
    replace(LAPSE, wakes_on=()),                                                             # soft reservations
]  # fmt: skip

lay(LINE)
