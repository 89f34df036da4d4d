"""What every page of the desk shows around itself."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from oms.core.access import may
from oms.core.models import Proof, Trouble

NAVIGATION = [
    # url name, title, permission, key after g
    ("home", lambda: _("Line"), "orders.view_order", "h"),
    ("orders", lambda: _("Orders"), "orders.view_order", "o"),
    ("phone", lambda: _("Phone order"), "orders.place_order", "n"),
    ("customers", lambda: _("Customers"), "customers.view_customer", "c"),
    ("stock", lambda: _("Stock"), "inventory.view_stocklevel", "s"),
    ("purchasing", lambda: _("Purchasing"), "inventory.view_purchaseorder", "p"),
    ("shipments", lambda: _("Shipments"), "shipping.view_shipment", "w"),
    ("invoices", lambda: _("Invoices"), "accounting.view_invoice", "i"),
    ("ledger", lambda: _("Ledger"), "accounting.view_ledger", "l"),
    ("messages", lambda: _("Messages"), "core.view_message", "m"),
    ("trouble", lambda: _("Trouble"), "core.view_trouble", "t"),
]


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give the navigation of who looks, the last proof and the number of troubles: two queries on a full page, none on a fragment."""
    theme = request.COOKIES.get("theme", "")
    base = {"theme": theme if theme in ("light", "dark") else "", "direction": "rtl" if get_language_bidi() else "ltr"}
    if getattr(request, "htmx", False) or not hasattr(request, "user") or not request.user.is_authenticated:
        return base
    if request.path.startswith(("/admin", "/api")):
        return base
    return base | {
        "navigation": [
            {"url": name, "title": title(), "key": key} for name, title, permission, key in NAVIGATION if may(request.user, permission)
        ],
        "proof": Proof.objects.first(),
        "troubles": Trouble.objects.count(),
        "role": _role(request),
    }


def _role(request: HttpRequest) -> str:
    if request.user.is_superuser:
        return _("administrator")
    group = request.user.groups.first()
    return group.name if group else ""
