"""Who may do what: five roles, each a group with named permissions, enforced by every face.

A permission is `app.verb_thing`. Those that Django makes for a model (`view_order`) are used as they are; the others are in
EXTRA and made by `manage.py setup`.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from oms.core.models import User

EXTRA = {
    "orders.place_order": ("orders", "order", _("Can place orders")),
    "orders.cancel_order": ("orders", "order", _("Can cancel orders")),
    "orders.hold_order": ("orders", "order", _("Can hold and release orders")),
    "orders.release_credit": ("orders", "order", _("Can let an order go on that is held for credit")),
    "orders.release_screening": ("orders", "order", _("Can let an order go on that the screening has held")),
    "customers.merge_customers": ("customers", "customer", _("Can merge customers, and part them again")),
    "customers.erase_customer": ("customers", "customer", _("Can erase a customer on their request")),
    "customers.import_customers": ("customers", "customer", _("Can bring in and take out many customers as a file")),
    "customers.set_terms": ("customers", "customer", _("Can change a customer's payment terms and credit limit")),
    "customers.keep_blocklist": ("customers", "blockedkey", _("Can block numbers, e-mails and addresses")),
    "orders.view_margin": ("orders", "order", _("Can see what is earned on an order")),
    "orders.approve_prices": ("orders", "order", _("Can agree to prices that others may not give")),
    "orders.swap_stock": ("orders", "order", _("Can swap stock between two orders")),
    "orders.set_priority": ("orders", "order", _("Can say how urgent an order is")),
    "inventory.adjust_stock": ("inventory", "stocklevel", _("Can count and correct stock")),
    "inventory.transfer_stock": ("inventory", "stocklevel", _("Can move stock between warehouses")),
    "inventory.correct_cost": ("inventory", "stocklevel", _("Can correct what stock is worth")),
    "inventory.settle_shortfall": ("inventory", "shortfall", _("Can note that a shortfall is dealt with")),
    "inventory.approve_purchase": ("inventory", "purchaseorder", _("Can approve purchases")),
    "inventory.receive_goods": ("inventory", "purchaseorder", _("Can receive goods")),
    "shipping.fulfil_shipment": ("shipping", "shipment", _("Can pick and pack shipments")),
    "shipping.dispatch_shipment": ("shipping", "shipment", _("Can hand shipments to carriers")),
    "accounting.record_payment": ("accounting", "payment", _("Can record payments")),
    "accounting.enter_bill": ("accounting", "vendorbill", _("Can enter vendors' bills")),
    "accounting.release_bill": ("accounting", "vendorbill", _("Can release, send back and credit vendors' bills")),
    "accounting.view_ledger": ("accounting", "journalentry", _("Can read the ledger")),
    "core.retry_trouble": ("core", "trouble", _("Can retry what is in trouble")),
}

_EVERYBODY = [
    "orders.view_order",
    "customers.view_customer",
    "inventory.view_stocklevel",
    "shipping.view_shipment",
    "core.view_trouble",
    "core.view_message",
]
_CLERK = [
    *_EVERYBODY,
    "inventory.settle_shortfall",
    "orders.place_order",
    "orders.cancel_order",
    "orders.hold_order",
    "orders.set_priority",
    "customers.add_customer",
    "customers.change_customer",
    "accounting.view_invoice",
]
_WAREHOUSE = [
    *_EVERYBODY,
    "inventory.adjust_stock",
    "inventory.transfer_stock",
    "inventory.settle_shortfall",
    "inventory.receive_goods",
    "inventory.view_purchaseorder",
    "shipping.fulfil_shipment",
    "shipping.dispatch_shipment",
    "core.retry_trouble",
]
_ACCOUNTANT = [
    *_EVERYBODY,
    "inventory.correct_cost",
    "orders.hold_order",
    "orders.view_margin",
    "orders.release_credit",
    "customers.set_terms",
    "accounting.view_invoice",
    "accounting.view_payment",
    "accounting.record_payment",
    "accounting.view_vendorbill",
    "accounting.enter_bill",
    "accounting.release_bill",
    "accounting.view_ledger",
    "accounting.view_drawersession",
    "inventory.view_purchaseorder",
    "inventory.add_landedcost",
    "core.retry_trouble",
]
# A manager keeps the reference data in the admin as well.
_REFERENCE_DATA = [
    f"{app}.{verb}_{model}"
    for app, model in (
        ("customers", "channel"),
        ("customers", "customer"),
        ("customers", "contact"),
        ("customers", "address"),
        ("customers", "apikey"),
        ("inventory", "warehouse"),
        ("inventory", "sku"),
        ("inventory", "price"),
        ("inventory", "substitute"),
        ("inventory", "pricelist"),
        ("inventory", "vendor"),
        ("inventory", "vendorcontact"),
        ("inventory", "vendoritem"),
        ("inventory", "vendorprice"),
        ("inventory", "barcode"),
        ("inventory", "lane"),
        ("inventory", "sourcingrule"),
        ("inventory", "reorderrule"),
        ("orders", "taxzone"),
        ("orders", "taxarea"),
        ("orders", "taxrate"),
        ("orders", "deliveryoption"),
        ("orders", "customerpart"),
        ("orders", "priceassignment"),
        ("orders", "promotion"),
        ("orders", "promotioncode"),
        ("orders", "discountlimit"),
        ("orders", "marginfloor"),
        ("orders", "screeningrule"),
        ("shipping", "carrier"),
        ("accounting", "account"),
        ("accounting", "till"),
        ("accounting", "period"),
    )
    for verb in ("view", "add", "change")
]
_MANAGERS = [
    "inventory.approve_purchase",
    "orders.swap_stock",
    "orders.approve_prices",
    "orders.release_screening",
    "customers.erase_customer",
    "customers.keep_blocklist",
    "customers.merge_customers",
    "customers.import_customers",
    "core.view_event",
]
_MANAGER = sorted({*_CLERK, *_WAREHOUSE, *_ACCOUNTANT, *_REFERENCE_DATA, *_MANAGERS})

ROLES: dict[str, list[str]] = {
    "clerk": _CLERK,
    "warehouse": _WAREHOUSE,
    "accountant": _ACCOUNTANT,
    "manager": _MANAGER,
}
"""Role → permissions. The fifth role, administrator, is the superuser: also users and roles."""


def set_up_roles() -> None:
    """Make the groups and give each exactly its permissions. Safe to repeat."""
    for name, (app, model, label) in EXTRA.items():
        Permission.objects.update_or_create(
            codename=name.partition(".")[2],
            content_type=ContentType.objects.get_by_natural_key(app, model),
            defaults={"name": str(label)[:255]},
        )
    by_name = {
        f"{permission.content_type.app_label}.{permission.codename}": permission for permission in Permission.objects.select_related("content_type")
    }
    for role, names in ROLES.items():
        group, _created = Group.objects.get_or_create(name=role)
        group.permissions.set([by_name[name] for name in names])


def actor_of(user: User | AnonymousUser) -> str:
    """Give how events name `user`: `user:anna`."""
    return f"user:{user.get_username()}"


def person_of(request: HttpRequest) -> User:
    """Give who is logged in. On pages that nobody else reaches."""
    assert isinstance(request.user, User)
    return request.user


def may(user: User | AnonymousUser, permission: str) -> bool:
    """Say whether `user` may. Locked-out and anonymous people may nothing."""
    return bool(user.is_active and user.is_authenticated and user.has_perm(permission))


def staff_may(permission: str) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Let a page through only for who holds `permission`: 403 otherwise. Anonymous people were sent to the login before."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not may(request.user, permission):
                raise PermissionDenied(permission)
            return view(request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return decorate
