from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models

from customers.models.customers import Customer


class SearchKey(models.Model):
    """One thing a customer is found by, in its plainest form, so that what is typed is looked for from its first character on.

    `kind`: p telephone in digits with its country, n without it, r the same from its end; e e-mail; z postcode; w a word of a name. Written by
    the database alone.
    """

    pk = models.CompositePrimaryKey("kind", "key", "customer")
    kind = models.CharField(max_length=1)
    key = models.CharField(max_length=254, db_collation="C")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="search_keys", db_index=False)

    class Meta:
        indexes = [models.Index(fields=["customer", "kind", "key"], name="search_key_customer")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


class NameWord(models.Model):
    """A word that somebody's name has: few enough to look through all for those that are like what was typed. Written by the database alone."""

    word = models.CharField(max_length=100, primary_key=True, db_collation="C")

    class Meta:
        indexes = [GinIndex(OpClass("word", name="gin_trgm_ops"), name="name_word_trgm")]

    def __str__(self) -> str:
        return self.word
