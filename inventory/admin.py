"""What is sold and where it lies, for managers; stock itself is only looked at."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest

from inventory.models import Lane, Price, PurchaseOrder, ReorderRule, Reservation, Sku, StockLevel, StockMovement, Vendor, Warehouse
from inventory.sourcing import look_again
from oms.core.admin import KeptAdmin, ReadOnlyAdmin


class PriceInline(admin.TabularInline):
    model = Price
    extra = 0


@admin.register(Sku)
class SkuAdmin(KeptAdmin):
    list_display = ("code", "name", "barcode", "tax_category", "cost", "is_active")
    search_fields = ("code", "name", "barcode")
    inlines = (PriceInline,)
    show_full_result_count = False


@admin.register(ReorderRule)
class ReorderRuleAdmin(KeptAdmin):
    list_display = ("sku", "warehouse", "vendor", "point", "target")
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


admin.site.register([Warehouse, Vendor], KeptAdmin)
admin.site.register([StockLevel, StockMovement, Reservation, PurchaseOrder], ReadOnlyAdmin)
