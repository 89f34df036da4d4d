"""Customers from a file: the fate of each row first, then all of it or nothing, and the same file again changes nothing."""

import csv
import io
import threading
import zipfile
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from customers.agreeing import add_note, add_payment_preference, consents_of, note_consent
from customers.erasing import erase_customer
from customers.importing import writing
from customers.importing.writing import check_customers, import_customers
from customers.looking_up import find_customers
from customers.merging import merge_customers
from customers.models import Address, Consent, Contact, Customer, CustomerGroup, Email, Note, PaymentPreference, Telephone
from customers.reaching import ContactDraft, add_email, add_telephone, save_contact
from customers.services import change_customer
from oms.core.errors import Conflict, Invalid
from oms.core.models import Event
from oms.desk.erasing import ERASERS
from oms.desk.merging import KEEPERS
from orders.models import Order
from tests import cast
from tests.faults.crowd import together

D = Decimal
MANAGER = "user:manager"


def as_file(text):
    return io.BytesIO(text if isinstance(text, bytes) else text.encode())


def bring(text, **how):
    return import_customers(as_file(text), actor=MANAGER, **{"may_set_terms": True, **how})


def check(text, **how):
    return check_customers(as_file(text), **{"may_set_terms": True, **how})


def everything():
    models = (Customer, Address, Telephone, Email, Contact, Consent, Note, PaymentPreference)
    return [list(model.objects.order_by("pk").values()) for model in models], Event.objects.count()


def fates(report):
    return [(fate.row, fate.fate) for fate in report.fates]


WHOLE = (
    "reference,channel,name,kind,email,emails,phone,telephones,language,vat_number,group,tags,currency,payment_method,terms_days,credit_limit,"
    "invoice_policy,ship_policy,accepts_part_deliveries,preferred_carrier,delivery_window,tax_exemption,is_do_not_call,note,street,city,region,"
    "postcode,country,delivery_street,delivery_city,delivery_postcode,delivery_country\n"
    'A-1,web,Brown & Sons,company,office@brown.example,bills@brown.example; goods@brown.example,030 901820,+447700900123,de,,trade,"late, north",'
    'EUR,account,14,500.50,on_shipment,on_terms,no,van,before 10,EX-9,yes,Ring twice,"Haus 4\nHof 2",Berlin,,10115,de,1 Wharf,Hull,HU1 1AA,gb\n'
)


# --- bringing in ---


def test_a_file_brings_customers_with_all_that_belongs_to_them(house, prove):
    trade = CustomerGroup.objects.create(code="trade", name="Trade")

    report = bring(WHOLE)

    assert (report.rows, report.new, report.changed, report.same, report.refused, report.is_written) == (1, 1, 0, 0, 0, True)
    brown = Customer.objects.get(external_reference="A-1")
    assert (brown.name, brown.kind, brown.channel, brown.email, brown.language, brown.group) == (
        "Brown & Sons",
        "company",
        house.web,
        "office@brown.example",
        "de",
        trade,
    )
    assert (brown.phone, [row.number for row in brown.telephones.all()]) == ("+4930901820", ["+447700900123"])
    assert [row.address for row in brown.emails.all()] == ["bills@brown.example", "goods@brown.example"]
    assert (brown.tags, brown.currency, brown.payment_method, brown.terms_days) == (["late", "north"], "EUR", "account", 14)
    assert (brown.credit_limit, brown.invoice_policy, brown.ship_policy) == (D("500.50"), "on_shipment", "on_terms")
    assert (brown.accepts_part_deliveries, brown.is_do_not_call, brown.note) == (False, True, "Ring twice")
    assert [(row.lines, row.city, row.country, row.is_billing, row.is_delivery) for row in brown.addresses.order_by("id")] == [
        ("Haus 4\nHof 2", "Berlin", "DE", True, False),
        ("1 Wharf", "Hull", "GB", False, True),
    ]
    assert [found.pk for found in find_customers("goods@brown")] == [brown.pk]
    assert Event.objects.get(kind="customer.imported").data == {"new": 1, "changed": 0, "rows": 1}
    assert Event.objects.get(kind="customer.registered").subject_id == brown.pk
    prove()


def test_the_same_file_again_changes_nothing(house):
    CustomerGroup.objects.create(code="trade", name="Trade")
    bring(WHOLE)
    before = everything()

    report = bring(WHOLE)

    assert fates(report) == [(2, "same")]
    assert everything() == before


def test_a_dry_run_tells_the_fate_of_each_row_and_which_columns_and_writes_nothing(house):
    before = everything()

    report = check(
        f"number,reference,name,phone,city,terms_days,note\n{house.anna.number},,Anna Feld,0113 496 0002,York,14,\n"
        f"C-9999,,Nobody,,,,\n,N-1,New One,0113 496 0001,,,\n,N-2,,,,,\n"
    )

    assert fates(report) == [(2, "changed"), (3, "refused"), (4, "new"), (5, "refused")]
    changed, refused, new, nameless = report.fates
    assert (changed.columns, changed.number) == (["name", "terms_days", "city", "phone"], house.anna.number)
    assert (refused.reason, nameless.reason) == ("there is no customer with that number", "it is new and has no name")
    assert new.like == house.anna.number
    assert [fate.row for fate in report.shown] == [3, 5]
    assert everything() == before


def test_one_bad_row_and_nothing_is_written(house):
    before = everything()

    report = bring("reference,name,email\nA,One,\nB,Two,two at home\nC,Three,\n")

    assert (report.is_written, report.refused) == (False, 1)
    assert everything() == before


def test_an_empty_cell_and_a_column_that_is_not_there_leave_what_is_there(house):
    change_customer(house.anna.pk, {"note": "Ring twice"}, actor=MANAGER)

    report = bring(f"number,note,terms_days,city\n{house.anna.number},,7,\n")

    anna = Customer.objects.get(pk=house.anna.pk)
    assert (report.fates[0].columns, anna.note, anna.terms_days, anna.addresses.get().city) == (["terms_days"], "Ring twice", 7, "Leeds")
    assert Event.objects.get(kind="customer.changed", data__changed=["terms_days"]).subject_id == anna.pk


def test_goods_that_go_elsewhere_get_an_address_of_their_own_once(house):
    text = f"number,delivery_street,delivery_city,delivery_country\n{house.anna.number},1 Wharf,Hull,GB\n"

    assert bring(text).changed == 1
    assert bring(text).same == 1

    assert [(row.lines, row.is_billing, row.is_delivery) for row in house.anna.addresses.order_by("id")] == [
        ("7 Mill Lane", True, False),
        ("1 Wharf", False, True),
    ]
    assert bring(f"number,street,delivery_postcode\n{house.anna.number},8 Mill Lane,HU1 1AA\n").fates[0].columns == ["street", "delivery_postcode"]


def test_further_numbers_are_added_and_none_is_taken_away(house):
    add_telephone(house.anna.pk, "+441134960002", actor=MANAGER)

    report = bring(f"number,telephones,emails\n{house.anna.number},0113 496 0001; 0113 496 0003,ANNA@field.example; a@field.example\n")

    assert report.fates[0].columns == ["telephones", "emails"]
    assert [row.number for row in house.anna.telephones.all()] == ["+441134960002", "+441134960003"]
    assert [row.address for row in house.anna.emails.all()] == ["a@field.example"]


def test_who_was_merged_stays_as_they_are(house):
    twin = Customer.objects.create(name="Ana", channel=house.web, external_reference="W-7")
    merge_customers(house.anna.pk, twin.pk, keepers=KEEPERS, actor=MANAGER)

    report = bring("reference,channel,name\nW-7,web,Ana Maria\n")

    assert (fates(report), Customer.objects.get(pk=twin.pk).name) == ([(2, "same")], "Ana")
    assert "merged into another" in report.fates[0].reason


def test_who_was_erased_does_not_come_back_with_an_old_file(house, desk):
    text = exported(desk).decode()
    erase_customer(house.anna.pk, erasers=ERASERS, actor=MANAGER)
    before = everything()

    report = bring(text)

    assert report.fates[0].reason == "they were erased on their request: leave the row out"
    assert everything() == before
    assert len(exported(desk).splitlines()) == 1


REFUSED = [
    ("name,number\nAnna,\n", "neither number nor reference"),
    ("number\nX-1\n", "number is one of ours, such as C-1017, not “X-1”"),
    ("reference,name,email\nA,One,one@\n", "one@ is not an e-mail address."),
    ("reference,name,phone\nA,One,12\n", "12 is not a telephone number"),
    ("reference,name,vat_number\nA,One,DE123456789\n", "DE123456789 is not a VAT number"),
    ("reference,name,note\nA,One,4111 1111 1111 1111\n", "That looks like a card number (… 1111)"),
    ("reference,name,telephones\nA,One,4111 1111 1111 1111\n", "4111 1111 1111 1111 is not a telephone number"),
    ("reference,name,kind\nA,One,robot\n", "kind is one of person, company, not “robot”"),
    ("reference,name,credit_limit\nA,One,-5\n", "credit_limit is an amount such as 12.50"),
    ("reference,name,terms_days\nA,One,400\n", "terms_days is a whole number from 0 to 365"),
    ("reference,name,group\nA,One,nobody\n", "there is no customer group “nobody”"),
    ("reference,name,channel\nA,One,moon\n", "there is no channel “moon”"),
    ("reference,name,street\nA,One,1 Mall\n", "an address needs a street, a city and a country"),
    ("reference,name,country\nA,One,Germany\n", "A country is written with two letters"),
    ("reference,name\nA,One\nA,Two\n", "row 2 is of the same customer"),
    ("number,reference\nANNA,A\nANNA,B\n", "row 2 is of the same customer"),
    ("number,reference,channel\nANNA,T-1,web\n", "its reference belongs to C-"),
    ("number,channel\nANNA,store\n", "its channel cannot be changed"),
    ("number,currency\nANNA,EUR\n", "its currency cannot be changed"),
    ("reference,name,contact_role\nA,One,Buyer\n", "a contact needs its contact_name"),
    ("reference,name,contact_name,contact_phone\nA,One,Jo,12\n", "12 is not a telephone number"),
    ("reference,name,contact_name,contact_email\nA,One,Jo,jo@\n", "jo@ is not an e-mail address."),
    ("reference,name,consent_email\nA,One,yes\n", "consent_email says yes or no, consent_email_on since which day"),
    ("reference,name,consent_sms_on\nA,One,2026-01-31\n", "consent_sms says yes or no"),
    ("reference,name,consent_post,consent_post_on,consent_post_source\nA,One,maybe,2026-01-31,x\n", "consent_post is yes or no, not “maybe”"),
    ("reference,name,consent_post,consent_post_on,consent_post_source\nA,One,no,31.1.2026,x\n", "consent_post_on is a day such as 2027-03-31"),
    ("reference,name,consent_post,consent_post_on,consent_post_source\nA,One,no,2999-01-31,x\n", "consent_post_on is still to come"),
    ("reference,name,payment_method\nA,One,gold\n", "payment_method is one of account, bank_transfer, card"),
    ("reference,name,payment_method\nA,One,4111 1111 1111 1111\n", "payment_method: That looks like a card number (… 1111)"),
    ("reference,name,contact_name,contact_role\nA,One,Jo,4111-1111-1111-1111\n", "contact_role: That looks like a card number (… 1111)"),
    ("reference,name,pinned_note\nA,One,pays with 4111111111111111\n", "pinned_note: That looks like a card number (… 1111)"),
    ("reference,name\nA,One\x07\n", "name has characters that cannot be printed"),
    (b"reference,name\nA,J\xfcg\n", "name is not UTF-8"),
    ("reference,name\nA,One,more\n", "it has 3 cells, and the header 2"),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_a_row_that_cannot_be_is_named_with_its_reason(house, text, reason):
    Customer.objects.create(name="Tess", channel=house.web, external_reference="T-1")
    add_payment_preference(house.anna.pk, "account", actor=MANAGER)
    before = everything()

    report = bring(text.replace("ANNA", house.anna.number) if isinstance(text, str) else text)

    assert (report.refused, report.is_written) == (1, False)
    [fate] = [fate for fate in report.fates if fate.fate == "refused"]
    assert reason in fate.reason
    assert everything() == before


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "The first row names the columns"),
        (b"name,email\nA,a@b.example\n", "“number” or “reference” among them"),
        (b"reference,colour\nA,red\n", "Not known: colour"),
        (b"PK\x03\x04rest of a workbook", "workbook cannot be read"),
    ],
)
def test_what_is_no_such_file_is_refused_whole(house, content, why):
    with pytest.raises(Invalid, match=why):
        bring(content)


# --- workbooks ---


def workbook(*rows):
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def test_a_workbook_is_read_as_somebody_would_have_typed_it(house):
    report = bring(
        workbook(
            ["Reference", "Name", "Phone", "Terms_days", "Credit_limit", "Is_do_not_call", "Note"],
            [1001, "Long Ltd", 441134960077, 14, 99.5, True, None],
            [None],
            ["1002", "Short Ltd"],
        )
    )

    assert fates(report) == [(2, "new"), (4, "new")]
    long = Customer.objects.get(external_reference="1001")
    assert (long.phone, long.terms_days, long.credit_limit, long.is_do_not_call) == ("+441134960077", 14, D("99.5"), True)


def test_a_workbook_that_unpacks_to_more_than_we_take_is_refused(house, monkeypatch):
    monkeypatch.setattr("oms.core.sheets.MOST_UNPACKED", 10_000)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * 1_000_000)

    with pytest.raises(Invalid, match="too large"):
        bring(file.getvalue())


def test_a_workbook_whose_entities_grow_without_end_is_refused(house):
    parts = zipfile.ZipFile(io.BytesIO(workbook(["reference", "name"], ["A", "One"])))
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol" * 10}">' for n in range(12))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for part in parts.namelist():
            content = parts.read(part)
            if part == "xl/worksheets/sheet1.xml":
                content = f"<!DOCTYPE x [{entities}]><worksheet><sheetData><row><c t='str'><v>&e11;</v></c></row></sheetData></worksheet>".encode()
            packed.writestr(part, content)

    with pytest.raises(Invalid):
        bring(file.getvalue())


# --- confirming ---


def test_only_what_was_looked_at_is_written(house):
    text = f"number,name\n{house.anna.number},Anna Feld\n"
    seen = check(text).fingerprint
    before = everything()

    other = bring(text.replace("Feld", "Felt"), confirmed=seen)

    assert (other.is_written, everything()) == (False, before)
    change_customer(house.anna.pk, {"name": "Anna Feld"}, actor=MANAGER)
    assert not bring(text, confirmed=seen).is_written
    assert bring(text, confirmed=check(text).fingerprint).is_written


def test_a_file_costs_the_same_number_of_statements_however_long(house):
    costs = []
    for size in (3, 300):
        head = "reference,name,phone,telephones,emails,street,city,country,contact_name,pinned_note,consent_sms,consent_sms_on,consent_sms_source\n"
        text = head + "".join(
            f"S{size}-{n},Thing {n},+44113{size:03}{n:04},+44114{size:03}{n:04},a{n}@x.example;b{n}@x.example,{n} Mall,Leeds,GB,"
            f"Jo {n},Thing,yes,2026-01-01,form\n"
            for n in range(size)
        )
        with CaptureQueriesContext(connection) as captured:
            bring(text)
            bring(text.replace("Mall", "Road").replace("Thing", "Think"))
        costs.append(len(captured))

    assert costs[0] == costs[1]


@pytest.mark.django_db(transaction=True)
def test_two_who_bring_the_same_file_at_once_register_each_once(real_house, prove):
    text = "reference,channel,name,email\n" + "".join(f"R-{n},web,Person {n},p{n}@x.example\n" for n in range(40))

    reports = together(4, lambda i: bring(text))

    assert sorted((report.new, report.same) for report in reports) == [(0, 40), (0, 40), (0, 40), (40, 0)]
    assert Customer.objects.filter(channel=real_house.web, external_reference__startswith="R-").count() == 40
    prove()


@pytest.mark.django_db(transaction=True)
def test_without_its_turn_the_later_one_is_refused_and_nothing_of_it_is_written(real_house, monkeypatch):
    planned, both = writing._planned, threading.Barrier(2, timeout=20)

    def then_wait(rows, **how):
        plans = planned(rows, **how)
        both.wait()
        return plans

    monkeypatch.setattr(writing, "take_turn", lambda name: None)
    monkeypatch.setattr(writing, "_planned", then_wait)

    results = together(2, lambda i: bring("reference,channel,name,phone\nR-1,web,Person,0113 496 0001\n"))

    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Report"]
    assert Customer.objects.filter(external_reference="R-1").count() == 1


@pytest.mark.django_db(transaction=True)
def test_orders_keep_coming_while_their_customers_are_changed_from_a_file(real_house, prove):
    house = real_house
    regulars = cast.regulars(house, 20)
    text = "number,name,terms_days\n" + "".join(f"{Customer.objects.get(pk=one.pk).number},Renamed {n},7\n" for n, one in enumerate(regulars))

    def act(i):
        if i == 0:
            return bring(text)
        order = house.place(("MUG", 1), customer_id=regulars[-i].pk)
        cast.run_line("screen")
        return order

    results = together(8, act)

    assert not [result for result in results if isinstance(result, Exception)]
    assert Order.objects.count() == 7
    assert set(Customer.objects.filter(pk__in=[one.pk for one in regulars]).values_list("terms_days", flat=True)) == {7}
    cast.run_line("screen")
    assert sum(Customer.objects.values_list("orders_count", flat=True)) == 7
    prove()


def test_a_reference_that_somebody_takes_in_the_same_moment_is_a_conflict(house, monkeypatch):
    before = everything()
    known = writing._known

    def then_somebody_else_registers(rows, **how):
        found = known(rows, **how)
        Customer.objects.create(name="First", channel=house.web, external_reference="A")
        return found

    monkeypatch.setattr(writing, "_known", then_somebody_else_registers)
    with pytest.raises(Conflict, match="check the file again"):
        bring("reference,channel,name\nA,web,Second\n")

    assert everything() == before


# --- taking out ---


def exported(desk, kind="csv", q=""):
    answer = desk.post("/customers/export/", {"format": kind, "q": q})
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


@pytest.fixture
def desk():
    desk = Client()
    desk.force_login(cast.person("mona", "manager"))
    return desk


@pytest.fixture
def varied(house):
    """Customers with everything that a file could trip over."""
    CustomerGroup.objects.create(code="trade", name="Trade")
    bring(WHOLE)
    add_telephone(house.anna.pk, "+441134960002", actor=MANAGER)
    add_email(house.anna.pk, "a@field.example", actor=MANAGER)
    save_contact(house.anna.pk, ContactDraft("=Jo", "Buyer", "jo@field.example", "0113 496 0007"), actor=MANAGER)
    save_contact(house.anna.pk, ContactDraft("Kim"), actor=MANAGER)
    note_consent(house.anna.pk, "email", is_given=True, source="fair", given_on=date(2026, 3, 1), actor=MANAGER)
    note_consent(house.anna.pk, "email", is_given=False, source="by telephone", actor=MANAGER)
    note_consent(house.anna.pk, "post", is_given=True, source="+form", given_on=date(2026, 3, 1), actor=MANAGER)
    add_note(house.anna.pk, "-Ring\u200b  twice,\r\n\n\tthen \x07 wait", is_pinned=True, actor=MANAGER)
    add_note(house.anna.pk, "Between us", actor=MANAGER)
    for method in ("account", "cash"):
        add_payment_preference(house.anna.pk, method, actor=MANAGER)
    Customer.objects.create(name="=SUM(A1)", note='Says "hi", and\nleaves')
    Customer.objects.create(name="+Plus", phone="+447700900999", kind="company")
    return house


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_was_taken_out_changes_nothing_when_it_is_brought_in_again(varied, desk, kind):
    content = exported(desk, kind)
    before = everything()

    report = bring(content)

    assert [(fate.fate, fate.reason) for fate in report.fates] == [("same", "")] * 4
    assert everything() == before


def test_who_was_merged_or_is_not_looked_for_is_not_in_the_file(varied, desk):
    twin = Customer.objects.create(name="Anna Again")
    merge_customers(varied.anna.pk, twin.pk, keepers=KEEPERS, actor=MANAGER)

    rows = list(csv.DictReader(io.StringIO(exported(desk, q="anna").decode("utf-8-sig"))))

    assert [row["number"] for row in rows] == [varied.anna.number]
    assert Event.objects.get(kind="customer.exported").data == {"format": "csv"}


def test_in_a_workbook_no_text_is_a_formula(varied, desk):
    sheet = load_workbook(io.BytesIO(exported(desk, "xlsx"))).active

    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value == "=SUM(A1)"} == {"s"}


# --- the page ---


def send(desk, action, text, **more):
    file = SimpleUploadedFile("customers.csv", text.encode(), content_type="text/csv")
    return desk.post("/customers/import/", {"action": action, "file": file, **more})


def test_the_page_checks_shows_and_imports_what_was_shown(house, desk):
    text = f"number,reference,name\n{house.anna.number},,Anna Feld\n,N-1,New One\n"
    assert desk.get("/customers/import/").status_code == 200

    checked = send(desk, "check", text)

    report = checked.context["report"]
    assert "Import it: add 1, change 1" in checked.content.decode()
    assert send(desk, "import", text).status_code == 422
    assert "Look at it again" in send(desk, "import", text, confirmed="x").content.decode()
    assert Customer.objects.count() == 1
    every = b"".join(send(desk, "fates", text).streaming_content).decode("utf-8-sig")
    assert every.splitlines()[1:] == [f"2,{house.anna.number},{house.anna.number},changed,name,,", "3,N-1,,new,,,"]
    assert send(desk, "import", text, confirmed=report.fingerprint)["Location"] == "/customers/"
    assert Customer.objects.count() == 2


def test_the_page_names_refused_rows_and_offers_no_import(house, desk):
    answer = send(desk, "check", "reference,name,email\nA,One,one@\n")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "one@ is not an e-mail address." in text and 'value="import"' not in text
    assert desk.post("/customers/import/", {"action": "check"}).status_code == 422


def test_the_command_names_the_bad_row_and_leaves_with_an_error(house, tmp_path, capsys):
    file = tmp_path / "customers.csv"
    file.write_text("reference,name\nA,One\nA,Two\n")

    with pytest.raises(CommandError, match="Nothing was written: 1 of 2 rows are refused"):
        call_command("import_customers", str(file))

    assert "row 3, A: row 2 is of the same customer" in capsys.readouterr().err
    file.write_text("reference,name\nA,One\n")
    call_command("import_customers", str(file), "--dry-run")
    assert "1 would be new" in capsys.readouterr().out
    call_command("import_customers", str(file))
    assert Customer.objects.filter(external_reference="A").exists()
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_customers", str(tmp_path / "nothing.csv"))


# --- terms and credit limits are for who may agree on them ---


def test_terms_from_a_file_stand_in_the_timeline_and_only_who_may_brings_them(house):
    anna = house.anna
    text = f"number,name,terms_days,credit_limit\n{anna.number},Anna Feld,14,500\n"
    [refused] = bring(text, may_set_terms=False).fates
    assert (refused.fate, refused.reason) == ("refused", "you may not change terms_days or credit_limit: leave both columns out")
    assert check("reference,name,credit_limit\nR-1,New,1\n", may_set_terms=False).refused == 1
    assert check(f"number,name,terms_days\n{anna.number},Anna Feld,30\n", may_set_terms=False).changed == 1
    assert Customer.objects.get(pk=anna.pk).name == "Anna Field"

    bring(text)
    bring(text)

    changed = Customer.objects.get(pk=anna.pk)
    event = Event.objects.get(kind="customer.terms_changed")
    assert (changed.terms_days, changed.credit_limit, changed.terms_changed_at) == (14, D("500"), event.happened_at)
    assert (event.subject_id, event.data["before"], event.data["reason"]) == (anna.pk, {"terms_days": 30, "credit_limit": None}, "from a file")


def test_an_export_carries_terms_for_who_may_set_them_and_for_nobody_else(house):
    clerk = cast.person("cleo", "clerk")
    clerk.user_permissions.add(Permission.objects.get(codename="import_customers"))
    headers = []
    for person in (cast.person("mona", "manager"), clerk):
        browser = Client()
        browser.force_login(person)
        headers.append(browser.post("/customers/export/").getvalue().decode("utf-8-sig").splitlines()[0].split(","))
        page = browser.get("/customers/import/").content.decode()
        assert ("<code>credit_limit</code>" in page) is ("credit_limit" in headers[-1])
        file = SimpleUploadedFile("c.csv", f"number,terms_days\n{house.anna.number},1\n".encode())
        assert ("you may not change" in browser.post("/customers/import/", {"file": file}).content.decode()) is (person is clerk)

    assert [column for column in headers[0] if column not in headers[1]] == ["terms_days", "credit_limit"]


# --- contacts, consents, notes and ways to pay ---

AGREED = (
    "number,contact_name,contact_role,contact_phone,contact_email,pinned_note,payment_method,consent_email,consent_email_on,consent_email_source,"
    "consent_sms,consent_sms_on,consent_sms_source\n"
    "{number},Jo Dale,Buyer,0113 496 0007,jo@field.example,Ring twice,account,yes,2026-03-01,order form,no,2026-03-02,by telephone\n"
)


def test_a_file_brings_a_contact_a_note_what_they_agreed_to_and_how_they_pay(house, prove):
    anna, text = house.anna, AGREED.format(number=house.anna.number)
    [shown] = check(text).fates
    assert (shown.fate, shown.columns) == (
        "changed",
        ["payment_method", "contact_name", "contact_role", "contact_email", "contact_phone", "consent_email", "consent_sms", "pinned_note"],
    )
    assert not anna.contacts.exists() and not anna.notes.exists() and not anna.consents.exists()

    bring(text)
    before = everything()
    again = bring(text)

    assert (fates(again), everything()) == ([(2, "same")], before)
    assert list(anna.contacts.values_list("name", "role", "phone", "email")) == [("Jo Dale", "Buyer", "+441134960007", "jo@field.example")]
    note = anna.notes.get()
    assert (note.text, note.kind, note.is_pinned, note.author) == ("Ring twice", "note", True, MANAGER)
    said = consents_of(anna)
    assert [(said[channel].is_given, said[channel].given_on, said[channel].source, said[channel].noted_by) for channel in ("email", "sms")] == [
        (True, date(2026, 3, 1), "order form", MANAGER),
        (False, date(2026, 3, 2), "by telephone", MANAGER),
    ]
    assert Customer.objects.get(pk=anna.pk).payment_method == "account"
    assert [found.pk for found in find_customers("jo dale")] == [anna.pk]
    prove()


def test_a_new_customer_comes_with_them_too(house, prove):
    text = AGREED.replace("number,contact_name", "reference,name,contact_name").format(number="N-1,New Ltd")

    report = bring(text)

    new = Customer.objects.get(external_reference="N-1")
    assert (report.new, new.contacts.get().name, new.notes.get().text, new.payment_method) == (1, "Jo Dale", "Ring twice", "account")
    assert sorted(consents_of(new)) == ["email", "sms"]
    prove()


def test_the_contact_of_that_name_is_changed_and_an_empty_cell_leaves_what_is_there(house):
    contact = save_contact(house.anna.pk, ContactDraft("Jo  dale", "Buyer", phone="0113 496 0007", note="Mornings"), actor=MANAGER)

    report = bring(f"number,contact_name,contact_role,contact_email\n{house.anna.number},Jo Dale,,jo@field.example\n")

    assert report.fates[0].columns == ["contact_email"]
    assert list(house.anna.contacts.values_list("pk", "name", "role", "email", "phone", "note")) == [
        (contact.pk, "Jo  dale", "Buyer", "jo@field.example", "+441134960007", "Mornings")
    ]


def test_an_old_list_does_not_undo_what_they_said_since(house):
    today = timezone.localdate()
    note_consent(house.anna.pk, "email", is_given=False, source="by telephone", given_on=today - timedelta(days=2), actor=MANAGER)
    head = "number,consent_email,consent_email_on,consent_email_source\n"

    for day in (today - timedelta(days=30), today - timedelta(days=2)):
        [left] = bring(f"{head}{house.anna.number},yes,{day},old list\n").fates
        assert (left.fate, left.reason) == ("same", "consent_email: what is known is as late or later, and is left")
    assert not consents_of(house.anna)["email"].is_given
    bring(f"{head}{house.anna.number},yes,{today - timedelta(days=1)},web form\n")

    assert consents_of(house.anna)["email"].is_given
    assert house.anna.consents.count() == 2


def test_who_has_ways_to_pay_pays_by_the_one_in_the_file(house, prove):
    anna = house.anna
    first = add_payment_preference(anna.pk, "account", actor=MANAGER)
    card = add_payment_preference(anna.pk, "card", token="tok_1", label="Visa", actor=MANAGER)

    def pays():
        ways = PaymentPreference.objects.filter(customer=anna).order_by("id").values_list("method", "token", "is_default")
        return Customer.objects.get(pk=anna.pk).payment_method, list(ways)

    bring(f"number,payment_method\n{anna.number},card\n")
    assert pays() == ("card", [("account", "", False), ("card", "tok_1", True)])
    bring(f"number,payment_method\n{anna.number},cash\n")

    assert pays() == ("cash", [("account", "", False), ("card", "tok_1", False), ("cash", "", True)])
    assert {first.pk, card.pk} < set(anna.payment_preferences.values_list("pk", flat=True))
    prove()
