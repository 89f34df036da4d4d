"""The shape of a request body, checked field by field: what is not known is refused, not passed over."""

from decimal import Decimal
from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from oms.core.money import round_amount

MOST_MISTAKES = 20


class StrictSerializer(serializers.Serializer):
    """A serializer that refuses fields it does not know: a price, a total or a state sent by the client is a mistake, not a wish."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            raise serializers.ValidationError(
                {name[:60]: [serializers.ErrorDetail(str(_("There is no such field here.")), "unknown_field")] for name in unknown[:MOST_MISTAKES]}
            )
        return super().to_internal_value(data)


def checked(shape: type[StrictSerializer], data: Any) -> dict[str, Any]:
    """Give `data` in `shape`. Raises ValidationError.

    Each shape is made once and kept: it holds nothing of a request, and making one costs as much as placing a line.
    """
    return _made(shape).run_validation(data)


@cache
def _made(shape: type[StrictSerializer]) -> StrictSerializer:
    return shape()


def amount(value: Decimal | int, currency: str) -> str:
    """Show an amount with the digits of its currency: "12.50"."""
    return f"{round_amount(Decimal(value), currency):f}"


class Text(serializers.CharField):
    """A text given as a text: not as a number."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class YesNo(serializers.BooleanField):
    """`true` or `false`: not a text or a number."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError(_("Give true or false."), code="invalid")
        return data


class WholeNumber(serializers.IntegerField):
    """A whole number given as a number: not as a text, a truth value or a fraction."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            raise serializers.ValidationError(_("Give a whole number."), code="invalid")
        return data


class ExactAmount(serializers.DecimalField):
    """An amount of money as a text with decimals, `"12.50"`: a number with a point is not exact."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=19, decimal_places=4, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, (str, int)) or isinstance(data, bool):
            raise serializers.ValidationError(_('Give an amount as a text: "12.50".'), code="invalid")
        return super().to_internal_value(data)
