from django.urls import path

from inventory import views

urlpatterns = [
    path("stock/", views.stock, name="stock"),
    path("stock/<path:code>/adjust", views.adjust, name="adjust_stock"),
    path("stock/<path:code>/", views.sku, name="sku"),
    path("purchasing/", views.purchasing, name="purchasing"),
    path("purchasing/decide", views.decide, name="decide_needs"),
    path("purchasing/<str:number>/", views.purchase_order, name="purchase_order"),
    path("purchasing/<str:number>/receive", views.receive, name="receive_goods"),
]
