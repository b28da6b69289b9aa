"""The open AOF on a disk that does not do what it should."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from aofserver.log import Level, Log
from aofserver.measures.latency import Latency
from aofserver.persistence.policy import FlushPolicy, Fsync
from aofserver.persistence.writer import AofWriter, FatalAofError
from aoftool.ops.filesystem import System


class Now:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def unix_ms(self) -> int:
        return self.ms

    def monotonic_us(self) -> int:
        return self.ms * 1000


class Disk(System):
    """Files whose calls fail as they are told; ``room``: bytes that still fit."""

    def __init__(self) -> None:
        self.room = 1 << 30
        self.failing: dict[str, int] = {}

    def _maybe(self, call: str) -> None:
        if call in self.failing:
            raise OSError(self.failing[call], os.strerror(self.failing[call]))

    def write(self, fd: int, data: bytes | memoryview) -> int:
        self._maybe("write")
        count = super().write(fd, data[: self.room])
        self.room -= count
        return count

    def ftruncate(self, fd: int, length: int) -> None:
        self._maybe("ftruncate")
        super().ftruncate(fd, length)

    def fdatasync(self, fd: int) -> None:
        self._maybe("fdatasync")


class Background:
    """Syncs that end when they are told to."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[OSError | None], None]] = []

    @property
    def running(self) -> bool:
        return bool(self.waiting)

    def sync(self, fd: int, done: Callable[[OSError | None], None]) -> None:
        self.waiting.append(done)

    def end(self, error: int | None = None) -> None:
        done = self.waiting.pop(0)
        done(None if error is None else OSError(error, os.strerror(error)))

    def close(self, fd: int) -> None:
        os.close(fd)

    def drain(self) -> None:
        while self.waiting:
            self.end()

    def stop(self) -> None:
        """Nothing runs by itself."""


class Bench:
    def __init__(self, folder: Path, fsync: Fsync = Fsync.EVERYSEC) -> None:
        self.now, self.disk, self.background = Now(), Disk(), Background()
        self.log = folder / "log"
        log = Log(self.log, Level.DEBUG)
        latency = Latency(lambda: self.now.ms // 1000, 1)
        self.writer = AofWriter(
            FlushPolicy(fsync), self.disk, self.now, self.background, log, latency
        )
        self.failed: list[bool] = []
        self.writer.on_sync_failed = lambda: self.failed.append(True)
        self.path = folder / "a.aof"
        self.writer.open(self.path, 0)

    def add(self, data: bytes) -> None:
        self.writer.add(data)
        self.writer.flush()

    def lines(self, text: str) -> int:
        return self.log.read_text().count(text) if self.log.exists() else 0


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_written_once_a_flush_and_durable_when_the_sync_has_ended(bench: Bench) -> None:
    bench.writer.add(b"one")
    bench.writer.add(b"two")
    assert bench.path.read_bytes() == b""
    bench.writer.flush()
    state = bench.writer.state
    assert bench.path.read_bytes() == b"onetwo"
    assert (state.size, state.durable, state.pending_bytes) == (6, 0, 0)
    bench.background.end()
    assert state.durable == 6


def test_a_short_write_is_taken_back_and_made_whole_later(bench: Bench) -> None:
    bench.disk.room = 5
    bench.add(b"0123456789")
    state = bench.writer.state
    assert bench.path.read_bytes() == b""
    assert (state.size, state.pending_bytes, state.error) == (0, 10, errno.ENOSPC)
    assert bench.lines("Short write while writing to the AOF file: (nwritten=5, expected=10)") == 1
    bench.disk.room = 100
    bench.writer.flush()
    assert bench.path.read_bytes() == b"0123456789"
    assert state.error is None
    assert bench.lines("AOF write error looks solved, Redis can write again.") == 1


def test_a_short_write_that_cannot_be_taken_back_is_gone_on_with(bench: Bench) -> None:
    bench.disk.room, bench.disk.failing = 5, {"ftruncate": errno.EIO}
    bench.add(b"0123456789")
    state = bench.writer.state
    assert (state.size, state.pending_bytes) == (5, 5)
    assert bench.lines("Could not remove short write") == 1
    bench.disk.room = 100
    bench.writer.flush()
    assert bench.path.read_bytes() == b"0123456789"


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_an_error_is_told_once_in_30_seconds(bench: Bench, error: int) -> None:
    bench.disk.failing = {"write": error}
    for _ in range(5):
        bench.add(b"x")
    assert bench.writer.state.error == error
    assert bench.lines("Error writing to the AOF file") == 1
    bench.now.ms += 30_000
    bench.writer.flush()
    assert bench.lines("Error writing to the AOF file") == 2
    bench.disk.failing = {}
    bench.writer.flush()
    assert bench.path.read_bytes() == b"xxxxx"


@pytest.mark.parametrize("call", ["write", "fdatasync"])
def test_under_always_an_error_ends_the_server(tmp_path: Path, call: str) -> None:
    bench = Bench(tmp_path, Fsync.ALWAYS)
    bench.add(b"x")
    assert bench.writer.state.durable == 1
    bench.disk.failing = {call: errno.EIO}
    with pytest.raises(FatalAofError):
        bench.add(b"y")
    assert bench.writer.state.durable == 1


def test_a_failed_sync_is_never_taken_for_durable(bench: Bench) -> None:
    bench.add(b"lost?")
    bench.background.end(errno.EIO)
    state = bench.writer.state
    assert (state.durable, state.error, bench.failed) == (0, errno.EIO, [True])
    bench.now.ms += 2000
    bench.add(b"more")
    bench.background.end()
    assert (state.durable, state.error) == (0, errno.EIO)
    fd = os.open(bench.path.with_name("new.aof"), os.O_WRONLY | os.O_CREAT)
    bench.writer.attach(fd, 0)
    assert state.error is None


def test_a_sync_of_a_file_that_was_replaced_says_nothing_of_the_new_one(bench: Bench) -> None:
    bench.add(b"old")
    bench.writer.attach(os.open(bench.path.with_name("n"), os.O_WRONLY | os.O_CREAT), 0)
    bench.writer.add(b"new")
    bench.writer.flush()
    bench.background.end(errno.EIO)
    assert (bench.writer.state.durable, bench.writer.state.error) == (0, None)


def test_a_sync_that_takes_too_long_is_counted(bench: Bench) -> None:
    bench.add(b"a")
    for _ in range(3):
        bench.now.ms += 1000
        bench.add(b"b")
    assert bench.writer.state.delayed == 1
    assert bench.path.read_bytes() == b"abbb"
    assert bench.lines("Asynchronous AOF fsync is taking too long") == 1


def test_everything_at_shutdown(bench: Bench) -> None:
    bench.add(b"a")
    bench.writer.add(b"b")
    bench.writer.sync_all()
    assert bench.path.read_bytes() == b"ab"
    assert bench.writer.state.durable == 2


def test_a_sync_that_cannot_even_begin_is_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_descriptor(fd: int, done: Callable[[OSError | None], None]) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(bench.background, "sync", no_descriptor)
        bench.add(b"a")
    state = bench.writer.state
    assert (state.durable, state.error) == (0, None)
    assert bench.lines("Can't begin to fsync the AOF file: Too many open files") == 1
    bench.now.ms += 1000
    bench.writer.flush()
    bench.background.end()
    assert state.durable == 1


def test_at_shutdown_a_failed_sync_is_told(bench: Bench) -> None:
    bench.add(b"a")
    bench.disk.failing = {"fdatasync": errno.EIO}
    assert bench.writer.sync_all() == errno.EIO
    bench.disk.failing = {}
    assert bench.writer.sync_all() == errno.EIO
    assert (bench.writer.state.durable, bench.failed) == (1, [True])


def test_at_shutdown_what_cannot_be_written_is_told(bench: Bench) -> None:
    bench.disk.failing = {"write": errno.ENOSPC}
    bench.add(b"a")
    assert bench.writer.sync_all() == errno.ENOSPC
    bench.disk.failing = {}
    assert bench.writer.sync_all() is None
    assert bench.path.read_bytes() == b"a"
