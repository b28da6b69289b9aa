"""The thread that makes files durable, and what children are asked."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from aofserver.system.children import ForkedChildren, cpu_numbers, is_alive
from aofserver.system.syncer import ThreadSyncer
from aoftool.ops.filesystem import System


class Slow(System):
    """Syncs that wait until ``go`` is set, and fail if told to."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.failure: Exception | None = None

    def fdatasync(self, fd: int) -> None:
        os.fstat(fd)  # it must be open, whatever became of the one it was made of
        self.go.wait()
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def fd(tmp_path: Path) -> int:
    return os.open(tmp_path / "file", os.O_CREAT | os.O_WRONLY)


def test_it_tells_its_end_in_the_loop(fd: int) -> None:
    files = Slow()
    told: list[tuple[str, bool]] = []

    async def work() -> None:
        syncer = ThreadSyncer(files, asyncio.get_running_loop)
        ended = asyncio.Event()

        def done(error: OSError | None) -> None:
            told.append((threading.current_thread().name, syncer.running))
            assert error is None
            ended.set()

        syncer.sync(fd, done)
        assert syncer.running
        os.close(fd)
        files.go.set()
        await ended.wait()

    asyncio.run(work())
    assert told == [(threading.current_thread().name, False)]


def test_drained_it_has_told_everything_once(fd: int) -> None:
    files = Slow()
    files.go.set()
    told: list[OSError | None] = []

    async def work() -> None:
        syncer = ThreadSyncer(files, asyncio.get_running_loop)
        syncer.sync(fd, told.append)
        syncer.sync(fd, told.append)
        syncer.drain()
        assert (told, syncer.running) == ([None, None], False)
        await asyncio.sleep(0)

    asyncio.run(work())
    assert told == [None, None]


@pytest.mark.parametrize("failure", [OSError(errno.EIO, "bad"), RuntimeError("worse")])
def test_whatever_goes_wrong_is_no_success(fd: int, failure: Exception) -> None:
    files = Slow()
    files.go.set()
    files.failure = failure
    told: list[OSError | None] = []
    syncer = ThreadSyncer(files)
    syncer.sync(fd, told.append)
    syncer.drain()
    (error,) = told
    assert error is not None
    assert error.errno == errno.EIO


def test_what_is_closed_is_closed_behind_the_syncs(fd: int) -> None:
    files = Slow()
    told: list[OSError | None] = []
    syncer = ThreadSyncer(files)
    syncer.sync(fd, told.append)
    syncer.close(fd)
    inode = os.fstat(fd).st_ino
    files.go.set()
    syncer.sync(os.open(os.devnull, os.O_WRONLY), told.append)
    syncer.drain()
    with suppress(OSError):  # its number may stand for another file by now
        assert os.fstat(fd).st_ino != inode


def wait_a_while() -> int:
    """Be there to be ended."""
    signal.sigtimedwait([signal.SIGUSR2], 2)
    return 0


def test_a_signal_to_a_new_child_is_not_taken_by_its_parent() -> None:
    """The two share the pipe by which asyncio learns of signals."""
    told: list[int] = []

    async def work() -> list[int]:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, told.append, signal.SIGTERM)
        children = ForkedChildren()
        codes = []
        for _ in range(10):
            pid = children.fork(wait_a_while, "child", (), frozenset())
            os.kill(pid, signal.SIGTERM)
            while (code := children.ended(pid)) is None:
                await asyncio.sleep(0)
            codes.append(code)
        await asyncio.sleep(0)
        loop.remove_signal_handler(signal.SIGTERM)
        return codes

    assert asyncio.run(work()) == [-signal.SIGTERM] * 10
    assert not told


def test_who_is_alive() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert is_alive(child.pid)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not is_alive(child.pid)  # ended, though its number is still taken
    assert not is_alive(os.getpid())
    assert not is_alive(4194305)


@pytest.mark.parametrize(("text", "numbers"), [
    ("", set()), ("3", {3}), ("0,2-4", {0, 2, 3, 4}), ("0-6:2,1", {0, 1, 2, 4, 6}),
])  # fmt: skip
def test_lists_of_processors(text: str, numbers: set[int]) -> None:
    assert cpu_numbers(text) == numbers
