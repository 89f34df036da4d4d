"""The house that stock is measured in: any number of SKUs in five warehouses, with their history, all made by the database itself.

Every hundredth SKU is a kit of two others, the first EMPTY have a history and no stock, a tenth are on order. All others lie in every warehouse,
a twentieth of them so low in Leeds that they are to be bought. Movements lie in the table as they would after a year: in the order of
time, those of a SKU far from one another. What is on hand, its worth and the ledger are the sums of the movements: `check_invariants` passes.
"""

import random
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from accounting.models import Account, JournalEntry, JournalLine
from bench import house
from bench.loading import bulk_load, execute, fill, one
from inventory.models import (
    KitComponent,
    Lane,
    Price,
    PurchaseOrder,
    PurchaseOrderLine,
    Receipt,
    ReceiptLine,
    ReorderRule,
    Sku,
    SourcingRule,
    StockLevel,
    StockMovement,
    Vendor,
    VendorItem,
    VendorPrice,
    Warehouse,
)
from orders.placing import LineDraft, OrderDraft

# Five of them are no kits and out of sale: 500 are left to wait for.
EMPTY = 505
KIT_EVERY = 100
COMING_EVERY = 10
LEARNED_EVERY = 10
LINES_A_PURCHASE = 100
VENDORS = 50
PLACES = [("leeds", "GB", 0), ("ghent", "BE", 560), ("berlin", "DE", 1090), ("lyon", "FR", 1180), ("madrid", "ES", 1780)]


def build(skus: int, movements: int) -> None:
    """Build the house in an empty database that is set up. At least five movements for every SKU and warehouse."""
    _places()
    house.people()
    with bulk_load(StockMovement):
        _catalogue(skus)
        _vendors(skus)
        _history(skus, rounds=max(movements // (skus * len(PLACES)), 5))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def code_of(number: int) -> str:
    return f"S{number:06d}"


def stocked(skus: int, dice: random.Random, count: int) -> list[str]:
    """Draw codes of SKUs that are not empty. Kits are among them, as often as they are in the house."""
    return [code_of(number) for number in dice.sample(range(EMPTY + 1, skus + 1), count)]


def drafts(codes: Sequence[Sequence[str]], dice: random.Random) -> list[OrderDraft]:
    """Word an order for each list of codes, one line each."""
    web = house.web()
    customers = house.customer_ids()
    return [
        OrderDraft(channel=web, customer_id=dice.choice(customers), lines=[LineDraft(code, dice.randint(1, 3)) for code in some]) for some in codes
    ]


def _places() -> None:
    for rank, (code, country, _km) in enumerate(PLACES):
        # A capacity nobody reaches: it is counted all the same.
        Warehouse.objects.create(code=code, name=code.title(), country=country, rank=rank, daily_capacity=None if rank else 100_000)
    for place in Warehouse.objects.stocking():
        own = next(km for code, _, km in PLACES if code == place.code)
        lanes = [(country, "", abs(own - km)) for _, country, km in PLACES] + [("GB", prefix, own + 40) for prefix in ("LS", "M", "B", "SW", "G")]
        Lane.objects.bulk_create(
            Lane(
                warehouse=place,
                country=country,
                postcode_prefix=prefix,
                km=km + 20,
                cost=Decimal(km) / 100 + 4,
                transit_days=1 + km // 500,
            )
            for country, prefix, km in lanes
        )
    policies = ("serves", "capacity", "promise", "distance")
    SourcingRule.objects.all().delete()
    SourcingRule.objects.bulk_create(SourcingRule(position=10 * i, policy=policy) for i, policy in enumerate(policies))
    SourcingRule.objects.create(position=50, policy="split_value", amount=Decimal("1.00"))


def _catalogue(skus: int) -> None:
    fill(
        Sku,
        f"generate_series(1, {skus}) AS i",
        id="i",
        code="'S' || lpad(i::text, 6, '0')",
        name="(ARRAY['Oak','Steel','Glass','Linen','Brass','Cork'])[1 + i % 6] || ' ' ||"
        " (ARRAY['shelf','lamp','bowl','chair','hook','tray','frame'])[1 + i % 7] || ' ' || i",
        weight_grams="50 + i % 4000",
        cost="round((1 + (i * 37) % 5000 / 100.0)::numeric, 2)",
        abc_class="CASE WHEN i % 10 < 1 THEN 'A' WHEN i % 10 < 4 THEN 'B' ELSE 'C' END",
        is_kit=f"i % {KIT_EVERY} = 0",
    )
    fill(
        KitComponent,
        f"inventory_sku sku CROSS JOIN generate_series(1, 2) AS part WHERE sku.is_kit AND sku.id > {EMPTY}",
        kit_id="sku.id",
        component_id="sku.id - part",
        units="part",
    )
    execute(f"UPDATE inventory_sku SET is_kit = false, is_active = false WHERE is_kit AND id <= {EMPTY}")
    fill(Price, "inventory_sku sku", sku_id="sku.id", unit_price="round(sku.cost * 2.2, 2)", valid_on="NULL")


def _vendors(skus: int) -> None:
    Vendor.objects.bulk_create(
        Vendor(name=f"Vendor {i}", email=f"orders@vendor-{i}.example", lead_time_days=5 + i % 20, minimum_order=100) for i in range(VENDORS)
    )
    first = Vendor.objects.order_by("pk").values_list("pk", flat=True)[0]
    vendor = f"{first} + (sku.id / {LINES_A_PURCHASE}) % {VENDORS}"
    fill(VendorItem, "inventory_sku sku WHERE NOT sku.is_kit", vendor_id=vendor, sku_id="sku.id", pack_size="1 + sku.id % 2 * 5", is_preferred="true")
    fill(
        VendorPrice,
        "inventory_vendoritem item JOIN inventory_sku sku ON sku.id = item.sku_id CROSS JOIN (VALUES (1, 1.0), (100, 0.9)) AS break(units, part)",
        item_id="item.id",
        from_quantity="break.units",
        unit_price="round(sku.cost * break.part, 2)",
    )


def _history(skus: int, *, rounds: int) -> None:
    """Write the movements, round by round over all places in a scattered order, and what follows from them."""
    places = skus * len(PLACES)
    first = Warehouse.objects.stocking().order_by("pk").values_list("pk", flat=True)[0]
    leeds = Warehouse.objects.get(code="leeds").pk
    purchase = f"1 + sku.id / {LINES_A_PURCHASE}"
    fill(
        StockMovement,
        f"generate_series(0, {places * rounds - 1}::bigint) AS g"
        f" CROSS JOIN LATERAL (SELECT g / {places} AS round, (g * 7919) % {places} AS place) AS at"
        f" JOIN inventory_sku sku ON sku.id = 1 + at.place / {len(PLACES)} AND NOT sku.is_kit"
        " CROSS JOIN LATERAL (SELECT CASE"
        f" WHEN sku.id <= {EMPTY} THEN CASE WHEN at.round % 2 = 0 THEN 50 ELSE -50 END"
        " WHEN at.round = 0 THEN 100 + sku.id % 200 WHEN at.round % 4 = 0 THEN 60 ELSE -1 - (sku.id + at.round) % 20 END AS units) AS of"
        f" WHERE sku.id > {EMPTY} OR at.round < {rounds // 2 * 2} ORDER BY g",
        sku_id="sku.id",
        warehouse_id=f"{first} + at.place % {len(PLACES)}",
        kind="CASE WHEN at.round = 0 THEN 'opening' WHEN of.units > 0 THEN 'receipt' ELSE 'issue' END",
        quantity="of.units",
        value="of.units * sku.cost",
        cause=f"CASE WHEN at.round = 4 AND at.place % {len(PLACES)} = {leeds - first} AND of.units > 0 THEN 'receipt' ELSE 'history' END",
        cause_id=f"CASE WHEN at.round = 4 AND at.place % {len(PLACES)} = {leeds - first} AND of.units > 0 THEN {purchase} ELSE g END",
        actor="'bench'",
        effective_on=f"current_date - 365 + (g * 365 / {places * rounds})::int",
        moved_at=f"now() - interval '365 days' * (1 - g::float / {places * rounds})",
    )
    fill(
        StockLevel,
        "inventory_stockmovement movement GROUP BY movement.sku_id, movement.warehouse_id",
        sku_id="movement.sku_id",
        warehouse_id="movement.warehouse_id",
        on_hand="sum(movement.quantity)",
        value="sum(movement.value)",
    )
    # The database itself keeps what a rule says on its stock level, and has the SKU looked at.
    execute("SET session_replication_role = origin")
    fill(
        ReorderRule,
        "inventory_stocklevel level JOIN inventory_vendoritem item ON item.sku_id = level.sku_id"
        f" CROSS JOIN LATERAL (SELECT CASE WHEN level.sku_id % 20 = 0 THEN level.on_hand + 10 ELSE level.on_hand / 2 - 1 END AS units) AS low"
        f" WHERE level.warehouse_id = {leeds} AND level.sku_id > {EMPTY}",
        sku_id="level.sku_id",
        warehouse_id="level.warehouse_id",
        vendor_id="item.vendor_id",
        point="low.units",
        target="low.units + 60",
        is_learned=f"level.sku_id % {LEARNED_EVERY} = 7",
    )
    execute("SET session_replication_role = replica")
    _purchases(skus, leeds)
    _ledger()


def _purchases(skus: int, leeds: int) -> None:
    """Write the purchase that brought in every SKU once, received in one go, and those that are still on their way."""
    first = Vendor.objects.order_by("pk").values_list("pk", flat=True)[0]
    past = "(SELECT cause_id AS number, count(*) FROM inventory_stockmovement WHERE cause = 'receipt' GROUP BY cause_id ORDER BY cause_id) AS past"
    order = {
        "vendor_id": f"{first} + (number - 1) % {VENDORS}",
        "warehouse_id": str(leeds),
        "created_by": "'bench'",
        # Their vendor has them already.
        "documented_revision": "1",
    }
    fill(
        PurchaseOrder,
        past,
        **order,
        id="number",
        state="'received'",
        created_at="now() - interval '90 days'",
        sent_at="now() - interval '90 days'",
        expected_on="current_date - 80",
    )
    fill(
        PurchaseOrderLine,
        "inventory_stockmovement movement JOIN inventory_sku sku ON sku.id = movement.sku_id WHERE movement.cause = 'receipt' ORDER BY sku.id",
        order_id="movement.cause_id",
        sku_id="sku.id",
        quantity="movement.quantity",
        received="movement.quantity",
        unit_cost="sku.cost",
    )
    fill(
        Receipt,
        past,
        id="number",
        order_id="number",
        key="'history ' || number",
        received_at="now() - interval '90 days' + make_interval(days => (5 + number % 20)::int, hours => (number % 70)::int)",
        actor="'bench'",
    )
    fill(
        ReceiptLine,
        "inventory_purchaseorderline line",
        receipt_id="line.order_id",
        line_id="line.id",
        quantity="line.received",
        value="line.received * line.unit_cost",
    )
    # The next rows take the keys that follow.
    for model in (Sku, PurchaseOrder, Receipt):
        table = model._meta.db_table
        execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
    base = PurchaseOrder.objects.order_by("-pk").values_list("pk", flat=True)[0]
    a_purchase = LINES_A_PURCHASE * COMING_EVERY
    coming = f"generate_series({base + 1}, {base + 1 + skus // a_purchase}) AS number"
    fill(
        PurchaseOrder,
        coming,
        **order,
        id="number",
        state="'sent'",
        created_at="now() - interval '3 days'",
        sent_at="now() - interval '3 days'",
        expected_on="current_date + 1 + (number % 30)::int",
    )
    fill(
        PurchaseOrderLine,
        f"inventory_sku sku WHERE sku.id % {COMING_EVERY} = 3",
        order_id=f"{base + 1} + sku.id / {a_purchase}",
        sku_id="sku.id",
        quantity="50",
        unit_cost="sku.cost",
    )
    execute("SELECT setval(pg_get_serial_sequence('inventory_purchaseorder', 'id'), (SELECT max(id) FROM inventory_purchaseorder))")


def _ledger() -> None:
    """Book what stock is worth, and what came and nobody has sent a bill for, in one entry."""
    stock = one("SELECT coalesce(sum(value), 0) FROM inventory_stocklevel")
    came = one("SELECT coalesce(sum(value), 0) FROM inventory_receiptline")
    entry = JournalEntry.objects.create(
        source="history", source_id=0, event="opening", posted_on=timezone.localdate(), currency="GBP", memo="History", actor="bench",
        created_at=timezone.now() - timedelta(days=1),
    )  # fmt: skip
    for role, amount in (("inventory", stock), ("goods_received_not_invoiced", -came), ("opening_balance", came - stock)):
        if amount:
            account = Account.objects.get(role=role)
            debit, credit = max(amount, Decimal(0)), max(-amount, Decimal(0))
            JournalLine.objects.create(entry=entry, account=account, debit=debit, credit=credit, books_debit=debit, books_credit=credit)
