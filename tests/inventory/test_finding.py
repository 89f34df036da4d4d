"""SKUs are found by what people type of them, right or nearly right."""

from decimal import Decimal

import pytest
from django.contrib.postgres.search import SearchQuery
from django.db import connection

from inventory.finding import find_skus, meant_by_words
from inventory.models import Barcode, Sku, SkuWord
from inventory.models.catalogue import SKU_WORDS


@pytest.fixture
def goods(house):
    Sku.objects.bulk_create(
        Sku(code=code, name=name, barcode=barcode, weight_grams=1, cost=Decimal(1))
        for code, name, barcode in (
            ("AB-10", "T-light holder, black/white", "5901234123457"),
            ("AB-11", "Café table, oak", ""),
            ("MUG-2", "Mug rack, oak", ""),
        )
    )
    Barcode.objects.create(code="15901234123454", sku=Sku.objects.get(code="AB-10"), units=12)
    return house


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ab-10", ["AB-10"]), ("ab", ["AB-10", "AB-11"]), ("mug", ["MUG", "MUG-2"]), ("5901234123457", ["AB-10"]), ("15901234123454", ["AB-10"]),
        ("white hold", ["AB-10"]), ("oak mu", ["MUG-2"]), ("table oak", ["AB-11"]), ("café", ["AB-11"]),
        ("holdre black", ["AB-10"]), ("gaden chiar", ["CHAIR"]), ("dessk lmap", ["LAMP"]), ("zyxwv", []), ("", []), ("&|!", []), ("x" * 300, []),
    ],
)  # fmt: skip
def test_a_sku_is_found_by_code_barcode_and_words_with_typing_errors(goods, typed, found):
    assert [sku.code for sku in find_skus(typed)] == found


def test_what_is_no_longer_sold_is_not_found(goods):
    Sku.objects.filter(code="MUG").update(is_active=False)

    assert [sku.code for sku in find_skus("mug")] == ["MUG-2"]


def test_the_words_of_names_are_written_down_when_a_sku_comes_and_when_it_is_renamed(goods):
    Sku.objects.filter(code="AB-11").update(name="Bistro table, ash 40 cm")

    assert set(SkuWord.objects.values_list("word", flat=True)) >= {"bistro", "ash", "holder", "garden"}
    assert not SkuWord.objects.filter(word__regex="[0-9]").exists()
    assert [sku.code for sku in find_skus("bsitro")] == ["AB-11"]


def test_many_texts_are_looked_for_in_two_queries(goods, django_assert_num_queries):
    with django_assert_num_queries(2):
        found = meant_by_words(["oak", "t light", "nothing at all", "%s"], limit=5)

    assert {text: sorted(sku.code for sku in skus) for text, skus in found.items()} == {"oak": ["AB-11", "MUG-2"], "t light": ["AB-10"]}


def test_words_are_looked_up_in_their_index(goods):
    worded = Sku.objects.alias(words=SKU_WORDS).filter(words=SearchQuery("oak:*", config="simple", search_type="raw"))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")

        assert "sku_words" in worded.explain()
