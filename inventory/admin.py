"""What is sold and where it lies, for managers; stock itself is only looked at."""

from django.contrib import admin

from inventory.models import Price, PurchaseOrder, ReorderRule, Reservation, Sku, StockLevel, StockMovement, Vendor, Warehouse
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


admin.site.register([Warehouse, Vendor], KeptAdmin)
admin.site.register([StockLevel, StockMovement, Reservation, PurchaseOrder], ReadOnlyAdmin)
