"""Carriers for managers; shipments are only looked at."""

from django.contrib import admin

from oms.core.admin import KeptAdmin, ReadOnlyAdmin
from shipping.models import Carrier, Shipment, TrackingEvent


@admin.register(Carrier)
class CarrierAdmin(KeptAdmin):
    list_display = ("name", "code", "adapter", "mode", "service", "max_weight_grams", "rank", "is_active")


admin.site.register([Shipment, TrackingEvent], ReadOnlyAdmin)
