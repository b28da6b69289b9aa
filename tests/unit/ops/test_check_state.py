"""check --level state: every command is run, and each that fails is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from aoftool.format.rdb import RdbEncoder
from aoftool.ops.check import CheckOptions, KeyCount, Level, Severity, SourceReport, Verdict
from aoftool.ops.check.state import check_state
from tests.builders import command, commands
from tests.unit.ops.test_check import make_set

GOOD = commands("SELECT 0", "SET a 1", "PEXPIREAT a 1", "SELECT 2", "RPUSH l x y")


def check(tmp_path: Path, data: bytes, **options: object) -> SourceReport:
    path = tmp_path / "x.aof"
    path.write_bytes(data)
    return check_state(path, CheckOptions(Level.STATE, **options))  # type: ignore[arg-type]


def errors(report: SourceReport) -> list[tuple[str, int | None, int | None]]:
    return [
        (finding.code, finding.offset, finding.record)
        for file in report.files
        for finding in file.findings
        if finding.severity is Severity.ERROR
    ]


def rdb(*keys: tuple[bytes, bytes]) -> bytes:
    encoder = RdbEncoder(9)
    encoder.select_db(0)
    for key, value in keys:
        encoder.key(key, "string", value, None)
    return encoder.end()


def test_what_a_clean_file_loads_as(tmp_path: Path) -> None:
    report = check(tmp_path, GOOD)
    assert (report.verdict, report.level) == (Verdict.CLEAN, "state")
    assert report.state == [KeyCount(0, "string", 1, 1), KeyCount(2, "list", 1, 0)]


@pytest.mark.parametrize(
    ("bad", "reply"),
    [
        ("LPUSH a x", "LPUSH a x: WRONGTYPE Operation against a key"),
        ("INCR l", "WRONGTYPE"),
        ("SET a 1 NOSUCH", "ERR syntax error"),
        ("XADD s 0-0 f v", "ERR The ID specified in XADD must be greater than 0-0"),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_a_command_that_fails(tmp_path: Path, bad: str, reply: str, inside: bool) -> None:
    before = commands("MULTI") if inside else b""
    start = len(commands("SET a 1", "SELECT 0", "RPUSH l x") + before)
    data = commands("SET a 1", "SELECT 0", "RPUSH l x") + before + commands(bad)
    report = check(tmp_path, data + (commands("EXEC") if inside else b"") + commands("SET z 1"))
    assert report.verdict is Verdict.CORRUPT
    assert errors(report) == [("command-fails", start, 5 if inside else 4)]
    (finding,) = report.files[0].findings
    assert reply in finding.reason
    assert finding.context
    assert report.state is not None
    assert sum(count.keys for count in report.state) == 3


def test_many_failures_are_counted(tmp_path: Path) -> None:
    report = check(tmp_path, commands("SET a 1", *["LPUSH a x"] * 500))
    assert len(report.files[0].findings) == 20
    assert sum(finding.count for finding in report.files[0].findings) == 500


def test_what_other_levels_see_is_told_once(tmp_path: Path) -> None:
    report = check(tmp_path, GOOD + commands("NOSUCH x", "LPUSH a", "XGROUP NOSUCH a b"))
    assert [code for code, _, _ in errors(report)] == [
        "unknown-command", "arity", "unknown-subcommand",
    ]  # fmt: skip


def test_an_allowed_command_is_passed_over(tmp_path: Path) -> None:
    report = check(tmp_path, GOOD + commands("MY.CMD x", "OTHER y"), allow=(b"OTHER", b"MY.*"))
    assert report.verdict is Verdict.CLEAN


def test_a_cut_tail_is_left_out(tmp_path: Path) -> None:
    report = check(tmp_path, GOOD + commands("MULTI", "DEL a"))
    assert report.verdict is Verdict.TRUNCATED
    assert report.state == [KeyCount(0, "string", 1, 1), KeyCount(2, "list", 1, 0)]


def test_damage_is_told_once_and_what_fails_before_it_too(tmp_path: Path) -> None:
    data = commands("SET a 1", "LPUSH a x")
    report = check(tmp_path, data + b"\xff" + GOOD)
    assert [code for code, _, _ in errors(report)] == ["record-type", "command-fails"]
    assert report.state is None


def test_packed_values_are_looked_into(tmp_path: Path) -> None:
    """A list whose listpack is damaged inside, in RDB data without a checksum."""
    bad_ziplist = b"\x0b\x00\x00\x00\x0a\x00\x00\x00\x01\x00\xff"
    data = b"REDIS0009\xfe\x00" + b"\x0d" + b"\x01h" + b"\x0b" + bad_ziplist + b"\xff" + bytes(8)
    report = check(tmp_path, data)
    assert [code for code, _, _ in errors(report)] == ["rdb-value"]
    assert report.verdict is Verdict.CORRUPT


def test_a_key_that_is_there_twice(tmp_path: Path) -> None:
    report = check(tmp_path, rdb((b"k", b"1"), (b"j", b"2"), (b"k", b"3")))
    assert [code for code, _, _ in errors(report)] == ["duplicate-key"]
    assert report.state == [KeyCount(0, "string", 2, 0)]


def test_a_file_set(tmp_path: Path) -> None:
    manifest = make_set(tmp_path)
    report = check_state(manifest, CheckOptions(Level.STATE))
    assert report.verdict is Verdict.CLEAN
    assert report.state is not None
    assert sum(count.keys for count in report.state) >= 49
    incr = sorted(manifest.parent.glob("*.incr.aof"))[-1]
    size = incr.stat().st_size
    incr.write_bytes(incr.read_bytes() + commands("SET sss 1") + command("SADD", "sss", "x"))
    report = check_state(manifest, CheckOptions(Level.STATE))
    assert errors(report)[0][:2] == ("command-fails", size + len(commands("SET sss 1")))


def test_nothing_is_run_of_what_cannot_be_loaded(tmp_path: Path) -> None:
    report = check_state(tmp_path / "missing", CheckOptions(Level.STATE))
    assert report.verdict is Verdict.UNREADABLE
    assert report.state is None
