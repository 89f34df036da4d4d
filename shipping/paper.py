"""The papers we print ourselves: pick lists, packing slips, parcel labels, bills of lading."""

from collections.abc import Sequence
from datetime import date

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from oms.core.errors import NotFound
from oms.core.pdf import render_pdf, render_together
from shipping import documents
from shipping.carriers.base import Booking, Party
from shipping.models import Shipment, ShipmentLine
from shipping.parties import recipient_of, sender_of
from shipping.states import CarrierMode


def own_label(shipment: Shipment, booking: Booking) -> bytes:
    """Print our own label for a carrier that makes none: a parcel label, or for freight a bill of lading."""
    if shipment.carrier is not None and shipment.carrier.mode == CarrierMode.FREIGHT:
        return _bill_of_lading(shipment, booking)
    each = -(-max(shipment.weight_grams, 1) // shipment.packages)
    sheet = documents.lay_out_own_label(
        documents.OwnLabel(
            number=shipment.number,
            order_number=shipment.order.number,
            tracking_number=booking.tracking_number,
            sender=sender_of(shipment),
            recipient=recipient_of(shipment),
            carrier=shipment.carrier.name if shipment.carrier else "",
            service=shipment.carrier.service if shipment.carrier else "",
            shipped_on=timezone.localdate(),
            weights_grams=(each,) * shipment.packages,
        )
    )
    return render_pdf(*sheet)


def _bill_of_lading(shipment: Shipment, booking: Booking) -> bytes:
    carrier = shipment.carrier
    assert carrier is not None
    sheet = documents.lay_out_bill_of_lading(
        documents.BillOfLading(
            number=shipment.number,
            issued_on=timezone.localdate(),
            ship_from=sender_of(shipment),
            ship_to=recipient_of(shipment),
            shipment_number=shipment.number,
            carrier=carrier.name,
            scac=carrier.scac,
            pro_number=booking.tracking_number,
            orders=(documents.LadingOrder(order_number=shipment.order.number, packages=shipment.packages, weight_grams=shipment.weight_grams),),
            goods=(
                documents.LadingGoods(
                    handling_units=shipment.packages,
                    packages=shipment.packages,
                    weight_grams=shipment.weight_grams,
                    description=_("General merchandise"),
                ),
            ),
            currency=shipment.order.currency,
        )
    )
    return render_pdf(*sheet)


def pick_lists(pks: Sequence[int]) -> bytes:
    """Print the pick lists of shipments, one after the other, in one PDF. Raises NotFound where there is none."""
    shipments = list(Shipment.objects.filter(pk__in=pks).select_related("warehouse", "carrier", "order", "order__customer").order_by("pk"))
    if not shipments:
        raise NotFound(_("There is no such shipment."))
    sheets = [documents.lay_out_pick_list(_pick_list(shipment)) for shipment in shipments]
    return render_together(list(sheets))


def _pick_list(shipment: Shipment) -> documents.PickList:
    lines = ShipmentLine.objects.filter(shipment=shipment).select_related("sku").order_by("sku__code")
    return documents.PickList(
        number=shipment.number,
        order_number=shipment.order.number,
        warehouse=shipment.warehouse.name,
        recipient=recipient_of(shipment),
        carrier=shipment.carrier.name if shipment.carrier else "",
        service=shipment.carrier.service if shipment.carrier else "",
        printed_at=timezone.localtime(),
        note="\n".join(part for part in (shipment.order.delivery_window, shipment.order.note) if part),
        weight_grams=shipment.weight_grams,
        lines=tuple(documents.PickLine(sku=line.sku.code, barcode=line.sku.barcode, name=line.sku.name, quantity=line.quantity) for line in lines),
    )


def packing_slip(pk: int) -> bytes:
    """Print a packing slip in the customer's language. Raises NotFound."""
    shipment = Shipment.objects.select_related("warehouse", "carrier", "order", "order__customer").filter(pk=pk).first()
    if shipment is None:
        raise NotFound(_("There is no such shipment."))
    order = shipment.order
    lines = ShipmentLine.objects.filter(shipment=shipment).select_related("sku", "order_line").order_by("order_line__position")
    with translation.override(order.language):
        sheet = documents.lay_out_packing_slip(
            documents.PackingSlip(
                number=shipment.number,
                order_number=order.number,
                ordered_on=_day(order.placed_at),
                customer_reference=order.external_reference,
                seller=Party(
                    name=settings.COMPANY["name"], lines=tuple(settings.COMPANY["address"].splitlines()), country=settings.COMPANY["country"]
                ),
                recipient=recipient_of(shipment),
                carrier=shipment.carrier.name if shipment.carrier else "",
                tracking_number=shipment.tracking_number,
                packages=shipment.packages,
                lines=tuple(
                    documents.PackingLine(
                        sku=line.sku.code,
                        name=line.order_line.description,
                        ordered=line.order_line.quantity,
                        shipped=line.quantity,
                        to_follow=line.order_line.backordered,
                    )
                    for line in lines
                ),
                order_url=f"{settings.PUBLIC_URL}/o/{order.public_token}/",
            )
        )
        return render_pdf(*sheet)


def _day(instant) -> date:
    return timezone.localtime(instant).date()
