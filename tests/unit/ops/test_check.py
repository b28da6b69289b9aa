"""What check says of files of every kind, whole and damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from aoftool.errors import ExitCode
from aoftool.ops.check import (
    CheckOptions,
    FileKind,
    FileReport,
    Level,
    Severity,
    SourceReport,
    Verdict,
    check_path,
    worst,
)
from aoftool.ops.check.state import check_state
from tests.builders import command, commands

SAMPLES = Path(__file__).parents[3] / "samples"
GOOD = commands("SELECT 0", "SET a 1", "MULTI", "SET b 2", "EXEC")


def check(path: Path, **options: object) -> SourceReport:
    how = CheckOptions(**options)  # type: ignore[arg-type]
    return check_state(path, how) if how.level is Level.STATE else check_path(path, how)


def check_bytes(tmp_path: Path, data: bytes, **options: object) -> FileReport:
    path = tmp_path / "x.aof"
    path.write_bytes(data)
    (report,) = check(path, **options).files
    return report


def codes(report: FileReport | SourceReport, severity: Severity = Severity.ERROR) -> list[str]:
    return [finding.code for finding in report.findings if finding.severity is severity]


def test_a_clean_file(tmp_path: Path) -> None:
    report = check_bytes(tmp_path, GOOD)
    assert (report.verdict, report.kind) == (Verdict.CLEAN, FileKind.AOF)
    assert (report.records, report.transactions, report.size) == (5, 1, len(GOOD))
    assert report.commands == {"SELECT": 1, "SET": 2, "MULTI": 1, "EXEC": 1}
    assert report.databases == {0: 2}
    assert (report.valid_up_to, report.valid_records) == (len(GOOD), 5)
    assert report.cut is None
    assert report.requires == "2.0.0" or report.requires == "1.2.0"


def test_samples_are_what_their_readme_says() -> None:
    rows = [line.split("|")[1:-1] for line in (SAMPLES / "README.md").read_text().splitlines()
            if line.startswith("| ") and not line.startswith("| file")]  # fmt: skip
    assert len(rows) >= 8
    for name, exit_code, verdict, finding, _ in ([cell.strip() for cell in row] for row in rows):
        report = check(SAMPLES / name)
        assert report.verdict.value == verdict, name
        assert int(report.verdict.exit_code) == int(exit_code), name
        errors = [code for file in report.files for code in codes(file)]
        assert errors == ([] if finding == "-" else [finding]), name


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize(
    ("tail", "code", "kept"),
    [
        (b"*", "cut-short", len(GOOD)),
        (b"*2\r\n$3\r\nDEL\r\n$1\r\n", "cut-short", len(GOOD)),
        (commands("DEL a")[:-1], "cut-short", len(GOOD)),
        (commands("MULTI"), "open-multi", len(GOOD)),
        (commands("MULTI", "DEL a"), "open-multi", len(GOOD)),
        (commands("MULTI", "DEL a")[:-3], "cut-short", len(GOOD)),
        (b"\0" * 100, "zero-filled", len(GOOD)),
        (commands("DEL a")[:-3] + b"\0" * 5_000_000, "zero-filled", len(GOOD)),
        (b"#TS:12", "cut-short", len(GOOD)),
    ],
)
def test_truncated_tails(tmp_path: Path, level: Level, tail: bytes, code: str, kept: int) -> None:
    report = check_bytes(tmp_path, GOOD + tail, level=level)
    assert (report.verdict, codes(report)) == (Verdict.TRUNCATED, [code])
    assert (report.valid_up_to, report.valid_records) == (kept, 5)
    assert report.cut is not None
    assert (report.cut.offset, report.cut.bytes) == (kept, len(tail))
    assert not report.cut.forced


def test_where_a_cut_is_seen(tmp_path: Path) -> None:
    cut = command("SET", "a", "v" * 99)[:-12]
    report = check_bytes(tmp_path, GOOD + cut)
    (finding,) = report.findings
    assert (finding.offset, finding.start, finding.record) == (len(GOOD), len(GOOD), 6)
    assert "1 argument not complete, the open one lacks 10 of its bytes" in finding.reason
    assert finding.offset is not None
    shown = finding.context[finding.offset - finding.context_offset :]
    assert shown == cut[:40]


def test_whole_commands_in_an_open_transaction_are_counted(tmp_path: Path) -> None:
    report = check_bytes(tmp_path, GOOD + commands("MULTI", "DEL a", "DEL b"))
    assert report.cut is not None
    assert report.cut.records == 3


def test_damage_in_the_middle_shows_what_stands_behind(tmp_path: Path) -> None:
    behind = commands(*[f"SET k{i} v" for i in range(500)])
    data = GOOD + b"\xff\xff" + behind + b"\xfe" + commands("DEL a", "DEL b")
    report = check_bytes(tmp_path, data)
    assert (report.verdict, codes(report)) == (Verdict.CORRUPT, ["record-type"])
    first, second = report.runs
    start = len(GOOD) + 2
    assert (first.offset, first.end, first.records) == (start, start + len(behind), 500)
    assert (second.records, second.end) == (2, len(data))
    assert report.cut is not None
    assert (report.cut.forced, report.cut.records) == (True, 502)


def test_a_length_past_the_end_is_not_taken_for_a_cut(tmp_path: Path) -> None:
    behind = commands(*[f"SET k{i} v" for i in range(300)])
    data = GOOD + b"*2\r\n$3\r\nDEL\r\n$99999999\r\nx\r\n" + behind
    report = check_bytes(tmp_path, data)
    assert (report.verdict, codes(report)) == (Verdict.CORRUPT, ["length-past-end"])
    assert report.runs[0].records == 300
    assert report.cut is not None
    assert report.cut.forced


def test_what_looks_like_a_command_but_is_none_is_no_run(tmp_path: Path) -> None:
    for tail in (b"*1\r\n$9\r\nNOCOMMAND\r\n", commands("GET"), b"*9\r\n$3\r\nSET\r\n"):
        report = check_bytes(tmp_path, GOOD + b"\xff" + tail)
        assert (report.verdict, report.runs) == (Verdict.CORRUPT, [])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (command("NOSUCH", "x"), "unknown-command"),
        (command("", "x"), "unknown-command"),
        (command("x" * 100), "unknown-command"),
        (command("SET", "a"), "arity"),
        (command("GET", "a", "b"), "arity"),
        (command("SELECT", "zero"), "select"),
        (command("EXEC"), "lone-exec"),
        (commands("MULTI", "MULTI", "EXEC"), "nested-multi"),
        (command("XGROUP", "NOSUCH", "a"), "unknown-subcommand"),
        (command("XGROUP", "CREATE", "a"), "arity"),
    ],
)
def test_level_commands(tmp_path: Path, data: bytes, code: str) -> None:
    report = check_bytes(tmp_path, GOOD + data + GOOD)
    assert (report.verdict, codes(report)) == (Verdict.CORRUPT, [code])
    finding = report.findings[0]
    assert finding.record is not None
    assert finding.record >= 6
    assert report.cut is None
    assert check_bytes(tmp_path, GOOD + data + GOOD, level=Level.FRAMING).verdict is Verdict.CLEAN


def test_findings_of_one_code_are_counted(tmp_path: Path) -> None:
    report = check_bytes(tmp_path, command("SET", "a") * 100)
    assert len(report.findings) == 20
    assert sum(finding.count for finding in report.findings) == 100


def test_unknown_names_are_said_once_and_counted(tmp_path: Path) -> None:
    report = check_bytes(tmp_path, command("NOSUCH", "x") * 100 + command("OTHER"))
    assert codes(report) == ["unknown-command", "unknown-command"]
    assert report.commands == {"NOSUCH": 100, "OTHER": 1}


def test_a_flood_of_unknown_names_stays_small(tmp_path: Path) -> None:
    report = check_bytes(tmp_path, b"".join(command(f"NAME{i}") for i in range(5000)))
    assert len(report.commands) == 1001
    assert report.commands["(other)"] == 4000
    assert len(report.findings) == 20


def test_names_that_the_caller_vouches_for(tmp_path: Path) -> None:
    data = command("MYSET", "a") + command("zz.one") + command("zz.two")
    report = check_bytes(tmp_path, data, allow=(b"MYSET", b"ZZ.*"))
    assert (report.verdict, report.findings) == (Verdict.CLEAN, [])


def test_module_commands_are_a_notice(tmp_path: Path) -> None:
    report = check_bytes(tmp_path, command("BF.ADD", "k", "v"))
    assert report.verdict is Verdict.CLEAN
    assert codes(report, Severity.NOTICE) == ["module-command"]


def test_databases_beyond_the_default(tmp_path: Path) -> None:
    data = commands("SELECT 20", "SET a b")
    report = check_bytes(tmp_path, data)
    assert (report.verdict, codes(report, Severity.WARNING)) == (
        Verdict.CLEAN,
        ["database-range"],
    )
    assert check_bytes(tmp_path, data, databases=20).verdict is Verdict.CORRUPT
    assert check_bytes(tmp_path, data, databases=21).findings == []


def test_annotations(tmp_path: Path) -> None:
    data = b"#TS:100\r\n" + GOOD + b"#TS:200\r\n#remark\r\n" + GOOD
    report = check_bytes(tmp_path, data)
    assert (report.annotations, report.first_ts, report.last_ts) == (3, 100, 200)
    assert codes(report, Severity.NOTICE) == ["annotations"]


def test_empty_and_missing(tmp_path: Path) -> None:
    report = check_bytes(tmp_path, b"")
    assert (report.verdict, report.kind) == (Verdict.CLEAN, FileKind.EMPTY)
    gone = check(tmp_path / "nothing.aof")
    assert gone.verdict is Verdict.UNREADABLE
    assert "No such file" in gone.files[0].findings[0].reason


# Preambles and RDB files.
def preamble() -> tuple[bytes, int]:
    data = (SAMPLES / "preamble.aof").read_bytes()
    return data, data.rindex(b"*2\r\n$6\r\nSELECT")


def test_a_preamble_is_counted(tmp_path: Path) -> None:
    data, end = preamble()
    report = check_bytes(tmp_path, data)
    assert (report.kind, report.preamble_end) == (FileKind.AOF_PREAMBLE, end)
    assert (report.keys, report.expires, report.records) == (49, 1, 2)
    assert report.types == {"string": 43, "hash": 1, "list": 2, "set": 1, "zset": 1, "stream": 1}
    assert report.writer["redis-ver"].startswith("6.2")
    assert report.rdb_version == "REDIS 9"
    assert report.databases == {0: 50}


def test_the_cut_never_reaches_into_the_preamble(tmp_path: Path) -> None:
    data, end = preamble()
    for size in (end + 1, end + 10):
        report = check_bytes(tmp_path, data[:size])
        assert report.verdict is Verdict.TRUNCATED
        assert report.cut is not None
        assert report.cut.offset == end
        assert "loses the whole preamble" in report.findings[0].loader


def test_every_cut_inside_a_preamble_is_beyond_repair(tmp_path: Path) -> None:
    data, end = preamble()
    for size in range(1, end):
        report = check_bytes(tmp_path, data[:size])
        assert (report.verdict, codes(report)) == (Verdict.CORRUPT, ["rdb-cut-short"]), size
        assert report.cut is None


def test_a_flipped_bit_in_a_preamble_is_found(tmp_path: Path) -> None:
    data, end = preamble()
    for at in range(0, end, 7):
        broken = bytearray(data)
        broken[at] ^= 0x10
        report = check_bytes(tmp_path, bytes(broken))
        assert report.verdict in (Verdict.CORRUPT, Verdict.NEWER), at
        assert report.cut is None or at < 9


def test_an_rdb_without_checksum_is_clean(tmp_path: Path) -> None:
    data = (SAMPLES / "dump.rdb").read_bytes()
    report = check_bytes(tmp_path, data[:-8] + bytes(8))
    assert (report.verdict, report.kind) == (Verdict.CLEAN, FileKind.RDB)
    assert codes(report, Severity.NOTICE) == ["rdb-no-checksum"]


@pytest.mark.parametrize("magic", [b"REDIS0014", b"REDIS9999", b"VALKEY081"])
def test_newer_versions(tmp_path: Path, magic: bytes) -> None:
    report = check_bytes(tmp_path, magic + b"\xff" * 20)
    assert (report.verdict, codes(report)) == (Verdict.NEWER, ["rdb-newer"])
    assert report.verdict.exit_code is ExitCode.NEWER


def test_unknown_types_are_newer_or_damage(tmp_path: Path) -> None:
    newer = check_bytes(tmp_path, b"REDIS0013" + b"\x1e\x01k\x00\xff")
    assert (newer.verdict, newer.findings[0].offset) == (Verdict.NEWER, 9)
    damage = check_bytes(tmp_path, b"REDIS0009" + b"\x1e\x01k\x00\xff")
    assert (damage.verdict, damage.findings[0].offset) == (Verdict.CORRUPT, 9)


# File sets.
def make_set(folder: Path, incr1: bytes = GOOD, incr2: bytes = GOOD) -> Path:
    (folder / "a.aof.1.base.rdb").write_bytes((SAMPLES / "dump.rdb").read_bytes())
    (folder / "a.aof.1.incr.aof").write_bytes(incr1)
    (folder / "a.aof.2.incr.aof").write_bytes(incr2)
    manifest = folder / "a.aof.manifest"
    manifest.write_text(
        "file a.aof.1.base.rdb seq 1 type b\n"
        "file a.aof.1.incr.aof seq 1 type i\n"
        "file a.aof.2.incr.aof seq 2 type i\n"
    )
    return manifest


@pytest.mark.parametrize("as_directory", [False, True])
def test_a_whole_set(tmp_path: Path, as_directory: bool) -> None:
    manifest = make_set(tmp_path)
    report = check(tmp_path if as_directory else manifest)
    assert (report.verdict, report.manifest) == (Verdict.CLEAN, str(manifest))
    assert [file.role for file in report.files] == ["base", "incr", "incr"]


def test_only_the_last_file_may_be_cut(tmp_path: Path) -> None:
    last = check(make_set(tmp_path, incr2=GOOD[:-3]))
    assert last.verdict is Verdict.TRUNCATED
    assert last.files[-1].cut is not None
    middle = check(make_set(tmp_path, incr1=GOOD[:-3]))
    assert (middle.verdict, codes(middle)) == (Verdict.FILE_SET, ["not-last"])
    assert middle.files[1].cut is None


def test_a_missing_file(tmp_path: Path) -> None:
    manifest = make_set(tmp_path)
    (tmp_path / "a.aof.1.incr.aof").unlink()
    report = check(manifest)
    assert codes(report) == ["missing-file"]
    assert report.own_verdict is Verdict.FILE_SET


def test_a_broken_manifest(tmp_path: Path) -> None:
    manifest = make_set(tmp_path)
    manifest.write_text("file a.aof.1.base.rdb seq 1 type b\nfile x seq\n")
    report = check(manifest)
    assert (report.verdict, codes(report)) == (Verdict.FILE_SET, ["manifest"])
    assert "line 2" in report.findings[0].reason


def test_rdb_data_in_an_incr_file(tmp_path: Path) -> None:
    report = check(make_set(tmp_path, incr2=(SAMPLES / "dump.rdb").read_bytes()))
    assert (report.verdict, codes(report.files[2])) == (Verdict.CORRUPT, ["rdb-in-incr"])


def test_files_that_nobody_names(tmp_path: Path) -> None:
    manifest = make_set(tmp_path)
    (tmp_path / "a.aof.3.incr.aof").write_bytes(GOOD)
    report = check(manifest)
    assert report.verdict is Verdict.CLEAN
    assert codes(report, Severity.WARNING) == ["unnamed-file"]


def test_directories(tmp_path: Path) -> None:
    assert check(tmp_path).verdict is Verdict.FILE_SET
    (tmp_path / "dump.rdb").write_bytes((SAMPLES / "dump.rdb").read_bytes())
    assert check(tmp_path).files[0].kind is FileKind.RDB
    (tmp_path / "appendonly.aof").write_bytes(GOOD)
    assert check(tmp_path).files[0].kind is FileKind.AOF
    (tmp_path / "temp-rewriteaof-1.aof").write_bytes(b"junk")
    assert check(tmp_path).verdict is Verdict.CLEAN
    (tmp_path / "other.aof").write_bytes(GOOD)
    assert "several .aof files" in check(tmp_path).findings[0].reason
    folder = tmp_path / "appendonlydir"
    folder.mkdir()
    make_set(folder)
    assert len(check(tmp_path).files) == 3
    (folder / "b.manifest").write_text("")
    assert "several manifests" in check(tmp_path).findings[0].reason


def test_worst_wins() -> None:
    assert worst([]) is Verdict.CLEAN
    order = [Verdict.CLEAN, Verdict.TRUNCATED, Verdict.NEWER, Verdict.CORRUPT, Verdict.FILE_SET,
             Verdict.UNREADABLE]  # fmt: skip
    for index, verdict in enumerate(order):
        assert worst(order[: index + 1]) is verdict
    assert [int(verdict.exit_code) for verdict in order] == [0, 1, 6, 3, 4, 5]


def test_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "x.aof"
    path.write_bytes(GOOD[:-3])
    path.chmod(0o400)
    before = path.stat()
    check(path)
    after = path.stat()
    assert (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.aof"]
