"""What a child that rewrites does, over real pipes."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aofserver.persistence import child
from aofserver.persistence.child import ChildPipes, Output, rewrite_child, snapshot_child
from aoftool.ops.filesystem import System
from tests.fakes.powerloss import Recording


class Parent:
    """The parent's ends; ``pipes`` are the child's."""

    def __init__(self) -> None:
        diff, self.diff = os.pipe()
        self.from_child, to_parent = os.pipe()
        from_parent, self.to_child = os.pipe()
        self.info, info = os.pipe()
        os.set_blocking(diff, False)
        self.told: list[str] = []
        self.pipes = ChildPipes(diff, to_parent, from_parent, info)

    def close(self) -> None:
        for fd in (self.diff, self.from_child, self.to_child, self.info, *self.pipes.all()):
            os.close(fd)


@pytest.fixture
def parent() -> Iterator[Parent]:
    made = Parent()
    yield made
    made.close()


def output(folder: Path, incremental: bool = True) -> Output:
    return Output(folder / "temp.aof", folder / "done.aof", incremental)


def answer(parent: Parent) -> threading.Thread:
    """Say yes as soon as the child asks."""

    def work() -> None:
        assert os.read(parent.from_child, 1) == b"!"
        os.write(parent.diff, b"|last")
        os.write(parent.to_child, b"!")

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_the_snapshot_then_the_diff(parent: Parent, tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"snap"
        os.write(parent.diff, b"|first")
        yield b"shot"
        os.write(parent.diff, b"|second")

    thread = answer(parent)
    files = Recording(tmp_path)
    assert rewrite_child(chunks(), output(tmp_path), parent.pipes, files, parent.told.append) == 0
    thread.join()
    assert (tmp_path / "done.aof").read_bytes() == b"snapshot|first|second|last"
    assert not (tmp_path / "temp.aof").exists()
    assert int(os.read(parent.info, 64)) >= 0
    # What is renamed is durable, and most of it was so before the parent was asked to stop.
    kinds = [entry[0] for entry in files.journal]
    assert kinds[-2:] == ["sync", "rename"]
    assert kinds.count("sync") == 2


def test_it_asks_after_twenty_silent_waits(
    parent: Parent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    class Silence:
        @staticmethod
        def select(readers: list[int], *rest: Any) -> tuple[list[int], list[int], list[int]]:
            waits.append(rest[-1])
            if rest[-1] < 1:
                return [], [], []
            os.write(parent.to_child, b"!")
            return readers, [], []

    monkeypatch.setattr(child, "select", Silence)
    assert (
        rewrite_child(iter([b"x"]), output(tmp_path), parent.pipes, System(), parent.told.append)
        == 0
    )
    assert waits == [0.001] * 20 + [5.0]


def test_data_begin_the_count_of_silent_waits_anew(
    parent: Parent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    class Now_and_then:
        @staticmethod
        def select(readers: list[int], *rest: Any) -> tuple[list[int], list[int], list[int]]:
            waits.append(rest[-1])
            if rest[-1] >= 1:
                os.write(parent.to_child, b"!")
                return readers, [], []
            if len(waits) == 15:
                os.write(parent.diff, b"y")
                return readers, [], []
            return [], [], []

    monkeypatch.setattr(child, "select", Now_and_then)
    assert (
        rewrite_child(iter([b"x"]), output(tmp_path), parent.pipes, System(), parent.told.append)
        == 0
    )
    assert len(waits) == 15 + 20 + 1
    assert (tmp_path / "done.aof").read_bytes() == b"xy"


def test_it_reads_no_longer_than_a_second(
    parent: Parent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]

    class Flood:
        @staticmethod
        def select(readers: list[int], *rest: Any) -> tuple[list[int], list[int], list[int]]:
            now[0] += 0.1
            os.write(parent.to_child if rest[-1] >= 1 else parent.diff, b"!")
            return readers, [], []

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return now[0]

    monkeypatch.setattr(child, "select", Flood)
    monkeypatch.setattr(child, "time", Clock)
    assert (
        rewrite_child(iter([]), output(tmp_path), parent.pipes, System(), parent.told.append) == 0
    )
    assert len((tmp_path / "done.aof").read_bytes()) in (10, 11)


def test_a_parent_that_does_not_answer(
    parent: Parent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Nothing:
        @staticmethod
        def select(*_: Any) -> tuple[list[int], list[int], list[int]]:
            return [], [], []

    monkeypatch.setattr(child, "select", Nothing)
    assert (
        rewrite_child(iter([b"x"]), output(tmp_path), parent.pipes, System(), parent.told.append)
        == 1
    )
    assert os.read(parent.from_child, 10) == b"!"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("word", [b"", b"?"])
def test_a_parent_that_has_gone_or_says_something_else(tmp_path: Path, word: bytes) -> None:
    parent = Parent()
    os.write(parent.to_child, word)
    closed = os.dup(parent.to_child)
    os.close(closed)
    os.close(parent.to_child)
    assert (
        rewrite_child(iter([b"x"]), output(tmp_path), parent.pipes, System(), parent.told.append)
        == 1
    )
    assert not list(tmp_path.iterdir())
    parent.to_child = os.open(os.devnull, os.O_RDONLY)
    parent.close()


class Broken(System):
    """A file system of which one call fails."""

    def __init__(self, call: str) -> None:
        self._call = call

    def _fail(self, call: str) -> None:
        if call == self._call:
            raise OSError(errno.ENOSPC, "no room")

    def write(self, fd: int, data: bytes | memoryview) -> int:
        self._fail("write")
        return super().write(fd, data)

    def fdatasync(self, fd: int) -> None:
        self._fail("fdatasync")

    def rename(self, old: Path, new: Path) -> None:
        self._fail("rename")
        super().rename(old, new)


@pytest.mark.parametrize("call", ["write", "fdatasync", "rename"])
def test_a_disk_that_fails_leaves_nothing(tmp_path: Path, parent: Parent, call: str) -> None:
    os.write(parent.to_child, b"!")
    assert (
        rewrite_child(
            iter([b"x"]), output(tmp_path), parent.pipes, Broken(call), parent.told.append
        )
        == 1
    )
    snapshot = snapshot_child(
        iter([b"x"]), output(tmp_path), parent.pipes.info, Broken(call), parent.told.append
    )
    assert snapshot == 1
    assert [line.partition(":")[0] for line in parent.told] == [
        "Write error writing append only file on disk",
        "Write error saving DB on disk",
    ]
    assert all("no room" in line for line in parent.told)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("incremental", "syncs"), [(True, 4), (False, 2)])
def test_a_large_file_is_synced_as_it_grows(
    parent: Parent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, incremental: bool, syncs: int
) -> None:
    monkeypatch.setattr(child, "AUTOSYNC", 100)
    os.write(parent.to_child, b"!")
    files = Recording(tmp_path)
    chunks = iter([bytes(60)] * 4)
    assert (
        rewrite_child(
            chunks, output(tmp_path, incremental), parent.pipes, files, parent.told.append
        )
        == 0
    )
    assert [entry[0] for entry in files.journal].count("sync") == syncs


def test_a_snapshot_is_durable_under_its_name(parent: Parent, tmp_path: Path) -> None:
    files = Recording(tmp_path)
    assert (
        snapshot_child(iter([b"x"]), output(tmp_path), parent.pipes.info, files, parent.told.append)
        == 0
    )
    kinds = [entry[0] for entry in files.journal]
    assert kinds == ["create", "append", "sync", "rename", "sync_directory"]
