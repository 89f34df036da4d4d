from django.db import models


class StoredResponse(models.Model):
    """What a key was answered the first time. Written in the transaction that did the work: both or neither."""

    principal = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    request_sha256 = models.CharField(max_length=64)
    status_code = models.PositiveSmallIntegerField()
    body = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["principal", "key"], name="one_response_per_key")]
        indexes = [models.Index(fields=["created_at"], name="stored_response_age")]

    def __str__(self) -> str:
        return f"{self.principal} {self.key}"
