"""How customers call our goods: one by one, from a pasted list, on their page and over REST."""

import re
import threading

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers.erasing import erase_customer
from customers.merging import merge_customers, undo_merge
from customers.models import Customer
from inventory.models import Barcode, Sku
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.models import Event
from oms.desk.erasing import ERASERS
from oms.desk.merging import KEEPERS
from orders import part_numbers
from orders.models import CustomerPart, LostSale
from orders.part_numbers import Named, add_part_numbers, check_part_numbers, pasted, remove_part_number, save_part_number
from orders.phone.matching import meant
from tests import cast
from tests.api.storefront import Storefront

CLERK = "user:clara"


@pytest.fixture
def anna(house):
    return house.anna


@pytest.fixture
def desk(house):
    client = Client()
    client.force_login(cast.person("clara", "clerk"))
    return client


def kept(customer):
    return dict(CustomerPart.objects.filter(customer=customer).values_list("code", "sku__code"))


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


# --- one by one ---


def test_a_part_number_is_kept_as_codes_are_and_then_understood_on_the_telephone(house, anna):
    house.mug.barcode = "4006381333931"
    house.mug.save()

    save_part_number(anna.pk, " k-77  x ", "4006381333931", actor=CLERK)
    first = save_part_number(anna.pk, "K-78", "lamp", actor=CLERK)
    again = save_part_number(anna.pk, "k-78", "LAMP", actor=CLERK)

    assert first.pk == again.pk
    assert kept(anna) == {"K-77 X": "MUG", "K-78": "LAMP"}
    [line] = meant(["3 k-78"], customer_id=anna.pk)
    assert (line.sku, line.quantity) == (house.lamp, 3)
    assert Event.objects.filter(kind="customer.changed", subject_id=anna.pk).first().data == {"changed": ["part number"]}


def test_a_part_number_is_changed_and_removed(house, anna):
    part = save_part_number(anna.pk, "K-77", "MUG", actor=CLERK)

    save_part_number(anna.pk, "K-78", "CHAIR", part=part.pk, actor=CLERK)
    assert kept(anna) == {"K-78": "CHAIR"}
    remove_part_number(anna.pk, part.pk, actor=CLERK)
    remove_part_number(anna.pk, part.pk, actor=CLERK)

    assert kept(anna) == {}
    with pytest.raises(NotFound):
        save_part_number(anna.pk, "K-78", "CHAIR", part=part.pk, actor=CLERK)


def test_what_cannot_be_is_refused_and_nothing_changes(house, anna, monkeypatch):
    Barcode.objects.create(sku=house.mug, code="14006381333938", units=12)
    part = save_part_number(anna.pk, "K-77", "MUG", actor=CLERK)
    other = save_part_number(anna.pk, "K-78", "LAMP", actor=CLERK)
    stranger = Customer.objects.create(name="Ben")
    for theirs, ours, says in (
        ("", "MUG", "1 to 40 letters"),
        ("x" * 41, "MUG", "1 to 40 letters"),
        ("K-1", "NOTHING", "There is no SKU NOTHING"),
        ("K-1", "14006381333938", "is a package: give the code of what is in it, MUG"),
    ):
        with pytest.raises(Invalid, match=says):
            save_part_number(anna.pk, theirs, ours, actor=CLERK)
    with pytest.raises(Conflict, match="K-77 is MUG already: change that one"):
        save_part_number(anna.pk, "k-77", "LAMP", actor=CLERK)
    with pytest.raises(Conflict, match="K-77 is MUG already"):
        save_part_number(anna.pk, "k-77", "LAMP", part=other.pk, actor=CLERK)
    with pytest.raises(NotFound):
        save_part_number(stranger.pk, "K-1", "LAMP", part=part.pk, actor=CLERK)
    with pytest.raises(NotFound):
        save_part_number(999_999, "K-1", "LAMP", actor=CLERK)
    remove_part_number(stranger.pk, part.pk, actor=CLERK)
    monkeypatch.setattr(part_numbers, "MOST_NUMBERS", 2)
    with pytest.raises(Conflict, match="at most 2"):
        save_part_number(anna.pk, "K-79", "LAMP", actor=CLERK)

    assert kept(anna) == {"K-77": "MUG", "K-78": "LAMP"}


# --- a list ---


def test_each_row_of_a_list_has_its_fate_before_anything_is_written(house, anna):
    save_part_number(anna.pk, "K-1", "MUG", actor=CLERK)
    save_part_number(anna.pk, "K-2", "MUG", actor=CLERK)
    rows = pasted("k-1\tmug\r\n\r\nK-2\tLAMP\nK-3;chair\nK-4\tNOTHING\nK-3\tMUG\nK-5\n\tMUG\nK-6\tMUG\t7")

    report = check_part_numbers(anna.pk, rows)

    assert [(one.row, one.theirs, one.ours, one.fate, one.before) for one in report.fates] == [
        (1, "K-1", "MUG", "same", ""),
        (2, "K-2", "LAMP", "changed", "MUG"),
        (3, "K-3", "CHAIR", "new", ""),
        (4, "K-4", "NOTHING", "refused", ""),
        (5, "K-3", "MUG", "refused", ""),
        (6, "K-5", "", "refused", ""),
        (7, "", "MUG", "refused", ""),
        (8, "K-6", "MUG\t7", "refused", ""),
    ]
    assert [one.reason for one in report.fates[3:6]] == [
        "There is no SKU NOTHING: give its code or its barcode.",
        "It stands in row 3 already.",
        "Write what they call it, a tab, and what we call it.",
    ]
    assert not add_part_numbers(anna.pk, rows, confirmed=report.fingerprint, actor=CLERK).is_written
    assert kept(anna) == {"K-1": "MUG", "K-2": "MUG"}


def test_only_what_was_shown_is_written_and_the_same_list_again_changes_nothing(house, anna):
    rows = pasted("K-1\tMUG\nK-2\tLAMP")
    shown = check_part_numbers(anna.pk, rows)
    save_part_number(anna.pk, "K-2", "CHAIR", actor=CLERK)

    assert not add_part_numbers(anna.pk, rows, confirmed=shown.fingerprint, actor=CLERK).is_written
    assert kept(anna) == {"K-2": "CHAIR"}
    shown = check_part_numbers(anna.pk, rows)
    assert add_part_numbers(anna.pk, rows, confirmed=shown.fingerprint, actor=CLERK).is_written
    told = Event.objects.count()
    again = add_part_numbers(anna.pk, rows, actor=CLERK)

    assert kept(anna) == {"K-1": "MUG", "K-2": "LAMP"}
    assert (again.new, again.changed, again.same, again.is_written, Event.objects.count()) == (0, 0, 2, True, told)


def test_a_list_is_bounded_and_an_empty_one_says_what_to_do(house, anna, monkeypatch):
    with pytest.raises(Invalid, match="Paste the list first"):
        pasted(" \n\n")
    monkeypatch.setattr(part_numbers, "MOST_ROWS", 2)
    with pytest.raises(Invalid, match="At most 2 at once"):
        pasted("a\tMUG\nb\tMUG\nc\tMUG")
    with pytest.raises(Invalid, match="At most 2 at once"):
        add_part_numbers(anna.pk, [Named("a", "MUG")] * 3, actor=CLERK)
    monkeypatch.setattr(part_numbers, "MOST_NUMBERS", 1)
    with pytest.raises(Conflict, match="at most 1"):
        add_part_numbers(anna.pk, pasted("a\tMUG\nb\tMUG"), actor=CLERK)
    assert kept(anna) == {}


def test_a_long_list_takes_as_many_queries_as_a_short_one(house, anna):
    Sku.objects.bulk_create(Sku(code=f"A{i}", name=f"Article {i}") for i in range(50))
    counts = []
    for size in (2, 50):
        CustomerPart.objects.all().delete()
        save_part_number(anna.pk, "K-0", "MUG", actor=CLERK)
        with CaptureQueriesContext(connection) as captured:
            assert add_part_numbers(anna.pk, [Named(f"K-{i}", f"A{i}") for i in range(size)], actor=CLERK).changed == 1
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_two_who_paste_the_same_list_at_once_keep_it_once(real_house, prove):
    anna, rows = real_house.anna, pasted("\n".join(f"K-{n}\tMUG" for n in range(20)))
    gate, reports, wrong = threading.Barrier(4), [], []

    def paste():
        try:
            gate.wait()
            reports.append(add_part_numbers(anna.pk, rows, actor=CLERK))
        except Exception as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=paste) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert sorted(report.new for report in reports) == [0, 0, 0, 20]
    assert len(kept(anna)) == 20
    prove()


# --- with the customer ---


def test_part_numbers_and_lost_sales_move_with_a_merged_customer_and_back_and_go_with_an_erased_one(house, anna, prove):
    other = Customer.objects.create(name="Anna F.", channel=house.web)
    for customer, theirs in ((anna, "K-1"), (other, "K-1"), (other, "K-2")):
        save_part_number(customer.pk, theirs, "MUG", actor=CLERK)

    merge = merge_customers(anna.pk, other.pk, keepers=KEEPERS, actor=CLERK)
    assert (kept(anna), kept(other)) == ({"K-1": "MUG", "K-2": "MUG"}, {"K-1": "MUG"})
    undo_merge(merge.pk, keepers=KEEPERS, actor=CLERK)
    assert (kept(anna), kept(other)) == ({"K-1": "MUG"}, {"K-1": "MUG", "K-2": "MUG"})
    erase_customer(other.pk, erasers=ERASERS, actor=CLERK)

    assert kept(other) == {} and not LostSale.objects.filter(customer=other).exists()
    prove()


# --- the page ---


def test_part_numbers_are_shown_added_changed_and_removed_on_the_customers_page(house, anna, desk):
    url = f"/customers/{anna.number}/"
    assert "They call our goods as we do." in text_of(desk.get(url))

    added = desk.post(f"{url}part-numbers/add", {"theirs": "k-77", "ours": "mug"})
    assert (added.status_code, added.url) == (302, url)
    page = desk.get(url).content.decode()
    assert "K-77" in page and 'href="/stock/MUG/"' in page
    part = CustomerPart.objects.get()
    desk.post(f"{url}part-numbers/{part.pk}/change", {"theirs": "K-77", "ours": "CHAIR"})
    assert kept(anna) == {"K-77": "CHAIR"}
    wrong = desk.post(f"{url}part-numbers/add", {"theirs": "K-77", "ours": "LAMP"}, follow=True)
    assert "K-77 is CHAIR already: change that one." in text_of(wrong)
    back = desk.post(f"{url}part-numbers/{part.pk}/remove", {"back": "all"})

    assert back.url == f"{url}part-numbers/" and kept(anna) == {}
    assert "No part numbers yet" in text_of(desk.get(back.url))
    assert desk.get("/customers/C-99999/part-numbers/").status_code == 404


def test_a_pasted_list_is_shown_first_and_then_written(house, anna, desk):
    url = f"/customers/{anna.number}/part-numbers/"
    page = desk.post(url, {"rows": "K-1\tMUG\nK-2\tLAMP", "action": "check"})

    assert "Nothing is written yet." in text_of(page) and kept(anna) == {}
    assert "1 K-1 MUG Blue mug New" in text_of(page)
    confirmed = re.search(r'name="confirmed" value="(\w+)"', page.content.decode())[1]
    other = desk.post(url, {"rows": "K-1\tCHAIR", "action": "add", "confirmed": confirmed})
    assert "another list than the one that was checked" in text_of(other) and kept(anna) == {}
    for _ in range(2):
        desk.post(url, {"rows": "K-1\tMUG\nK-2\tLAMP", "action": "add", "confirmed": confirmed})
    assert kept(anna) == {"K-1": "MUG", "K-2": "LAMP"}
    refused = desk.post(url, {"rows": "K-9\tX", "action": "check"})
    assert refused.status_code == 422 and "1 of 1 rows is refused" in text_of(refused) and 'value="add"' not in refused.content.decode()
    assert "Paste the list first" in text_of(desk.post(url, {"rows": " "}))
    assert "K-1 MUG" in text_of(desk.get(url, {"q": "blue"})) and "K-2" not in text_of(desk.get(url, {"q": "blue"}))
    assert "No part number matches" in text_of(desk.get(url, {"q": "nothing"}))


def test_who_may_only_look_sees_the_numbers_and_no_button(house, anna):
    save_part_number(anna.pk, "K-77", "MUG", actor=CLERK)
    looker = Client()
    looker.force_login(cast.person("wim", "warehouse"))
    for url in (f"/customers/{anna.number}/", f"/customers/{anna.number}/part-numbers/"):
        page = looker.get(url).content.decode()
        assert "K-77" in page and "part-numbers/add" not in page and "/remove" not in page
    assert looker.post(f"/customers/{anna.number}/part-numbers/", {"rows": "a\tMUG"}).status_code == 403


def test_many_part_numbers_take_as_many_queries_as_few(house, anna, desk):
    counts = []
    for size in (1, 60):
        add_part_numbers(anna.pk, [Named(f"K-{i}", "MUG") for i in range(size)], actor=CLERK)
        for url in (f"/customers/{anna.number}/", f"/customers/{anna.number}/part-numbers/"):
            desk.get(url)
            with CaptureQueriesContext(connection) as captured:
                assert desk.get(url).status_code == 200
            counts.append(len(captured))

    assert counts[:2] == counts[2:]


# --- over REST ---


def test_part_numbers_are_kept_over_rest(house, anna):
    shop, path = Storefront(house.web), f"/customers/{anna.number}/part-numbers"
    body = {"part_number": "k-77", "sku": "mug"}

    first, again = (shop.send("post", path, body, key="k") for _ in range(2))
    assert (first.status_code, again["Idempotent-Replayed"], first.content) == (201, "true", again.content)
    part = first.json()
    assert part == {"id": part["id"], "part_number": "K-77", "sku": "MUG", "name": "Blue mug"}
    changed = [shop.send("put", f"{path}/{part['id']}", {"part_number": "K-78", "sku": "LAMP"}).json() for _ in range(2)]
    assert changed[0] == changed[1] == {"id": part["id"], "part_number": "K-78", "sku": "LAMP", "name": "Desk lamp"}
    assert shop.send("get", f"{path}?search=lam").json()["data"] == [changed[0]]
    assert shop.send("get", f"{path}?search=x").json() == {"data": [], "next_cursor": None, "has_more": False}
    assert shop.send("post", path, {"part_number": "K-78", "sku": "MUG"}, key="other").status_code == 409
    assert shop.send("put", f"{path}/999999", body).status_code == 404
    assert shop.send("post", path, {"part_number": "K-1", "sku": "NOTHING"}, key="wrong").json()["errors"][0]["pointer"] == "/sku"
    assert [shop.send("delete", f"{path}/{part['id']}").status_code for _ in range(2)] == [204, 204]
    assert kept(anna) == {}


def test_a_list_over_rest_tells_the_fate_of_each_row_and_writes_all_or_nothing(house, anna):
    shop, path = Storefront(house.web), f"/customers/{anna.number}/part-number-lists"
    rows = [{"part_number": "K-1", "sku": "MUG"}, {"part_number": "K-2", "sku": "LAMP"}]

    tried = shop.send("post", path, {"rows": rows, "dry_run": True}).json()
    assert (tried["is_written"], tried["new"], [fate["fate"] for fate in tried["fates"]], kept(anna)) == (False, 2, ["new", "new"], {})
    refused = shop.send("post", path, {"rows": [*rows, {"part_number": "K-3", "sku": "X"}]})
    assert (refused.status_code, refused.json()["code"], refused.json()["errors"][0]["pointer"]) == (422, "rows_refused", "/rows/2")
    assert kept(anna) == {}
    written, again = (shop.send("post", path, {"rows": rows}).json() for _ in range(2))

    assert (written["is_written"], written["new"], again["same"]) == (True, 2, 2)
    assert kept(anna) == {"K-1": "MUG", "K-2": "LAMP"}
