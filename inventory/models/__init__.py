from inventory.models.catalogue import Barcode, Price, PriceList, Sku, SkuWord, Substitute, Warehouse
from inventory.models.counts import Count, CountLine
from inventory.models.imports import SkuImport
from inventory.models.kits import KitComponent
from inventory.models.purchasing import (
    COMING,
    LandedCost,
    PurchaseNeed,
    PurchaseOrder,
    PurchaseOrderLine,
    Receipt,
    ReceiptLine,
    ReceivingScan,
)
from inventory.models.sourcing import Lane, SourcingDecision, SourcingRule
from inventory.models.stock import MovementToPost, Reservation, StockLevel, StockMovement
from inventory.models.supply import Backorder, LostDemand, Peg, PegsDue, RestockDue, Shortfall
from inventory.models.transfers import Transfer, TransferLine
from inventory.models.vendors import ReorderRule, Vendor, VendorContact, VendorItem, VendorPrice

__all__ = [
    "COMING",
    "Backorder",
    "Barcode",
    "Count",
    "CountLine",
    "KitComponent",
    "LandedCost",
    "Lane",
    "LostDemand",
    "MovementToPost",
    "Peg",
    "PegsDue",
    "Price",
    "PriceList",
    "PurchaseNeed",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "Receipt",
    "ReceiptLine",
    "ReceivingScan",
    "ReorderRule",
    "Reservation",
    "RestockDue",
    "Shortfall",
    "Sku",
    "SkuImport",
    "SkuWord",
    "SourcingDecision",
    "SourcingRule",
    "StockLevel",
    "StockMovement",
    "Substitute",
    "Transfer",
    "TransferLine",
    "Vendor",
    "VendorContact",
    "VendorItem",
    "VendorPrice",
    "Warehouse",
]
