"""Keys and fields that go although nobody asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.machine import QUICK, Machine, SlowNow
from tests.unit.server.test_propagation import words


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    folder = tmp_path / "data"
    folder.mkdir()
    return Machine(folder, compat_version="7.4", appendfsync="no").boot()


def test_one_tick_removes_all_that_is_past(machine: Machine) -> None:
    for number in range(5000):
        machine.serve("SET", f"key:{number}", "v", "PX", 50 if number % 2 else 50_000)
    machine.replies()
    before = len(machine.aof)
    machine.tick(40)
    assert len(machine.keyspace) == 5000
    machine.tick(100)
    assert len(machine.keyspace) == 2500
    assert len(words(machine.aof[before:])) == 2500
    assert machine.stats.expired_keys == 2500
    assert 0 < machine.stats.expired_stale < 1


def test_all_databases_are_gone_over(machine: Machine) -> None:
    for database in range(4):
        machine.run("SELECT", database)
        machine.run("SET", "e", "v", "PX", 50)
    machine.tick(100)
    assert len(machine.keyspace) == 0


def test_fields_of_hashes_go_too(machine: Machine) -> None:
    machine.run("HSET", "h", "stays", 1, "goes", 2)
    machine.run("HPEXPIRE", "h", 50, "FIELDS", 1, "goes")
    machine.run("HSET", "whole", "goes", 2)
    machine.run("HPEXPIRE", "whole", 50, "FIELDS", 1, "goes")
    before = len(machine.aof)
    machine.tick(100)
    assert sorted(words(machine.aof[before:])) == ["HDEL h goes", "HDEL whole goes"]
    assert list(machine.keyspace.databases[0].data) == [b"h"]
    assert machine.stats.expired_fields == 2


def test_nothing_goes_by_itself_where_that_is_turned_off(machine: Machine) -> None:
    machine.run("SET", "e", "v", "PX", 50)
    machine.run("DEBUG", "SET-ACTIVE-EXPIRE", 0)
    machine.tick(100)
    assert len(machine.keyspace) == 1
    machine.run("DEBUG", "SET-ACTIVE-EXPIRE", 1)
    machine.tick(100)
    assert len(machine.keyspace) == 0


def test_much_work_is_done_in_slices(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    now = SlowNow()
    machine = Machine(folder, QUICK, now, appendfsync="no").boot()
    for number in range(20_000):
        machine.serve("SET", f"key:{number}", "v", "PX", 50)
    machine.replies()
    now.step_us = 300
    machine.tick(100)
    left = len(machine.keyspace)
    assert 0 < left < 20_000
    rest_s, call = machine.loop.later.pop()
    # Three quarters of the time are the clients'.
    assert 0.002 < rest_s < 0.01
    call()
    assert len(machine.keyspace) < left
    slices = 2
    while machine.loop.later:
        machine.loop.later.pop()[1]()
        slices += 1
    # A quarter of 100 ms, in slices of 1 ms; the rest waits for the next tick.
    assert 5 < slices < 26
    assert machine.stats.expiry_capped == 1
    for _ in range(100):
        machine.tick(100)
        while machine.loop.later:
            machine.loop.later.pop()[1]()
    assert len(machine.keyspace) == 0
