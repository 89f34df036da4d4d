"""Prices, promotions and taxes for managers; orders are only looked at: the desk is where they are worked."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from inventory.models import Price, PriceList
from oms.core.access import actor_of
from oms.core.admin import KeptAdmin, Periods, ReadOnlyAdmin
from orders.models import (
    CustomerPart,
    DeliveryOption,
    DiscountLimit,
    Hold,
    MarginFloor,
    Order,
    PriceAssignment,
    Promotion,
    PromotionCode,
    PromotionRedemption,
    ScreeningRule,
    TaxArea,
    TaxRate,
    TaxZone,
)
from orders.promoting import below_taken, locked, record_change, taken
from orders.states import PromotionKind


class TaxAreaInline(admin.TabularInline):
    model = TaxArea
    extra = 0


class RatePeriods(Periods):
    apart_by = ("category",)


class AssignmentPeriods(Periods):
    apart_by = ("channel", "group", "customer")


class TaxRateInline(admin.TabularInline):
    model = TaxRate
    formset = RatePeriods
    extra = 0


@admin.register(TaxZone)
class TaxZoneAdmin(KeptAdmin):
    """Where which tax is charged. A rate that changes ends on the day on which the next one begins."""

    list_display = ("name", "places", "has_reverse_charge")
    inlines = (TaxAreaInline, TaxRateInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaxZone]:
        return super().get_queryset(request).prefetch_related("areas")

    @admin.display(description=_("places"))
    def places(self, zone: TaxZone) -> str:
        return ", ".join(str(area) for area in zone.areas.all())


class PriceAssignmentInline(admin.TabularInline):
    model = PriceAssignment
    formset = AssignmentPeriods
    extra = 0
    autocomplete_fields = ("customer",)


@admin.register(PriceList)
class PriceListAdmin(KeptAdmin):
    """A list and who buys by it. Its prices are rows of their own: there may be thousands."""

    list_display = ("name", "includes_tax", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name",)
    inlines = (PriceAssignmentInline,)


@admin.register(Price)
class PriceAdmin(KeptAdmin):
    """A price that changes ends on the day on which the next one begins: what was agreed stays readable."""

    list_display = ("sku", "list_name", "from_quantity", "unit_price", "currency", "valid_on")
    list_filter = (("price_list", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("sku", "price_list")
    search_fields = ("sku__code",)
    autocomplete_fields = ("sku", "price_list")
    show_full_result_count = False

    @admin.display(description=_("price list"), ordering="price_list__name")
    def list_name(self, price: Price) -> str:
        return price.price_list.name if price.price_list else str(_("everybody's"))


class PromotionForm(forms.ModelForm):
    """A promotion: each kind asks for its own fields, and says so before the database does."""

    NEEDS = {
        PromotionKind.PERCENT: (("percent", _("How many percent off?")),),
        PromotionKind.AMOUNT: (("amount", _("Which amount off?")),),
        PromotionKind.FREE_UNITS: (
            ("buy", _("How many must be bought?")),
            ("get", _("How many are had cheaper?")),
            ("percent", _("How many percent cheaper? 100: free.")),
        ),
        PromotionKind.FREE_SHIPPING: (),
    }

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        for name, question in self.NEEDS.get(fields.get("kind", ""), ()):
            if not fields.get(name) and name not in self.errors:
                self.add_error(name, question)
        budget = fields.get("budget")
        if budget is not None and self.instance.pk and budget < taken(locked(self.instance.pk)):
            self.add_error("budget", below_taken(self.instance).sentence)
        return fields


class PromotionCodeForm(forms.ModelForm):
    """A code, kept in upper case: customers type it as they like."""

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"]).strip().upper()


class PromotionCodeInline(admin.TabularInline):
    model = PromotionCode
    form = PromotionCodeForm
    extra = 0
    readonly_fields = ("used",)


@admin.register(Promotion)
class PromotionAdmin(KeptAdmin):
    """All terms of promotions; budget and end can be changed on the desk's page as well. Who has changed what is told by an event."""

    form = PromotionForm
    list_display = ("name", "kind", "valid_on", "budget", "used_amount", "needs_code", "is_exclusive", "is_active")
    list_filter = ("is_active", "kind", "channel")
    search_fields = ("name", "codes__code")
    autocomplete_fields = ("skus", "customer")
    inlines = (PromotionCodeInline,)
    fieldsets = (
        (None, {"fields": ("name", "is_active", "kind", "percent", "amount", "buy", "get", "is_per_sku")}),
        (_("For which goods"), {"fields": ("is_for_all_goods", "skus", "minimum", "is_off_contracts")}),
        (_("For whom and when"), {"fields": ("needs_code", "channel", "group", "customer", "is_for_first_orders", "most_per_customer", "valid_on")}),
        (_("Together with others, and how much"), {"fields": ("is_exclusive", "priority", "budget", "used_amount")}),
    )

    readonly_fields = ("used_amount",)

    def save_model(self, request: HttpRequest, obj: Promotion, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and form.changed_data:
            record_change(obj, [self._told(form, name) for name in form.changed_data], actor=actor_of(request.user))

    def _told(self, form: forms.ModelForm, name: str) -> str:
        """Word what became of a field."""
        before, after = form.initial.get(name), form.cleaned_data.get(name)
        if isinstance(before, list):
            return str(form.fields[name].label)
        return f"{form.fields[name].label}: {'–' if before is None else before} → {'–' if after is None else after}"


@admin.register(PromotionRedemption)
class PromotionRedemptionAdmin(ReadOnlyAdmin):
    list_display = ("promotion", "code", "order", "amount", "given_back", "redeemed_at")
    list_filter = ("promotion",)
    list_select_related = ("promotion", "code", "order")


@admin.register(DiscountLimit)
class DiscountLimitAdmin(admin.ModelAdmin):
    """What people may give by themselves. A limit may be taken away: then a second person agrees to everything."""

    list_display = ("__str__", "group", "user")
    list_select_related = ("group", "user")


@admin.register(MarginFloor)
class MarginFloorAdmin(admin.ModelAdmin):
    """A floor may be taken away: then nobody looks at what is earned."""

    list_display = ("floor", "channel")
    list_select_related = ("channel",)


@admin.register(DeliveryOption)
class DeliveryOptionAdmin(KeptAdmin):
    list_display = ("name", "carrier", "days", "price", "free_from", "is_active")


@admin.register(CustomerPart)
class CustomerPartAdmin(KeptAdmin):
    list_display = ("customer", "code", "sku")
    list_select_related = ("customer", "sku")
    autocomplete_fields = ("customer", "sku")
    search_fields = ("code",)


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = ("number", "customer", "state", "total", "placed_at")
    list_select_related = ("customer",)


@admin.register(ScreeningRule)
class ScreeningRuleAdmin(ReadOnlyAdmin):
    """Only looked at: the desk's page keeps them, because a change has held orders looked at again."""

    list_display = ("kind", "is_active", "amount", "count", "factor")


admin.site.register(Hold, ReadOnlyAdmin)
