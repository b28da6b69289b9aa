"""The window over a file: what it shows, skips and keeps at hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aoftool.ops.window import HISTORY, SMALL, WINDOW, Window

DATA = os.urandom(1 << 16) * 50  # 3.2 MB, more than three windows


@contextmanager
def opened(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY)
    try:
        yield fd
    finally:
        os.close(fd)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.write_bytes(DATA)
    return path


def test_reading_on_gives_the_file(path: Path) -> None:
    seen: list[int] = []
    with opened(path) as fd:
        window = Window(fd, progress=seen.append)
        out = b""
        while window.fill():
            out += bytes(window.view[window.pos : window.end])
            window.pos = window.end
    assert out == DATA
    assert window.at_end
    assert sum(seen) == len(DATA)


def test_bytes_that_are_not_used_up_stay(path: Path) -> None:
    with opened(path) as fd:
        window = Window(fd)
        window.fill()
        window.pos = window.end - 100
        window.fill()
        assert window.offset == WINDOW - 100
        assert bytes(window.view[window.pos : window.pos + 200]) == DATA[window.offset :][:200]


def test_history_stays_at_hand(path: Path) -> None:
    with opened(path) as fd:
        window = Window(fd)
        window.fill()
        window.pos = window.end
        window.fill()
        before = window.offset - HISTORY
        assert window.holds(before)
        assert window.peek(before, 64) == DATA[before : before + 64]
        assert window.peek(before - 32, 64) == DATA[before : before + 32]
        assert window.peek(len(DATA) + 5, 10) == b""


@pytest.mark.parametrize("read_all", [False, True])
@pytest.mark.parametrize("count", [10, SMALL + 1, 2_000_000, len(DATA), len(DATA) + 5])
def test_skip(path: Path, read_all: bool, count: int) -> None:
    seen: list[int] = []
    with opened(path) as fd:
        window = Window(fd, read_all=read_all, progress=seen.append)
        assert window.skip(count) == min(count, len(DATA))
        assert window.offset == min(count, len(DATA))
        window.fill()
        assert bytes(window.view[window.pos : window.end])[:50] == DATA[count : count + 50]
    assert sum(seen) >= min(count, len(DATA))


def test_a_long_skip_reads_nothing(path: Path) -> None:
    with opened(path) as fd:
        window = Window(fd)
        window.fill()
        window.skip(3_000_000)
        assert window.base == 3_000_000
        window.fill()
        assert window.end == SMALL


def test_a_pipe_is_read_to_its_end() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"abc" * 100)
    os.close(writing)
    try:
        window = Window(reading)
        assert window.size is None
        assert window.skip(200) == 200
        assert bytes(window.view[window.pos : window.end]) == (b"abc" * 100)[200:]
        assert window.skip(200) == 100
        assert not window.fill()
    finally:
        os.close(reading)


def test_zeros_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "zeros"
    path.write_bytes(b"x" * 10 + bytes(3 * WINDOW))
    with opened(path) as fd:
        window = Window(fd)
        window.fill()
        assert not window.zeros_to_end()
        window.pos = 10
        assert window.zeros_to_end()
        assert window.offset == 10 + 3 * WINDOW


def test_growth_after_opening_is_not_seen(path: Path) -> None:
    with opened(path) as fd:
        window = Window(fd)
        with path.open("ab") as file:
            file.write(b"more")
        while window.fill():
            window.pos = window.end
        assert window.offset == len(DATA)
