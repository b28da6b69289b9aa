"""Rewrites of a server, from the request to the new file, and all that can go wrong between."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import pytest

from aofserver.persistence.schedule import Mode
from tests.fakes.machine import Machine, Quick, SlowNow

ON, WAIT, OFF = Mode.ON, Mode.WAIT_FIRST, Mode.OFF


class Moody(Quick):
    """A file system of which calls fail while they are in ``failing``."""

    def __init__(self) -> None:
        self.failing: set[str] = set()

    def _maybe(self, call: str) -> None:
        if call in self.failing:
            raise OSError(errno.EIO, "Input/output error")

    def rename(self, old: Path, new: Path) -> None:
        self._maybe("rename")
        super().rename(old, new)

    def fdatasync(self, fd: int) -> None:
        self._maybe("fdatasync")

    def sync_directory(self, folder: Path) -> None:
        self._maybe("sync_directory")


@pytest.fixture
def disk() -> Moody:
    return Moody()


def booted(tmp_path: Path, disk: Moody, **options: str) -> Machine:
    folder = tmp_path / "data"
    folder.mkdir(exist_ok=True)
    return Machine(folder, disk, **options).boot()


@pytest.fixture
def machine(tmp_path: Path, disk: Moody) -> Machine:
    machine = booted(tmp_path, disk)
    machine.run("SET", "a", "1")
    return machine


def assert_whole(machine: Machine) -> None:
    """What is in force holds everything, and nothing temporary is left."""
    folder = machine.persistence.places.folder
    assert not list(folder.glob("temp-*"))
    machine.persistence.aof.writer.flush(force=True)
    digest = machine.digest()
    again = Machine(folder).boot()
    assert again.digest() == digest
    again.close()


def test_what_a_slow_disk_makes_slow_is_told(tmp_path: Path) -> None:
    folder, now = tmp_path / "data", SlowNow()
    folder.mkdir()
    machine = Machine(folder, Moody(), now, appendfsync="always", latency_monitor_threshold="1")
    machine.boot()
    now.step_us = 2000
    machine.run("SET", "a", "1")
    machine.run("BGREWRITEAOF")
    machine.run("SET", "b", "1")
    machine.children.finish()
    machine.tick()
    assert set(machine.latency.events) >= {
        "aof-write", "aof-write-alone", "aof-write-active-child", "aof-fsync-always", "aof-fstat",
        "aof-rename", "fork",
    }  # fmt: skip
    machine.close()


def test_a_rewrite(machine: Machine) -> None:
    machine.run("BGREWRITEAOF")
    machine.run("SET", "b", "1")
    assert machine.run("BGREWRITEAOF").startswith(b"-ERR Background append only file rewriting al")
    machine.children.finish()
    machine.run("SET", "c", "1")
    machine.tick()
    assert machine.aof.startswith(b"REDIS")
    state = machine.persistence.aof.writer.state
    assert state.base_size == state.size == state.durable == len(machine.aof)
    machine.run("SET", "d", "1")
    assert machine.logged("Residual parent diff successfully flushed") == 1
    assert_whole(machine)


def test_growth_starts_one(tmp_path: Path, disk: Moody) -> None:
    machine = booted(tmp_path, disk, auto_aof_rewrite_min_size="1kb")
    for n in range(100):
        machine.run("SET", "k", n)
    machine.tick()
    assert machine.is_rewriting()
    assert machine.logged("Starting automatic rewriting of AOF on ") == 1
    machine.children.finish()
    machine.tick(1100)
    assert not machine.is_rewriting()
    machine.tick()
    assert not machine.is_rewriting()
    assert_whole(machine)


@pytest.mark.parametrize(("code", "ok", "words"), [
    (1, False, "Background AOF rewrite terminated with error"),
    (-signal.SIGKILL, False, "Background AOF rewrite terminated by signal 9"),
    (-signal.SIGUSR1, True, "Background AOF rewrite terminated by signal 10"),
])  # fmt: skip
def test_a_child_that_does_not_end_well(machine: Machine, code: int, ok: bool, words: str) -> None:
    machine.run("BGREWRITEAOF")
    (machine.persistence.places.folder / f"temp-rewriteaof-{os.getpid()}.aof").touch()
    machine.run("SET", "b", "1")
    machine.children.end(code)
    machine.tick()
    schedule = machine.persistence.rewrites.schedule
    assert (schedule.last_ok, schedule.mode, schedule.running) == (ok, ON, False)
    assert machine.logged(words) == 1
    machine.run("SET", "c", "1")
    assert_whole(machine)


def test_a_new_file_that_cannot_be_renamed(machine: Machine, disk: Moody) -> None:
    machine.run("BGREWRITEAOF")
    machine.children.finish()
    disk.failing = {"rename"}
    machine.tick()
    disk.failing = set()
    assert not machine.persistence.rewrites.schedule.last_ok
    machine.run("SET", "b", "1")
    assert not machine.aof.startswith(b"REDIS")
    assert_whole(machine)


def test_the_rest_of_the_diff_that_cannot_be_synced(machine: Machine, disk: Moody) -> None:
    machine.run("BGREWRITEAOF")
    machine.children.finish()
    machine.run("SET", "b", "1")
    disk.failing = {"fdatasync"}
    machine.tick(0)
    disk.failing = set()
    assert machine.logged("Error trying to finish the rewritten AOF") == 1
    assert not machine.aof.startswith(b"REDIS")
    assert_whole(machine)


def test_a_new_name_that_may_be_lost_is_in_force_all_the_same(
    machine: Machine, disk: Moody
) -> None:
    """The name is the new file's: the old one has none any more, so it must not be written to."""
    machine.run("BGREWRITEAOF")
    machine.children.finish()
    disk.failing = {"sync_directory"}
    machine.tick()
    disk.failing = set()
    assert machine.persistence.aof.error == errno.EIO
    assert machine.run("SET", "b", "1").startswith(b"-MISCONF Errors writing to the AOF file: Inp")
    machine.tick()
    assert machine.is_rewriting()  # another file has another chance
    machine.children.finish()
    machine.tick()
    assert machine.run("SET", "b", "1") == b"+OK\r\n"
    assert_whole(machine)


def test_under_always_a_name_that_may_be_lost_ends_the_server(tmp_path: Path, disk: Moody) -> None:
    machine = booted(tmp_path, disk, appendfsync="always")
    machine.run("BGREWRITEAOF")
    machine.children.finish()
    disk.failing = {"sync_directory"}
    machine.tick()
    assert machine.ending.code == 1


def test_a_failed_sync_has_everything_written_anew(machine: Machine, disk: Moody) -> None:
    machine.tick(1000)
    disk.failing = {"fdatasync"}
    machine.run("SET", "b", "1")
    machine.tick(1000)
    assert machine.run("SET", "c", "1").startswith(b"-MISCONF")
    disk.failing = set()
    machine.tick(1000)
    assert machine.run("SET", "c", "1").startswith(b"-MISCONF")
    machine.children.finish()
    machine.tick()
    assert machine.run("SET", "c", "1") == b"+OK\r\n"
    assert_whole(machine)


def test_no_descriptors_no_rewrite(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    pipes: list[int] = []
    make = os.pipe

    def some() -> tuple[int, int]:
        pipes.append(1)
        if len(pipes) == 3:
            raise OSError(errno.EMFILE, "Too many open files")
        return make()

    before = len(list(Path("/proc/self/fd").iterdir()))
    with monkeypatch.context() as patch:
        patch.setattr(os, "pipe", some)
        assert machine.run("BGREWRITEAOF").startswith(b"-ERR Can't execute an AOF background rewr")
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert machine.logged("Can't rewrite append only file in background: Too many open files") == 1
    assert machine.run("BGREWRITEAOF").startswith(b"+Background")
    machine.children.finish()
    machine.tick()
    assert_whole(machine)


# Turned on and off.
def test_turned_on_it_is_in_force_when_the_first_rewrite_is(tmp_path: Path, disk: Moody) -> None:
    machine = booted(tmp_path, disk, appendonly="no")
    machine.run("SET", "a", "1")
    assert machine.run("CONFIG", "SET", "appendonly", "yes") == b"+OK\r\n"
    assert machine.persistence.rewrites.schedule.mode is WAIT
    machine.run("SET", "b", "1")
    assert machine.persistence.aof.writer.state.pending_bytes == 0
    assert not machine.persistence.places.aof.exists()
    assert not machine.shutdown()
    assert machine.logged("Writing initial AOF, can't exit.") == 1
    machine.children.finish()
    machine.run("SET", "c", "1")
    machine.tick()
    assert machine.persistence.rewrites.schedule.mode is ON
    machine.run("SET", "d", "1")
    assert_whole(machine)


@pytest.mark.parametrize("code", [1, -signal.SIGUSR1, -signal.SIGKILL])
def test_a_first_rewrite_that_fails_is_tried_again(tmp_path: Path, disk: Moody, code: int) -> None:
    machine = booted(tmp_path, disk, appendonly="no")
    machine.run("CONFIG", "SET", "appendonly", "yes")
    machine.run("SET", "a", "1")
    machine.children.end(code)
    machine.tick()
    assert machine.is_rewriting()
    assert machine.persistence.rewrites.schedule.mode is WAIT
    machine.children.finish()
    machine.tick()
    assert machine.persistence.rewrites.schedule.mode is ON
    assert_whole(machine)


def test_turned_on_while_a_rewrite_runs_another_one_begins(tmp_path: Path, disk: Moody) -> None:
    machine = booted(tmp_path, disk, appendonly="no")
    machine.run("BGREWRITEAOF")
    machine.run("SET", "not in that one", "1")
    machine.run("CONFIG", "SET", "appendonly", "yes")
    assert machine.logged("Stopping background AOF and starting a rewrite now.") == 1
    machine.run("SET", "b", "1")
    machine.children.finish()
    machine.tick()
    assert_whole(machine)


def test_turned_on_while_a_snapshot_is_made_it_waits(tmp_path: Path, disk: Moody) -> None:
    machine = booted(tmp_path, disk, appendonly="no")
    machine.run("BGSAVE")
    machine.run("CONFIG", "SET", "appendonly", "yes")
    machine.run("SET", "a", "1")
    machine.tick()
    assert not machine.is_rewriting()
    machine.children.finish()
    machine.tick()
    assert machine.is_rewriting()
    machine.children.finish()
    machine.tick()
    assert machine.persistence.rewrites.schedule.mode is ON
    assert_whole(machine)


def test_turned_off_while_it_waits_nothing_is_made(tmp_path: Path, disk: Moody) -> None:
    machine = booted(tmp_path, disk, appendonly="no")
    machine.run("CONFIG", "SET", "appendonly", "yes")
    machine.run("CONFIG", "SET", "appendonly", "no")
    assert (machine.persistence.rewrites.schedule.mode, machine.is_rewriting()) == (OFF, False)
    machine.tick()
    assert not machine.is_rewriting()
    assert not list(machine.persistence.places.folder.iterdir())
    assert machine.shutdown()


def test_turned_off_on_a_disk_that_fails_the_server_lives(machine: Machine, disk: Moody) -> None:
    disk.failing = {"fdatasync"}
    assert machine.run("CONFIG", "SET", "appendonly", "no") == b"+OK\r\n"
    assert machine.persistence.rewrites.schedule.mode is OFF
    assert machine.run("SET", "b", "1") == b"+OK\r\n"
    assert machine.ending.code == 0


# The end.
def test_shutdown_ends_children_and_leaves_nothing(machine: Machine) -> None:
    machine.run("BGREWRITEAOF")
    machine.run("SET", "b", "1")
    assert machine.shutdown()
    assert not machine.is_rewriting()
    assert machine.persistence.aof.writer.state.durable == len(machine.aof)
    assert_whole(machine)


@pytest.mark.parametrize("options", [{}, {"appendonly": "no", "save": "60 1"}])
def test_nothing_is_acknowledged_after_the_end(
    tmp_path: Path, disk: Moody, options: dict[str, str]
) -> None:
    machine = booted(tmp_path, disk, **options)
    machine.serve("SET", "before", "1")
    machine.serve("SHUTDOWN")
    machine.serve("SET", "after", "1", client=2)
    assert machine.replies() == b"+OK\r\n"
    assert machine.replies(2) == b""
    again = booted(tmp_path, disk, **options)
    assert again.run("EXISTS", "before") == b":1\r\n"


def test_shutdown_is_refused_where_something_would_be_lost(machine: Machine, disk: Moody) -> None:
    disk.failing = {"fdatasync"}
    machine.run("SET", "b", "1")
    assert not machine.shutdown()
    assert machine.shutdown(force=True)
