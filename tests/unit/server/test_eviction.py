"""What goes when there is no memory left, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.machine import Machine
from tests.unit.server.test_propagation import words

#: With its value a key takes about so many bytes.
KEY, VALUE = 1000, "v" * 830


class Gauge:
    """Says that every key takes a thousand bytes."""

    peak = 0

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.looks = 0

    def measure(self) -> int:
        self.looks += 1
        return KEY * len(self._machine.keyspace)


def boot(folder: Path, policy: str, **options: str) -> Machine:
    folder.mkdir()
    machine = Machine(folder, compat_version="7.4", maxmemory_policy=policy, **options).boot()
    machine.eviction.gauge = Gauge(machine)  # type: ignore[assignment]
    return machine


def fill(machine: Machine, count: int, *more: str) -> None:
    for number in range(count):
        machine.run("SET", f"k{number}", VALUE, *more)
        machine.clock.ms += 1000


def limit(machine: Machine, keys: int) -> None:
    assert machine.run("CONFIG", "SET", "maxmemory", keys * KEY) == b"+OK\r\n"


def held(machine: Machine) -> set[str]:
    return {key.decode() for key in machine.keyspace.databases[0].data}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_without_eviction_writes_that_need_memory_are_refused(folder: Path) -> None:
    machine = boot(folder, "noeviction")
    fill(machine, 100)
    limit(machine, 50)
    assert machine.run("SET", "a", "1").startswith(b"-OOM command not allowed when used memory")
    assert machine.run("GET", "k1").startswith(b"$830")
    for number in range(60):
        assert machine.run("DEL", f"k{number}") == b":1\r\n"
    assert machine.run("SET", "a", "1") == b"+OK\r\n"
    assert machine.stats.evicted_keys == 0


def test_a_transaction_is_refused_as_a_whole(folder: Path) -> None:
    machine = boot(folder, "noeviction")
    fill(machine, 100)
    machine.run("MULTI")
    machine.run("SET", "a", "1")
    limit_client = machine.run("CONFIG", "SET", "maxmemory", 50 * KEY, client=2)
    assert limit_client == b"+OK\r\n"
    assert machine.run("EXEC").startswith(b"-EXECABORT Transaction discarded because of: OOM")
    machine.run("MULTI")
    assert machine.run("GET", "a").startswith(b"-OOM")
    assert machine.run("EXEC").startswith(b"-EXECABORT")


def test_scripts_are_refused_their_first_write(folder: Path) -> None:
    machine = boot(folder, "noeviction")
    fill(machine, 100)
    limit(machine, 50)
    write = "redis.call('set','a','1')"
    assert b"OOM command not allowed" in machine.run("EVAL", write, 0)
    assert machine.run("EVAL", "return redis.call('del','k1')", 0) == b":1\r\n"
    assert machine.run("EVAL", "redis.call('del','k2') " + write, 0) == b"$-1\r\n"
    assert machine.run("EVAL", "#!lua\nreturn 1", 0).startswith(b"-OOM command not allowed")
    assert machine.run("EVAL", "#!lua flags=no-writes\nreturn 1", 0) == b":1\r\n"
    assert machine.run("EVAL", "#!lua flags=allow-oom\n" + write, 0) == b"$-1\r\n"
    assert machine.run("GET", "a") == b"$1\r\n1\r\n"


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-lru"])
def test_the_longest_unused_go_first(folder: Path, policy: str) -> None:
    machine = boot(folder, policy, maxmemory="1gb", maxmemory_samples="64")
    fill(machine, 100, "EX", "100000")
    machine.run("SET", "lasting", "1")
    for number in range(0, 100, 2):
        machine.run("GET", f"k{number}")
        machine.clock.ms += 1000
    limit(machine, 81)
    left = held(machine)
    # 16384 bytes are kept free.
    assert 60 <= len(left) <= 65
    assert machine.stats.evicted_keys == 101 - len(left)
    used = {f"k{number}" for number in range(0, 100, 2)}
    assert len(used - left) <= 2
    if policy == "volatile-lru":
        assert "lasting" in left


def test_the_least_often_used_go_first(folder: Path) -> None:
    machine = boot(folder, "allkeys-lfu", maxmemory_samples="64")
    fill(machine, 60)
    for _ in range(100):
        for number in range(0, 60, 3):
            machine.serve("GET", f"k{number}")
        machine.replies()
    assert int(machine.run("OBJECT", "FREQ", "k0")[1:]) > int(
        machine.run("OBJECT", "FREQ", "k1")[1:]
    )
    assert machine.run("OBJECT", "IDLETIME", "k1").startswith(b"-ERR An LFU maxmemory policy")
    limit(machine, 41)
    left = held(machine)
    assert 20 <= len(left) <= 26
    assert {f"k{number}" for number in range(0, 60, 3)} <= left


def test_the_soonest_to_expire_go_first(folder: Path) -> None:
    machine = boot(folder, "volatile-ttl", maxmemory_samples="64")
    for number in range(60):
        machine.run("SET", f"k{number}", VALUE, "EX", str(1000 + number))
    machine.run("SET", "lasting", "1")
    limit(machine, 45)
    left = held(machine)
    gone = 61 - len(left)
    assert "lasting" in left
    assert 30 <= gone <= 36
    assert len({f"k{number}" for number in range(gone)} - left) >= gone - 3


@pytest.mark.parametrize("policy", ["allkeys-random", "volatile-random"])
def test_any_key_goes(folder: Path, policy: str) -> None:
    machine = boot(folder, policy)
    fill(machine, 50, "EX", "100000")
    machine.run("SET", "lasting", "1")
    limit(machine, 40)
    assert len(held(machine)) <= 24
    if policy == "volatile-random":
        assert "lasting" in held(machine)
        limit(machine, 1)
        assert held(machine) == {"lasting"}
        machine.run("SET", "other", "1")
        machine.tick()
        assert machine.run("SET", "a", "1").startswith(b"-OOM")


@pytest.mark.parametrize(("lazy", "word"), [("no", "DEL"), ("yes", "UNLINK")])
def test_what_went_stands_in_the_aof(folder: Path, lazy: str, word: str) -> None:
    machine = boot(folder, "allkeys-random", lazyfree_lazy_eviction=lazy)
    fill(machine, 40)
    before = len(machine.aof)
    limit(machine, 20)
    machine.run("SET", "last", "1")
    logged = words(machine.aof[before:])
    assert logged.pop() == "SET last 1"
    assert len(logged) == machine.stats.evicted_keys > 0
    assert {line.split()[0] for line in logged} == {word}
    machine.close()
    again = Machine(folder, compat_version="7.4").boot()
    assert again.digest() == machine.digest()


def test_memory_is_not_looked_at_for_every_command(folder: Path) -> None:
    machine = boot(folder, "noeviction")
    limit(machine, 100_000)
    gauge = machine.eviction.gauge
    assert isinstance(gauge, Gauge)
    before = gauge.looks
    fill(machine, 500)
    assert gauge.looks - before < 5


def test_nothing_is_noted_until_somebody_asks(folder: Path) -> None:
    machine = boot(folder, "noeviction")
    machine.run("SET", "a", "1")
    database = machine.keyspace.databases[0]
    assert database.on_use is None
    assert machine.run("OBJECT", "IDLETIME", "a") == b":0\r\n"
    machine.clock.ms += 5000
    assert machine.run("OBJECT", "IDLETIME", "a") == b":5\r\n"
    for words_ in (
        ["TYPE", "a"],
        ["TTL", "a"],
        ["OBJECT", "ENCODING", "a"],
        ["DEBUG", "OBJECT", "a"],
    ):
        machine.run(*words_)
    assert machine.run("OBJECT", "IDLETIME", "a") == b":5\r\n"
    assert b"lru_seconds_idle:5" in machine.run("DEBUG", "OBJECT", "a")
    machine.run("GET", "a")
    assert machine.run("OBJECT", "IDLETIME", "a") == b":0\r\n"
    dumped = machine.run("DUMP", "a").split(b"\r\n", 1)[1][:-2]
    machine.run("RESTORE", "b", 0, dumped, "IDLETIME", 100)
    assert machine.run("OBJECT", "IDLETIME", "b") == b":100\r\n"


def test_notes_of_keys_that_are_gone_are_forgotten(folder: Path) -> None:
    machine = boot(folder, "allkeys-lru", maxmemory="1gb")
    fill(machine, 100)
    for number in range(90):
        machine.run("DEL", f"k{number}")
    machine.tick()
    machine.tick()
    uses = machine.keyspace.uses
    assert uses is not None
    assert sum(map(len, uses._notes)) == 10
