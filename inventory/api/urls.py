from django.urls import path

from inventory.api.costs import CostCorrectionsView
from inventory.api.counts import CancelCountView, CountEntriesView, CountsView, CountView
from inventory.api.promise import AvailabilityView, BasketView
from inventory.api.skus import KitView, SkuImportsView
from inventory.api.stock import ExplanationView, MovementsExportView, MovementsView, ReservationsView, StockExportView, StocksView, StockView
from inventory.api.transfers import (
    CancelTransferView,
    SendTransferView,
    TransferLossesView,
    TransferReceiptsView,
    TransfersView,
    TransferView,
)

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
    path("stock/<str:code>/cost-corrections", CostCorrectionsView.as_view()),
    path("transfers", TransfersView.as_view()),
    path("transfers/<str:number>", TransferView.as_view()),
    path("transfers/<str:number>/send", SendTransferView.as_view()),
    path("transfers/<str:number>/cancel", CancelTransferView.as_view()),
    path("transfers/<str:number>/receipts", TransferReceiptsView.as_view()),
    path("transfers/<str:number>/losses", TransferLossesView.as_view()),
    path("counts", CountsView.as_view()),
    path("counts/<str:number>", CountView.as_view()),
    path("counts/<str:number>/entries", CountEntriesView.as_view()),
    path("counts/<str:number>/cancel", CancelCountView.as_view()),
]
