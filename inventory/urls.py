from django.urls import path

from inventory.views import explain, purchasing, stock

urlpatterns = [
    path("stock/", stock.stock, name="stock"),
    path("stock/export.csv", stock.export, name="export_stock"),
    path("stock/<path:code>/explain/<str:number>", explain.explanation, name="explain"),
    path("stock/<path:code>/adjust", stock.adjust, name="adjust_stock"),
    path("stock/<path:code>/", stock.sku, name="sku"),
    path("purchasing/", purchasing.purchasing, name="purchasing"),
    path("purchasing/decide", purchasing.decide, name="decide_needs"),
    path("purchasing/<str:number>/receive", purchasing.receive, name="receive_goods"),
]
