"""Who may open what: every address of the house × every role, so that a new address without a row here fails."""

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounting.models import Invoice
from oms.core.access import ROLES
from oms.core.models import Document, Message, Trouble, User
from orders.holding import place_hold
from shipping.models import Shipment
from tests import cast

ANYBODY = "anybody"
STAFF = "staff"
# url name → (method, path, permission)
PAGES = {
    "home": ("get", "/", "orders.view_order"),
    "line_now": ("get", "/line/", "orders.view_order"),
    "line_changes": ("get", "/line/changes", ANYBODY),
    "trouble": ("get", "/trouble/", "core.view_trouble"),
    "retry_trouble": ("post", "/trouble/{trouble}/retry", "core.retry_trouble"),
    "messages": ("get", "/messages/", "core.view_message"),
    "message": ("get", "/messages/{message}/", "core.view_message"),
    "document": ("get", "/documents/{document}/", STAFF),
    "counter": ("get", "/counter/", "orders.place_order"),
    "till": ("get", "/counter/9999/", "orders.place_order"),
    "open_drawer": ("post", "/counter/9999/open", "orders.place_order"),
    "drawer": ("get", "/counter/9999/drawer/", "orders.place_order"),
    "move_cash": ("post", "/counter/9999/drawer/cash", "orders.place_order"),
    "drawers": ("get", "/counter/drawers/", "accounting.view_drawersession"),
    "counted_drawer": ("get", "/counter/drawers/9999/", "accounting.view_drawersession"),
    "count_drawer": ("get", "/counter/drawers/9999/count", "orders.place_order"),
    "receipt": ("get", "/counter/sales/SO-9999/", "orders.place_order"),
    "receipt_pdf": ("get", "/counter/sales/SO-9999/receipt.pdf", "orders.place_order"),
    "orders": ("get", "/orders/", "orders.view_order"),
    "order": ("get", "/orders/{order}/", "orders.view_order"),
    "order_line": ("get", "/orders/{order}/lines/1/", "orders.view_order"),
    "phone": ("get", "/orders/phone/", "orders.place_order"),
    "phone_customers": ("get", "/orders/phone/customers?q=an", "orders.place_order"),
    "phone_skus": ("get", "/orders/phone/skus?q=mu", "orders.place_order"),
    "drafts": ("get", "/orders/phone/drafts", "orders.place_order"),
    "draft": ("get", "/orders/phone/{draft}/", "orders.place_order"),
    "change_draft": ("post", "/orders/phone/{draft}/change", "orders.place_order"),
    "save_draft": ("post", "/orders/phone/{draft}/save", "orders.place_order"),
    "park_draft": ("post", "/orders/phone/{draft}/park", "orders.place_order"),
    "quote_draft": ("post", "/orders/phone/{draft}/quote", "orders.place_order"),
    "lose_draft": ("post", "/orders/phone/{draft}/lose", "orders.place_order"),
    "read_back": ("post", "/orders/phone/{draft}/read-back", "orders.place_order"),
    "take_draft": ("post", "/orders/phone/{draft}/take", "orders.place_order"),
    "leave_draft": ("post", "/orders/phone/{draft}/leave", "orders.place_order"),
    "draft_now": ("get", "/orders/phone/{draft}/now", "orders.place_order"),
    "cancel_order": ("post", "/orders/{order}/cancel", "orders.cancel_order"),
    "hold_order": ("post", "/orders/{order}/hold", "orders.hold_order"),
    "release_hold": ("post", "/orders/holds/{hold}/release", "orders.hold_order"),
    "customers": ("get", "/customers/", "customers.view_customer"),
    "customer": ("get", "/customers/{customer}/", "customers.view_customer"),
    "new_customer": ("get", "/customers/new/", "customers.add_customer"),
    "edit_customer": ("get", "/customers/{customer}/edit/", "customers.change_customer"),
    "stock": ("get", "/stock/", "inventory.view_stocklevel"),
    "sku": ("get", "/stock/MUG/", "inventory.view_stocklevel"),
    "low_stock": ("get", "/stock/low/", "inventory.view_stocklevel"),
    "propose_low": ("post", "/stock/low/propose", "inventory.approve_purchase"),
    "import_skus": ("get", "/stock/import/", "inventory.add_sku"),
    "sku_import": ("get", "/stock/import/9999/", "inventory.add_sku"),
    "import_checked": ("post", "/stock/import/9999/import", "inventory.add_sku"),
    "kit": ("get", "/stock/MUG/kit", "inventory.change_sku"),
    "check_kit": ("post", "/stock/MUG/kit/check", "inventory.change_sku"),
    "export_movements": ("get", "/stock/MUG/movements.csv", "inventory.view_stocklevel"),
    "export_stock": ("get", "/stock/export.csv", "inventory.view_stocklevel"),
    "export_stock_workbook": ("get", "/stock/export.xlsx", "inventory.view_stocklevel"),
    "explain": ("get", "/stock/MUG/explain/free", "inventory.view_stocklevel"),
    "adjust_stock": ("post", "/stock/MUG/adjust", "inventory.adjust_stock"),
    "quotations": ("get", "/orders/quotations/", "orders.view_order"),
    "quotation": ("get", "/orders/quotations/QU-9999/", "orders.view_order"),
    "withdraw_quotation": ("post", "/orders/quotations/QU-9999/withdraw", "orders.place_order"),
    "standing_orders": ("get", "/orders/standing/", "orders.view_order"),
    "new_standing_order": ("get", "/orders/standing/new", "orders.place_order"),
    "standing_order": ("get", "/orders/standing/ST-9999/", "orders.view_order"),
    "edit_standing_order": ("get", "/orders/standing/ST-9999/edit", "orders.place_order"),
    "act_on_standing_order": ("post", "/orders/standing/ST-9999/pause", "orders.place_order"),
    "prices": ("get", "/orders/prices/?lines=2+MUG", "orders.view_order"),
    "promotion": ("get", "/orders/prices/promotions/9999/", "orders.view_order"),
    "change_promotion": ("post", "/orders/prices/promotions/9999/change", "orders.change_promotion"),
    "lost_sales": ("get", "/orders/lost/", "orders.view_order"),
    "lost_calls": ("get", "/orders/lost/calls/", "orders.view_order"),
    "export_lost": ("get", "/orders/lost/export.csv", "orders.view_order"),
    "export_lost_workbook": ("get", "/orders/lost/export.xlsx", "orders.view_order"),
    "screening": ("get", "/orders/screening/", "orders.view_order"),
    "change_screening": ("post", "/orders/screening/rules", "orders.change_screeningrule"),
    "change_terms": ("post", "/customers/{customer}/terms", "customers.set_terms"),
    "add_customer_part": ("post", "/customers/C-9999/note/add", "customers.change_customer"),
    "act_on_customer_part": ("post", "/customers/C-9999/note/9999/pin", "customers.change_customer"),
    "customer_part_numbers": ("get", "/customers/{customer}/part-numbers/", "customers.view_customer"),
    "add_part_number": ("post", "/customers/{customer}/part-numbers/add", "customers.change_customer"),
    "change_part_number": ("post", "/customers/C-9999/part-numbers/9999/change", "customers.change_customer"),
    "remove_part_number": ("post", "/customers/C-9999/part-numbers/9999/remove", "customers.change_customer"),
    "erase_customer": ("get", "/customers/C-9999/erase/", "customers.erase_customer"),
    "duplicates": ("get", "/customers/duplicates/", "customers.merge_customers"),
    "merge_customers": ("get", "/customers/duplicates/merge?kept=C-9998&gone=C-9999", "customers.merge_customers"),
    "part_customers": ("post", "/customers/duplicates/9999/undo", "customers.merge_customers"),
    "keep_apart": ("post", "/customers/duplicates/apart", "customers.merge_customers"),
    "import_customers": ("get", "/customers/import/", "customers.import_customers"),
    "export_customers": ("post", "/customers/export/", "customers.import_customers"),
    "blocklist": ("get", "/customers/blocklist/", "customers.view_customer"),
    "lift_block": ("post", "/customers/blocklist/9999/lift", "customers.keep_blocklist"),
    "sourcing": ("get", "/sourcing/", "inventory.view_stocklevel"),
    "edit_sourcing": ("post", "/sourcing/edit", "inventory.change_sourcingrule"),
    "change_sourcing": ("post", "/sourcing/rules", "inventory.change_sourcingrule"),
    "simulate_sourcing": ("post", "/sourcing/simulations/", "inventory.change_sourcingrule"),
    "simulation": ("get", "/sourcing/simulations/9999/", "inventory.view_stocklevel"),
    "apply_simulation": ("post", "/sourcing/simulations/9999/apply", "inventory.change_sourcingrule"),
    "set_capacity": ("post", "/sourcing/warehouses/9999/capacity", "inventory.change_warehouse"),
    "swap": ("get", "/orders/{order}/swap?line=1", "orders.swap_stock"),
    "swap_with": ("get", "/orders/{order}/swap/SO-9999?line=1&with=1&units=1", "orders.swap_stock"),
    "apply_swap": ("post", "/orders/{order}/swap/SO-9999/apply", "orders.swap_stock"),
    "set_priority": ("post", "/orders/{order}/priority", "orders.set_priority"),
    "correct_cost": ("post", "/stock/MUG/cost", "inventory.correct_cost"),
    "transfers": ("get", "/transfers/", "inventory.view_stocklevel"),
    "new_transfer": ("get", "/transfers/new/", "inventory.transfer_stock"),
    "transfer": ("get", "/transfers/TR-9999/", "inventory.view_stocklevel"),
    "change_transfer": ("post", "/transfers/TR-9999/lines", "inventory.transfer_stock"),
    "send_transfer": ("post", "/transfers/TR-9999/send", "inventory.transfer_stock"),
    "receive_transfer": ("post", "/transfers/TR-9999/receive", "inventory.transfer_stock"),
    "lose_transfer": ("post", "/transfers/TR-9999/lose", "inventory.transfer_stock"),
    "expect_transfer": ("post", "/transfers/TR-9999/expect", "inventory.transfer_stock"),
    "cancel_transfer": ("post", "/transfers/TR-9999/cancel", "inventory.transfer_stock"),
    "counts": ("get", "/counts/", "inventory.view_stocklevel"),
    "open_count": ("post", "/counts/open", "inventory.adjust_stock"),
    "count": ("get", "/counts/CT-9999/", "inventory.view_stocklevel"),
    "enter_count": ("post", "/counts/CT-9999/enter", "inventory.adjust_stock"),
    "review_count": ("get", "/counts/CT-9999/review/", "inventory.adjust_stock"),
    "cancel_count": ("post", "/counts/CT-9999/cancel", "inventory.adjust_stock"),
    "post_count": ("post", "/counts/CT-9999/post", "inventory.adjust_stock"),
    "shortfalls": ("get", "/shortfalls/", "orders.view_order"),
    "settle_shortfall": ("post", "/shortfalls/9999/settle", "inventory.settle_shortfall"),
    "purchasing": ("get", "/purchasing/", "inventory.view_purchaseorder"),
    "needs": ("get", "/purchasing/needs/", "inventory.view_purchaseorder"),
    "add_needs": ("post", "/purchasing/needs/add", "inventory.approve_purchase"),
    "change_need": ("post", "/purchasing/needs/9", "inventory.approve_purchase"),
    "purchase_orders": ("get", "/purchasing/orders/", "inventory.view_purchaseorder"),
    "new_purchase_order": ("get", "/purchasing/new/", "inventory.approve_purchase"),
    "approve_purchase_order": ("post", "/purchasing/PO-9999/approve", "inventory.approve_purchase"),
    "acknowledge_purchase_order": ("post", "/purchasing/PO-9999/acknowledge", "inventory.approve_purchase"),
    "change_purchase_order": ("post", "/purchasing/PO-9999/change", "inventory.approve_purchase"),
    "cancel_purchase_order": ("post", "/purchasing/PO-9999/cancel", "inventory.approve_purchase"),
    "close_purchase_order": ("post", "/purchasing/PO-9999/close", "inventory.approve_purchase"),
    "vendors": ("get", "/vendors/", "inventory.view_purchaseorder"),
    "vendor": ("get", "/vendors/V-9999/", "inventory.view_purchaseorder"),
    "rules": ("get", "/purchasing/rules/", "inventory.view_purchaseorder"),
    "rule": ("get", "/purchasing/rules/9/", "inventory.view_purchaseorder"),
    "new_rule": ("get", "/purchasing/rules/new/", "inventory.add_reorderrule"),
    "decide_needs": ("post", "/purchasing/decide", "inventory.approve_purchase"),
    "purchase_order": ("get", "/purchasing/PO-9999/", "inventory.view_purchaseorder"),
    "receive_goods": ("post", "/purchasing/PO-9999/receive", "inventory.receive_goods"),
    "add_landed_cost": ("post", "/purchasing/PO-9999/landed-costs", "inventory.add_landedcost"),
    "receiving": ("get", "/receiving/", "inventory.receive_goods"),
    "receiving_sheet": ("get", "/receiving/PO-9999/", "inventory.receive_goods"),
    "scan_goods": ("post", "/receiving/PO-9999/scan", "inventory.receive_goods"),
    "set_count": ("post", "/receiving/PO-9999/set", "inventory.receive_goods"),
    "count_all": ("post", "/receiving/PO-9999/all", "inventory.receive_goods"),
    "undo_scan": ("post", "/receiving/PO-9999/undo", "inventory.receive_goods"),
    "start_over": ("post", "/receiving/PO-9999/start-over", "inventory.receive_goods"),
    "confirm_receipt": ("post", "/receiving/PO-9999/confirm", "inventory.receive_goods"),
    "take_receipt_back": ("post", "/receiving/receipts/9999/take-back", "inventory.receive_goods"),
    "cross_dock": ("get", "/receiving/receipts/9999/", "inventory.view_purchaseorder"),
    "shipments": ("get", "/shipments/", "shipping.view_shipment"),
    "shipment": ("get", "/shipments/{shipment}/", "shipping.view_shipment"),
    "pick": ("post", "/shipments/pick", "shipping.fulfil_shipment"),
    "pack": ("post", "/shipments/{shipment}/pack", "shipping.fulfil_shipment"),
    "choose_carrier": ("post", "/shipments/{shipment}/carrier", "shipping.fulfil_shipment"),
    "dispatch": ("post", "/shipments/{shipment}/dispatch", "shipping.dispatch_shipment"),
    "delivered": ("post", "/shipments/{shipment}/delivered", "shipping.dispatch_shipment"),
    "order_drop_shipment": ("post", "/orders/{order}/drop-ship", "inventory.approve_purchase"),
    "confirm_drop_shipment": ("post", "/purchasing/PO-9999/shipped", "shipping.dispatch_shipment"),
    "packing_slip": ("get", "/shipments/SH-9999/packing-slip", "shipping.view_shipment"),
    "sandbox_webhook": ("post", "/shipping/webhooks/sandbox/", ANYBODY),
    "invoices": ("get", "/invoices/", "accounting.view_invoice"),
    "invoice": ("get", "/invoices/{invoice}/", "accounting.view_invoice"),
    "pay": ("post", "/orders/{order}/pay", "accounting.record_payment"),
    "online_payments": ("get", "/payments/online/", "accounting.view_invoice"),
    "see_to_payment": ("post", "/payments/online/9999/seen", "accounting.record_payment"),
    "sandbox_gateway_webhook": ("post", "/payments/webhooks/sandbox/", ANYBODY),
    "bills": ("get", "/bills/", "accounting.view_vendorbill"),
    "unbilled": ("get", "/bills/unbilled/", "accounting.view_vendorbill"),
    "bill": ("get", "/bills/VB-9999/", "accounting.view_vendorbill"),
    "release_bill": ("post", "/bills/VB-9999/release", "accounting.release_bill"),
    "reject_bill": ("post", "/bills/VB-9999/reject", "accounting.release_bill"),
    "credit_bill": ("post", "/bills/VB-9999/credit", "accounting.release_bill"),
    "enter_bill": ("get", "/purchasing/PO-9999/bill", "accounting.enter_bill"),
    "ledger": ("get", "/ledger/", "accounting.view_ledger"),
    "entries": ("get", "/ledger/entries/", "accounting.view_ledger"),
    "account": ("get", "/ledger/accounts/1100/", "accounting.view_ledger"),
    "public_order": ("get", "/o/{token}/", ANYBODY),
    "pay_public_order": ("post", "/o/{token}/pay", ANYBODY),
    "paid_public_order": ("get", "/o/{token}/paid", ANYBODY),
    "public_quotation": ("get", "/q/{token}/", ANYBODY),
    "answer_quotation": ("post", "/q/{token}/answer", ANYBODY),
    "public_invoice": ("get", "/o/{token}/INV-1.pdf", ANYBODY),
    "login": ("get", "/login/", ANYBODY),
    "logout": ("post", "/logout/", ANYBODY),
    "set_language": ("post", "/i18n/setlang/", STAFF),
    "healthz": ("get", "/healthz", ANYBODY),
    "readyz": ("get", "/readyz", ANYBODY),
}


def addresses(patterns=None):
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin" and not str(pattern.pattern).startswith("api"):
                yield from addresses(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield pattern.name


@pytest.fixture
def places(house):
    order = house.place(("MUG", 2))
    cast.run_line("screen", "reserve", "invoice", "plan")
    hold = place_hold(order.pk, reason="test", actor="user:test")
    trouble = Trouble.objects.create(station="book", subject_id=1, label="x", error="x", last_at=order.placed_at, due_at=order.placed_at)
    document = Document.objects.create(kind="label", name="x.pdf", content=b"x", sha256="0" * 64)
    return {
        "order": order.number,
        "hold": hold.pk,
        "trouble": trouble.pk,
        "document": document.pk,
        "message": Message.objects.first().pk,
        "customer": house.anna.number,
        "draft": "00000000-0000-0000-0000-000000000007",
        "shipment": Shipment.objects.get().number,
        "invoice": Invoice.objects.get().number,
        "token": order.public_token,
    }


def test_every_address_has_a_row():
    assert set(addresses()) == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_each_address_opens_for_who_may_and_for_nobody_else(places, name):
    method, path, permission = PAGES[name]
    path = path.format(**places)

    stranger = getattr(Client(), method)(path)
    if permission == ANYBODY:
        assert stranger.status_code != 302 or "/login" not in stranger["Location"] or name == "logout"
        return
    assert (stranger.status_code, stranger["Location"].partition("?")[0]) == (302, "/login/")
    for role, granted in ROLES.items():
        client = Client()
        client.force_login(cast.person(f"{role}-x", role))
        answer = getattr(client, method)(path)
        if permission == STAFF or permission in granted:
            assert answer.status_code not in (403, 500), (role, answer.status_code)
        else:
            assert answer.status_code == 403, (role, answer.status_code)


def test_the_admin_lets_managers_keep_reference_data_and_nothing_else(places):
    manager = cast.person("boss", "manager")
    manager.is_staff = True
    manager.save()
    client = Client()
    client.force_login(manager)

    assert client.get("/admin/inventory/sku/").status_code == 200
    for path in ("core/user", "orders/order", "accounting/invoice", "inventory/stocklevel"):
        assert client.post(f"/admin/{path}/add/", {}).status_code == 403
    assert client.get("/admin/core/user/").status_code == 403


def test_not_even_an_administrator_changes_states_money_or_stock_in_the_admin(places):
    User.objects.create_superuser("root", password="x")
    client = Client()
    client.force_login(User.objects.get(username="root"))
    for path in (
        "orders/order",
        "accounting/invoice",
        "accounting/journalentry",
        "accounting/payment",
        "inventory/stocklevel",
        "inventory/stockmovement",
        "shipping/shipment",
        "core/event",
    ):
        assert client.get(f"/admin/{path}/").status_code == 200, path
        assert client.get(f"/admin/{path}/add/").status_code == 403, path
        assert client.post(f"/admin/{path}/1/delete/", {"post": "yes"}).status_code in (403, 302, 404), path
    for model in (
        "customers/customer",
        "inventory/sku",
        "inventory/warehouse",
        "shipping/carrier",
        "orders/taxzone",
        "accounting/account",
        "customers/apikey",
        "core/user",
    ):
        assert client.get(f"/admin/{model}/").status_code == 200, model
        assert client.get(f"/admin/{model}/add/").status_code == 200, model


def test_an_api_key_is_shown_once_and_kept_as_a_hash(places, house):
    from customers.models import ApiKey

    User.objects.create_superuser("root", password="x")
    client = Client()
    client.force_login(User.objects.get(username="root"))
    answer = client.post("/admin/customers/apikey/add/", {"channel": house.web.pk, "name": "shop", "scopes": '["orders:read"]'}, follow=True)

    key = ApiKey.objects.get(name="shop")
    assert f"tl_{key.prefix}_" in answer.content.decode()
    assert f"tl_{key.prefix}_" not in client.get("/admin/customers/apikey/").content.decode()
    assert len(key.sha256) == 64
