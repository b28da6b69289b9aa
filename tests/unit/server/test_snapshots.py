"""When a snapshot is due, and what becomes of one."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from aofserver.persistence.snapshots import SnapshotState, is_due
from tests.fakes.machine import Machine

POINTS = [(900, 1), (300, 10)]


@pytest.mark.parametrize(("dirty", "age_s", "due"), [
    (0, 10_000, None),
    (1, 900, None),
    (1, 901, (900, 1)),
    (9, 301, None),
    (10, 300, None),
    (10, 301, (300, 10)),
    (10, 901, (900, 1)),
])  # fmt: skip
def test_save_points(dirty: int, age_s: int, due: tuple[int, int] | None) -> None:
    state = SnapshotState(last_save_s=1_000_000)
    assert is_due(POINTS, state, dirty, 1_000_000 + age_s) == due


def test_no_points_no_snapshot() -> None:
    assert is_due([], SnapshotState(0), 10**9, 10**9) is None


def test_after_a_failure_five_seconds_pass() -> None:
    state = SnapshotState(last_save_s=0, last_try_s=10_000, last_ok=False)
    assert is_due(POINTS, state, 100, 10_005) is None
    assert is_due(POINTS, state, 100, 10_006) == (900, 1)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    folder = tmp_path / "data"
    folder.mkdir()
    return Machine(folder, appendonly="no", save="60 2").boot()


def test_a_point_starts_one(machine: Machine) -> None:
    machine.run("SET", "a", "1")
    machine.tick(61_000)
    assert not machine.is_saving()
    machine.run("SET", "b", "1")
    machine.tick()
    assert machine.is_saving()
    assert machine.logged("2 changes in 60 seconds. Saving...") == 1
    machine.run("SET", "c", "1")
    assert machine.children.finish() == 0
    machine.tick()
    assert machine.persistence.dirty == 1  # what came after the fork is not in it
    assert machine.persistence.snapshots.state.saves == 1
    assert machine.logged("Background saving terminated with success") == 1


def test_one_that_fails_stops_writes_until_another_goes_well(machine: Machine) -> None:
    machine.run("SET", "a", "1")
    machine.run("BGSAVE")
    machine.children.end(1)
    machine.tick()
    assert machine.run("SET", "a", "2").startswith(b"-MISCONF Redis is configured to save RDB")
    assert machine.run("PING").startswith(b"-MISCONF")
    assert machine.run("GET", "a") == b"$1\r\n1\r\n"
    machine.run("BGSAVE")
    machine.children.finish()
    machine.tick()
    assert machine.run("SET", "a", "2") == b"+OK\r\n"


def test_a_child_that_somebody_ended_is_no_failure(machine: Machine) -> None:
    machine.run("SET", "a", "1")
    machine.run("BGSAVE")
    machine.children.end(-signal.SIGUSR1)
    machine.tick()
    state = machine.persistence.snapshots.state
    assert (state.last_ok, state.saves, machine.persistence.dirty) == (True, 0, 1)
    assert machine.logged("Background saving terminated by signal 10") == 1


def test_a_child_that_was_killed_leaves_no_file(machine: Machine) -> None:
    machine.run("BGSAVE")
    left = machine.persistence.places.folder / f"temp-{machine.persistence.snapshots.pid}.rdb"
    left.write_bytes(b"half")
    machine.children.end(-signal.SIGKILL)
    machine.tick()
    assert not left.exists()
    assert not machine.persistence.snapshots.state.last_ok


def test_a_scheduled_one_waits_for_the_rewrite(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    machine = Machine(folder).boot()
    machine.run("BGREWRITEAOF")
    assert machine.run("BGSAVE").startswith(b"-ERR Another child process is active (AOF?)")
    assert machine.run("BGSAVE", "SCHEDULE") == b"+Background saving scheduled\r\n"
    machine.tick()
    assert not machine.is_saving()
    machine.children.finish()
    machine.tick()
    assert machine.is_saving()
    assert machine.run("BGREWRITEAOF") == b"+Background append only file rewriting scheduled\r\n"
    machine.children.finish()
    machine.tick()
    assert machine.is_rewriting()
    machine.children.end(1)
    machine.tick()
    assert (folder / "dump.rdb").exists()
