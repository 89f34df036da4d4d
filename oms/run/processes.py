"""The children of `make up`: started, watched, started again when they die, stopped in the reverse order."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import IO

from oms.run.embedded import die_with_parent
from oms.run.environment import ROOT

STOP_SECONDS = 12.0
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_COLOURS = {"web": 36, "worker": 32, "beat": 35, "sandbox": 33, "mail": 34}
_printing = threading.Lock()


def say(who: str, line: str) -> None:
    """Print a line of the log under the name of who said it."""
    name = f"{who:<8}"
    if sys.stdout.isatty():
        name = f"\033[{_COLOURS.get(who, 37)}m{name}\033[0m"
    with _printing:
        print(f"{name} | {line}", flush=True)


@dataclass
class Child:
    """A process of the house: its name and command."""

    name: str
    command: list[str]


@dataclass
class _Post:
    """A child at work, and how often it has had to be started again in a row."""

    child: Child
    environment: dict[str, str]
    process: "subprocess.Popen[str]"
    since: float
    deaths: int = 0
    due: float = 0.0


@dataclass
class Crew:
    """The children at work."""

    posts: list[_Post] = field(default_factory=list)
    is_stopping: bool = False

    def hire(self, child: Child, environment: dict[str, str]) -> None:
        """Start a child and pass on what it prints."""
        self.posts.append(_Post(child, environment, _start(child, environment), time.monotonic()))

    def stop_soon(self) -> None:
        """Have `watch` return. Safe to call from a signal."""
        self.is_stopping = True

    def watch(self) -> None:
        """Look after the children until somebody says stop."""
        while not self.is_stopping:
            self.look()
            time.sleep(0.2)

    def look(self) -> None:
        """Start again whoever has died, after a pause that grows with each death in a row."""
        for post in self.posts:
            if post.due and time.monotonic() >= post.due:
                post.process, post.since, post.due = _start(post.child, post.environment), time.monotonic(), 0.0
            elif not post.due and post.process.poll() is not None:
                if time.monotonic() - post.since > 60:
                    post.deaths = 0
                pause = PAUSES[min(post.deaths, len(PAUSES) - 1)]
                post.deaths += 1
                post.due = time.monotonic() + pause
                say("up", f"{post.child.name} ended with {post.process.returncode}: starting it again in {pause:g} s")

    def dismiss(self) -> None:
        """Stop the children, the last hired first; kill who does not go."""
        for post in reversed(self.posts):
            if post.process.poll() is None:
                post.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        for post in reversed(self.posts):
            try:
                post.process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                _kill_group(post.process)


def _start(child: Child, environment: dict[str, str]) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        child.command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=die_with_parent,
        start_new_session=True,
    )
    assert process.stdout is not None
    threading.Thread(target=_pass_on, args=(child.name, process.stdout), daemon=True).start()
    return process


def _pass_on(name: str, lines: IO[str]) -> None:
    for line in lines:
        say(name, line.rstrip())


def _kill_group(process: "subprocess.Popen[str]") -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
