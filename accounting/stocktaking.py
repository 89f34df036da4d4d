"""Booking what stock movements are worth."""

from datetime import date

from django.conf import settings
from django.utils import timezone

from accounting import posting
from accounting.ledger import Draft, post
from accounting.models import Period
from inventory.models import MovementToPost


def post_movements(waiting: list[MovementToPost]) -> None:
    """Book stock movements and take them from what is to be booked. One entry each, once: goods out are the cost of a sale.

    Each on the day it belongs to, so that what somebody learns of later stands in its own month; today where that month is closed.
    """
    movements = [row.movement for row in waiting]
    days = _days({movement.effective_on for movement in movements})
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
                on=days[movement.effective_on],
            )
            for movement in movements
        ]
    )
    MovementToPost.objects.filter(pk__in=[row.pk for row in waiting]).delete()


def _days(days: set[date]) -> dict[date, date]:
    """Give day → the day it is booked on: itself, or today where its period is closed. One query."""
    today = timezone.localdate()
    closed = list(
        Period.objects.filter(closed_at__isnull=False, starts_on__lte=max(days), ends_on__gte=min(days)).values_list("starts_on", "ends_on")
    )
    return {day: today if any(start <= day <= end for start, end in closed) else day for day in days}
