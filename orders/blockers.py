"""What an order waits for, in one sentence, and who must act. Reads the order's row; its holds and lines only where they matter."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.states import ShipPolicy
from inventory.backorders import drop_shipped_lines
from oms.core.models import Trouble
from oms.core.money import round_amount
from orders.models import Order
from orders.states import OrderState


@dataclass(frozen=True)
class Blocker:
    """`who` must act, as people say it: the clerk, the warehouse, accounts, the carrier, the line (nobody need do anything)."""

    sentence: str
    who: str


def blocker_of(order: Order) -> Blocker | None:
    """Say what `order` waits for and who must act; None where it is closed. At most three queries."""
    if not order.is_open:
        return None
    if order.open_holds:
        return _hold(order)
    trouble = _trouble(order)
    if trouble:
        return trouble
    if order.state == OrderState.PLACED:
        return Blocker(_("It has just come in: the line is looking at it."), _("The line"))
    if order.plan_due or order.invoice_due:
        return Blocker(_("The line is about to invoice it and plan its shipment."), _("The line"))
    if order.state in (OrderState.ALLOCATED, OrderState.FULFILLING) and not order.may_ship:
        owed = f"{round_amount(order.balance, order.currency)} {order.currency}"
        return Blocker(_("It ships when it is paid: %(amount)s is still to come.") % {"amount": owed}, _("Accounts"))
    if order.state == OrderState.FULFILLING and order.fulfilment_step in _STEPS:
        sentence, who = _STEPS[order.fulfilment_step]
        return Blocker(str(sentence()), str(who()))
    if order.has_backorders:
        return _backorder(order)
    if order.state in (OrderState.FULFILLING, OrderState.SHIPPED):
        return Blocker(_("It is on its way."), _("The carrier"))
    if order.balance > 0:
        owed = f"{round_amount(order.balance, order.currency)} {order.currency}"
        return Blocker(_("It is delivered; %(amount)s is still to be paid.") % {"amount": owed}, _("Accounts"))
    return Blocker(_("It is delivered and paid: the line is about to close it."), _("The line"))


_STEPS = {
    "pick": (lambda: _("It waits to be picked and packed."), lambda: _("The warehouse")),
    "pack": (lambda: _("It is being picked: pack it next."), lambda: _("The warehouse")),
    "book": (lambda: _("It is packed: the line is booking its carrier."), lambda: _("The line")),
    "hand_over": (lambda: _("It is booked: hand it to the carrier."), lambda: _("The warehouse")),
}


def _hold(order: Order) -> Blocker:
    hold = order.holds.filter(released_at__isnull=True).first()
    who = _("Accounts") if hold and hold.kind == "credit" else _("Manager")
    return Blocker(_("It is on hold: %(reason)s. Release it to let it go on.") % {"reason": hold.reason if hold else ""}, who)


def _trouble(order: Order) -> Blocker | None:
    """Give the trouble a station of orders has with it, if any."""
    trouble = Trouble.objects.filter(label=order.number).order_by("-last_at").first()
    if trouble is None:
        return None
    return Blocker(
        _("Station %(station)s could not work it: %(error)s") % {"station": trouble.station, "error": trouble.error},
        _("Manager"),
    )


def _backorder(order: Order) -> Blocker:
    short = [line for line in order.lines.select_related("sku") if line.backordered]
    elsewhere = drop_shipped_lines([order.pk])
    if short and all(line.pk in elsewhere for line in short):
        return Blocker(
            _("The vendor ships the rest to the customer: %(named)s. Note it when he has.")
            % {"named": ", ".join(f"{line.backordered} × {line.sku.code}" for line in short[:3]) + ("…" if len(short) > 3 else "")},
            _("Purchasing"),
        )
    units = sum(line.backordered for line in short)
    named = ", ".join(f"{line.backordered} × {line.sku.code}" for line in short[:3])
    return Blocker(
        ngettext("It waits for %(units)d unit: %(named)s.", "It waits for %(units)d units: %(named)s.", units)
        % {"units": units, "named": named + ("…" if len(short) > 3 else "")},
        _("Purchasing") if order.ship_policy != ShipPolicy.PREPAID or order.may_ship else _("Accounts"),
    )
