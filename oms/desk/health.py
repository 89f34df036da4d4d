"""Whether this process is alive, and whether the house can work: for load balancers and people."""

import ctypes.util
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache


@login_not_required
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while this process can answer at all. Asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when orders can be taken, 503 when not, with the state of each part.

    The database decides. Without Redis the house works on, slower (the sweep waits as well); without Pango it makes no PDFs.
    """
    parts = {"database": _database(), "redis": _redis(), "pdf": _pdf()}
    ready = parts["database"]["ok"]
    return JsonResponse({"ready": ready, "parts": parts}, status=200 if ready else 503)


def _database() -> dict[str, Any]:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return {"ok": False, "detail": f"not reachable: {type(error).__name__}"}
    if missing:
        return {"ok": False, "detail": f"{len(missing)} migrations are missing: run `manage.py migrate`"}
    return {"ok": True, "detail": "reachable and up to date"}


def _redis() -> dict[str, Any]:
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1).ping()
    except (redis.RedisError, OSError) as error:
        return {"ok": False, "detail": f"not reachable ({type(error).__name__}): orders are taken, the line waits"}
    return {"ok": True, "detail": "reachable"}


def _pdf() -> dict[str, Any]:
    if ctypes.util.find_library("pango-1.0"):
        return {"ok": True, "detail": "Pango is there"}
    return {"ok": False, "detail": "Pango is missing: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"}
