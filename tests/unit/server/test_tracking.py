"""Client tracking: the tables, and what no real server at hand does as newer ones do."""

from __future__ import annotations

from pathlib import Path

import pytest

from aofserver.messages.trackingtable import Prefixes, ReadKeys, Tracked, collision
from tests.fakes.machine import Machine

RELEASES = ["6.0", "7.4"]


def test_keys_are_forgotten_with_their_first_change() -> None:
    keys = ReadKeys()
    for number in (1, 2, 1):
        keys.add(b"k", number)
    keys.add(b"l", 2)
    assert (len(keys), keys.items) == (2, 3)
    assert list(keys.take(b"k")) == [1, 2]
    assert list(keys.take(b"k")) == []
    assert (len(keys), keys.items, keys.any(0.5)) == (1, 1, b"l")
    keys.clear()
    assert (len(keys), keys.items, keys.any(0.5)) == (0, 0, None)


def test_changes_below_prefixes_are_told_once_and_in_order() -> None:
    prefixes = Prefixes()
    prefixes.add(b"b", 1)
    prefixes.add(b"a", 1)
    prefixes.add(b"a", 2)
    for key, by in ((b"b1", 0), (b"a2", 1), (b"a1", 2), (b"a2", 2), (b"c", 1)):
        prefixes.changed(key, by)
    told = list(prefixes.take(lambda number: number != 2))
    assert told == [(1, [b"a1", b"a2"]), (1, [b"b1"])]
    assert list(prefixes.take(lambda number: True)) == []
    prefixes.remove(b"a", 1)
    prefixes.remove(b"a", 2)
    assert len(prefixes) == 1


@pytest.mark.parametrize(
    ("held", "wanted", "found"),
    [
        ([], [b"a", b"b"], None),
        ([b"c"], [b"a", b"b"], None),
        ([], [b"a", b"b", b"ab"], (b"a", b"ab", True)),
        ([b"ab"], [b"x", b"a"], (b"a", b"ab", False)),
        ([b"a"], [b""], (b"", b"a", False)),
        ([], [b"a", b"a"], (b"a", b"a", True)),
    ],
)
def test_collisions(
    held: list[bytes], wanted: list[bytes], found: tuple[bytes, bytes, bool] | None
) -> None:
    assert collision(held, wanted) == found


@pytest.mark.parametrize(
    ("tracked", "remembers"),
    [
        (Tracked(), True),
        (Tracked(bcast=True), False),
        (Tracked(optin=True), False),
        (Tracked(optin=True, caching=True), True),
        (Tracked(optout=True), True),
        (Tracked(optout=True, caching=True), False),
    ],
)
def test_what_is_remembered(tracked: Tracked, remembers: bool) -> None:
    assert tracked.remembers is remembers


@pytest.fixture(params=RELEASES)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    (tmp_path / "data").mkdir()
    machine = Machine(tmp_path / "data", compat_version=request.param, appendfsync="no").boot()
    machine.run("HELLO", 3)
    return machine


def _pushed(*keys: str) -> bytes:
    return b"".join(
        b">2\r\n$10\r\ninvalidate\r\n*1\r\n$%d\r\n%b\r\n" % (len(key), key.encode()) for key in keys
    )


def test_whose_keys_a_script_reads(machine: Machine) -> None:
    """Before 7.2 those that it was given, from then on those that its commands read."""
    machine.run("CLIENT", "TRACKING", "ON")
    machine.run("EVAL", "return redis.call('get', 'hidden')", 1, "given")
    machine.run("MSET", "hidden", 1, "given", 1, client=2)
    seven = machine.config.text("compat-version") == "7.4"
    assert machine.replies(1) == _pushed("hidden" if seven else "given")


def test_what_goes_by_itself_is_told(machine: Machine) -> None:
    machine.run("CLIENT", "TRACKING", "ON", "NOLOOP")
    machine.run("SET", "k", 1, "PX", 50)
    machine.run("GET", "k")
    machine.tick(100)
    machine.turn.run()
    assert machine.replies(1) == _pushed("k")


def _listeners(machine: Machine) -> list[object]:
    options = machine.ctx.options
    return [machine.ctx.listener, options.on_flush, options.on_script_call]


def test_nothing_is_looked_at_without_need(machine: Machine) -> None:
    assert _listeners(machine) == [None, None, None]
    machine.run("CLIENT", "TRACKING", "ON")
    machine.run("GET", "k")
    assert None not in _listeners(machine)
    machine.run("CLIENT", "TRACKING", "OFF")
    assert None not in _listeners(machine)  # the key is still remembered
    machine.run("SET", "k", 1, client=2)
    assert not machine.tracking
    assert _listeners(machine) == [None, None, None]


def test_a_client_that_goes_is_forgotten(machine: Machine) -> None:
    machine.run("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a")
    machine.clients.leave(machine.client(1))
    assert (len(machine.tracking), len(machine.tracking.prefixes)) == (0, 0)
    assert not machine.tracking


def test_its_own_changes_are_told_without_replies_too(machine: Machine) -> None:
    machine.run("CLIENT", "TRACKING", "ON")
    machine.run("GET", "k")
    machine.run("CLIENT", "REPLY", "OFF")
    assert machine.run("SET", "k", 1) == _pushed("k")


def test_more_keys_than_may_be_remembered(machine: Machine) -> None:
    machine.run("CONFIG", "SET", "tracking-table-max-keys", 2)
    machine.run("CLIENT", "TRACKING", "ON")
    reply = machine.run("MGET", "a", "b", "c", "d")
    assert reply.count(b"invalidate") == 2
    assert len(machine.tracking.keys) == 2
    assert machine.run("CONFIG", "SET", "tracking-table-max-keys", 1).count(b"invalidate") == 1


def test_what_is_evicted_is_told(machine: Machine) -> None:
    machine.run("SET", "k", 1)
    machine.run("CLIENT", "TRACKING", "ON", "NOLOOP")
    machine.run("GET", "k")
    machine.dispatcher.propagation.evicted(machine.keyspace.databases[0], b"k")
    machine.turn.run()
    assert machine.replies(1) == _pushed("k")
