"""Which SKUs matter most: the ABC classes, by the value of what was issued.

Source: the few SKUs that make most of the value deserve most of the attention (H. F. Dickie, "ABC Inventory Analysis Shoots for Dollars, not
Pennies", Factory Management and Maintenance 109(7), 1951), with the usual bounds of 80 and 95 % of the annual value (Silver, Pyke & Thomas,
Inventory and Production Management in Supply Chains, 4th ed., ch. 2).
"""

from django.db import connection

A_SHARE, B_SHARE = 0.80, 0.95
DAYS = 365

# A SKU belongs to the class in which its share begins, so the one that passes 80 % is an A. What nothing was issued of is a C.
_CLASSIFY = """
    WITH issued AS (
        SELECT sku_id, -sum(value) AS value FROM inventory_stockmovement
        WHERE kind = 'issue' AND moved_at > now() - make_interval(days => %(days)s) GROUP BY sku_id HAVING -sum(value) > 0
    ), ranked AS (
        SELECT sku_id, (sum(value) OVER (ORDER BY value DESC, sku_id) - value) / sum(value) OVER () AS begins FROM issued
    ), classed AS (
        SELECT sku.id, CASE WHEN begins < %(a)s THEN 'A' WHEN begins < %(b)s THEN 'B' ELSE 'C' END AS abc_class
        FROM inventory_sku sku LEFT JOIN ranked ON ranked.sku_id = sku.id
    )
    UPDATE inventory_sku sku SET abc_class = classed.abc_class FROM classed
    WHERE classed.id = sku.id AND classed.abc_class <> sku.abc_class
"""


def classify_skus() -> int:
    """Put every SKU into its class by the value of what was issued of it in the last year; give how many changed theirs. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_CLASSIFY, {"days": DAYS, "a": A_SHARE, "b": B_SHARE})
        return int(cursor.rowcount)
