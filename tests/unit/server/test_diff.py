"""The bytes on their way to a child that rewrites."""

from __future__ import annotations

from pathlib import Path

import pytest

from aofserver.log import Level, Log
from aofserver.persistence.diff import BLOCK, DiffBuffer


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "log", Level.DEBUG)


def lines(log: Log) -> list[str]:
    assert log.path is not None
    return log.path.read_text().splitlines() if log.path.exists() else []


def test_a_block_is_ten_megabytes() -> None:
    assert BLOCK == 10 * 1024 * 1024


def test_what_goes_in_comes_out_in_order(log: Log) -> None:
    diff = DiffBuffer(log, block=10)
    data = bytes(range(100))
    for at in range(0, 100, 7):
        diff.append(data[at : at + 7])
    assert diff.size == 100
    blocks = diff.take()
    assert b"".join(blocks) == data
    assert [len(block) for block in blocks] == [10] * 10
    assert (diff.size, diff.take()) == (0, [])


def test_one_piece_larger_than_a_block(log: Log) -> None:
    diff = DiffBuffer(log, block=10)
    diff.append(b"ab")
    diff.append(bytes(25))
    assert [len(block) for block in diff.take()] == [10, 10, 7]


def test_the_log_tells_every_tenth_block_and_warns_at_every_hundredth(log: Log) -> None:
    diff = DiffBuffer(log, block=1)
    diff.append(bytes(8))
    assert not lines(log)
    diff.append(b"x")
    assert len(lines(log)) == 1
    diff.append(bytes(190))
    told = lines(log)
    assert all("Background AOF buffer size: 0 MB" in line for line in told)
    assert [n for n, line in enumerate(told, 1) if " # " in line] == [10, 20]
    assert len(told) == 20


def test_sent_as_far_as_the_pipe_takes_it(log: Log) -> None:
    diff = DiffBuffer(log, block=10)
    data = bytes(range(35))
    diff.append(data)
    taken = bytearray()

    def write(view: memoryview) -> int:
        if len(taken) >= 14:
            raise BlockingIOError
        taken.extend(view[:7])
        return min(7, len(view))

    with pytest.raises(BlockingIOError):
        diff.send(write)
    assert bytes(taken) == data[: len(taken)]
    assert diff.size == 35 - len(taken)
    diff.append(b"more")
    assert bytes(taken) + b"".join(diff.take()) == data + b"more"


def test_everything_sent(log: Log) -> None:
    diff = DiffBuffer(log, block=4)
    diff.append(b"0123456789")
    pieces: list[bytes] = []

    def write(view: memoryview) -> int:
        pieces.append(bytes(view))
        return len(view)

    diff.send(write)
    assert pieces == [b"0123", b"4567", b"89"]
    assert diff.size == 0
