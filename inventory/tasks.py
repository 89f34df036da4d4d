"""What inventory does by the clock, with no document that waits for it."""

from celery import shared_task

from inventory.classifying import classify_skus


@shared_task
def classify() -> int:
    """Put every SKU into its class. Safe to repeat and to run twice at once."""
    return classify_skus()
