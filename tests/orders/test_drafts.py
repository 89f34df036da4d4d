"""What was typed of an order is never lost, never overwritten unseen, and becomes one order at most."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from inventory.baskets import hold_stock
from inventory.models import Reservation
from oms.core.errors import Invalid, NotFound
from oms.core.models import Event
from orders import drafts
from orders.drafts import AlreadyPlaced, Overtaken, Seen, abandon_draft, note_placed, park_draft, save_draft, take_over
from orders.models import Draft, Order
from orders.phone.call import Call, Row
from orders.phone.placing import place_call
from tests import cast
from tests.faults.crowd import in_the_middle

KEY = uuid.UUID(int=7)
ONE, OTHER = "page-one", "page-other"


@pytest.fixture
def people(house):
    return cast.person("anna", "clerk"), cast.person("ben", "clerk")


def typed(note="", **lines):
    return {"fields": {"note": note}, "lines": [{"sku": sku, "quantity": str(units)} for sku, units in lines.items()]}


def save(person, what, *, version=0, page=ONE, customer=None):
    return save_draft(KEY, what, customer_id=customer and customer.pk, seen=Seen(version, page), person=person)


def test_what_was_typed_is_saved_as_it_was(house, people):
    anna, _ben = people

    save(anna, typed("ring twice", MUG="twelve"), customer=house.anna)

    draft = Draft.objects.get(key=KEY)
    assert (draft.owner, draft.state, draft.version, draft.caller, draft.lines) == (anna, "open", 1, "Anna Field", ["twelve × MUG"])
    assert draft.lapses_at - draft.saved_at == timedelta(days=14)


def test_saving_the_same_again_changes_nothing(people):
    anna, _ben = people
    first = save(anna, typed(MUG=1))

    again = save(anna, typed(MUG=1), version=1)

    assert (again.version, again.saved_at) == (1, first.saved_at)


def test_a_page_whose_answer_was_lost_goes_on(people):
    anna, _ben = people
    save(anna, typed(MUG=1))

    assert save(anna, typed(MUG=2), version=0).version == 2


def test_a_second_window_never_overwrites_what_it_has_not_seen(people):
    anna, _ben = people
    save(anna, typed(MUG=1))

    with pytest.raises(Overtaken, match="Another window has saved this order"):
        save(anna, typed(LAMP=1), version=0, page=OTHER)

    assert Draft.objects.get().lines == ["1 × MUG"]
    assert save(anna, typed(LAMP=1), version=1, page=OTHER).lines == ["1 × LAMP"]


def test_a_parked_draft_keeps_its_stock_and_is_taken_up_by_whoever_comes(house, people, prove):
    anna, ben = people
    draft = save(anna, typed(LAMP=5), customer=house.anna)
    hold_stock(draft.basket, [("LAMP", 5)], actor="user:anna")

    park_draft(KEY, note="  calls back at three ", person=anna)

    draft = Draft.objects.get()
    assert (draft.state, draft.note, Reservation.objects.get().state) == ("parked", "calls back at three", "soft")
    draft = take_over(KEY, person=ben)
    assert (draft.state, draft.owner, draft.handed_by) == ("open", ben, "anna")
    with pytest.raises(Overtaken, match="ben has had this order since"):
        save(anna, typed(LAMP=1), version=draft.version)
    assert save(ben, typed(LAMP=4), version=draft.version, page=OTHER).lines == ["4 × LAMP"]
    assert list(Event.objects.filter(subject="draft").values_list("kind", "actor")) == [("draft.taken_over", "user:ben")]
    prove()


def test_a_draft_is_handed_to_a_colleague_who_takes_orders_and_to_nobody_else(people):
    anna, ben = people
    cast.person("wilma", "warehouse")
    save(anna, typed(MUG=1))

    for nobody in ("wilma", "zoe"):
        with pytest.raises(Invalid, match=f"{nobody} takes no orders"):
            park_draft(KEY, colleague=nobody, person=anna)
    assert Draft.objects.get().state == "open"
    park_draft(KEY, note="knows them", colleague="ben", person=anna)

    draft = Draft.objects.get()
    assert (draft.owner, draft.handed_by, draft.state, draft.note) == (ben, "anna", "parked", "knows them")
    assert Event.objects.get(kind="draft.handed_over").data["to"] == "ben"


def test_nobody_parks_or_gives_up_what_a_colleague_has(people):
    anna, ben = people
    save(anna, typed(MUG=1))

    for service in (park_draft, abandon_draft):
        with pytest.raises(Overtaken, match="anna has this order now"):
            service(KEY, person=ben)

    assert Draft.objects.get().state == "open"


def test_giving_up_frees_the_stock_and_a_mistake_is_undone_by_going_on(house, people, prove):
    anna, _ben = people
    draft = save(anna, typed(LAMP=5))
    hold_stock(draft.basket, [("LAMP", 5)], actor="user:anna")

    abandon_draft(KEY, person=anna)

    assert (Draft.objects.get().state, Reservation.objects.get().state) == ("abandoned", "released")
    assert not Draft.objects.unfinished().exists()
    save(anna, typed(LAMP=4), version=2)
    assert Draft.objects.unfinished().get().lines == ["4 × LAMP"]
    prove()


def test_a_placed_draft_is_neither_changed_nor_taken(house, people):
    anna, ben = people
    draft = save(anna, typed(MUG=1), customer=house.anna)
    order = house.place(("MUG", 1))
    note_placed(draft, order, typed(MUG=1), seen=Seen(1, ONE))

    for attempt in (
        lambda: save(anna, typed(MUG=9), version=2),
        lambda: park_draft(KEY, person=anna),
        lambda: take_over(KEY, person=ben),
        lambda: abandon_draft(KEY, person=anna),
    ):
        with pytest.raises(AlreadyPlaced, match=order.number):
            attempt()

    assert (Draft.objects.get().lines, Draft.objects.get().order) == (["1 × MUG"], order)


def test_what_does_not_exist_cannot_be_taken(people):
    with pytest.raises(NotFound):
        take_over(KEY, person=people[0])


def test_the_station_gives_up_what_nobody_came_back_to_for_a_fortnight(people):
    anna, _ben = people
    save(anna, typed(MUG=1))
    cast.run_line("expire")
    assert Draft.objects.get().state == "open"
    Draft.objects.update(lapses_at=timezone.now() - timedelta(seconds=1))

    cast.run_line("expire")

    assert Draft.objects.get().state == "abandoned"
    assert Event.objects.get(kind="draft.lapsed").actor == "station:expire"


def race(*attempts):
    """Run attempts at once, each on a connection of its own, and give what each came to."""
    gate, results = threading.Barrier(len(attempts)), [None] * len(attempts)

    def run(position, attempt):
        try:
            gate.wait()
            results[position] = attempt()
        except Exception as error:
            results[position] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(attempts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("guarded", [True, False])
def test_of_two_windows_that_save_at_once_one_is_told(real_house, monkeypatch, guarded):
    """Without its lock both read the same version, and one overwrites the other unseen."""
    anna = cast.person("anna", "clerk")
    save(anna, typed(MUG=1))
    if not guarded:
        both_have_read = threading.Barrier(2)

        def unlocked(rows):
            found = list(rows)
            both_have_read.wait()
            return found

        monkeypatch.setattr(drafts, "lock", unlocked)

    results = race(
        lambda: save(anna, typed(LAMP=1), version=1, page="left"),
        lambda: save(anna, typed(CHAIR=1), version=1, page="right"),
    )

    refused = [result for result in results if isinstance(result, Overtaken)]
    assert len(refused) == (1 if guarded else 0)


def test_a_call_that_is_placed_while_it_is_being_placed_is_given_that_order(real_house, prove):
    anna = cast.person("anna", "clerk")
    save(anna, typed(MUG=1), customer=real_house.anna)

    def place():
        return place_call(Call(KEY, Seen(1, ONE), customer=real_house.anna.number, rows=[Row("MUG", "1")]), person=anna)

    (first, is_new), again = in_the_middle(place, place)

    assert (is_new, again, Order.objects.count()) == (True, (first, False), 1)
    prove()


def test_two_windows_that_begin_the_same_draft_at_once_make_one(real_house):
    anna = cast.person("anna", "clerk")

    race(*[lambda: save(anna, typed(MUG=1)) for _ in range(4)])

    assert Draft.objects.get().lines == ["1 × MUG"]
