from django.urls import path

from inventory.api.costs import CostCorrectionsView
from inventory.api.counts import CancelCountView, CountEntriesView, CountsView, CountView
from inventory.api.needs import ApproveNeedsView, NeedsView, RejectNeedsView
from inventory.api.promise import AvailabilityView, BasketView
from inventory.api.purchase_orders import (
    AcknowledgementView,
    ApproveOrderView,
    CancelPurchaseOrderView,
    ChangePurchaseOrderView,
    ClosePurchaseOrderView,
    PurchaseOrdersView,
    PurchaseOrderView,
)
from inventory.api.receiving import LandedCostsView, ReceiptsView, ReversalView, ScansView
from inventory.api.rules import RulesView, RuleView
from inventory.api.skus import KitView, SkuImportsView
from inventory.api.stock import ExplanationView, MovementsExportView, MovementsView, ReservationsView, StockExportView, StocksView, StockView
from inventory.api.transfers import (
    CancelTransferView,
    SendTransferView,
    TransferLinesView,
    TransferLossesView,
    TransferReceiptsView,
    TransfersView,
    TransferView,
)
from inventory.api.vendors import VendorsView, VendorView

urlpatterns = [
    path("vendors", VendorsView.as_view()),
    path("vendors/<str:number>", VendorView.as_view()),
    path("purchase-needs", NeedsView.as_view()),
    path("purchase-needs/approve", ApproveNeedsView.as_view()),
    path("purchase-needs/reject", RejectNeedsView.as_view()),
    path("purchase-orders", PurchaseOrdersView.as_view()),
    path("purchase-orders/<str:number>", PurchaseOrderView.as_view()),
    path("purchase-orders/<str:number>/approve", ApproveOrderView.as_view()),
    path("purchase-orders/<str:number>/acknowledgement", AcknowledgementView.as_view()),
    path("purchase-orders/<str:number>/change", ChangePurchaseOrderView.as_view()),
    path("purchase-orders/<str:number>/cancel", CancelPurchaseOrderView.as_view()),
    path("purchase-orders/<str:number>/close", ClosePurchaseOrderView.as_view()),
    path("reorder-rules", RulesView.as_view()),
    path("reorder-rules/<str:warehouse>/<str:sku>", RuleView.as_view()),
    path("availability", AvailabilityView.as_view()),
    path("baskets/<str:basket>", BasketView.as_view()),
    path("purchase-orders/<str:number>/receipts", ReceiptsView.as_view()),
    path("purchase-orders/<str:number>/receipts/<int:receipt>/reversal", ReversalView.as_view()),
    path("purchase-orders/<str:number>/landed-costs", LandedCostsView.as_view()),
    path("scans", ScansView.as_view()),
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
    path("transfers/<str:number>/lines", TransferLinesView.as_view()),
    path("transfers/<str:number>/send", SendTransferView.as_view()),
    path("transfers/<str:number>/cancel", CancelTransferView.as_view()),
    path("transfers/<str:number>/receipts", TransferReceiptsView.as_view()),
    path("transfers/<str:number>/losses", TransferLossesView.as_view()),
    path("counts", CountsView.as_view()),
    path("counts/<str:number>", CountView.as_view()),
    path("counts/<str:number>/entries", CountEntriesView.as_view()),
    path("counts/<str:number>/cancel", CancelCountView.as_view()),
]
