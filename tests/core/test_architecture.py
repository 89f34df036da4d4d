"""The rules of the house that a reader would otherwise have to watch over."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("oms", "orders", "inventory", "accounting", "shipping", "customers")


def sources():
    for app in APPS:
        yield from (path for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)


def users_of(pattern):
    return {str(path.relative_to(ROOT)) for path in sources() if re.search(pattern, path.read_text())}


def test_calls_go_down_and_events_go_up():
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-2000:]


def test_row_locks_are_spelt_in_one_place():
    assert users_of(r"\.select_for_update\(") == {"oms/core/locks.py"}


def test_messages_to_the_workers_are_sent_from_one_place():
    assert users_of(r"\.delay\(|\.apply_async\(|\.send_task\(") == {"oms/core/stations.py"}


def test_no_room_is_called_utils():
    assert not [path for path in sources() if path.name in ("signals.py", "utils.py", "helpers.py")]


def test_migrations_are_complete():
    manage = [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]
    done = subprocess.run(manage, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
