from django.db import models

from oms.core.triggers import append_only


class Document(models.Model):
    """A file as it was sent: an invoice, a label, a bill of lading. Never rendered again, never changed."""

    kind = models.CharField(max_length=30)
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=60, default="application/pdf")
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$"), name="document_sha256")]
        triggers = append_only()

    def __str__(self) -> str:
        return self.name
