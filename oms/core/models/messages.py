from django.db import models

from oms.core.models.documents import Document


class MessageState(models.TextChoices):
    QUEUED = "queued"
    SENT = "sent"


class Message(models.Model):
    """A mail to a customer: queued with its facts, worded in the customer's language and sent by a station."""

    kind = models.CharField(max_length=40)
    recipient = models.EmailField(max_length=254)
    language = models.CharField(max_length=10, default="en")
    data = models.JSONField(default=dict)
    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="+")
    order_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=MessageState, default=MessageState.QUEUED)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], name="message_queue", condition=models.Q(state="queued")),
            models.Index(fields=["order_id", "id"], name="message_order"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}"
