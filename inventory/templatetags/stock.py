"""How the desk shows quantities of stock: each opens onto what makes it."""

from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.explaining import TITLES

register = template.Library()

_LINE = {
    "reserved": gettext_lazy("reserved"),
    "backordered": gettext_lazy("waiting"),
    "shipped": gettext_lazy("shipped"),
    "delivered": gettext_lazy("delivered"),
    "cancelled": gettext_lazy("cancelled"),
}


@register.simple_tag
def number(value: Any, name: str, sku: str, warehouse: str = "", shown: str = "") -> SafeString:
    """Show `value`, the number called `name` (a key of TITLES) of a SKU, as a link to its explanation.

    `warehouse`: the code of the place it is the number of; `shown`: how it is written, where that is not as it is. In a dialog with
    static/js/explain.js, as a page without. Use it wherever a quantity of stock is shown.
    """
    return format_html(
        '<a class="number{}" href="{}" aria-label="{} {}: {}">{}</a>',
        "" if value else " zero",
        explanation_of(sku, name, warehouse),
        shown or value,
        TITLES[name],
        _("explain"),
        shown or value,
    )


@register.simple_tag
def explanation_of(sku: str, name: str, warehouse: str = "", kind: str = "") -> str:
    """Give the address that explains a number of a SKU."""
    asked = {key: text for key, text in (("warehouse", warehouse), ("kind", kind)) if text}
    start = reverse("explain", args=["-", "-"])
    return f"{start.replace('/-/explain/-', f'/{quote(sku)}/explain/{name}')}{f'?{urlencode(asked)}' if asked else ''}"


@register.simple_tag
def line_number(value: int, name: str, order: str, position: int) -> SafeString:
    """Show a counter of an order's line, `name` of the line's fields, as a link to what makes it."""
    title = _LINE[name]
    return format_html(
        '<a class="number{}" href="{}" aria-label="{} {}: {}">{}</a>',
        "" if value else " zero",
        reverse("order_line", args=[order, position]),
        value,
        title,
        _("explain"),
        value,
    )


@register.filter
def signed(value: Decimal | int) -> str:
    """Write a term of a sum with its sign apart from it: − 25."""
    return f"− {-value}" if value < 0 else f"+ {value}"


@register.filter
def size(value: Decimal | int) -> Decimal | int:
    """Give a value without its sign."""
    return -value if value < 0 else value
