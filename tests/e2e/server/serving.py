"""Real aofserver processes for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.compat.servers import serving as real_serving

STARTUP_SECONDS = 20


class Running:
    """A server's process, and clients of it.

    Attributes:
        process: see subprocess; log: the file that its log goes to.
        socket: the unix socket that it listens on.
    """

    def __init__(self, process: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
        self.process = process
        self.log = log
        self.socket = socket

    def client(self) -> Any:
        """A new client."""
        return redis.Redis(unix_socket_path=str(self.socket), retry=Retry(NoBackoff(), 0))

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        self.process.kill()
        self.process.wait()

    @contextmanager
    def child_stopped(self, words: str) -> Iterator[int]:
        """Hold the child back whose number the log has told behind ``words``; its number."""
        self.wait_for_log(words)
        pid = int(self.log.read_text(errors="replace").rsplit(words, 1)[1].split()[0])
        os.kill(pid, signal.SIGSTOP)
        try:
            yield pid
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def wait_for_log(self, text: str, seconds: float = 20) -> None:
        """Wait until the log says something."""
        deadline = time.monotonic() + seconds
        while text not in self.log.read_text(errors="replace"):
            assert time.monotonic() < deadline, self.log.read_text(errors="replace")
            time.sleep(0.01)


def start(folder: Path, socket: Path, *options: str) -> Running:
    """Start a server on the files of ``folder``; it may not accept connections yet."""
    log = folder.with_name(folder.name + ".log")
    argv = [sys.executable, "-m", "aofserver", "--port", "0", "--unixsocket", str(socket),
            "--dir", str(folder), "--save", ""]  # fmt: skip
    with log.open("ab") as sink:
        process = subprocess.Popen([*argv, *options], stdout=sink, stderr=sink)
    return Running(process, socket, log)


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Running]:
    """A server that has loaded what is in ``folder``; killed at the end of the block."""
    folder.mkdir(exist_ok=True)
    # A socket's path may not be long, and a test's folder may be.
    with TemporaryDirectory(prefix="aof-") as short:
        running = start(folder, Path(short) / "s", *options)
        try:
            wait_until_loaded(running)
            yield running
        finally:
            running.kill()


def wait_until_loaded(running: Running) -> None:
    """Wait until a server answers; fails where it has ended."""
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline:
        assert running.process.poll() is None, running.log.read_text(errors="replace")
        try:
            running.client().ping()
        except (redis.ConnectionError, redis.BusyLoadingError):
            time.sleep(0.01)
        else:
            return
    raise AssertionError(running.log.read_text(errors="replace"))


def wait_until_written(client: Any) -> None:
    """Wait until the AOF holds everything: under everysec a write may wait for a slow sync."""
    deadline = time.monotonic() + 20
    while client.info("persistence")["aof_buffer_length"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def beside_a_real_one(which: str, folder: Path) -> Iterator[Path]:
    """The socket of ``aofserver``, or of a real server's release.

    What passes with both shows a server that is like the real one, and tests that are right.
    """
    if which != "aofserver":
        with real_serving(which, folder, "--enable-debug-command", "yes") as client:
            yield Path(client.connection_pool.connection_kwargs["path"])
        return
    options = ("--appendonly", "yes", "--compat-version", "7.4", "--enable-debug-command", "yes")
    with serving(folder / "data", *options) as running:
        yield running.socket
        assert "Traceback" not in running.log.read_text(errors="replace")
