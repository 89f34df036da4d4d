from django.urls import path

from shipping import loss_views, views, webhooks

urlpatterns = [
    path("shipments/", views.shipments, name="shipments"),
    path("shipments/pick", views.pick, name="pick"),
    path("shipments/<str:number>/", views.shipment, name="shipment"),
    path("shipments/<str:number>/pack", views.pack, name="pack"),
    path("shipments/<str:number>/carrier", views.choose_carrier, name="choose_carrier"),
    path("shipments/<str:number>/dispatch", views.dispatch, name="dispatch"),
    path("shipments/<str:number>/delivered", views.delivered, name="delivered"),
    path("shipments/<str:number>/packing-slip", views.slip, name="packing_slip"),
    path("shortfalls/", loss_views.shortfalls, name="shortfalls"),
    path("shortfalls/<int:pk>/settle", loss_views.settle, name="settle_shortfall"),
    path("stock/<path:code>/adjust", loss_views.adjust, name="adjust_stock"),
    path("counts/<str:number>/post", loss_views.post_count, name="post_count"),
    path("orders/<str:number>/drop-ship", views.have_vendor_ship, name="order_drop_shipment"),
    path("purchasing/<str:number>/shipped", views.vendor_has_shipped, name="confirm_drop_shipment"),
    path("shipping/webhooks/sandbox/", webhooks.sandbox, name="sandbox_webhook"),
]
