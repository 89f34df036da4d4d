from django.urls import path

from inventory.api.promise import AvailabilityView, BasketView
from inventory.api.skus import KitView, SkuImportsView
from inventory.api.stock import ExplanationView, MovementsExportView, MovementsView, ReservationsView, StockExportView, StocksView, StockView

urlpatterns = [
    path("availability", AvailabilityView.as_view()),
    path("baskets/<str:basket>", BasketView.as_view()),
    path("stock", StocksView.as_view()),
    path("stock/<str:code>", StockView.as_view()),
    path("stock/<str:code>/movements", MovementsView.as_view()),
    path("stock/<str:code>/reservations", ReservationsView.as_view()),
    path("stock/<str:code>/explanation", ExplanationView.as_view()),
    path("skus/<str:code>/kit", KitView.as_view()),
    path("sku-imports", SkuImportsView.as_view()),
    path("exports/stock", StockExportView.as_view()),
    path("exports/movements", MovementsExportView.as_view()),
]
