"""Tax rates for managers; orders are only looked at: the desk is where they are worked."""

from django.contrib import admin

from oms.core.admin import KeptAdmin, ReadOnlyAdmin
from orders.models import Hold, Order, ScreeningRule, TaxRate


@admin.register(TaxRate)
class TaxRateAdmin(KeptAdmin):
    list_display = ("country", "category", "name", "rate", "valid_from")


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = ("number", "customer", "state", "total", "placed_at")
    list_select_related = ("customer",)


@admin.register(ScreeningRule)
class ScreeningRuleAdmin(ReadOnlyAdmin):
    """Only looked at: the desk's page keeps them, because a change has held orders looked at again."""

    list_display = ("kind", "is_active", "amount", "count", "factor")


admin.site.register(Hold, ReadOnlyAdmin)
