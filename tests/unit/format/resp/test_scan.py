"""Both scanners: what they count, note and refuse."""

from __future__ import annotations

import pytest

from aoftool.format.resp import encode_command, limits
from aoftool.format.resp.reasons import Wrong
from aoftool.format.resp.scan import Note, RespScanner
from tests.builders import command, commands
from tests.unit.format.resp.cases import BROKEN, SOUND
from tests.unit.format.resp.scanning import TWINS, run

twins = pytest.mark.parametrize("cls", TWINS)


@twins
@pytest.mark.parametrize("size", [1, 2, 7, 1 << 20])
def test_sound_cases(cls: type[RespScanner], size: int) -> None:
    for argv, data in SOUND:
        seen = run(cls, data, size)
        assert (seen["bad"], seen["records"], seen["left"]) == (None, 1, 0), argv[0]
        assert seen["good_end"] == len(data)
        assert not seen["inside"]


@twins
@pytest.mark.parametrize("size", [1, 3, 1 << 20])
@pytest.mark.parametrize(("data", "offset", "reason"), BROKEN)
def test_broken_cases(
    cls: type[RespScanner], size: int, data: bytes, offset: int, reason: Wrong
) -> None:
    assert run(cls, data, size, base=5000)["bad"] == (5000 + offset, int(reason))


@twins
def test_counts_by_name_and_database(cls: type[RespScanner]) -> None:
    data = commands("SET a 1", "set b 2", "SELECT 3", "DEL a", "SELECT 0", "GET b", "SELECT 7")
    seen = run(cls, data, 1 << 20)
    assert seen["counts"] == {b"SET": 2, b"SELECT": 3, b"DEL": 1, b"GET": 1}
    assert seen["databases"] == {0: 3, 3: 1}
    assert seen["notes"] == []


@twins
def test_transactions(cls: type[RespScanner]) -> None:
    done = commands("SET a 1", "MULTI", "SET b 2", "EXEC")
    seen = run(cls, done + commands("MULTI", "SET c 3"), 5)
    assert seen["transactions"] == 1
    assert seen["tx"] == (len(done), 4)
    assert seen["records"] == 6


@twins
@pytest.mark.parametrize(
    ("data", "note"),
    [
        (commands("FOO a"), Note.UNKNOWN),
        (command("n" * 65, "x"), Note.UNKNOWN),
        (command("", "x"), Note.UNKNOWN),
        (commands("GET"), Note.ARITY),
        (commands("GET a b"), Note.ARITY),
        (commands("SET a"), Note.ARITY),
        (commands("SELECT x"), Note.SELECT),
        (command("SELECT", ""), Note.SELECT),
        (commands("SELECT 01"), Note.SELECT),
        (commands("SELECT -1"), Note.SELECT),
        (commands("SELECT 1234567890"), Note.SELECT),
        (command("SELECT", "1" * 65), Note.SELECT),
        (commands("MULTI", "MULTI"), Note.NESTED_MULTI),
        (commands("EXEC"), Note.LONE_EXEC),
        (commands("XGROUP CREATE k g 0"), Note.CONTAINER),
        (b"#TS:17\r\n", Note.ANNOTATION),
    ],
)
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_notes(cls: type[RespScanner], size: int, data: bytes, note: Note) -> None:
    notes = run(cls, data, size)["notes"]
    assert [(n[0], n[4]) for n in notes] == [(int(note), len(data))]


@twins
def test_a_note_shows_the_words(cls: type[RespScanner]) -> None:
    (note,) = run(cls, commands("XGROUP CREATE k g 0"), 1 << 20)["notes"]
    assert note == (int(Note.CONTAINER), 5, b"XGROUP", b"CREATE", 49)
    (note,) = run(cls, b"#TS:17\r\n", 1 << 20)["notes"]
    assert note[2] == b"#TS:17"


@twins
def test_arity_at_its_borders(cls: type[RespScanner]) -> None:
    assert run(cls, commands("SET a b", "SET a b c", "DEL a", "GET a"), 9)["notes"] == []


@twins
def test_long_bodies_are_skipped(cls: type[RespScanner]) -> None:
    scanner = cls()
    scanner.learn(b"SET", -3)
    data = encode_command([b"SET", b"k", b"x" * 1_000_000])
    assert scanner.scan(data[:100], 0, 100, 0) == 0
    assert scanner.skip == len(data) - 100 - 2
    assert scanner.missing == (1, scanner.skip)
    scanner.skipped(scanner.skip)
    assert scanner.scan(b"\r\n", 0, 2, len(data) - 2) == 0
    assert (scanner.records, scanner.good_end) == (1, len(data))


@twins
def test_learned_names(cls: type[RespScanner]) -> None:
    scanner = cls()
    scanner.learn(b"BF.ADD", 0, count=1)
    data = commands("bf.add k v", "BF.ADD k")
    assert scanner.scan(data, 0, len(data), 0) == 0
    assert scanner.counts() == {b"BF.ADD": 3}
    for name in (b"", b"x" * 65):
        with pytest.raises(ValueError, match="1 to 64 bytes"):
            scanner.learn(name, 0)


@twins
def test_annotation_limits(cls: type[RespScanner]) -> None:
    for size in (1, 100, 1 << 20):
        assert run(cls, b"#" + b"x" * 1020 + b"\r\n", size)["bad"] is None
        assert run(cls, b"#" + b"x" * 1021 + b"\r\n", size)["bad"] == (1022, int(Wrong.ANNOTATION))
        assert run(cls, b"#x\n", size)["bad"] == (2, int(Wrong.ANNOTATION))


def test_the_compiled_scanner_has_the_same_limits() -> None:
    speed = pytest.importorskip("aoftool.format.resp._scan")
    assert speed.LIMITS == (limits.MAX_WORD, limits.MAX_DIGITS, limits.MAX_ANNOTATION)
