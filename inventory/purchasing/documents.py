"""The purchase order as a PDF, in the vendor's language: rendered once for each revision, kept, and mailed."""

from typing import Any

from django.conf import settings
from django.utils import translation

from inventory.models import PurchaseOrder
from oms.core import bulk
from oms.core.addresses import country_name, town_lines
from oms.core.documents import keep
from oms.core.messages import queue
from oms.core.models import Message
from oms.core.pdf import render_pdf


def render_purchase_order(order: PurchaseOrder) -> bytes:
    """Render a purchase order in the vendor's language. Reads the order and its lines; writes nothing."""
    with translation.override(order.vendor.language):
        return render_pdf("inventory/documents/purchase_order.html", purchase_order_context(order))


def purchase_order_context(order: PurchaseOrder) -> dict[str, Any]:
    """Give what its template shows, in the language that is active. Lines that are called off are shown as such."""
    lines = list(order.lines.select_related("sku").order_by("id"))
    items = {item.sku_id: item.vendor_code for item in order.vendor.items.filter(sku__in=[line.sku_id for line in lines])}
    for line in lines:
        line.order = order
        line.vendor_code = items.get(line.sku_id, "")  # type: ignore[attr-defined]
    return {
        "order": order,
        "lines": lines,
        "total": sum(line.net for line in lines),
        "is_change": order.revision > 1,
        "company": settings.COMPANY,
        "vendor": [order.vendor.name, *order.vendor.address.splitlines()],
        "deliver_to": _deliver_to(order),
    }


def _deliver_to(order: PurchaseOrder) -> list[str]:
    language = translation.get_language() or "en"
    if order.ship_to:
        given = {part: order.ship_to.get(part, "") for part in ("city", "region", "postcode", "country")}
        lines = [order.ship_to.get("name", ""), *order.ship_to.get("lines", "").splitlines()]
    else:
        place = order.warehouse
        given = {"city": place.city, "region": "", "postcode": place.postcode, "country": place.country}
        lines = [f"{settings.COMPANY['name']}, {place.name}", *place.lines.splitlines()]
    lines += [*town_lines(**given), country_name(given["country"], language)]
    return [line for line in (" ".join(line.split()) for line in lines) if line]


def keep_purchase_orders(rendered: list[tuple[PurchaseOrder, bytes]]) -> None:
    """Keep rendered orders with their SHA-256 and queue the mails that carry them: an order, or a changed one."""
    names = [f"{order.number}.pdf" if order.revision == 1 else f"{order.number}-{order.revision}.pdf" for order, _ in rendered]
    documents = keep([("purchase_order", name, "application/pdf", content) for name, (_, content) in zip(names, rendered, strict=True)])
    for (order, _), document in zip(rendered, documents, strict=True):
        order.document, order.documented_revision = document, order.revision
    orders = [order for order, _ in rendered]
    bulk.save_all(orders, "document", "documented_revision")
    queue(_mail(order) for order in orders if order.vendor.email)


def _mail(order: PurchaseOrder) -> Message:
    return Message(
        kind="purchase_order" if order.revision == 1 else "purchase_change",
        recipient=order.vendor.email,
        language=order.vendor.language,
        document_id=order.document_id,
        data={
            "number": order.number,
            "name": order.vendor.name,
            "warehouse": order.warehouse.name,
            "ship_to": ", ".join(_deliver_to(order)) if order.ship_to else "",
            "expected_on": order.expected_on.isoformat() if order.expected_on else "",
        },
    )
