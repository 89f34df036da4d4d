"""A vendor's bill: matched with what was ordered and what has come, held where it differs, posted to the cent."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.utils import InternalError
from django.test.utils import CaptureQueriesContext

from accounting.billing import BillDraft, BillLineDraft, approve_bill, credit_bill, enter_bill, reject_bill
from accounting.clearing import open_differences
from accounting.models import JournalEntry, VendorBill
from inventory.models import PurchaseOrderLine, Sku
from inventory.purchasing.receiving import receive_goods, reverse_receipt
from oms.core.errors import Conflict, Invalid, NotAllowed, NotFound
from oms.core.models import Event
from tests import cast
from tests.accounting.buying import TODAY, balance, balances, bill, bill_of, order, take_in

GRNI, PAYABLE, TAX, VARIANCE = ("goods_received_not_invoiced", "payable", "input_tax", "price_variance")  # fmt: skip


def sentences(found):
    return [row.sentence(found.currency, "GBP") for row in open_differences(found)]


def again(found):
    return VendorBill.objects.get(pk=found.pk)


@pytest.fixture
def hundred(house):
    """A hundred mugs ordered at 2.10, sixty of which have come and are booked."""
    placed = order(house, (house.mug, 100, "2.10"))
    take_in(placed, MUG=60)
    cast.run_line("post_stock")
    return placed


# --- what agrees ---


def test_a_bill_that_agrees_is_posted_and_clears_what_was_received(hundred, prove):
    assert balance(GRNI) == Decimal("-126.00")

    made = bill(hundred, "R-1", MUG=60, _tax=Decimal("25.20"), _total=Decimal("151.20"))

    assert (made.state, made.total, made.due_on) == ("posted", Decimal("151.20"), TODAY() + timedelta(days=30))
    assert balances(GRNI, TAX, PAYABLE, VARIANCE) == (0, Decimal("25.20"), Decimal("-151.20"), 0)
    assert [event.kind for event in Event.objects.filter(subject="bill").order_by("id")] == ["bill.entered", "bill.posted"]
    prove()


@pytest.mark.parametrize("parts", [(60,), (1, 59), (7, 13, 40), (20, 20, 19, 1)])
def test_however_a_receipt_is_billed_in_parts_the_last_unit_takes_the_last_cent(house, parts, prove):
    placed = order(house, (house.mug, 60, "0.3333"))
    for units in (11, 22, 27):
        take_in(placed, MUG=units)
    cast.run_line("post_stock")
    received = -balance(GRNI)

    for number, units in enumerate(parts):
        assert bill(placed, f"R-{number}", MUG=units).state == "posted"
        prove()

    assert received == Decimal("3.67") + Decimal("7.33") + Decimal("9.00")
    assert balance(GRNI) == 0


def test_a_difference_within_the_tolerance_is_posted_as_a_price_variance(hundred, prove):
    made = bill(hundred, "R-1", MUG=60, price={"MUG": "2.12"})

    assert made.state == "posted"
    assert balances(GRNI, VARIANCE, PAYABLE) == (0, Decimal("1.20"), Decimal("-127.20"))
    prove()


def test_a_bill_before_the_movement_is_booked_clears_it_all_the_same(house, prove):
    placed = order(house, (house.mug, 10, "2.10"))
    take_in(placed, MUG=10)

    bill(placed, "R-1", MUG=10)
    prove()
    assert balance(GRNI) == Decimal("21.00")

    cast.run_line("post_stock")
    assert balance(GRNI) == 0
    prove()


def test_a_bill_takes_the_same_statements_for_five_lines_and_for_fifty(house):
    counts = []
    for size in (5, 50):
        skus = [Sku.objects.create(code=f"S{size}-{i}", name="A thing", weight_grams=1, cost=Decimal(1)) for i in range(size)]
        placed = order(house, *((sku, 2, "1.50") for sku in skus))
        lines = list(placed.lines.order_by("id"))
        receive_goods(placed.pk, {line.pk: 2 for line in lines}, key=f"k{size}", actor="user:test")
        draft = BillDraft(
            vendor_id=placed.vendor_id,
            reference=f"R-{size}",
            billed_on=TODAY(),
            lines=[BillLineDraft(Decimal("1.70" if i % 2 else "1.50"), 2, purchase_line_id=line.pk) for i, line in enumerate(lines)],
        )
        with CaptureQueriesContext(connection) as captured:
            made = enter_bill(draft, actor="user:ada")
            approve_bill(made.pk, note="ok", actor="user:ben")
        counts.append(len(captured))

    assert counts[0] == counts[1]


# --- what differs ---


def test_a_price_beyond_the_tolerance_is_held_and_says_by_how_much(hundred, prove):
    made = bill(hundred, "R-1", MUG=60, price={"MUG": "2.30"})

    assert made.state == "held"
    assert sentences(made) == ["MUG Blue mug: billed at 2.30 a unit, ordered at 2.10; 12.00 GBP too much in all."]
    assert balances(GRNI, PAYABLE) == (Decimal("-126.00"), 0)
    prove()


def test_many_small_differences_are_not_small(house):
    skus = [house.mug, house.lamp, house.chair]
    placed = order(house, *((sku, 200, "2.00") for sku in skus))
    take_in(placed, MUG=200, LAMP=200, CHAIR=200)

    two = bill(placed, "R-1", MUG=100, LAMP=100, price={"MUG": "2.02", "LAMP": "2.02"})
    three = bill(placed, "R-2", MUG=100, LAMP=100, CHAIR=100, price={"MUG": "2.02", "LAMP": "2.02", "CHAIR": "2.02"})

    assert (two.state, three.state) == ("posted", "held")
    assert len(sentences(three)) == 3


def test_more_than_has_come_is_held_until_the_goods_come_and_then_posts_itself(hundred, prove):
    made = bill(hundred, "R-1", MUG=100)
    assert made.state == "held"
    assert sentences(made) == ["MUG Blue mug: 100 billed, but only 60 have come that were not billed before."]
    cast.run_line("match_bills")
    assert again(made).state == "held"

    take_in(hundred, MUG=30)
    cast.run_line("match_bills")
    assert sentences(again(made)) == ["MUG Blue mug: 100 billed, but only 90 have come that were not billed before."]
    prove()
    take_in(hundred, MUG=10)
    cast.run_line("match_bills", "post_stock")

    assert again(made).state == "posted"
    assert open_differences(made) == []
    assert balances(GRNI, PAYABLE) == (0, Decimal("-210.00"))
    assert Event.objects.filter(kind="bill.held").count() == 1
    prove()


def test_a_price_difference_does_not_go_away_because_the_goods_have_come(hundred):
    made = bill(hundred, "R-1", MUG=100, price={"MUG": "2.30"})
    assert len(sentences(made)) == 2

    take_in(hundred, MUG=40)
    cast.run_line("match_bills")

    assert again(made).state == "held"
    assert sentences(again(made)) == ["MUG Blue mug: billed at 2.30 a unit, ordered at 2.10; 20.00 GBP too much in all."]


def test_a_price_that_was_agreed_afterwards_lets_the_bill_through(hundred, prove):
    made = bill(hundred, "R-1", MUG=60, price={"MUG": "2.30"})

    PurchaseOrderLine.objects.filter(order=hundred).update(unit_cost=Decimal("2.30"))
    cast.run_line("match_bills")

    assert again(made).state == "posted"
    assert balances(GRNI, VARIANCE, PAYABLE) == (0, Decimal("12.00"), Decimal("-138.00"))
    prove()


def test_units_that_another_bill_took_are_not_there_for_the_next(hundred, prove):
    bill(hundred, "R-1", MUG=50)

    second = bill(hundred, "R-2", MUG=20)

    assert second.state == "held"
    assert sentences(second) == ["MUG Blue mug: 20 billed, but only 10 have come that were not billed before."]
    prove()


# --- deciding ---


def test_a_held_bill_is_released_with_a_note_and_its_difference_is_a_price_variance(hundred, prove):
    made = bill(hundred, "R-1", MUG=60, price={"MUG": "2.30"})

    released = approve_bill(made.pk, note="Agreed with Jo on the phone", actor="user:ben")

    assert (released.state, released.decided_by, released.decision) == ("posted", "user:ben", "Agreed with Jo on the phone")
    assert balances(GRNI, VARIANCE, PAYABLE) == (0, Decimal("12.00"), Decimal("-138.00"))
    assert approve_bill(made.pk, note="again", actor="user:cy").decided_by == "user:ben"
    assert JournalEntry.objects.filter(source="vendor_bill").count() == 1
    prove()


def test_who_entered_a_bill_does_not_release_much_of_it_alone(hundred, prove):
    small = bill(hundred, "R-1", MUG=10, price={"MUG": "2.30"})
    large = bill(hundred, "R-2", MUG=50, price={"MUG": "4.20"})

    assert approve_bill(small.pk, note="ok", actor="user:ada").state == "posted"
    with pytest.raises(NotAllowed, match=r"105\.00 GBP differ on VB-\d+, which you entered"):
        approve_bill(large.pk, note="ok", actor="user:ada")

    assert again(large).state == "held"
    assert balance(PAYABLE) == Decimal("-23.00")
    assert approve_bill(large.pk, note="ok", actor="user:ben").state == "posted"
    prove()


def test_a_release_needs_a_note_and_a_bill_that_is_held(hundred):
    made = bill(hundred, "R-1", MUG=60, price={"MUG": "2.30"})

    with pytest.raises(Invalid, match="Say why"):
        approve_bill(made.pk, note=" \x00 ", actor="user:ben")
    with pytest.raises(NotFound):
        approve_bill(10**9, note="x", actor="user:ben")
    reject_bill(made.pk, note="Not our price", actor="user:ben")
    with pytest.raises(Conflict, match="sent back already"):
        approve_bill(made.pk, note="x", actor="user:ben")

    assert JournalEntry.objects.filter(source="vendor_bill").count() == 0


def test_a_release_covers_what_was_shown_and_nothing_that_came_since(hundred, prove):
    made = bill(hundred, "R-1", MUG=60, price={"MUG": "2.30"})
    bill(hundred, "R-2", MUG=30)

    with pytest.raises(Conflict, match="differs by something else now"):
        approve_bill(made.pk, note="ok", actor="user:ben")
    assert again(made).state == "held"

    cast.run_line("match_bills")
    assert len(sentences(again(made))) == 2
    assert approve_bill(made.pk, note="ok", actor="user:ben").state == "posted"
    prove()


def test_a_bill_that_is_sent_back_may_be_entered_again(hundred, prove):
    first = bill(hundred, "R-1", MUG=60, price={"MUG": "21.00"})
    reject_bill(first.pk, note="Typed wrongly", actor="user:ada")
    assert reject_bill(first.pk, note="again", actor="user:ben").decision == "Typed wrongly"

    second = bill(hundred, "R-1", MUG=60)

    assert (again(first).state, second.state) == ("rejected", "posted")
    cast.run_line("match_bills")
    prove()


# --- billed ahead of the goods ---


@pytest.mark.parametrize("later", [(40,), (1, 39), (13, 13, 14)])
def test_what_was_released_ahead_of_the_goods_comes_out_to_the_cent_when_they_come(house, later, prove):
    placed = order(house, (house.mug, 100, "0.3333"))
    take_in(placed, MUG=60)
    made = bill(placed, "R-1", MUG=100)
    approve_bill(made.pk, note="Prepaid", actor="user:ben")
    cast.run_line("post_stock")
    assert balances(GRNI, PAYABLE) == (Decimal("13.33"), Decimal("-33.33"))
    prove()

    for units in later:
        take_in(placed, MUG=units)
        prove()
        cast.run_line("match_bills", "post_stock")
        prove()

    assert balance(GRNI) == 0
    assert not VendorBill.objects.to_match().exists()


def test_more_than_was_billed_ahead_comes_and_the_rest_is_billed(house, prove):
    placed = order(house, (house.mug, 100, "0.3333"))
    ahead = bill(placed, "R-1", MUG=30)
    approve_bill(ahead.pk, note="Prepaid", actor="user:ben")

    take_in(placed, MUG=71)
    take_in(placed, MUG=29)
    rest = bill(placed, "R-2", MUG=70)
    cast.run_line("match_bills", "post_stock")

    assert rest.state == "posted"
    assert balance(GRNI) == 0
    prove()


def test_goods_that_were_taken_back_after_they_were_billed_are_billed_ahead_until_they_come(house, prove):
    placed = order(house, (house.mug, 100, "0.3333"))
    take_in(placed, MUG=60)
    wrong = take_in(placed, MUG=40)
    assert bill(placed, "R-1", MUG=100).state == "posted"

    reverse_receipt(wrong.pk, actor="user:warehouse")
    prove()
    cast.run_line("match_bills", "post_stock")
    assert balances(GRNI, PAYABLE) == (Decimal("13.33"), Decimal("-33.33"))
    prove()
    for units in (7, 13, 20):
        take_in(placed, MUG=units)
        cast.run_line("match_bills", "post_stock")
        prove()

    assert balance(GRNI) == 0
    assert not VendorBill.objects.to_match().exists()


# --- crediting ---


def test_a_credit_note_takes_a_bill_back_and_its_goods_wait_to_be_billed_again(hundred, prove):
    made = bill(hundred, "R-1", MUG=60, price={"MUG": "2.12"}, _tax=Decimal("25.44"))

    credit = credit_bill(made.pk, reference="C-1", reason="wrong_bill", billed_on=TODAY(), actor="user:ada")

    assert (again(made).state, credit.state, credit.total) == ("reversed", "posted", Decimal("-152.64"))
    assert balances(GRNI, TAX, VARIANCE, PAYABLE) == (Decimal("-126.00"), 0, 0, 0)
    assert credit_bill(made.pk, reference="c-1 ", reason="wrong_bill", billed_on=TODAY(), actor="user:ada").pk == credit.pk
    prove()
    assert bill(hundred, "R-1", MUG=60).state == "posted"
    assert balance(GRNI) == 0
    prove()


def test_a_held_bill_gets_the_units_that_a_credited_one_gives_back(hundred, prove):
    first = bill(hundred, "R-1", MUG=60)
    second = bill(hundred, "R-2", MUG=60)
    assert second.state == "held"

    credit_bill(first.pk, reference="C-1", reason="wrong_bill", billed_on=TODAY(), actor="user:ada")
    cast.run_line("match_bills")

    assert again(second).state == "posted"
    prove()


def test_an_allowance_comes_off_what_we_owe_and_off_the_cost(hundred, prove):
    made = bill(hundred, "R-1", MUG=60, _tax=Decimal("25.20"))

    credit_bill(made.pk, reference="C-1", reason="overcharged", billed_on=TODAY(), net=Decimal(6), tax=Decimal("1.20"), actor="user:ada")
    credit_bill(made.pk, reference="C-2", reason="returned", billed_on=TODAY(), net=Decimal("21.00"), tax=Decimal("4.20"), actor="user:ada")

    assert balances(GRNI, VARIANCE, "shrinkage", TAX, PAYABLE) == (0, Decimal(-6), Decimal(-21), Decimal("19.80"), Decimal("-118.80"))
    assert sum(row.total for row in VendorBill.objects.open()) == Decimal("118.80")
    prove()


def test_no_more_is_credited_than_was_billed(hundred, prove):
    made = bill(hundred, "R-1", MUG=60, _tax=Decimal("25.20"))
    credit = {"reason": "overcharged", "billed_on": TODAY(), "actor": "user:ada"}
    credit_bill(made.pk, reference="C-1", net=Decimal(100), **credit)

    with pytest.raises(Invalid, match=r"only 26\.00 and 25\.20 tax are left"):
        credit_bill(made.pk, reference="C-2", net=Decimal("26.01"), **credit)
    with pytest.raises(Conflict, match="Part of VB"):
        credit_bill(made.pk, reference="C-2", reason="wrong_bill", billed_on=TODAY(), actor="user:ada")
    with pytest.raises(Conflict, match="entered already"):
        credit_bill(made.pk, reference="R-1", net=Decimal(1), **credit)
    for net in ("0", "-1", "NaN", "0.001", "1E+30"):
        with pytest.raises(Invalid):
            credit_bill(made.pk, reference="C-2", net=Decimal(net), **credit)

    assert VendorBill.objects.filter(kind="credit_note").count() == 1
    prove()


# --- another currency ---


def test_what_the_rate_has_moved_is_an_exchange_difference_and_no_price(house, prove):
    placed = order(house, (house.mug, 100, "2.00"), currency="EUR", rate="0.85")
    take_in(placed, MUG=100)
    cast.run_line("post_stock")
    assert balance(GRNI) == Decimal("-170.00")

    made = bill(placed, "R-1", MUG=100, price={"MUG": "2.01"}, _tax=Decimal("40.20"), _books_rate=Decimal("0.87"))

    # 201.00 + 40.20 EUR at 0.87: 209.84 owed, 34.97 of it tax. 170.00 of goods cost 174.00 at today's rate; the price is 0.87 more.
    assert (made.state, made.total, made.books_total) == ("posted", Decimal("241.20"), Decimal("209.84"))
    assert balances(GRNI, TAX, "exchange_difference", VARIANCE, PAYABLE) == (
        0,
        Decimal("34.97"),
        Decimal("4.00"),
        Decimal("0.87"),
        Decimal("-209.84"),
    )
    prove()


def test_a_bill_in_another_currency_than_its_order_is_refused(house):
    placed = order(house, (house.mug, 100, "2.00"), currency="EUR", rate="0.85")

    with pytest.raises(Invalid, match="different currencies"):
        bill(placed, "R-1", MUG=100, _currency="GBP")

    assert not VendorBill.objects.exists()


# --- once ---


def test_the_same_bill_is_entered_once_however_its_number_is_typed(hundred, prove):
    first = bill(hundred, "inv 77/A", MUG=10)

    for reference in ("INV 77/A", "  inv   77/a "):
        with pytest.raises(Conflict, match=f"entered already, as {first.number}"):
            bill(hundred, reference, MUG=10)

    assert VendorBill.objects.count() == 1
    prove()


def test_the_same_form_sent_twice_gives_the_first_bill(hundred, prove):
    first = bill(hundred, "R-1", MUG=10, _key="k1")

    assert bill(hundred, "R-1", MUG=10, _key="k1").pk == first.pk
    with pytest.raises(Conflict, match="used for another bill"):
        bill(hundred, "R-2", MUG=10, _key="k1")

    assert JournalEntry.objects.filter(source="vendor_bill").count() == 1
    prove()


# --- what cannot be ---


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"reference": "  "}, "/reference"),
        ({"reference": "x" * 61}, "/reference"),
        ({"reference": "a\x00b"}, "/reference"),
        ({"billed_on": TODAY() + timedelta(days=2)}, "/billed_on"),
        ({"billed_on": TODAY() - timedelta(days=4000)}, "/billed_on"),
        ({"due_on": TODAY() - timedelta(days=1)}, "/due_on"),
        ({"tax": Decimal("-0.01")}, "/tax"),
        ({"tax": Decimal("NaN")}, "/tax"),
        ({"tax": Decimal("0.001")}, "/tax"),
        ({"tax": Decimal("1E+30")}, "/tax"),
        ({"total": Decimal("126.01")}, "/total"),
        ({"lines": []}, "/lines"),
        ({"books_rate": Decimal("1.1")}, "/books_rate"),
        ({"books_rate": Decimal("NaN")}, "/books_rate"),
        ({"books_rate": Decimal(0)}, "/books_rate"),
    ],
)
def test_what_a_bill_cannot_say_is_refused_and_nothing_is_kept(hundred, changes, pointer):
    draft = bill_of(hundred, "R-1", MUG=60)

    with pytest.raises(Invalid) as refused:
        enter_bill(type(draft)(**(draft.__dict__ | changes)), actor="user:ada")

    assert refused.value.pointer == pointer
    assert not VendorBill.objects.exists()


@pytest.mark.parametrize(
    "line",
    [
        {"quantity": 0},
        {"quantity": -1},
        {"quantity": 2**31},
        {"unit_price": "-1"},
        {"unit_price": "NaN"},
        {"unit_price": "0.00001"},
        {"purchase_line_id": None},
        {"purchase_line_id": 10**9},
    ],
)
def test_a_line_that_cannot_be_is_refused(hundred, line):
    draft = bill_of(hundred, "R-1", MUG=60)
    wrong = {"unit_price": Decimal(line["unit_price"])} if "unit_price" in line else line
    lines = [BillLineDraft(**(draft.lines[0].__dict__ | wrong))]

    with pytest.raises(Invalid):
        enter_bill(type(draft)(**(draft.__dict__ | {"lines": lines})), actor="user:ada")
    with pytest.raises(Invalid, match="stands on two lines"):
        enter_bill(type(draft)(**(draft.__dict__ | {"lines": [*draft.lines, *draft.lines]})), actor="user:ada")

    assert not VendorBill.objects.exists()


def test_nothing_is_billed_on_an_order_that_was_not_sent_or_was_called_off(house):
    placed = order(house, (house.mug, 100, "2.10"))
    placed.cancel()
    placed.save()

    with pytest.raises(Conflict, match="is cancelled: send the bill back"):
        bill(placed, "R-1", MUG=1)

    assert not VendorBill.objects.exists()


def test_the_database_refuses_to_change_what_was_entered(hundred):
    made = bill(hundred, "R-1", MUG=60)

    for statement in (
        "UPDATE accounting_vendorbill SET total = total + 1, net_total = net_total + 1",
        "UPDATE accounting_vendorbill SET books_total = 1",
        "UPDATE accounting_vendorbill SET reference = 'x'",
        "UPDATE accounting_vendorbillline SET net = 1",
        "UPDATE accounting_vendorbillline SET quantity = 1",
        "DELETE FROM accounting_vendorbillline",
        "UPDATE accounting_vendorbill SET state = 'held'",
    ):
        with pytest.raises(InternalError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    assert again(made).total == Decimal("126.00")
