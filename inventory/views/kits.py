"""Defining a kit."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory.kits import MOST_COMPONENTS, define_kit, try_kit
from inventory.models import KitComponent, Sku
from inventory.selectors import making_of
from inventory.views.parsing import whole_number
from oms.core.access import actor_of, staff_may
from oms.core.errors import BusinessError, Invalid

EMPTY_ROWS = 4


@staff_may("inventory.change_sku")
def kit(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a kit is made of as a form, and keep what it says. Without a component it is a plain SKU again."""
    sku = get_object_or_404(Sku, code=code.replace("\x00", "").upper())
    if request.method == "POST":
        try:
            define_kit(sku.pk, _components(request), actor=actor_of(request.user))
        except BusinessError as error:
            return render(request, "inventory/kit.html", _form(request, sku) | {"error": error}, status=error.status)
        messages.success(request, _("%(sku)s is kept. Orders placed before keep the kit they were placed with.") % {"sku": sku.code})
        return redirect("sku", sku.code)
    return render(request, "inventory/kit.html", _form(request, sku))


@require_POST
@staff_may("inventory.change_sku")
def check(request: HttpRequest, code: str) -> HttpResponse:
    """Say what the form would make, or why it cannot be, while somebody types. Changes nothing."""
    sku = get_object_or_404(Sku, code=code.replace("\x00", "").upper())
    try:
        return render(request, "inventory/_kit_says.html", {"making": making_of(try_kit(sku.pk, _components(request)))})
    except BusinessError as error:
        return render(request, "inventory/_kit_says.html", {"error": error})


def _components(request: HttpRequest) -> dict[str, int]:
    components: dict[str, int] = {}
    for code, units in zip(request.POST.getlist("sku"), request.POST.getlist("units"), strict=False):
        code = code.replace("\x00", "").strip().upper()[:40]
        if not code:
            continue
        if code in components:
            raise Invalid(_("%(sku)s stands there twice: add it up.") % {"sku": code}, pointer="/components")
        if len(components) > MOST_COMPONENTS:
            break
        components[code] = whole_number(units or "1")
    return components


def _form(request: HttpRequest, sku: Sku) -> dict[str, Any]:
    if request.method == "POST":
        rows = [row for row in zip(request.POST.getlist("sku"), request.POST.getlist("units"), strict=False) if row[0].strip()]
    else:
        parts = KitComponent.objects.filter(kit=sku).select_related("component")
        rows = [(part.component.code, str(part.units)) for part in parts]
    return {"sku": sku, "rows": [*rows[:MOST_COMPONENTS], *[("", "")] * EMPTY_ROWS]}
