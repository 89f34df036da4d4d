"""What the phone form looks up while somebody types: each one query or two, whatever there is."""

from django.conf import settings

from customers.models import Customer
from inventory.finding import find_skus
from inventory.models import Sku
from inventory.selectors import to_promise
from oms.core.models import User
from orders.models import Order
from orders.placing import priced_skus


def skus_matching(text: str) -> list[Sku]:
    """Give the SKUs that `text` may mean, the likeliest first, with `list_price` and `free` units over all warehouses."""
    found = find_skus(text)
    prices = dict(priced_skus(currency=settings.BOOKS_CURRENCY).filter(pk__in=[sku.pk for sku in found]).values_list("pk", "list_price"))
    free = to_promise(found)
    for sku in found:
        sku.list_price, sku.free = prices[sku.pk], free[sku.pk]  # type: ignore[attr-defined]
    return found


def last_orders(customer: Customer) -> list[Order]:
    """Give the customer's last five orders."""
    return list(Order.objects.filter(customer=customer, placed_at__isnull=False).order_by("-placed_at", "-id")[:5])


def colleagues_of(person: User) -> list[User]:
    """Give who else takes orders."""
    takers = User.objects.with_perm("orders.place_order", backend="django.contrib.auth.backends.ModelBackend")
    return list(takers.exclude(pk=person.pk).order_by("username")[:50])
