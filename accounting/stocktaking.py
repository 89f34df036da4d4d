"""Booking what stock movements are worth."""

from django.conf import settings

from accounting import posting
from accounting.ledger import Draft, post
from inventory.models import MovementToPost


def post_movements(waiting: list[MovementToPost]) -> None:
    """Book stock movements and take them from what is to be booked. One entry each, once: goods out are the cost of a sale."""
    movements = [row.movement for row in waiting]
    post(
        [
            Draft(
                source="movement",
                source_id=movement.pk,
                event=movement.kind,
                currency=settings.BOOKS_CURRENCY,
                memo=f"{movement.get_kind_display()}: {movement.quantity:+d} × {movement.sku.code}",
                lines=posting.stock(kind=movement.kind, value=movement.value),
                actor="station:post_stock",
                order_id=movement.order_id,
            )
            for movement in movements
        ]
    )
    MovementToPost.objects.filter(pk__in=[row.pk for row in waiting]).delete()
