"""The feed of what happened to orders, over REST."""

import json

from django.db import connection
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core.api.access import channel_of
from oms.core.api.cursors import asked, limit_of
from oms.core.api.schema import CURSOR, PROBLEMS
from oms.core.api.views import Resource
from oms.core.errors import Invalid
from oms.core.readable import human_number
from orders.models import Order
from orders.serializers import AnsweredEvents


class EventsView(Resource):
    needs = {"GET": ("orders:read", "orders.view_order")}

    @extend_schema(
        operation_id="list_events",
        parameters=[OpenApiParameter("after", str, description="next_cursor of the page before; empty: from the first"), CURSOR[1]],
        responses={200: AnsweredEvents, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """Read what happened to orders, in an order that skips nothing: ask again with `next_cursor` whenever you like."""
        xact, last = _position(asked(request, "after", "limit").get("after", ""))
        limit = limit_of(request)
        channel = channel_of(request)
        # Ids are handed out before commit. Only what lies below every transaction still running is served, by (transaction, id):
        # nothing comes before it later.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT e.id, e.kind, e.order_id, e.happened_at, e.data, e.xact::text FROM core_event e"
                " JOIN orders_order o ON o.id = e.order_id"
                " WHERE e.order_id IS NOT NULL AND e.xact < pg_snapshot_xmin(pg_current_snapshot()) AND (e.xact, e.id) > (%s::text::xid8, %s)"
                + (" AND o.channel_id = %s" if channel else "")
                + " ORDER BY e.xact, e.id LIMIT %s",
                [str(xact), last, *([channel.pk] if channel else []), limit + 1],
            )
            rows = cursor.fetchall()
        page = rows[:limit]
        position = f"{page[-1][5]}-{page[-1][0]}" if page else f"{xact}-{last}"
        data = [
            {"id": pk, "kind": kind, "order": human_number(Order.NUMBER_PREFIX, order_id), "happened_at": happened_at, "data": json.loads(data)}
            for pk, kind, order_id, happened_at, data, _xact in page
        ]
        return Response({"data": data, "next_cursor": position, "has_more": len(rows) > limit})


def _position(text: str) -> tuple[int, int]:
    xact, _dash, last = text.partition("-")
    if not text:
        return 0, 0
    if not (text.isascii() and xact.isdigit() and last.isdigit() and len(text) <= 38):
        raise Invalid(_("That is not a cursor of this list: start again without one."), pointer="/after")
    return min(int(xact), 2**63), min(int(last), 2**63 - 1)
