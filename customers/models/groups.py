from django.db import models


class CustomerGroup(models.Model):
    """Customers that something is agreed with in common: trade, schools, staff. Price lists and promotions name it."""

    code = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
