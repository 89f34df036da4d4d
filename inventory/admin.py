"""What is sold and where it lies, for managers; stock itself is only looked at."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest

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


class VendorPriceInline(admin.TabularInline):
    model = VendorPrice
    extra = 0


@admin.register(Sku)
class SkuAdmin(KeptAdmin):
    list_display = ("code", "name", "barcode", "abc_class", "tax_category", "cost", "is_kit", "is_active")
    list_filter = ("abc_class", "is_kit", "is_active")
    search_fields = ("code", "name", "barcode")
    inlines = (PriceInline, BarcodeInline)
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
    list_display = ("name", "currency", "lead_time_days", "terms_days", "is_active")
    search_fields = ("name",)
    inlines = (ContactInline,)


@admin.register(VendorItem)
class VendorItemAdmin(KeptAdmin):
    list_display = ("sku", "vendor", "vendor_code", "pack_size", "minimum_order", "lead_time_days", "is_preferred")
    list_select_related = ("sku", "vendor")
    search_fields = ("sku__code", "vendor_code", "vendor__name")
    autocomplete_fields = ("sku",)
    inlines = (VendorPriceInline,)


@admin.register(ReorderRule)
class ReorderRuleAdmin(KeptAdmin):
    list_display = ("sku", "warehouse", "vendor", "point", "target", "safety", "is_learned")
    autocomplete_fields = ("sku",)
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
