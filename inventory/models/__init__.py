from inventory.models.catalogue import Price, Sku, Warehouse
from inventory.models.purchasing import (
    PurchaseNeed,
    PurchaseOrder,
    PurchaseOrderLine,
    Receipt,
    ReorderRule,
    Vendor,
)
from inventory.models.stock import MovementToPost, Reservation, StockLevel, StockMovement

__all__ = [
    "MovementToPost",
    "Price",
    "PurchaseNeed",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "Receipt",
    "ReorderRule",
    "Reservation",
    "Sku",
    "StockLevel",
    "StockMovement",
    "Vendor",
    "Warehouse",
]
