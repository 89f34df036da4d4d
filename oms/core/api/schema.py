"""What all resources have in common in the OpenAPI document."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers


class MistakeSerializer(serializers.Serializer):
    """One thing that is wrong with a request."""

    pointer = serializers.CharField(help_text="Where in the body, as a JSON pointer")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """Why a request was not done (RFC 9457, application/problem+json)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable, for programs")
    detail = serializers.CharField(help_text="A sentence that says what to do")
    errors = MistakeSerializer(many=True, required=False)  # type: ignore[assignment]
    data = serializers.DictField(required=False)  # type: ignore[assignment]


_PROBLEM = OpenApiResponse(ProblemSerializer, description="A problem")
PROBLEMS = {(code, "application/problem+json"): _PROBLEM for code in (400, 401, 403, 404, 409, 413, 415, 422)}

CURSOR = [
    OpenApiParameter("cursor", str, description="next_cursor of the page before"),
    OpenApiParameter("limit", int, description="Rows a page, 1 to 100; 50 without"),
]
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="Your own for each new request: a repeat with the same key gets the first answer, word for word",
)


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """Says in the document how a storefront makes itself known."""

    target_class = "customers.authentication.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key of a channel: `Authorization: Bearer tl_…`"}
