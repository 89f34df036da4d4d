from django.urls import path

from shipping import views, webhooks

urlpatterns = [
    path("shipments/", views.shipments, name="shipments"),
    path("shipments/pick", views.pick, name="pick"),
    path("shipments/<str:number>/", views.shipment, name="shipment"),
    path("shipments/<str:number>/pack", views.pack, name="pack"),
    path("shipments/<str:number>/carrier", views.choose_carrier, name="choose_carrier"),
    path("shipments/<str:number>/dispatch", views.dispatch, name="dispatch"),
    path("shipments/<str:number>/delivered", views.delivered, name="delivered"),
    path("shipments/<str:number>/packing-slip", views.slip, name="packing_slip"),
    path("shipping/webhooks/sandbox/", webhooks.sandbox, name="sandbox_webhook"),
]
