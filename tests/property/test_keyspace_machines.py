"""Random commands of each group on a real server and on ours: every reply the same.

The commands are drawn from the declarations, all of a group and those on keys in general, on a few
keys, so that types and states meet. hypothesis tells the shortest sequence that differs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from hypothesis.strategies import randoms

from aoftool.keyspace.command import TABLE
from tests.compat.differential import STYLES, Ours, Real, assert_converges
from tests.compat.servers import RELEASES, serving
from tests.random_calls import RandomCalls, loses

Call = list[bytes]

#: Groups that run together: the kinds of value, each with what works on any key.
GROUPS = (
    "string", "bitmap", "hyperloglog", "list", "set", "hash", "sorted-set", "geo", "stream",
)  # fmt: skip
SETTINGS = settings(
    max_examples=40, stateful_step_count=100, deadline=None, suppress_health_check=list(HealthCheck)
)

#: What is not drawn, and why.
LEFT_OUT = {
    "chance": "SPOP SRANDMEMBER HRANDFIELD ZRANDMEMBER RANDOMKEY",
    "cursors and orders of our own": "SCAN HSCAN SSCAN ZSCAN",
    "waits where there is nothing": "BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP "
    "XREAD WAIT",
    "the time of consumers; the streams' own tests have them": "XCLAIM XAUTOCLAIM XREADGROUP "
    "XPENDING XINFO",
    "the time itself": "TTL PTTL EXPIRETIME PEXPIRETIME OBJECT",
    "another server": "MIGRATE",
    "payloads of another RDB version": "DUMP RESTORE-ASKING",
    "undefined where scores differ": "ZRANGEBYLEX ZREVRANGEBYLEX ZREMRANGEBYLEX ZLEXCOUNT",
    "words for people": "HELP PFDEBUG PFSELFTEST",
}
#: Commands that 7.2 or 7.4 changed: our style 7 is theirs.
CHANGED = {"6.2": "", "7.0": "BITCOUNT BITPOS ZRANK ZREVRANK XSETID"}
#: What 6.2 does unlike 6.0, which our style 6 stands for.
NOT_LIKE_6_0 = {"6.2": "SINTER SINTERSTORE", "7.0": ""}
_LIMITS = {"6.2": (6, 3), "7.0": (7, 1)}


def left_out(release: str) -> frozenset[bytes]:
    """The names of all commands that are not drawn for a release."""
    words = " ".join([*LEFT_OUT.values(), CHANGED[release], NOT_LIKE_6_0[release]]).encode().split()
    newer = {
        name
        for name, row in TABLE.declared().items()
        if tuple(map(int, row.since.split("."))) >= _LIMITS[release]
    }
    gone = {b"STRALGO"} if release == "7.0" else set()
    parts = {name for name in TABLE.declared() if set(name.split(b" ")) & set(words)}
    return frozenset(parts | newer | gone)


@pytest.fixture(scope="module", params=RELEASES)
def server(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Real]]:
    with serving(request.param, tmp_path_factory.mktemp("machines")) as client:
        yield request.param, Real(client)


class Expiring(Ours):
    """Ours; keys that expire are deleted in the log too."""

    def __init__(self, release: str) -> None:
        super().__init__(release)
        for database in self.keyspace.databases:
            database.on_expired = self._expired

    def _expired(self, index: int, key: bytes) -> None:
        self.log += [[b"SELECT", b"%d" % index], [b"DEL", key]]
        self.log.append([b"SELECT", b"%d" % self._logged_db])


def _undefined(argv: Call) -> bool:
    """Whether what is answered follows from the time (IDs) or from the order in a hash table."""
    if argv[0].startswith(b"SORT"):
        words = [word.upper() for word in argv]
        if b"BY" not in words[:-1]:
            return False
        return b"ALPHA" in words or b"*" not in argv[words.index(b"BY") + 1]
    if argv[0] in (b"EXPIRE", b"PEXPIRE"):  # two times that are relative differ by how fast one is
        return bool({b"GT", b"LT"} & {word.upper() for word in argv})
    return argv[0] == b"XADD" and (b"*" in argv or b"~" in argv)


class GroupMachine(RuleBasedStateMachine):
    """Calls of one group, one after the other, on a real server and on ours."""

    release: ClassVar[str]
    real: ClassVar[Real]
    group: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.ours = Expiring(self.release)
        groups = frozenset((self.group, "generic"))
        self.calls = RandomCalls(Random(), left_out(self.release), groups, short=False)
        for setup in ([b"FLUSHALL"], [b"SELECT", b"0"]):
            self.real(setup)

    @rule(chance=randoms(use_true_random=False))
    def call(self, chance: Random) -> None:
        """Times are drawn far from now, so that a call does the same at any time of day."""
        self.calls.chance = chance
        argv = self.calls.next(time.time_ns() // 1_000_000)
        if _undefined(argv) or loses(argv, STYLES[self.release]):
            return
        expected = self.real(argv)
        note(f"{argv} -> {expected!r}")
        assert self.ours(argv) == expected, argv

    def teardown(self) -> None:
        assert_converges(self.ours, self.release)


@pytest.mark.parametrize("group", GROUPS)
def test_replies_and_convergence(server: tuple[str, Real], group: str) -> None:
    release, real = server
    facts = {"release": release, "real": real, "group": group}
    run_state_machine_as_test(type("Machine", (GroupMachine,), facts), settings=SETTINGS)
