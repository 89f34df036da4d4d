"""What every REST resource is made of."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from oms.core.api.idempotency import Answer, once


class Resource(APIView):
    """A resource. `needs`: for each method, the scope a key must hold and the permission a person must: what is not named is refused."""

    needs: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Keep answers out of caches: they are one storefront's, and of this moment."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers.setdefault("Cache-Control", "no-store")
        return final


class Document(Resource):
    """A resource of one document: looked up by its number, acted on, and answered as it is then. What is one says how to `find` and `show` it."""

    @staticmethod
    def find(number: str) -> Any:
        """Give the document of a number, with what `show` needs. Raises NotFound."""
        raise NotImplementedError

    @staticmethod
    def show(found: Any, /) -> dict[str, Any]:
        """Give the document as it is answered."""
        raise NotImplementedError

    def read(self, number: str) -> Response:
        """Answer with a document."""
        return Response(self.show(self.find(number)))

    def act(self, request: Request, found: Any, work: Callable[[], object]) -> HttpResponse:
        """Do `work` to a document once for the request's key, and answer with the document as it is then."""

        def done() -> Answer:
            work()
            return Answer(200, self.show(self.find(found.number)))

        return once(request, done)
