"""Who is calling, among a million: each way to look somebody up while it is being typed, beside the leanest look-up there is, one row by its key."""

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from django.db import connection

CUSTOMERS = 1_000_000
CALLS = 300
FIRST = 500
LAST = 20_000
_SYLLABLES = [
    "ar",
    "ben",
    "cal",
    "dor",
    "el",
    "fen",
    "gar",
    "hol",
    "is",
    "jen",
    "kor",
    "lin",
    "mar",
    "nor",
    "os",
    "pel",
    "ros",
    "sten",
    "tor",
    "wick",
]

# Squares of a random number favour the first of each list: some names are everywhere, most are rare.
_PEOPLE = """
    INSERT INTO customers_customer (id, kind, name, email, phone, language, external_reference, vat_number, tags, note, is_blocked, is_do_not_call,
        preferred_carrier, delivery_window, tax_exemption, currency, payment_method, invoice_policy, ship_policy, terms_days, accepts_part_deliveries,
        open_balance, orders_count, orders_total, last_order_at, created_at)
    SELECT n, CASE WHEN n %% 5 = 0 THEN 'company' ELSE 'person' END,
        CASE WHEN n %% 5 = 0 THEN initcap(last) || ' ' || (ARRAY['Trading', 'Gifts', 'Supplies', 'Stores', 'Foods'])[1 + n %% 5] || ' Ltd'
            ELSE initcap(first) || ' ' || initcap(last) END,
        first || '.' || last || n || '@mail.example', '+44' || (1000000000 + (n::bigint * 7919) %% 900000000), 'en', '', '', '[]', '', false, false,
        '', '', '', 'GBP', 'card', '', '', 30, true, 0, 0, 0, now() - random() * interval '900 days', now()
    FROM (
        SELECT n, (%s::text[])[1 + floor(random() ^ 2 * %s)::int] AS first, (%s::text[])[1 + floor(random() ^ 2 * %s)::int] AS last
        FROM generate_series(1, %s) AS n
    ) people
"""
_PLACES = """
    INSERT INTO customers_address (customer_id, name, lines, city, region, postcode, country, is_billing, is_delivery)
    SELECT n, '', n || ' High Street', 'Leeds', '', (ARRAY['LS', 'M', 'HU', 'YO', 'S', 'B', 'SW', 'EC', 'CF', 'EH'])[1 + n %% 10]
        || (1 + n %% 40) || ' ' || (n / 40 %% 10) || chr(65 + n / 400 %% 26) || chr(65 + n / 10400 %% 26), 'GB', true, true
    FROM generate_series(1, %s) AS n
"""


def build(count: int) -> None:
    """Register `count` customers at once, with one address each, and make their search keys as the triggers would have."""
    dice = random.Random(1)
    firsts, lasts = made_up(dice, FIRST, 2), made_up(dice, LAST, 3)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(_PEOPLE, [firsts, len(firsts), lasts, len(lasts), count])
        cursor.execute(_PLACES, [count])
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("SELECT setval(pg_get_serial_sequence('customers_customer', 'id'), %s)", [count])
        for start in range(0, count, 50_000):
            cursor.execute(
                "SELECT customers_keep_keys(array_agg(n)) FROM generate_series(%s::bigint, %s) AS n", [start + 1, min(start + 50_000, count)]
            )
        cursor.execute("VACUUM ANALYZE customers_customer, customers_address, customers_searchkey, customers_nameword")


def measure(count: int = CUSTOMERS) -> dict[str, Any]:
    """Give p50 and p95 in milliseconds of each way to look somebody up."""
    from customers.looking_up import find_customers
    from oms.core.reading import read

    dice = random.Random(2)
    rows = read("SELECT id, name, email, phone FROM customers_customer WHERE id = ANY(%s)", [[dice.randint(1, count) for _ in range(CALLS * 2)]])
    codes = read("SELECT postcode FROM customers_address WHERE customer_id = ANY(%s)", [[row[0] for row in rows]])
    ways: dict[str, Callable[[int], Any]] = {
        "floor: one row by its key": lambda i: read("SELECT * FROM customers_customer WHERE id = %s", [rows[i][0]]),
        "digits, the first five": lambda i: find_customers("0" + rows[i][3][3:8]),
        "digits, all": lambda i: find_customers(rows[i][3]),
        "digits, the last five": lambda i: find_customers(rows[i][3][-5:]),
        "name, three letters": lambda i: find_customers(rows[i][1][:3]),
        "name, whole": lambda i: find_customers(rows[i][1]),
        "name, two letters swapped": lambda i: find_customers(swapped(rows[i][1])),
        "name, a letter missing": lambda i: find_customers(rows[i][1][:2] + rows[i][1][3:]),
        "e-mail, half": lambda i: find_customers(rows[i][2][:8]),
        "postcode": lambda i: find_customers(codes[i % len(codes)][0]),
    }
    return {name: timed(look_up, len(rows)) for name, look_up in ways.items()}


def timed(look_up: Callable[[int], Any], most: int) -> dict[str, float]:
    for i in range(20):
        look_up(i)
    taken = []
    for i in range(20, min(CALLS, most)):
        started = time.perf_counter()
        look_up(i)
        taken.append((time.perf_counter() - started) * 1000)
    taken.sort()
    return {"p50_ms": round(statistics.median(taken), 1), "p95_ms": round(taken[int(len(taken) * 0.95)], 1)}


def swapped(name: str) -> str:
    return name[0] + name[2] + name[1] + name[3:]


def made_up(dice: random.Random, count: int, syllables: int) -> list[str]:
    names: dict[str, None] = {}
    while len(names) < count:
        names["".join(dice.choice(_SYLLABLES) for _ in range(dice.randint(2, syllables)))] = None
        if len(names) > len(_SYLLABLES) ** syllables * 0.5:
            syllables += 1
    return list(names)
