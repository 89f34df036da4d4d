"""Two customers who are one: everything of one goes over to the other, and can be moved back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Address, Consent, Contact, Customer, CustomerMerge, Email, Note, PaymentPreference, Telephone
from customers.services import lock_customers
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock
from oms.core.money import ZERO


@dataclass(frozen=True)
class Belonging:
    """Rows of a customer's that an app keeps. `unique`: columns that with the customer are there only once: a row whose like the other one has
    stays. `flags`: columns of which only one row of a customer may be true: they are let go when the row moves.
    """

    model: type[Model]
    column: str = "customer"
    unique: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    only: Callable[[QuerySet], QuerySet] = lambda rows: rows

    @property
    def table(self) -> str:
        return self.model._meta.label_lower

    def of(self, pk: int) -> QuerySet:
        return self.only(self.model._default_manager.filter(**{self.column: pk}))


@dataclass
class Figures:
    """What a customer's row counts of rows that move with them."""

    open_balance: Decimal = ZERO
    orders_count: int = 0
    orders_total: Decimal = ZERO


@dataclass(frozen=True)
class Keeper:
    """An app that keeps something of customers: what, which of it is locked before any customer is, and what of it their row counts."""

    belongings: Sequence[Belonging]
    locked_first: Callable[[int], QuerySet] | None = None
    figures: Callable[[Mapping[str, Sequence[int]]], Figures] = field(default=lambda moved: Figures())


OWN = Keeper(
    [
        Belonging(Telephone, unique=("number",)),
        Belonging(Email, unique=("address",)),
        Belonging(Contact),
        Belonging(Address, flags=("is_billing", "is_delivery")),
        Belonging(PaymentPreference, flags=("is_default",)),
        Belonging(Consent),
        Belonging(Note),
    ]
)


@dataclass(frozen=True)
class Preview:
    """What a merge would do: table → rows that move, and rows that stay because the kept one has the same."""

    kept: Customer
    gone: Customer
    moves: Mapping[str, int]
    stays: Mapping[str, int]

    @property
    def both(self) -> tuple[Customer, Customer]:
        return self.kept, self.gone


def preview_merge(kept: int, gone: int, *, keepers: Sequence[Keeper]) -> Preview:
    """Say what merging would move. Changes nothing. Raises NotFound, Invalid, Conflict as `merge_customers` does."""
    customers = Customer.objects.in_bulk([kept, gone])
    _check(customers, kept, gone)
    moves, stays = {}, {}
    for belonging in _belongings(keepers):
        going, staying = _parted(belonging, kept, gone)
        moves[belonging.table] = len(going)
        stays[belonging.table] = len(staying)
    return Preview(customers[kept], customers[gone], moves, stays)


def merge_customers(kept: int, gone: int, *, keepers: Sequence[Keeper], actor: str) -> CustomerMerge:
    """Move everything of `gone` to `kept`; the row stays, and stands for the kept one wherever it is named. Can be undone.

    An order that is placed for the one who is gone in the same moment is moved by the screening, which locks its customer. Locks the orders of
    `gone`, then both customers. Raises NotFound; Invalid for a customer and themselves; Conflict where one of them is merged already or they are
    kept in two currencies. Records `customer.merged` on both.
    """
    with transaction.atomic(), _moving():
        for keeper in keepers:
            if keeper.locked_first is not None:
                lock(keeper.locked_first(gone))
        customers = lock_customers({kept, gone})
        _check(customers, kept, gone)
        merge = CustomerMerge(kept=customers[kept], gone=customers[gone], merged_by=actor)
        for belonging in _belongings(keepers):
            going, staying = _parted(belonging, kept, gone)
            merge.flags += _let_go_of_flags(belonging, going)
            belonging.of(gone).filter(pk__in=going).update(**{f"{belonging.column}_id": kept})
            merge.moved |= {belonging.table: going} if going else {}
            merge.left |= {belonging.table: staying} if staying else {}
        _count(customers[gone], customers[kept], [keeper.figures(merge.moved) for keeper in keepers])
        merge.added = _keep_reachable(customers[kept], customers[gone])
        customers[gone].merged_into = customers[kept]
        for customer in customers.values():
            customer.save(update_fields=[*_COUNTED, "merged_into"])
        merge.save()
        record(
            [fact("customer.merged", "customer", pk, actor=actor, kept=customers[kept].number, gone=customers[gone].number) for pk in (kept, gone)]
        )
    return merge


def undo_merge(pk: int, *, keepers: Sequence[Keeper], actor: str) -> CustomerMerge:
    """Move back exactly what a merge moved, as it is now; what came since stays with the one who was kept. Undoing twice changes nothing.

    Locks as `merge_customers` does. Raises NotFound, and Conflict where the one who was kept has been merged since. Records `customer.unmerged`.
    """
    with transaction.atomic(), _moving():
        merge = CustomerMerge.objects.filter(pk=pk).first()
        if merge is None:
            raise NotFound(_("There is no such merge."))
        for keeper in keepers:
            if keeper.locked_first is not None:
                lock(keeper.locked_first(merge.kept_id))
        customers = lock_customers({merge.kept_id, merge.gone_id})
        kept, gone = customers[merge.kept_id], customers[merge.gone_id]
        [merge] = lock(CustomerMerge.objects.filter(pk=pk))
        if merge.undone_at is not None:
            return merge
        if kept.merged_into_id is not None:
            raise Conflict(_("%(number)s has been merged since: undo that first.") % {"number": kept.number})
        back: dict[str, list[int]] = {}
        for belonging in _belongings(keepers):
            rows = belonging.model._default_manager.filter(**{belonging.column: kept.pk}, pk__in=merge.moved.get(belonging.table, []))
            back[belonging.table] = list(rows.values_list("pk", flat=True))
            belonging.model._default_manager.filter(pk__in=back[belonging.table]).update(**{f"{belonging.column}_id": gone.pk})
        _raise_flags_again(keepers, merge.flags, gone.pk)
        _count(kept, gone, [keeper.figures(back) for keeper in keepers])
        Telephone.objects.filter(customer=kept, pk__in=merge.added.get("telephone", [])).delete()
        Email.objects.filter(customer=kept, pk__in=merge.added.get("email", [])).delete()
        gone.merged_into = None
        for customer in customers.values():
            customer.save(update_fields=[*_COUNTED, "merged_into"])
        merge.undone_at, merge.undone_by = timezone.now(), actor
        merge.save(update_fields=["undone_at", "undone_by"])
        record([fact("customer.unmerged", "customer", one.pk, actor=actor, kept=kept.number, gone=gone.number) for one in (kept, gone)])
    return merge


_COUNTED = ("open_balance", "orders_count", "orders_total", "first_order_at", "last_order_at")


def _belongings(keepers: Sequence[Keeper]) -> list[Belonging]:
    return [belonging for keeper in (OWN, *keepers) for belonging in keeper.belongings]


def _check(customers: Mapping[int, Customer], kept: int, gone: int) -> None:
    if kept == gone:
        raise Invalid(_("That is one customer already."))
    if kept not in customers or gone not in customers:
        raise NotFound(_("There is no such customer."))
    for customer in customers.values():
        if customer.merged_into_id is not None:
            raise Conflict(_("%(number)s was merged already.") % {"number": customer.number})
    if customers[kept].currency != customers[gone].currency:
        raise Conflict(_("They are kept in two currencies."))


def _parted(belonging: Belonging, kept: int, gone: int) -> tuple[list[int], list[int]]:
    """Give the rows that move, and those that stay because the kept one has the same."""
    if not belonging.unique:
        return list(belonging.of(gone).order_by("pk").values_list("pk", flat=True)), []
    theirs = {tuple(row) for row in belonging.of(kept).values_list(*belonging.unique)}
    going: list[int] = []
    staying: list[int] = []
    for pk, *values in belonging.of(gone).order_by("pk").values_list("pk", *belonging.unique):
        (staying if tuple(values) in theirs else going).append(pk)
    return going, staying


def _let_go_of_flags(belonging: Belonging, going: Sequence[int]) -> list[list]:
    flags: list[list] = []
    for column in belonging.flags:
        rows = belonging.model._default_manager.filter(pk__in=going, **{column: True})
        flags += [[belonging.table, pk, column] for pk in rows.values_list("pk", flat=True)]
        rows.update(**{column: False})
    return flags


def _raise_flags_again(keepers: Sequence[Keeper], flags: Sequence[Sequence], gone: int) -> None:
    known = {belonging.table: belonging for belonging in _belongings(keepers)}
    for table, pk, column in flags:
        known[table].of(gone).filter(pk=pk).update(**{column: True})


def _count(giver: Customer, taker: Customer, figures: Sequence[Figures]) -> None:
    """Have what moves be counted on the other row."""
    balance = sum((one.open_balance for one in figures), ZERO)
    count, total = sum(one.orders_count for one in figures), sum((one.orders_total for one in figures), ZERO)
    giver.open_balance, taker.open_balance = giver.open_balance - balance, taker.open_balance + balance
    giver.orders_count, taker.orders_count = max(giver.orders_count - count, 0), taker.orders_count + count
    giver.orders_total, taker.orders_total = max(giver.orders_total - total, ZERO), taker.orders_total + total
    firsts, lasts = [giver.first_order_at, taker.first_order_at], [giver.last_order_at, taker.last_order_at]
    taker.first_order_at = min(filter(None, firsts), default=None)
    taker.last_order_at = max(filter(None, lasts), default=None)


def _keep_reachable(kept: Customer, gone: Customer) -> dict[str, list[int]]:
    """Have the kept one be reached by the other's main number and e-mail as well."""
    added: dict[str, list[int]] = {}
    if gone.phone and gone.phone != kept.phone:
        row, is_new = Telephone.objects.get_or_create(customer=kept, number=gone.phone)
        added |= {"telephone": [row.pk]} if is_new else {}
    if gone.email and gone.email.lower() != kept.email.lower() and not kept.emails.filter(address__iexact=gone.email).exists():
        added["email"] = [Email.objects.create(customer=kept, address=gone.email).pk]
    return added


@contextmanager
def _moving() -> Iterator[None]:
    """Tell the database that documents may change whose they are: it refuses that to everybody else."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL throughline.merging = 'on'")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL throughline.merging = 'off'")
