from django.urls import path

from inventory.api.stock import StocksView, StockView

urlpatterns = [
    path("stock", StocksView.as_view()),
    path("stock/<str:code>", StockView.as_view()),
]
