from django.urls import path

from inventory.views import explain, importing, kits, low, purchasing, receiving, stock

urlpatterns = [
    path("stock/", stock.stock, name="stock"),
    path("stock/low/", low.low, name="low_stock"),
    path("stock/low/propose", low.propose, name="propose_low"),
    path("stock/import/", importing.importing, name="import_skus"),
    path("stock/export.csv", stock.export, name="export_stock"),
    path("stock/<path:code>/kit", kits.kit, name="kit"),
    path("stock/<path:code>/kit/check", kits.check, name="check_kit"),
    path("stock/<path:code>/movements.csv", stock.movements, name="export_movements"),
    path("stock/<path:code>/explain/<str:number>", explain.explanation, name="explain"),
    path("stock/<path:code>/adjust", stock.adjust, name="adjust_stock"),
    path("stock/<path:code>/", stock.sku, name="sku"),
    path("purchasing/", purchasing.purchasing, name="purchasing"),
    path("purchasing/decide", purchasing.decide, name="decide_needs"),
    path("purchasing/<str:number>/landed-costs", receiving.land, name="add_landed_cost"),
    path("receiving/", receiving.receiving, name="receiving"),
    path("receiving/receipts/<int:pk>/take-back", receiving.take_back, name="take_receipt_back"),
    path("receiving/<str:number>/", receiving.sheet, name="receiving_sheet"),
    path("receiving/<str:number>/scan", receiving.scan, name="scan_goods"),
    path("receiving/<str:number>/set", receiving.set_count, name="set_count"),
    path("receiving/<str:number>/all", receiving.count_all, name="count_all"),
    path("receiving/<str:number>/undo", receiving.undo_scan, name="undo_scan"),
    path("receiving/<str:number>/start-over", receiving.start_over, name="start_over"),
    path("receiving/<str:number>/confirm", receiving.confirm, name="confirm_receipt"),
    path("purchasing/<str:number>/receive", purchasing.receive, name="receive_goods"),
]
