"""rewritten: behind which command of a rewritten file the old one ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aoftool.format.rdb import RdbEncoder
from aoftool.format.resp import encode_command
from aoftool.ops.replay.rewritten import find_continuation


def commands(*lines: str) -> bytes:
    return b"".join(encode_command(line.encode().split()) for line in lines)


def preamble() -> bytes:
    encoder = RdbEncoder()
    encoder.select_db(0)
    encoder.key(b"k", "string", b"v")
    return encoder.end()


BEFORE = commands("SELECT 0", "INCR n", "INCR n")
DIFF = ["SELECT 0", "INCR n", "INCR n", "INCR n", "SET a 1"]


def found(old: bytes, new: bytes, tmp_path: Path) -> tuple[int, int] | None:
    first, second = tmp_path / "old", tmp_path / "new"
    first.write_bytes(old)
    second.write_bytes(new)
    fd = os.open(first, os.O_RDONLY)
    try:
        return find_continuation(fd, len(old), second)
    finally:
        os.close(fd)


@pytest.mark.parametrize("shared", range(len(DIFF) + 1))
@pytest.mark.parametrize("more", [[], ["SELECT 0", "INCR n"], ["SELECT 3", "SET b 1"]])
def test_behind_what_stands_in_both(shared: int, more: list[str], tmp_path: Path) -> None:
    """The old file may lack the last commands, which the server had not written yet."""
    if not shared and more[:1] == ["SELECT 0"]:
        more = []
    old = BEFORE + commands(*DIFF[:shared])
    new = preamble() + commands(*DIFF, *more)
    if shared == 0:
        old = BEFORE + commands("DEL x")
    behind = commands(*DIFF[:shared])
    assert found(old, new, tmp_path) == (len(preamble()) + len(behind), shared)


def test_a_cut_tail_is_left_for_later(tmp_path: Path) -> None:
    new = preamble() + commands(*DIFF) + b"*1\r\n$4"
    place = found(BEFORE + commands(*DIFF), new, tmp_path)
    assert place == (len(preamble() + commands(*DIFF)), len(DIFF))


@pytest.mark.parametrize("new", [BEFORE, b"", preamble()[:-3], b"REDIS9999"])
def test_without_a_preamble_nobody_can_tell(new: bytes, tmp_path: Path) -> None:
    assert found(BEFORE, new, tmp_path) is None
