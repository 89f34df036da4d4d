"""The servers of the tests: a Postgres and a Valkey of their own, started once for all workers and gone afterwards."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "PYTEST_XDIST_WORKER" not in os.environ:
    from oms.run.embedded import start_postgres, start_valkey

    place = Path(tempfile.mkdtemp(prefix="throughline-tests-"))
    place.chmod(0o755)
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    if "DATABASE_URL" not in os.environ:
        postgres = start_postgres(place, durable=False, max_connections=450)
        atexit.register(postgres.stop)
        os.environ["DATABASE_URL"] = postgres.url
    if "REDIS_URL" not in os.environ:
        valkey = start_valkey(place, durable=False)
        atexit.register(valkey.stop)
        os.environ["REDIS_URL"] = valkey.url

os.environ.setdefault("SECRET_KEY", "for-tests-only")
os.environ.setdefault("STATICFILES_STORAGE", "django.contrib.staticfiles.storage.StaticFilesStorage")
os.environ.setdefault("CARRIER_WEBHOOK_SECRET", "whsec_dGhyb3VnaGxpbmUtdGVzdHMtb25seS1zZWNyZXQ=")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")

import django

django.setup()
