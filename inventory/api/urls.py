from django.urls import path

from inventory.api.promise import AvailabilityView, BasketView
from inventory.api.stock import StocksView, StockView

urlpatterns = [
    path("availability", AvailabilityView.as_view()),
    path("baskets/<str:basket>", BasketView.as_view()),
    path("stock", StocksView.as_view()),
    path("stock/<str:code>", StockView.as_view()),
]
