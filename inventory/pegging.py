"""Pointing what orders wait for at what will bring it."""

from collections.abc import Iterable

from django.db import connection


def supply_changed(sku_ids: Iterable[int]) -> None:
    """Have the pegs of SKUs made anew: what comes in, or who waits, has changed. In the transaction of the change; safe to repeat."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inventory_pegsdue (sku_id, created_at) SELECT sku, clock_timestamp() FROM unnest(%s::bigint[]) AS sku ORDER BY sku"
            " ON CONFLICT DO NOTHING",
            [sorted(set(sku_ids))],
        )
