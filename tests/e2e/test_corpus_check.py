"""Every file of the corpus, whole and damaged, through check and truncate."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from aoftool.format.aof import Command, decode_aof
from aoftool.ops.check import FileKind, Verdict, check_path
from aoftool.ops.truncate import apply_truncate, plan_truncate
from tests.builders import commands
from tests.corpus import files, folders, unpacked


@pytest.mark.parametrize("folder", folders(), ids=str)
def test_every_folder_is_clean(folder: Path) -> None:
    report = check_path(unpacked() / folder)
    assert report.verdict is Verdict.CLEAN
    assert sum(file.records + file.keys for file in report.files) > 200
    assert not any(
        finding.severity.value == "error" for f in report.files for finding in f.findings
    )


@pytest.mark.parametrize("path", files(".aof"), ids=lambda p: str(p.relative_to(unpacked())))
def test_the_check_counts_what_the_decoder_gives(path: Path) -> None:
    decoded = [event for event in decode_aof(path.read_bytes()) if isinstance(event, Command)]
    (report,) = check_path(path).files
    assert report.records == len(decoded)
    assert sum(report.commands.values()) == len(decoded)


def test_every_cut_of_a_real_file_is_told_at_its_record(tmp_path: Path) -> None:
    """Random cuts of real files: truncated, at the start of the command that was cut."""
    rng = random.Random(7)
    for path in files(".aof"):
        data = path.read_bytes()
        events = [event for event in decode_aof(data) if isinstance(event, Command)]
        first = events[0].start if events else len(data)
        for _ in range(12):
            size = rng.randrange(first, len(data)) if first < len(data) else first
            cut = tmp_path / "cut.aof"
            cut.write_bytes(data[:size])
            (report,) = check_path(cut).files
            inside = [event for event in events if event.start < size < event.end]
            if inside:
                assert report.verdict is Verdict.TRUNCATED, (path, size)
                assert report.findings[-1].start == inside[0].start
            else:
                assert report.verdict in (Verdict.CLEAN, Verdict.TRUNCATED)
            assert report.valid_up_to <= size


@pytest.mark.parametrize("server", ["redis-6.0.8", "redis-7.4.1"])
def test_flipped_bytes_never_crash(server: str, tmp_path: Path) -> None:
    rng = random.Random(server)
    for path in files(".aof") + files(".rdb"):
        if server not in path.parts:
            continue
        data = path.read_bytes()
        for _ in range(60):
            broken = bytearray(data)
            for _ in range(rng.choice([1, 1, 4])):
                broken[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            target = tmp_path / "broken.aof"
            target.write_bytes(broken)
            (report,) = check_path(target).files
            assert report.verdict is not Verdict.UNREADABLE
            assert (report.kind is FileKind.RDB) <= (report.cut is None)


def test_truncate_check_append_check(tmp_path: Path) -> None:
    rng = random.Random(3)
    for path in files("plain/appendonly.aof") + files("preamble/appendonly.aof"):
        data = path.read_bytes()
        for _ in range(3):
            target = tmp_path / "appendonly.aof"
            target.write_bytes(data[: len(data) - rng.randrange(1, 400)])
            apply_truncate(plan_truncate(target))
            whole = target.read_bytes()
            assert data.startswith(whole)
            assert check_path(target).verdict is Verdict.CLEAN
            with target.open("ab") as file:
                file.write(commands("SET appended 1"))
            assert check_path(target).verdict is Verdict.CLEAN


def test_the_last_file_of_a_real_set_is_mended(tmp_path: Path) -> None:
    for folder in folders():
        source = unpacked() / folder / "appendonlydir"
        if not source.is_dir():
            continue
        target = tmp_path / str(folder).replace("/", "-")
        shutil.copytree(source, target)
        (last,) = target.glob("*.incr.aof")
        with last.open("r+b") as file:
            file.truncate(last.stat().st_size - 3)
        assert check_path(target).verdict is Verdict.TRUNCATED
        apply_truncate(plan_truncate(target))
        assert check_path(target).verdict is Verdict.CLEAN
