"""What is sold and where it lies, for managers; stock itself is only looked at."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from inventory.models import (
    Barcode,
    KitComponent,
    Lane,
    Price,
    PurchaseOrder,
    ReorderRule,
    Reservation,
    Sku,
    SourcingRule,
    StockLevel,
    StockMovement,
    Substitute,
    Vendor,
    VendorContact,
    VendorItem,
    VendorPrice,
    Warehouse,
)
from inventory.sourcing import look_again
from oms.core.admin import KeptAdmin, ReadOnlyAdmin


class PriceInline(admin.TabularInline):
    model = Price
    extra = 0


class BarcodeInline(admin.TabularInline):
    model = Barcode
    extra = 0


class ContactInline(admin.TabularInline):
    model = VendorContact
    extra = 0


class SubstituteInline(admin.TabularInline):
    model = Substitute
    fk_name = "sku"
    autocomplete_fields = ("substitute",)
    extra = 0


@admin.register(Sku)
class SkuAdmin(KeptAdmin):
    list_display = ("code", "name", "barcode", "abc_class", "tax_category", "cost", "is_kit", "is_active")
    list_filter = ("abc_class", "is_kit", "is_active")
    search_fields = ("code", "name", "barcode")
    inlines = (PriceInline, BarcodeInline, SubstituteInline)
    show_full_result_count = False


@admin.register(Warehouse)
class WarehouseAdmin(KeptAdmin):
    list_display = ("code", "name", "kind", "country", "rank", "daily_capacity", "is_active")


@admin.register(SourcingRule)
class SourcingRuleAdmin(ReadOnlyAdmin):
    """The rules are kept on their own page, where they can be tried first."""

    list_display = ("position", "policy", "amount", "is_active")


@admin.register(KitComponent)
class KitComponentAdmin(ReadOnlyAdmin):
    """A kit is defined on its own page: by the service, which sees that it has no stock and does not contain itself."""

    list_display = ("kit", "component", "units")
    list_select_related = ("kit", "component")


@admin.register(Vendor)
class VendorAdmin(KeptAdmin):
    list_display = ("name", "currency", "terms_days", "lead_time_days", "minimum_order", "email", "is_active")
    list_filter = ("is_active", "currency")
    search_fields = ("name",)
    inlines = (ContactInline,)
    fieldsets = (
        (None, {"fields": ("name", "email", "language", "address", "is_active")}),
        (_("Terms"), {"fields": ("currency", "books_rate", "terms_days", "lead_time_days", "minimum_order", "over_receipt_percent")}),
    )


class VendorPriceForm(forms.ModelForm):
    """A price from so many units on."""

    def clean_unit_price(self) -> Decimal:
        price: Decimal = self.cleaned_data["unit_price"]
        if price <= 0:
            raise forms.ValidationError(_("A price is above zero: what a vendor gives away is not bought."))
        return price


class VendorPrices(forms.BaseInlineFormSet):
    """All prices of an item: a break builds on the price of one unit."""

    def clean(self) -> None:
        super().clean()
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if kept and not any(row.get("from_quantity") == 1 for row in kept):
            raise forms.ValidationError(_("A price break needs a price from 1 unit on: add a line with the quantity 1."))


class VendorPriceInline(admin.TabularInline):
    model = VendorPrice
    form = VendorPriceForm
    formset = VendorPrices
    extra = 1


@admin.register(VendorItem)
class VendorItemAdmin(KeptAdmin):
    list_display = ("sku", "vendor", "vendor_code", "pack_size", "minimum_order", "lead_time_days", "is_preferred")
    list_filter = ("is_preferred", "vendor")
    list_select_related = ("sku", "vendor")
    search_fields = ("sku__code", "vendor_code", "vendor__name")
    autocomplete_fields = ("sku", "vendor")
    inlines = (VendorPriceInline,)
    show_full_result_count = False


@admin.register(ReorderRule)
class ReorderRuleAdmin(KeptAdmin):
    list_display = ("sku", "warehouse", "vendor", "point", "target", "safety", "is_learned", "service_level")
    list_filter = ("is_learned", "warehouse")
    search_fields = ("sku__code",)
    autocomplete_fields = ("sku", "vendor")
    list_select_related = ("sku", "warehouse", "vendor")


@admin.register(Lane)
class LaneAdmin(admin.ModelAdmin):
    """Lanes are no document's: one may be taken away. Whoever waits is looked at again after each change."""

    list_display = ("warehouse", "country", "postcode_prefix", "km", "cost", "transit_days")
    list_filter = ("warehouse", "country")
    list_select_related = ("warehouse",)

    def save_model(self, request: HttpRequest, obj: Lane, form: Any, change: bool) -> None:
        obj.country = obj.country.strip().upper()
        obj.postcode_prefix = obj.postcode_prefix.strip().upper()
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            look_again()

    def delete_model(self, request: HttpRequest, obj: Lane) -> None:
        with transaction.atomic():
            super().delete_model(request, obj)
            look_again()


admin.site.register([StockLevel, StockMovement, Reservation, PurchaseOrder], ReadOnlyAdmin)
