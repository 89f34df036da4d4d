"""What every page of the desk shows around itself."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from accounting.models import PaymentNotice
from inventory.models import Shortfall
from oms.core.access import may
from oms.core.models import Proof, Trouble, User

NAVIGATION = [
    # url name, title, permission, key after g, the pages that are looked for under it
    ("home", lambda: _("Line"), "orders.view_order", "h", ()),
    ("orders", lambda: _("Orders"), "orders.view_order", "o", ()),
    ("phone", lambda: _("Phone order"), "orders.place_order", "n", ()),
    ("counter", lambda: _("Counter"), "orders.place_order", "k", ()),
    ("customers", lambda: _("Customers"), "customers.view_customer", "c", ()),
    ("stock", lambda: _("Stock"), "inventory.view_stocklevel", "s", ()),
    ("purchasing", lambda: _("Purchasing"), "inventory.view_purchaseorder", "p", ()),
    ("shipments", lambda: _("Shipments"), "shipping.view_shipment", "w", ("shipment",)),
    ("invoices", lambda: _("Invoices"), "accounting.view_invoice", "i", ("invoice",)),
    ("ledger", lambda: _("Ledger"), "accounting.view_ledger", "l", ("entries", "account")),
    ("messages", lambda: _("Messages"), "core.view_message", "m", ("message",)),
    ("trouble", lambda: _("Trouble"), "core.view_trouble", "t", ()),
]
# Pages that share a word of the bar stand as tabs below it: the word's url name → its pages.
TABS = {
    # url name, title, permission, the pages that are looked for under it
    "orders": [
        ("orders", lambda: _("Orders"), "orders.view_order", ("order", "swap", "swap_with", "order_line")),
        ("quotations", lambda: _("Quotations"), "orders.view_order", ("quotation",)),
        ("standing_orders", lambda: _("Standing orders"), "orders.view_order", ("standing_order", "new_standing_order", "edit_standing_order")),
        ("prices", lambda: _("Prices"), "orders.view_order", ("promotion", "change_promotion")),
        ("lost_sales", lambda: _("Lost sales"), "orders.view_order", ("lost_calls",)),
        ("screening", lambda: _("Screening"), "orders.view_order", ("change_screening",)),
    ],
    "counter": [
        ("counter", lambda: _("Counter"), "orders.place_order", ("till", "open_drawer", "receipt", "drawer", "count_drawer")),
        ("drawers", lambda: _("Drawers"), "accounting.view_drawersession", ("counted_drawer",)),
    ],
    "customers": [
        (
            "customers",
            lambda: _("Customers"),
            "customers.view_customer",
            ("customer", "new_customer", "edit_customer", "customer_part_numbers"),
        ),
        ("duplicates", lambda: _("Duplicates"), "customers.merge_customers", ("merge_customers",)),
        ("blocklist", lambda: _("Blocklist"), "customers.view_customer", ()),
        ("import_customers", lambda: _("Import and export"), "customers.import_customers", ()),
    ],
    "invoices": [
        ("invoices", lambda: _("Invoices"), "accounting.view_invoice", ("invoice",)),
        ("online_payments", lambda: _("Online payments"), "accounting.view_invoice", ()),
    ],
    "stock": [
        ("stock", lambda: _("Stock"), "inventory.view_stocklevel", ("sku", "explain", "kit")),
        ("low_stock", lambda: _("Running low"), "inventory.view_stocklevel", ()),
        ("shortfalls", lambda: _("Shortfalls"), "orders.view_order", ()),
        ("transfers", lambda: _("Transfers"), "inventory.view_stocklevel", ("transfer", "new_transfer")),
        ("counts", lambda: _("Counts"), "inventory.view_stocklevel", ("count", "review_count")),
        ("sourcing", lambda: _("Sourcing"), "inventory.view_stocklevel", ("simulation",)),
        ("import_skus", lambda: _("Import"), "inventory.add_sku", ("sku_import",)),
    ],
    "purchasing": [
        ("purchasing", lambda: _("Board"), "inventory.view_purchaseorder", ()),
        ("needs", lambda: _("To buy"), "inventory.view_purchaseorder", ()),
        ("purchase_orders", lambda: _("Orders"), "inventory.view_purchaseorder", ("purchase_order", "new_purchase_order")),
        ("vendors", lambda: _("Vendors"), "inventory.view_purchaseorder", ("vendor",)),
        ("rules", lambda: _("Reorder rules"), "inventory.view_purchaseorder", ("rule", "new_rule")),
        ("receiving", lambda: _("Receiving"), "inventory.receive_goods", ("receiving_sheet", "cross_dock")),
        ("bills", lambda: _("Bills"), "accounting.view_vendorbill", ("bill", "enter_bill")),
        ("unbilled", lambda: _("Received, not billed"), "accounting.view_vendorbill", ()),
    ],
}
# How much waits for somebody behind a tab: a query of each page that shows it.
_WAITING = {
    "shortfalls": lambda: Shortfall.objects.filter(settled_at__isnull=True).count(),
    "online_payments": lambda: PaymentNotice.objects.to_look_at().count(),
}
# Pages that show nothing of the desk around them.
BARE = ("login", "public_order", "pay_public_order", "paid_public_order", "public_invoice", "public_quotation", "answer_quotation")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give the navigation of who looks, the last proof and the number of troubles.

    Three queries on a full page; none on a fragment, for somebody unknown, in the admin or the API.
    """
    theme = request.COOKIES.get("theme", "")
    base = {"theme": theme if theme in ("light", "dark") else "", "direction": "rtl" if get_language_bidi() else "ltr"}
    if request.path.startswith(("/admin", "/api")) or _here(request) in BARE or _is_fragment(request):
        return base
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return base
    return base | {
        "navigation": _navigation(request),
        "tabs": _tabs(request),
        "proof": (proof := Proof.objects.first()),
        "proof_state": proof.standing if proof else "",
        "troubles": Trouble.objects.count() if may(request.user, "core.view_trouble") else 0,
        "role": _role(request),
    }


def pages_for(user: User | AnonymousUser) -> set[str]:
    """Give the url names of the desk's pages that `user` may open."""
    tabs = [tab for group in TABS.values() for tab in group]
    return {name for name, _title, permission, *_ in (*NAVIGATION, *tabs) if may(user, permission)}


def _navigation(request: HttpRequest) -> list[dict[str, Any]]:
    here, pages = _here(request), pages_for(request.user)
    return [
        {"url": name, "title": title(), "key": key, "is_here": here == name or here in under or _group_of(here) == name}
        for name, title, _permission, key, under in NAVIGATION
        if name in pages
    ]


def _group_of(here: str) -> str:
    """Give the word of the bar whose tabs lead `here`; nothing where none does."""
    return next((group for group, tabs in TABS.items() for name, _title, _permission, under in tabs if here == name or here in under), "")


def _tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """Give the tabs beside the page that is shown, of those that the reader may open; none where there is nothing to choose."""
    here = _here(request)
    tabs = [
        {"url": name, "title": title(), "is_here": here == name or here in under, "count": _WAITING[name]() if name in _WAITING else 0}
        for name, title, permission, under in TABS.get(_group_of(here), ())
        if may(request.user, permission)
    ]
    return tabs if len(tabs) > 1 else []


def _here(request: HttpRequest) -> str:
    return request.resolver_match.url_name or "" if request.resolver_match else ""


def _is_fragment(request: HttpRequest) -> bool:
    htmx = getattr(request, "htmx", None)
    return bool(htmx) and not htmx.history_restore_request


def _role(request: HttpRequest) -> str:
    if request.user.is_superuser:
        return _("administrator")
    group = request.user.groups.first()
    return group.name if group else ""
