"""Tax rates for managers; orders are only looked at: the desk is where they are worked."""

from django.contrib import admin

from oms.core.admin import KeptAdmin, ReadOnlyAdmin
from orders.models import Hold, Order, TaxRate


@admin.register(TaxRate)
class TaxRateAdmin(KeptAdmin):
    list_display = ("country", "category", "name", "rate", "valid_from")


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = ("number", "customer", "state", "total", "placed_at")
    list_select_related = ("customer",)


admin.site.register(Hold, ReadOnlyAdmin)
