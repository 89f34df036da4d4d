"""A promotion is given another budget and another end after orders have had it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from psycopg2.extras import DateRange

from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.models import Event
from oms.core.wording import worded
from orders.models import Promotion, PromotionCode
from orders.promoting import change_promotion, version_of
from tests.orders.test_redeeming import promotion

TODAY = timezone.localdate()


def change(made, **changes):
    made = Promotion.objects.get(pk=made.pk)
    fields = {"budget": made.budget, "last_on": made.last_on, "actor": "user:manager"} | changes
    return change_promotion(made.pk, **fields)


def test_a_budget_and_an_end_are_changed_and_the_event_says_who_did(house, prove):
    made = promotion(budget=5, valid_on=DateRange(date(2026, 1, 1), TODAY))
    assert house.place(("MUG", 10)).discount_total == 0

    change(made, budget=Decimal(50), last_on=TODAY)

    assert house.place(("MUG", 10)).discount_total == Decimal("4.95")
    event = Event.objects.get(kind="promotion.changed")
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    assert (event.actor, event.subject, event.subject_id) == ("user:manager", "promotion", made.pk)
    assert worded(event) == f"Spring changed: budget 5.00 → 50.00; until {yesterday} → {TODAY.isoformat()}"
    change(Promotion.objects.get())
    assert Event.objects.filter(kind="promotion.changed").count() == 1
    prove()


def test_a_budget_is_never_below_what_is_used_up_but_may_be_just_that(house):
    made = promotion(budget=50, valid_on=DateRange(TODAY, None))
    house.place(("MUG", 10))
    before = Promotion.objects.values().get()

    with pytest.raises(Invalid, match="Orders have taken 4.95 of it already") as refusal:
        change(made, budget=Decimal("4.94"))
    with pytest.raises(Invalid, match="cannot end before"):
        change(made, last_on=TODAY - timedelta(days=1))
    with pytest.raises(Invalid, match="an amount from 0 on"):
        change(made, budget=Decimal("NaN"))
    with pytest.raises(Conflict, match="has changed Spring in the meantime"):
        change(made, budget=Decimal(9), seen="7.00/none")
    with pytest.raises(NotFound):
        change_promotion(made.pk + 1, budget=None, last_on=None, actor="user:manager")

    assert refusal.value.pointer == "/budget"
    assert Promotion.objects.values().get() == before
    assert not Event.objects.filter(kind="promotion.changed").exists()
    change(made, budget=Decimal("4.95"), seen=version_of(made))
    assert house.place(("MUG", 10)).discount_total == 0


def test_a_budget_that_is_given_later_counts_what_orders_have_taken_before(house, prove):
    made = promotion()
    house.place(("MUG", 10))

    with pytest.raises(Invalid, match="have taken 4.95"):
        change(made, budget=Decimal(4))
    change(made, budget=Decimal(10))

    assert Promotion.objects.get().used_amount == Decimal("4.95")
    assert [house.place(("MUG", 10)).discount_total for _ in range(2)] == [Decimal("4.95"), 0]
    change(made, budget=None)
    assert house.place(("MUG", 10)).discount_total == Decimal("4.95")
    change(made, budget=Decimal(20))
    assert Promotion.objects.get().used_amount == Decimal("14.85")
    prove()


def test_a_code_that_is_bounded_later_counts_who_has_used_it(house, prove):
    promotion(code="SPRING")
    house.place(("MUG", 10), codes=["spring"])

    PromotionCode.objects.update(most_uses=2)
    house.place(("MUG", 10), codes=["spring"])

    assert PromotionCode.objects.get().used == 2
    with pytest.raises(Conflict, match="used up"):
        house.place(("MUG", 10), codes=["spring"])
    prove()


def test_a_row_that_is_saved_as_somebody_read_it_before_an_order_keeps_the_count(house, prove):
    promotion(code="SPRING", most_uses=5, budget=50)
    made, code = Promotion.objects.get(), PromotionCode.objects.get()
    house.place(("MUG", 10), codes=["spring"])

    made.save()
    code.save()

    assert (Promotion.objects.get().used_amount, PromotionCode.objects.get().used) == (Decimal("4.95"), 1)
    prove()
