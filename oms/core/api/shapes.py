"""The shape of a request body, checked field by field: what is not known is refused, not passed over."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers


class StrictSerializer(serializers.Serializer):
    """A serializer that refuses fields it does not know: a price, a total or a state sent by the client is a mistake, not a wish."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            raise serializers.ValidationError(
                {str(name)[:60]: serializers.ErrorDetail(_("There is no such field here."), code="unknown_field") for name in sorted(unknown, key=str)}
            )
        return super().to_internal_value(data)


class WholeNumber(serializers.IntegerField):
    """A whole number given as a number: not as a text, a truth value or a fraction."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            raise serializers.ValidationError(_("Give a whole number."), code="invalid")
        return super().to_internal_value(data)


class ExactAmount(serializers.DecimalField):
    """An amount of money as a text with decimals, `"12.50"`: a number with a point is not exact."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=19, decimal_places=4, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, (float, bool)):
            raise serializers.ValidationError(_('Give an amount as a text: "12.50".'), code="invalid")
        return super().to_internal_value(data)
