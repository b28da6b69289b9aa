"""What truncate cuts, keeps and refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aoftool.errors import FileSetError, RefusedError, SourceError
from aoftool.ops.check import Verdict, check_path
from aoftool.ops.truncate import apply_truncate, plan_truncate
from tests.builders import command, commands
from tests.unit.ops.test_check import GOOD, make_set, preamble

TAIL = commands("SET c 3")[:-4]


def write(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "appendonly.aof"
    path.write_bytes(data)
    return path


def kept_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.cut-*")}


@pytest.mark.parametrize(
    "tail",
    [TAIL, commands("MULTI", "SET c 3"), commands("MULTI") + TAIL, b"\0" * 4096, TAIL + b"\0" * 99],
)
def test_the_tail_is_cut_and_kept(tmp_path: Path, tail: bytes) -> None:
    path = write(tmp_path, GOOD + tail)
    plan = plan_truncate(path)
    assert plan.cut is not None
    assert plan.last_kept == [b"EXEC"]
    outcome = apply_truncate(plan)
    assert path.read_bytes() == GOOD
    assert kept_files(tmp_path) == {f"appendonly.aof.cut-{len(GOOD)}": tail}
    assert outcome.kept_in == tmp_path / f"appendonly.aof.cut-{len(GOOD)}"
    assert outcome.after.verdict is Verdict.CLEAN


def test_twice_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + TAIL)
    apply_truncate(plan_truncate(path))
    before = path.stat()
    plan = plan_truncate(path)
    assert plan.cut is None
    assert apply_truncate(plan).kept_in is None
    assert path.stat() == before
    assert len(kept_files(tmp_path)) == 1


def test_cut_append_check(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + TAIL)
    apply_truncate(plan_truncate(path))
    with path.open("ab") as file:
        file.write(commands("SET d 4"))
    assert check_path(path).verdict is Verdict.CLEAN


def test_an_earlier_cut_is_not_written_over(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + TAIL)
    apply_truncate(plan_truncate(path))
    with path.open("ab") as file:
        file.write(b"*3")
    apply_truncate(plan_truncate(path))
    name = f"appendonly.aof.cut-{len(GOOD)}"
    assert kept_files(tmp_path) == {name: TAIL, name + ".1": b"*3"}


def test_nothing_is_kept_on_request(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + TAIL)
    assert apply_truncate(plan_truncate(path), keep=False).kept_in is None
    assert kept_files(tmp_path) == {}
    assert path.read_bytes() == GOOD


def test_planning_touches_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + TAIL)
    before = path.stat()
    plan_truncate(path)
    assert path.stat() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["appendonly.aof"]


def test_damage_in_the_middle_is_refused_unless_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + b"\xff" + GOOD)
    with pytest.raises(RefusedError, match=r"5 whole commands stand behind it.*--corrupt"):
        plan_truncate(path)
    plan = plan_truncate(path, corrupt=True)
    assert plan.cut is not None
    assert plan.cut.records == 5
    apply_truncate(plan)
    assert path.read_bytes() == GOOD
    assert kept_files(tmp_path) == {f"appendonly.aof.cut-{len(GOOD)}": b"\xff" + GOOD}


def test_a_length_past_the_end_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + b"*2\r\n$3\r\nDEL\r\n$999999\r\nx\r\n" + GOOD)
    with pytest.raises(RefusedError, match="5 whole commands"):
        plan_truncate(path)


def test_an_unknown_command_is_not_for_truncate(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + command("NOSUCH") + TAIL)
    plan = plan_truncate(path)
    assert plan.cut is not None
    assert plan.cut.offset == len(GOOD + command("NOSUCH"))


def test_a_file_that_does_not_begin_as_an_aof(tmp_path: Path) -> None:
    path = write(tmp_path, b"\x7fELF" + GOOD)
    for corrupt in (False, True):
        with pytest.raises(RefusedError, match=r"neither an AOF nor an RDB.*cutting does not mend"):
            plan_truncate(path, corrupt=corrupt)


def test_preambles(tmp_path: Path) -> None:
    data, end = preamble()
    path = write(tmp_path, data[: end + 9])
    apply_truncate(plan_truncate(path))
    assert path.read_bytes() == data[:end]
    for broken in (data[: end - 20], data[:40] + b"\xee" + data[41:]):
        path.write_bytes(broken)
        with pytest.raises(RefusedError, match="cutting does not mend this"):
            plan_truncate(path, corrupt=True)
        assert path.read_bytes() == broken


def test_a_file_that_changed_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + TAIL)
    plan = plan_truncate(path)
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(RefusedError, match="changed since it was checked"):
        apply_truncate(plan)
    assert path.read_bytes() == GOOD + TAIL + b"more"
    assert kept_files(tmp_path) == {}


def test_a_file_that_was_replaced_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + TAIL)
    plan = plan_truncate(path)
    other = tmp_path / "other"
    other.write_bytes(GOOD + TAIL)
    other.rename(path)
    with pytest.raises(RefusedError, match="changed since it was checked"):
        apply_truncate(plan)


def test_a_file_that_another_process_writes_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + TAIL)
    holder = subprocess.Popen(
        [sys.executable, "-c", f"f = open({str(path)!r}, 'ab'); print(flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        plan = plan_truncate(path)
        with pytest.raises(RefusedError, match=f"pid {holder.pid}"):
            apply_truncate(plan)
        assert path.read_bytes() == GOOD + TAIL
        apply_truncate(plan, in_use=True)
        holder.kill()
    assert path.read_bytes() == GOOD


def test_the_last_file_of_a_set(tmp_path: Path) -> None:
    manifest = make_set(tmp_path, incr2=GOOD + TAIL)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    apply_truncate(plan_truncate(tmp_path))
    assert (tmp_path / "a.aof.2.incr.aof").read_bytes() == GOOD
    for name in ("a.aof.1.base.rdb", "a.aof.1.incr.aof", manifest.name):
        assert (tmp_path / name).read_bytes() == before[name]


def test_an_earlier_file_of_a_set_is_refused_untouched(tmp_path: Path) -> None:
    manifest = make_set(tmp_path, incr1=GOOD + TAIL, incr2=GOOD + TAIL)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(FileSetError, match=r"a\.aof\.1\.incr\.aof is cut short"):
        plan_truncate(manifest, corrupt=True)
    with pytest.raises(RefusedError, match=r"loads a\.aof\.2\.incr\.aof after it"):
        plan_truncate(tmp_path / "a.aof.1.incr.aof")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_damage_in_an_earlier_file_is_refused(tmp_path: Path) -> None:
    manifest = make_set(tmp_path, incr1=GOOD + b"\xff" + GOOD, incr2=GOOD + TAIL)
    with pytest.raises(RefusedError, match="only the last file of a set"):
        plan_truncate(manifest, corrupt=True)


def test_a_set_that_is_none(tmp_path: Path) -> None:
    manifest = make_set(tmp_path)
    (tmp_path / "a.aof.1.incr.aof").unlink()
    with pytest.raises(FileSetError, match="not on disk"):
        plan_truncate(manifest)
    manifest.write_text("# nothing\n")
    with pytest.raises(FileSetError, match="names no file"):
        plan_truncate(tmp_path)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        plan_truncate(tmp_path / "gone.aof")
    with pytest.raises(RefusedError, match="standard input"):
        plan_truncate(Path("-"))


def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    path = write(folder, GOOD + TAIL)
    link = tmp_path / "link.aof"
    link.symlink_to(path)
    apply_truncate(plan_truncate(link))
    assert path.read_bytes() == GOOD
    assert link.is_symlink()
    assert list(kept_files(folder).values()) == [TAIL]


@pytest.mark.parametrize("call", ["write", "fsync", "ftruncate"])
def test_a_failing_disk_loses_nothing(
    tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, GOOD + TAIL)
    plan = plan_truncate(path)

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(SourceError, match="No space left"):
        apply_truncate(plan)
    monkeypatch.undo()
    assert path.read_bytes() == GOOD + TAIL
    assert set(kept_files(tmp_path).values()) <= {TAIL}


def test_the_order_of_things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is cut is durable before the file is shortened; file and folder are synced after."""
    path = write(tmp_path, GOOD + TAIL)
    plan = plan_truncate(path)
    steps: list[str] = []
    real_sync, real_cut = os.fsync, os.ftruncate

    def sync(fd: int) -> None:
        steps.append("sync " + Path(f"/proc/self/fd/{fd}").readlink().name)
        real_sync(fd)

    def cut(fd: int, size: int) -> None:
        steps.append("cut")
        real_cut(fd, size)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "ftruncate", cut)
    apply_truncate(plan)
    kept = f"sync {path.name}.cut-{len(GOOD)}"
    folder = f"sync {tmp_path.name}"
    assert steps == [kept, folder, "cut", f"sync {path.name}", folder]
