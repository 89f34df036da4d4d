"""What every REST resource is made of."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Resource(APIView):
    """A resource. `needs`: for each method, the scope a key must hold and the permission a person must: what is not named is refused."""

    needs: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Keep answers out of caches: they are one storefront's, and of this moment."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers.setdefault("Cache-Control", "no-store")
        return final
