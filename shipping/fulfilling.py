"""The warehouse's own steps: pick, pack."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oms.core.errors import BusinessError, Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock, lock_one
from orders.models import Order
from orders.progress import note_step
from shipping.models import Carrier, Shipment
from shipping.states import ShipmentState


def lock_shipment(pk: int) -> Shipment:
    """Lock a shipment's order and then the shipment itself, and give it as it is now. Raises NotFound."""
    order_id = Shipment.objects.filter(pk=pk).values_list("order_id", flat=True).first()
    if order_id is None:
        raise NotFound(_("There is no such shipment."))
    order = lock_one(Order.objects.all(), order_id)
    shipment = lock_one(Shipment.objects.select_related("carrier", "warehouse"), pk)
    shipment.order = order
    return shipment


def start_picking(pks: Sequence[int], *, actor: str) -> tuple[list[Shipment], list[BusinessError]]:
    """Start picking shipments; give those started, and why others were not. Each on its own: one that cannot never stops the rest.

    Locks each order and shipment in turn. A shipment that is being picked already is given as started. Records `shipment.picking`.
    """
    started, refused = [], []
    for pk in sorted(set(pks)):
        try:
            started.append(_start_picking(pk, actor))
        except BusinessError as error:
            refused.append(error)
    return started, refused


def _start_picking(pk: int, actor: str) -> Shipment:
    with transaction.atomic():
        shipment = lock_shipment(pk)
        if shipment.state == ShipmentState.PICKING:
            return shipment
        _refuse_unless(shipment, shipment.can_pick, _("picked"))
        shipment.start_picking()
        shipment.save(update_fields=["state"])
        note_step([shipment.order], "pack")
        record([_fact("shipment.picking", shipment, actor)])
    return shipment


def pack_shipment(pk: int, *, actor: str, packages: int = 1, weight_grams: int | None = None, tracking_number: str = "") -> Shipment:
    """Pack a shipment: it is closed, weighed and goes to the carrier's booking. One that nobody started to pick is picked on the way.

    `weight_grams`: as weighed; None keeps what the SKUs say. `tracking_number`: of a label got elsewhere. Locks order
    and shipment. Packing a packed one changes
    nothing. Raises Invalid, NotFound, Conflict. Records `shipment.packed`.
    """
    if not 1 <= packages <= 1000:
        raise Invalid(_("A shipment has between 1 and 1000 packages."), pointer="/packages")
    if weight_grams is not None and not 0 < weight_grams <= 100_000_000:
        raise Invalid(_("The weight is in grams, above zero."), pointer="/weight_grams")
    with transaction.atomic():
        shipment = lock_shipment(pk)
        if shipment.state == ShipmentState.PACKED:
            return shipment
        _refuse_unless(shipment, shipment.can_pack, _("packed"))
        if shipment.carrier is None:
            raise Conflict(_("No carrier takes %(number)s: choose one first.") % {"number": shipment.number})
        if shipment.state == ShipmentState.PLANNED:
            shipment.start_picking()
            shipment.save(update_fields=["state"])
        shipment.pack()
        shipment.packages = packages
        shipment.weight_grams = weight_grams or shipment.weight_grams
        shipment.tracking_number = tracking_number.strip()[:60]
        shipment.packed_at = timezone.now()
        shipment.save(update_fields=["state", "packages", "weight_grams", "tracking_number", "packed_at"])
        note_step([shipment.order], "book")
        record([_fact("shipment.packed", shipment, actor, packages=packages, weight_grams=shipment.weight_grams)])
    return shipment


def _refuse_unless(shipment: Shipment, can: bool, done: str) -> None:
    if shipment.order.open_holds:
        raise Conflict(_("%(order)s is on hold: release it first.") % {"order": shipment.order.number})
    if not shipment.order.is_open or not can:
        raise Conflict(
            _("%(number)s cannot be %(done)s: it is %(state)s.")
            % {"number": shipment.number, "done": done, "state": shipment.get_state_display().lower()}
        )


def _fact(kind: str, shipment: Shipment, actor: str, **data):
    return fact(kind, "shipment", shipment.pk, order_id=shipment.order_id, actor=actor, number=shipment.number, **data)


def lock_with_orders(shipments: Sequence[Shipment]) -> list[Shipment]:
    """Lock the orders of `shipments` and then the shipments, both by key; give them as they are now, each with its order."""
    orders = {order.pk: order for order in lock(Order.objects.filter(pk__in={s.order_id for s in shipments}))}
    locked = lock(Shipment.objects.filter(pk__in=[s.pk for s in shipments]).select_related("carrier", "warehouse"))
    for shipment in locked:
        shipment.order = orders[shipment.order_id]
    return locked


def choose_carrier(pk: int, code: str, *, actor: str) -> Shipment:
    """Have the carrier `code` take a shipment that is not booked yet. Locks order and shipment. Raises NotFound, Invalid, Conflict."""
    with transaction.atomic():
        shipment = lock_shipment(pk)
        carrier = Carrier.objects.filter(code=code[:30], is_active=True).first()
        if carrier is None:
            raise Invalid(_("There is no such carrier."), pointer="/carrier")
        if not shipment.can_pack and shipment.state != ShipmentState.PACKED:
            raise Conflict(_("%(number)s is booked already.") % {"number": shipment.number})
        shipment.carrier = carrier
        shipment.save(update_fields=["carrier"])
        record([_fact("shipment.carrier_chosen", shipment, actor, carrier=carrier.name)])
    return shipment
