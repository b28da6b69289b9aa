"""rewrite: what it writes, what it refuses, and that it never harms its source."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from aoftool.errors import ExitCode, RefusedError, SourceError
from aoftool.format.aof import Command, decode_aof
from aoftool.format.rdb import Aux, Key, decode_events
from aoftool.ops import rewrite as module
from aoftool.ops.check import Verdict, check_path
from aoftool.ops.failures import DamagedError
from aoftool.ops.loading import LoadError, LoadOptions, load
from aoftool.ops.rewrite import (
    Beside,
    Form,
    InPlace,
    RewriteOptions,
    VerifyError,
    encoding,
    rewrite,
)
from aoftool.ops.source import resolve
from aoftool.ops.targets import TARGETS
from tests.builders import command, commands
from tests.unit.ops.test_check import make_set

NOW = 1_700_000_000_000
SOURCE = commands(
    "SELECT 0", "SET a 1", "SET b 2", "INCR a", "DEL b", "RPUSH l x y z", "SADD s m",
    "SELECT 3", "SET c 3", "PEXPIREAT c 1600000000000", "MULTI", "SET d 4", "EXEC",
)  # fmt: skip
FUNCTION = b"#!lua name=lib\nredis.register_function('f', function() return 1 end)"


def options(form: Form = Form.RESP, target: str = "redis-6.2", **changes: object) -> RewriteOptions:
    loading = {k: changes.pop(k) for k in list(changes) if k in LoadOptions.__slots__}
    return RewriteOptions(
        form,
        TARGETS[target],
        loading=LoadOptions(now_ms=NOW, **loading),  # type: ignore[arg-type]
        **changes,  # type: ignore[arg-type]
    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "appendonly.aof"
    path.write_bytes(SOURCE)
    return path


def argvs(path: Path) -> list[list[bytes]]:
    return [event.argv for event in decode_aof(path.read_bytes()) if isinstance(event, Command)]


def test_as_commands(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.aof"
    done = rewrite(source, Beside(out), options())
    assert argvs(out) == [
        [b"SELECT", b"0"], [b"SET", b"a", b"2"], [b"RPUSH", b"l", b"x", b"y", b"z"],
        [b"SADD", b"s", b"m"], [b"SELECT", b"3"], [b"SET", b"c", b"3"],
        [b"PEXPIREAT", b"c", b"1600000000000"], [b"SET", b"d", b"4"],
    ]  # fmt: skip
    assert done.keys == {(0, "string"): 1, (0, "list"): 1, (0, "set"): 1, (3, "string"): 2}
    assert (done.loaded.records, done.bytes_out) == (13, out.stat().st_size)
    assert source.read_bytes() == SOURCE


@pytest.mark.parametrize(("form", "mark"), [(Form.PREAMBLE, True), (Form.RDB, False)])
def test_as_rdb(source: Path, tmp_path: Path, form: Form, mark: bool) -> None:
    out = tmp_path / "out"
    rewrite(source, Beside(out), options(form))
    events = list(decode_events(out.read_bytes()))
    keys = {(event.db, event.key): event for event in events if isinstance(event, Key)}
    assert set(keys) == {(0, b"a"), (0, b"l"), (0, b"s"), (3, b"c"), (3, b"d")}
    assert keys[3, b"c"].expire_at_ms == 1_600_000_000_000
    assert (Aux(b"aof-preamble", b"1") in events) is mark
    assert check_path(out).verdict is Verdict.CLEAN


def test_expired_keys_are_kept_or_dropped(source: Path, tmp_path: Path) -> None:
    done = rewrite(source, Beside(tmp_path / "out"), options(drop_expired=True))
    assert done.loaded.expired == 1
    assert [b"SET", b"c", b"3"] not in argvs(tmp_path / "out")


def test_more_than_64_items_are_split(tmp_path: Path) -> None:
    source = tmp_path / "x.aof"
    source.write_bytes(command("RPUSH", "l", *[str(n) for n in range(130)]))
    rewrite(source, Beside(tmp_path / "out"), options())
    assert [len(argv) for argv in argvs(tmp_path / "out")] == [2, 66, 66, 4]


def test_in_place_keeps_the_old_file(source: Path, tmp_path: Path) -> None:
    done = rewrite(source, InPlace(), options())
    assert done.backup == tmp_path / "appendonly.aof.before-rewrite"
    assert done.backup.read_bytes() == SOURCE
    assert len(argvs(source)) == 8
    again = rewrite(source, InPlace(), options())
    assert again.backup == tmp_path / "appendonly.aof.before-rewrite.1"
    rewrite(source, InPlace(keep_old=False), options())
    assert len(list(tmp_path.iterdir())) == 3


def test_an_output_that_exists_is_not_written_over(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"precious")
    with pytest.raises(RefusedError, match="exists already"):
        rewrite(source, Beside(out), options())
    assert out.read_bytes() == b"precious"


def test_a_set_becomes_one_file(tmp_path: Path) -> None:
    manifest = make_set(tmp_path)
    done = rewrite(manifest, Beside(tmp_path / "out"), options())
    assert done.loaded.rdb_keys == 49


def test_a_cut_tail_is_left_out_or_refused(source: Path, tmp_path: Path) -> None:
    source.write_bytes(SOURCE + commands("MULTI", "SET e 5"))
    done = rewrite(source, Beside(tmp_path / "out"), options())
    assert done.loaded.cut is not None
    assert done.loaded.cut[1] == len(SOURCE)
    assert [b"SET", b"e", b"5"] not in argvs(tmp_path / "out")
    with pytest.raises(DamagedError, match="inside a transaction") as caught:
        rewrite(source, Beside(tmp_path / "two"), options(truncated=False))
    assert caught.value.exit_code is ExitCode.TRUNCATED


def test_damage_stops_with_its_offset(source: Path, tmp_path: Path) -> None:
    source.write_bytes(SOURCE + b"\xff" + SOURCE)
    with pytest.raises(DamagedError, match=f"offset {len(SOURCE)}.*aoftool check") as caught:
        rewrite(source, Beside(tmp_path / "out"), options())
    assert caught.value.exit_code is ExitCode.CORRUPT
    assert [entry.name for entry in tmp_path.iterdir()] == ["appendonly.aof"]


@pytest.mark.parametrize("bad", ["NOSUCH x", "LPUSH a x", "INCR", "SELECT 99999"])
@pytest.mark.parametrize("inside", [False, True])
def test_a_failing_command_stops_or_is_listed(
    source: Path, tmp_path: Path, bad: str, inside: bool
) -> None:
    tail = commands("SELECT 0") + (commands("MULTI", bad, "EXEC") if inside else commands(bad))
    source.write_bytes(SOURCE + tail + commands("SET z 1"))
    with pytest.raises(LoadError, match="--skip-errors") as caught:
        rewrite(source, Beside(tmp_path / "out"), options())
    assert caught.value.failure.record == 16 if inside else 15
    done = rewrite(source, Beside(tmp_path / "out"), options(skip_errors=True))
    assert done.loaded.failed == 1
    (failure,) = done.loaded.failures
    assert failure.argv == tuple(word.encode() for word in bad.split())
    assert [b"SET", b"z", b"1"] in argvs(tmp_path / "out")


@pytest.mark.parametrize(
    ("target", "version"),
    [("redis-4.0", 8), ("redis-5.0", 9), ("redis-6.2", 9), ("redis-7.0", 10), ("redis-7.2", 11),
     ("redis-7.4", 12), ("valkey-8", 11)],
)  # fmt: skip
def test_each_target_gets_a_preamble_that_it_reads(
    source: Path, tmp_path: Path, target: str, version: int
) -> None:
    rewrite(source, Beside(tmp_path / "out"), options(Form.PREAMBLE, target))
    assert (tmp_path / "out").read_bytes().startswith(b"REDIS%04d" % version)


LOSSES: list[tuple[bytes, str, str]] = [
    (command("FUNCTION", "LOAD", FUNCTION), "redis-6.2", "1 function libraries"),
    (commands("XADD s 1-1 f v"), "redis-4.0", "1 streams"),
    (commands("HSET h f v g w", "HPEXPIREAT h 1900000000000 FIELDS 2 f g"), "redis-7.2",
     "the expiries of 2 hash fields"),
]  # fmt: skip


@pytest.mark.parametrize(("extra", "target", "words"), LOSSES[1:])
def test_what_a_target_cannot_hold(tmp_path: Path, extra: bytes, target: str, words: str) -> None:
    source = tmp_path / "x.aof"
    source.write_bytes(SOURCE + extra)
    with pytest.raises(RefusedError, match=words):
        rewrite(source, Beside(tmp_path / "out"), options(target=target))
    done = rewrite(source, Beside(tmp_path / "out"), options(target=target, allow_loss=True))
    assert done.lost == [words]
    rewrite(source, Beside(tmp_path / "full"), options(target="redis-7.4"))
    assert load(resolve(tmp_path / "full"), LoadOptions()).failed == 0


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
def test_a_failing_disk_leaves_everything_as_it_was(
    source: Path, tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(SourceError, match="No space left"):
        rewrite(source, InPlace(keep_old=False), options())
    monkeypatch.undo()
    assert source.read_bytes() == SOURCE
    assert [entry.name for entry in tmp_path.iterdir()] == ["appendonly.aof"]


def test_a_wrong_copy_is_found_and_removed(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = encoding.encode

    def forget_one(*args: Any) -> list[bytes]:
        return [b"".join(real(*args)).replace(b"$1\r\n2\r\n", b"$1\r\n9\r\n")]

    monkeypatch.setattr(module, "encode", forget_one)
    with pytest.raises(VerifyError, match="does not hold"):
        rewrite(source, Beside(tmp_path / "out"), options())
    assert [entry.name for entry in tmp_path.iterdir()] == ["appendonly.aof"]


def test_too_little_space_is_refused(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 10

    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage)
    with pytest.raises(RefusedError, match="10 bytes are free"):
        rewrite(source, Beside(tmp_path / "out"), options())
