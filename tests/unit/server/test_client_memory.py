"""What clients take, who goes for it, and who leaves the notes of uses alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from aofserver.clients.eviction import LEAST_LIMIT, limit_of, victims
from aofserver.clients.memory import memory_of, queue_bytes
from aofserver.clients.session import Session
from tests.fakes.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "data").mkdir()
    options = {"compat_version": "7.4", "appendfsync": "no", "maxmemory_policy": "allkeys-lru"}
    return Machine(tmp_path / "data", **options).boot()


@pytest.mark.parametrize(
    ("option", "maxmemory", "limit"),
    [(0, 1 << 30, 0), (1 << 20, 0, 1 << 20), (5, 0, LEAST_LIMIT), (-5, 0, 0),
     (-5, 1 << 30, (1 << 30) * 5 // 100), (-1, 1000, LEAST_LIMIT)],
)  # fmt: skip
def test_limits(option: int, maxmemory: int, limit: int) -> None:
    assert limit_of(option, maxmemory) == limit


def _sessions(machine: Machine, *modes: set[bytes]) -> list[Session]:
    found = [machine.client(number + 1) for number in range(len(modes))]
    for session, held in zip(found, modes, strict=True):
        session.modes |= held
    return found


def test_the_largest_go_until_there_is_room(machine: Machine) -> None:
    small, large, kept = _sessions(machine, set(), set(), {b"NO-EVICT"})
    sizes = [(10, small), (100, large), (500, kept)]
    assert victims(sizes, 611) == []
    assert victims(sizes, 610) == [large]
    assert victims(sizes, 510) == [large, small]
    assert victims(sizes, 1) == [large, small]


def test_what_is_queued_counts(machine: Machine) -> None:
    session = machine.client()
    before = memory_of(session)
    machine.run("MULTI")
    machine.run("SET", "k", "x" * 1000)
    assert memory_of(session) - before >= queue_bytes(session) >= 1000
    assert b"multi-mem=%d " % queue_bytes(session) in machine.run("CLIENT", "LIST", client=2)
    machine.run("DISCARD")
    assert memory_of(session) == before


def test_clients_are_ended(machine: Machine) -> None:
    machine.run("CONFIG", "SET", "maxmemory-clients", "200kb", client=2)
    for number in (1, 3):
        machine.run("MULTI", client=number)
    machine.run("SET", "k", "x" * 150_000, client=1)
    assert not machine.client(1).closing
    assert machine.logged("Evicting client") == 0
    machine.run("SET", "k", "x" * 100_000, client=3)
    assert [machine.client(number).closing for number in (1, 2, 3)] == [True, False, False]
    assert machine.logged("Evicting client: id=") == 1
    assert b"evicted_clients:1\r\n" in machine.run("INFO", "stats", client=2)


def test_uses_are_left_alone(machine: Machine) -> None:
    machine.run("CONFIG", "SET", "maxmemory", "1gb")
    machine.run("MSET", "read", 1, "written", 1, "touched", 1)
    machine.clock.ms += 60_000
    machine.run("CLIENT", "NO-TOUCH", "ON")
    for call in (("GET", "read"), ("SET", "written", 2), ("TOUCH", "touched"), ("SET", "new", 1)):
        machine.run(*call)
    idle = [machine.run("OBJECT", "IDLETIME", key, client=2)
            for key in ("read", "written", "touched", "new")]  # fmt: skip
    assert idle == [b":60\r\n", b":60\r\n", b":0\r\n", b":0\r\n"]
    machine.run("CLIENT", "NO-TOUCH", "OFF")
    machine.run("GET", "read")
    assert machine.run("OBJECT", "IDLETIME", "read", client=2) == b":0\r\n"


def test_how_long_memory_was_short(machine: Machine) -> None:
    def told(name: str) -> int:
        for line in machine.run("INFO", "stats").decode().split("\r\n"):
            if line.startswith(f"{name}_eviction_exceeded_time:"):
                return int(line.partition(":")[2])
        raise AssertionError(name)

    machine.run("CONFIG", "SET", "maxmemory-policy", "noeviction")
    assert (told("current"), told("total")) == (0, 0)
    machine.run("CONFIG", "SET", "maxmemory", "1000")
    machine.loop.run()
    machine.clock.ms += 700
    assert (told("current"), told("total")) == (700, 700)
    machine.run("CONFIG", "SET", "maxmemory", "0")
    machine.clock.ms += 700
    assert (told("current"), told("total")) == (0, 700)
    machine.run("CONFIG", "RESETSTAT")
    assert told("total") == 0
