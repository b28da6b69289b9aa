"""rewritten: behind which command of a rewritten file the old one ends."""

from __future__ import annotations

from pathlib import Path
from time import time

import pytest

from aoftool.errors import FileSetError
from aoftool.format.rdb import RdbEncoder
from aoftool.format.resp import encode_command
from aoftool.ops.replay.rewritten import find_continuation


def commands(*lines: str) -> bytes:
    return b"".join(encode_command(line.encode().split()) for line in lines)


def preamble(ctime: float = 0) -> bytes:
    encoder = RdbEncoder()
    encoder.aux(b"ctime", b"%d" % ctime)
    encoder.select_db(0)
    encoder.key(b"k", "string", b"v")
    return encoder.end()


BEFORE = commands("SELECT 0", "INCR n", "INCR n")
DIFF = ["SELECT 0", "INCR n", "INCR n", "INCR n", "SET a 1"]


def found(old: bytes, new: bytes, tmp_path: Path) -> tuple[int, int]:
    first, second = tmp_path / "old", tmp_path / "new"
    first.write_bytes(old)
    second.write_bytes(new)
    with first.open("rb") as one, second.open("rb") as other:
        return find_continuation(one.fileno(), len(old), other.fileno(), second)


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
    with pytest.raises(FileSetError, match="without preamble"):
        found(BEFORE, new, tmp_path)


@pytest.mark.parametrize("lacking", [1, 400, 1100, 2999])
def test_more_than_is_read_at_a_time(lacking: int, tmp_path: Path) -> None:
    """A rewrite buffer of some MB, of which the old file lacks some commands."""
    record = commands("RPUSH l " + "v" * 1000)
    select = commands("SELECT 0")
    shared = select + record * (3000 - lacking)
    old = BEFORE + commands("SET x " + "x" * 4_000_000) + shared
    new = preamble() + select + record * 3000
    place = found(old, new, tmp_path)
    assert place == (len(preamble()) + len(shared), 3001 - lacking)


def test_annotations_are_no_commands(tmp_path: Path) -> None:
    times = [b"#TS:1700000000\r\n", b"#TS:1700000001\r\n"]
    shared = times[0] + commands("SELECT 0", "INCR n") + times[1] + commands("INCR n")
    new = preamble() + shared + commands("INCR n")
    assert found(BEFORE + shared, new, tmp_path) == (len(preamble()) + len(shared), 3)


@pytest.mark.parametrize("before", range(0, 60, 3))
def test_it_begins_across_two_reads(before: int, tmp_path: Path) -> None:
    diff = commands("SELECT 0", "SET y " + "y" * (1 << 21))
    new = preamble() + diff + commands("SET z " + "z" * ((1 << 20) - 70 + before))
    place = found(BEFORE + commands("SET x " + "x" * (1 << 22)) + diff, new, tmp_path)
    assert place == (len(preamble()) + len(diff), 2)


def test_a_file_between_was_missed(tmp_path: Path) -> None:
    """A snapshot that was begun after the old file had lost its name is not of its successor."""
    for ahead in (-100, 0):
        assert found(BEFORE, preamble(time() + ahead), tmp_path)[1] == 0
    with pytest.raises(FileSetError, match="more than once"):
        found(BEFORE, preamble(time() + 100), tmp_path)
