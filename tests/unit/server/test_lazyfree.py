"""Big values are freed a little at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from aoftool.keyspace.values import HashValue, LongList, SetValue, ZSetValue
from tests.fakes.machine import QUICK, Machine, SlowNow

COUNT = 5000


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    folder = tmp_path / "data"
    folder.mkdir()
    return Machine(folder, QUICK, SlowNow()).boot()


def work(machine: Machine) -> int:
    """Let all slices run; how many there were."""
    slices = 0
    while machine.loop.later:
        machine.loop.later.pop()[1]()
        slices += 1
    return slices


def fill(machine: Machine) -> None:
    members = [str(number) for number in range(COUNT)]
    machine.run("SADD", "set", *members)
    machine.run("HSET", "hash", *(word for member in members for word in (member, "v")))
    machine.run("ZADD", "zset", *(word for member in members for word in ("1", member)))
    machine.run("ZRANGE", "zset", "0", "1")
    machine.run("RPUSH", "list", *members)
    machine.run("SET", "string", "v")
    machine.run("SADD", "small", "v")


def test_unlink_frees_in_slices(machine: Machine) -> None:
    fill(machine)
    data = machine.keyspace.databases[0].data
    kinds = [type(data[name]) for name in (b"set", b"hash", b"zset", b"list")]
    assert kinds == [SetValue, HashValue, ZSetValue, LongList]
    machine.clock.step_us = 500  # type: ignore[attr-defined]
    assert machine.run("UNLINK", "set", "hash", "zset", "list", "string", "small") == b":6\r\n"
    # A sorted set is two containers.
    assert len(machine.lazyfree) == 5
    assert work(machine) > 20
    assert (len(machine.lazyfree), machine.lazyfree.freed) == (0, 5)


@pytest.mark.parametrize(("words", "option", "lazy"), [
    (["DEL", "set"], None, False),
    (["DEL", "set"], "lazyfree-lazy-user-del", True),
    (["FLUSHALL"], None, False),
    (["FLUSHALL", "SYNC"], "lazyfree-lazy-user-flush", False),
    (["FLUSHALL"], "lazyfree-lazy-user-flush", True),
    (["FLUSHDB", "ASYNC"], None, True),
])  # fmt: skip
def test_what_is_lazy(machine: Machine, words: list[str], option: str | None, lazy: bool) -> None:
    fill(machine)
    for number in range(100):
        machine.run("SET", number, "v", "EX", 1000)
    if option is not None:
        machine.run("CONFIG", "SET", option, "yes")
    machine.run(*words)
    assert machine.run("EXISTS", "set") == b":0\r\n"
    assert (len(machine.lazyfree) > 0) is lazy
    work(machine)
    assert len(machine.lazyfree) == 0
