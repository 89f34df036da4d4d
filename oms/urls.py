"""All addresses of the house."""

from django.contrib import admin
from django.urls import include, path

from oms.desk.health import healthz, readyz

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("admin/", admin.site.urls),
    path("api/", include("oms.api")),
]
