from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounting.states import AccountKind
from oms.core.triggers import append_only


class Account(models.Model):
    """An account of the ledger. `code` is what people write; posting rules name accounts by `role`."""

    code = models.CharField(max_length=10, unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=AccountKind)
    role = models.SlugField(max_length=40, unique=True, null=True, blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Period(models.Model):
    """A span of days of the books. Nothing is posted into a closed one: a trigger on the entries refuses it."""

    starts_on = models.DateField()
    ends_on = models.DateField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-starts_on"]
        constraints = [models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="period_in_order")]

    def __str__(self) -> str:
        return f"{self.starts_on} to {self.ends_on}"


class JournalEntry(models.Model):
    """One posting: what happened, once per (source, event), balanced at commit and never changed.

    Corrected by a reversing entry. Migration 0002 keeps the rest in the database: debits equal credits in the entry's
    currency and in the books' currency, at least two lines, no line added later, no closed period. It also adds the column
    `xact xid8 DEFAULT pg_current_xact_id()`, by which a later line is told from one of the same transaction.
    """

    source = models.CharField(max_length=30, help_text=_("invoice, payment, shipment, receipt"))
    source_id = models.BigIntegerField()
    event = models.CharField(max_length=30, help_text=_("issued, received, dispatched"))
    posted_on = models.DateField()
    currency = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=18, decimal_places=8, default=1, help_text=_("Books' currency for one unit of currency"))
    memo = models.CharField(max_length=200)
    order_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=100)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "journal entries"
        constraints = [
            models.UniqueConstraint(fields=["source", "source_id", "event"], name="posted_once"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="rate_above_zero"),
        ]
        indexes = [models.Index(fields=["posted_on", "id"], name="entry_day"), models.Index(fields=["order_id"], name="entry_order")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.source} {self.source_id} {self.event}"


class JournalLine(models.Model):
    """A debit or a credit of an entry, in the entry's currency and in the books' currency."""

    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="lines")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="lines")
    debit = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    credit = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    books_debit = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    books_credit = models.DecimalField(max_digits=19, decimal_places=4, default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(debit__gte=0, credit__gte=0, books_debit__gte=0, books_credit__gte=0), name="journal_not_negative"),
            models.CheckConstraint(
                condition=Q(debit__gt=0, credit=0, books_credit=0) | Q(credit__gt=0, debit=0, books_debit=0),
                name="debit_or_credit",
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.account_id}: {self.debit or -self.credit}"
