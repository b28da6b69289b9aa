"""CLIENT KILL against real servers: each filter, and several of them together."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from tests.compat.face import Pair
from tests.compat.wire import Wire, plain

#: What a filter may be given; ``me`` and ``other`` stand for what is true of those connections.
_FILTERS = {
    "type": ["normal", "pubsub", "replica", "slave", "master"],
    "user": ["default", "u"],
    "addr": ["me", "1.1.1.1:1"],
    "laddr": ["me", "2.2.2.2:2"],
    "skipme": ["yes", "no"],
    "id": ["me", "other", "99999"],
}


def _killed(path: Path, filters: list[tuple[str, str]]) -> tuple[Any, list[bool]]:
    """The answer, and which connections are left: the caller's, a listener's, a user's, another."""
    wires = [Wire(path) for _ in range(4)]
    caller, listener, other, _ = wires
    try:
        numbers = [plain(wire(["client", "id"])).decode() for wire in wires]
        lines = plain(caller(["client", "list"])).decode().splitlines()
        address = next(line for line in lines if line.startswith(f"id={numbers[0]} ")).split()[1]
        listener(["subscribe", "x"])
        other(["auth", "u", "x"])
        meant = {"me": address.partition("=")[2]}
        words = ["client", "kill"]
        for name, value in filters:
            by_id = {"me": numbers[0], "other": numbers[1]}
            words += [name, (by_id if name == "id" else meant).get(value, value)]
        answer = caller(words)
        return answer, [_is_there(wire) for wire in wires]
    finally:
        for wire in wires:
            wire.close()


def _is_there(wire: Wire) -> bool:
    try:
        wire(["ping"])
    except OSError:
        return False
    return True


def test_filters(servers: Pair) -> None:
    rng = Random(2)
    for wire in (servers.real, servers.ours):
        wire(["acl", "setuser", "u", "on", "nopass", "+@all", "~*", "&*"])
        wire(["client", "kill", "type", "normal"])  # of the fixtures
    cases = [[(name, value)] for name, values in _FILTERS.items() for value in values]
    for _ in range(120):
        names = rng.sample(list(_FILTERS), rng.randint(2, 4))
        cases.append([(name, rng.choice(_FILTERS[name])) for name in names])
    for filters in cases:
        real, ours = (_killed(path, filters) for path in servers.paths)
        assert ours == real, filters
