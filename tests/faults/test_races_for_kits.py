"""Two who define kits at once: neither sees the other's half of a circle, and still no kit contains itself."""

import pytest
from django.db import connection, transaction

from inventory.kits import define_kit
from inventory.models import KitComponent, Sku
from oms.core.errors import Conflict
from tests.faults.crowd import in_the_middle, together

pytestmark = pytest.mark.django_db(transaction=True)

UNGUARDED = "ALTER TABLE inventory_kitcomponent DISABLE TRIGGER USER"
GUARDED = "ALTER TABLE inventory_kitcomponent ENABLE TRIGGER USER"


@pytest.fixture
def boxes(real_house):
    return [Sku.objects.create(code=f"BOX{number}", name="Box") for number in range(10)]


def half(boxes, number):
    """Put the next box into this one; ten of them make a circle."""
    return define_kit(boxes[number].pk, {boxes[(number + 1) % len(boxes)].code: 1}, actor="user:manager")


def goes_round():
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE inside(kit, id) AS (SELECT kit_id, component_id FROM inventory_kitcomponent"
            " UNION SELECT kit, component_id FROM inside JOIN inventory_kitcomponent part ON part.kit_id = inside.id)"
            " SELECT EXISTS (SELECT FROM inside WHERE kit = id)"
        )
        return cursor.fetchone()[0]


def test_two_who_each_add_half_of_a_circle_do_not_close_it(boxes, prove):
    two = boxes[:2]

    first, second = in_the_middle(lambda: half(two, 0), lambda: half(two, 1))

    assert first.is_kit
    assert isinstance(second, Conflict) and "cannot contain itself" in second.sentence
    assert KitComponent.objects.count() == 1
    assert not Sku.objects.get(pk=two[1].pk).is_kit
    assert not goes_round()
    prove()


def test_without_the_guard_they_would(boxes):
    two = boxes[:2]
    with connection.cursor() as cursor:
        cursor.execute(UNGUARDED)
    try:
        in_the_middle(lambda: half(two, 0), lambda: half(two, 1))

        assert goes_round()
    finally:
        KitComponent.objects.all().delete()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(GUARDED)


def test_of_ten_who_each_add_a_part_of_a_circle_nine_succeed(boxes, prove):
    results = together(10, lambda number: half(boxes, number))

    assert sum(isinstance(result, Conflict) for result in results) == 1
    assert KitComponent.objects.count() == 9
    assert not goes_round()
    prove()
