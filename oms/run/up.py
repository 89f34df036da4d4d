"""`make up`: the whole house on this machine, on one address, until Ctrl-C.

Starts, each as a child process: Postgres and Valkey (unless DATABASE_URL or REDIS_URL name others), the mail sink, the sandbox carrier and
payment gateway, web, worker and scheduler. What it makes up for itself (passwords, keys) is kept under `.data/`, readable by its owner only.
"""

import atexit
import ctypes.util
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from urllib.request import urlopen

from oms.run.embedded import CannotStart, Server, free_port, start_postgres, start_valkey
from oms.run.environment import DATA, ROOT, RUN_FILE
from oms.run.processes import Child, Crew, say

ROLES = ("clerk", "warehouse", "accountant", "manager", "administrator")


def main() -> int:
    """Run the house; give the exit status."""
    if is_running():
        print("Throughline runs already from this folder: stop it first, or use the address it printed.", file=sys.stderr)
        return 1
    DATA.mkdir(mode=0o755, exist_ok=True)
    started = time.monotonic()
    crew = Crew()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, _on(crew.stop_soon))
    servers: list[Server] = []
    atexit.register(RUN_FILE.unlink, missing_ok=True)
    try:
        environment = _environment()
        servers = _start_servers(environment)
        _write_run_file(environment)
        _warn_of_missing_pango()
        _prepare(environment)
        for child in _children(environment):
            crew.hire(child, os.environ | environment)
        if _wait_for_web(environment, crew):
            _show_banner(environment, time.monotonic() - started)
        crew.watch()
        return 0
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as problem:
        return 0 if crew.is_stopping else problem.returncode or 1
    finally:
        crew.dismiss()
        for server in reversed(servers):
            say("up", f"stopping {server.name}")
            server.stop()


def is_running() -> bool:
    """Say whether a house started from this folder is alive: its process is there and its web answers."""
    try:
        running = json.loads(RUN_FILE.read_text())
        os.kill(int(running["pid"]), 0)
        return "oms.run.up" in Path(f"/proc/{running['pid']}/cmdline").read_text() if Path("/proc/self").exists() else True
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _on(act: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
    return lambda _signal, _frame: act()


def _environment() -> dict[str, str]:
    port = os.environ.get("PORT") or str(_usual_port())
    if os.environ.get("PORT") and not _is_free(int(port)):
        raise CannotStart(f"Port {port} is taken: set PORT to another, or leave it out.")
    kept = _kept_secrets()
    mail, carrier, gateway = free_port(), free_port(), free_port()
    made = {
        "PORT": port,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SECRET_KEY": kept["SECRET_KEY"],
        "EMAIL_URL": f"smtp://127.0.0.1:{mail}",
        "MAIL_SINK_PORT": str(mail),
        "MAIL_SINK_DIR": str(DATA / "mail"),
        "SANDBOX_CARRIER_PORT": str(carrier),
        "SANDBOX_CARRIER_URL": f"http://127.0.0.1:{carrier}",
        "SANDBOX_CARRIER_KEY": kept["SANDBOX_CARRIER_KEY"],
        "SANDBOX_CARRIER_STATE": str(DATA / "sandbox-carrier.sqlite3"),
        "SANDBOX_CARRIER_WEBHOOK_URL": f"http://127.0.0.1:{port}/shipping/webhooks/sandbox/",
        "CARRIER_WEBHOOK_SECRET": kept["CARRIER_WEBHOOK_SECRET"],
        "SANDBOX_GATEWAY_PORT": str(gateway),
        "SANDBOX_GATEWAY_URL": f"http://127.0.0.1:{gateway}",
        "SANDBOX_GATEWAY_KEY": kept["SANDBOX_GATEWAY_KEY"],
        "SANDBOX_GATEWAY_STATE": str(DATA / "sandbox-gateway.sqlite3"),
        "SANDBOX_GATEWAY_WEBHOOK_URL": f"http://127.0.0.1:{port}/payments/webhooks/sandbox/",
        "GATEWAY_WEBHOOK_SECRET": kept["GATEWAY_WEBHOOK_SECRET"],
        "DEMO_PASSWORD": kept["DEMO_PASSWORD"],
        "DJANGO_SETTINGS_MODULE": "oms.settings",
        "STATICFILES_STORAGE": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
        "PYTHONUNBUFFERED": "1",
    }
    return {name: os.environ.get(name) or value for name, value in made.items()}


def _kept_secrets() -> dict[str, str]:
    path = DATA / "secrets.json"
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    made = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "SANDBOX_CARRIER_KEY": secrets.token_urlsafe(24),
        "CARRIER_WEBHOOK_SECRET": "whsec_" + b64encode(secrets.token_bytes(24)).decode(),
        "SANDBOX_GATEWAY_KEY": secrets.token_urlsafe(24),
        "GATEWAY_WEBHOOK_SECRET": "whsec_" + b64encode(secrets.token_bytes(24)).decode(),
        "DEMO_PASSWORD": "-".join(secrets.token_hex(2) for _ in range(3)),
    } | kept
    if made != kept:
        partial = path.with_suffix(".new")
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(made, file)
        partial.rename(path)
    return made


def _start_servers(environment: dict[str, str]) -> list[Server]:
    servers = []
    for name, start in (("DATABASE_URL", start_postgres), ("REDIS_URL", start_valkey)):
        if name in os.environ:
            environment[name] = os.environ[name]
            continue
        server = start(DATA)
        servers.append(server)
        environment[name] = server.url
        say("up", f"{server.name} is up")
    return servers


def _write_run_file(environment: dict[str, str]) -> None:
    partial = RUN_FILE.with_suffix(".new")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump({"pid": os.getpid(), "environment": environment}, file)
    partial.rename(RUN_FILE)


def _warn_of_missing_pango() -> None:
    if ctypes.util.find_library("pango-1.0") and ctypes.util.find_library("pangoft2-1.0"):
        return
    say(
        "up",
        "Invoices cannot be made into PDFs until Pango is installed: "
        "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 (Debian, Ubuntu), "
        "dnf install pango (Fedora), brew install pango (macOS).",
    )


def _prepare(environment: dict[str, str]) -> None:
    """Bring the database up to date, and fill one that is empty with the demo."""
    for command in (
        ["migrate", "--noinput", "-v", "0"],
        ["setup"],
        ["collectstatic", "--noinput", "-v", "0"],
        ["demo", "--if-empty"],
        ["check_invariants", "--keep", "--quiet"],
    ):
        say("up", f"manage.py {command[0]}")
        # However long a migration or a proof takes: nobody waits for a page yet.
        patient = os.environ | environment | {"STATEMENT_TIMEOUT_MS": "0"}
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=patient, check=True)


def _children(environment: dict[str, str]) -> list[Child]:
    python = sys.executable
    celery = [python, "-W", "ignore::UserWarning:celery.platforms", "-m", "celery", "-q", "-A", "oms"]
    beat_file = str(DATA / "celerybeat-schedule")
    return [
        Child("mail", [python, "-m", "oms.run.mailsink"]),
        Child("sandbox", [python, "-m", "sandbox"]),
        Child("web", [python, "-m", "gunicorn", "oms.wsgi", "-c", "python:oms.gunicorn", "-b", f"127.0.0.1:{environment['PORT']}"]),
        # One process each: what waits for a carrier or a PDF never holds the line up, and neither needs a pool of its own.
        Child("worker", [*celery, *_worker("line")]),
        Child("outside", [*celery, *_worker("outside")]),
        Child("beat", [*celery, "beat", "-l", "WARNING", "-s", beat_file, "--pidfile="]),
    ]


def _worker(queue: str) -> list[str]:
    return ["worker", "-Q", queue, "--pool", "solo", "-l", "WARNING", "--without-gossip", "--without-mingle", "-n", f"{queue}@%h"]


def _wait_for_web(environment: dict[str, str], crew: Crew) -> bool:
    """Wait until the web answers; give whether it does."""
    end = time.monotonic() + 60
    while time.monotonic() < end and not crew.is_stopping:
        try:
            with urlopen(f"http://127.0.0.1:{environment['PORT']}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            crew.look()
            time.sleep(0.2)
    return False


def _show_banner(environment: dict[str, str], seconds: float) -> None:
    password = environment["DEMO_PASSWORD"]
    lines = [
        "",
        f"  Throughline is up, after {seconds:.0f} s:  {environment['PUBLIC_URL']}",
        "",
        "  Log in as                password",
        *(f"  {role:<24} {password}" for role in ROLES),
        "",
        f"  API docs  {environment['PUBLIC_URL']}/api/docs",
        "  Stop with Ctrl-C. A second shell finds this house: .venv/bin/python manage.py …",
        "",
    ]
    print("\n".join(lines), flush=True)


def _usual_port() -> int:
    return 8000 if _is_free(8000) else free_port()


def _is_free(port: int) -> bool:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


if __name__ == "__main__":
    if find_spec("django") is None:
        sys.exit("Django is not installed here: run `make up`, which makes .venv first.")
    sys.exit(main())
