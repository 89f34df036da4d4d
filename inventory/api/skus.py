"""SKUs over REST: what a kit is made of, and many SKUs from a file."""

import io
import tempfile
from collections.abc import Mapping
from typing import IO, Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.api.named import sku_called
from inventory.importing.reading import MOST_BYTES
from inventory.importing.writing import Report, import_skus
from inventory.kits import MOST_COMPONENTS, MOST_UNITS, compositions, define_kit
from inventory.models import KitComponent, Sku
from inventory.numbers import numbers_of
from inventory.selectors import making_of
from oms.core.api.access import principal_of
from oms.core.api.cursors import asked
from oms.core.api.parsing import TooLarge
from oms.core.api.problems import problem
from oms.core.api.schema import PROBLEMS
from oms.core.api.shapes import StrictSerializer, Text, WholeNumber, checked
from oms.core.api.views import Resource
from oms.core.errors import Invalid


class CsvParser(BaseParser):
    """Takes a CSV file as the body, laid down on disk where it is large."""

    media_type = "text/csv"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        file = tempfile.SpooledTemporaryFile(max_size=1_000_000)  # noqa: SIM115
        taken = 0
        while chunk := stream.read(64_000):
            taken += len(chunk)
            if taken > MOST_BYTES:
                raise TooLarge(_("The request is larger than %(limit)d bytes. Send less at a time.") % {"limit": MOST_BYTES})
            file.write(chunk)
        file.seek(0)
        return file


class KitPartSerializer(StrictSerializer):
    sku = Text(max_length=40)
    units = WholeNumber(min_value=1, max_value=MOST_UNITS)


class DefineKitSerializer(StrictSerializer):
    """What one kit is made of; nothing makes it a plain SKU again."""

    components = KitPartSerializer(many=True, max_length=MOST_COMPONENTS)  # type: ignore[call-arg]


class AnsweredKitPart(serializers.Serializer):
    sku = serializers.CharField()
    units = serializers.IntegerField()
    to_promise = serializers.IntegerField()


class AnsweredKit(serializers.Serializer):
    """A kit: its components, how many can be made now, and what runs out first."""

    sku = serializers.CharField()
    is_kit = serializers.BooleanField()
    components = AnsweredKitPart(many=True)
    makes = serializers.IntegerField(allow_null=True)
    limited_by = serializers.ListField(child=serializers.CharField())


class AnsweredFate(serializers.Serializer):
    row = serializers.IntegerField()
    code = serializers.CharField()
    fate = serializers.ChoiceField(choices=["new", "changed", "same", "refused"])


class AnsweredImport(serializers.Serializer):
    """What an import did, or with `dry_run` would have done."""

    dry_run = serializers.BooleanField()
    rows = serializers.IntegerField()
    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    same = serializers.IntegerField()
    fates = AnsweredFate(many=True, help_text="Of the first rows")


class KitView(Resource):
    needs = {"GET": ("stock:read", "inventory.view_stocklevel"), "PUT": ("stock:write", "inventory.change_sku")}

    @extend_schema(operation_id="read_kit", responses={200: AnsweredKit, **PROBLEMS})
    def get(self, request: Request, code: str) -> Response:
        """Read what a kit is made of, how many can be made now and what runs out first."""
        return Response(_kit(sku_called(code)))

    @extend_schema(operation_id="define_kit", request=DefineKitSerializer, responses={200: AnsweredKit, **PROBLEMS})
    def put(self, request: Request, code: str) -> Response:
        """Say what a kit is made of. Safe to repeat. Orders placed before keep the kit they were placed with."""
        components: dict[str, int] = {}
        for position, part in enumerate(checked(DefineKitSerializer, request.data)["components"]):
            name = part["sku"].strip().upper()
            if name in components:
                raise Invalid(_("%(sku)s stands there twice: add it up.") % {"sku": name}, pointer=f"/components/{position}/sku")
            components[name] = part["units"]
        return Response(_kit(define_kit(sku_called(code).pk, components, actor=principal_of(request))))


class SkuImportsView(Resource):
    needs = {"POST": ("stock:write", "inventory.add_sku")}
    parser_classes = [CsvParser]

    @extend_schema(
        operation_id="import_skus",
        parameters=[OpenApiParameter("dry_run", str, enum=["true", "false"], description="true: tell, and write nothing")],
        request={"text/csv": OpenApiTypes.BINARY},
        responses={200: AnsweredImport, **PROBLEMS},
    )
    def post(self, request: Request) -> HttpResponse:
        """Add and change SKUs from a CSV file: all rows, or, with one bad row, none. The same file again changes nothing, so it is safe to repeat."""
        dry_run = asked(request, "dry_run").get("dry_run", "false")
        if dry_run not in ("true", "false"):
            raise Invalid(_("dry_run is true or false."), parameter="dry_run")
        # What has no body at all is not even parsed.
        with request.data if not isinstance(request.data, dict) else io.BytesIO() as file:
            report = import_skus(file, actor=principal_of(request), dry_run=dry_run == "true")
        return _refused(report) if report.refused else Response(_imported(report))


def _refused(report: Report) -> HttpResponse:
    sentence = ngettext(
        "Nothing is written: %(count)d of %(rows)d rows is refused.", "Nothing is written: %(count)d of %(rows)d rows are refused.", report.refused
    ) % {"count": report.refused, "rows": report.rows}
    errors = [{"pointer": f"/rows/{fate.row}", "code": "invalid", "detail": f"{fate.code}: {fate.reason}"} for fate in report.fates]
    return problem(422, "rows_refused", sentence, errors=errors, rows=report.rows, refused=report.refused)


def _imported(report: Report) -> dict[str, Any]:
    return {
        "dry_run": report.is_dry_run,
        **{name: getattr(report, name) for name in ("rows", "new", "changed", "same")},
        "fates": [{"row": fate.row, "code": fate.code, "fate": fate.fate} for fate in report.fates],
    }


def _kit(sku: Sku) -> dict[str, Any]:
    parts = list(KitComponent.objects.filter(kit=sku).select_related("component"))
    known = numbers_of([part.component for part in parts])
    making = making_of(compositions([sku.pk])[sku.pk]) if parts else None
    return {
        "sku": sku.code,
        "is_kit": bool(parts),
        "components": [{"sku": part.component.code, "units": part.units, "to_promise": known[part.component_id].to_promise} for part in parts],
        "makes": making.makes if making else None,
        "limited_by": making.limits if making else [],
    }
