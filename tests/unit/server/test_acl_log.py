"""The log of what was refused."""

from __future__ import annotations

from dataclasses import replace

from aofserver.acl.checks import Reason
from aofserver.acl.log import AclLog, Refusal, Where

ONE = Refusal(Reason.KEY, Where.TOPLEVEL, b"k", b"u", b"id=1", 1000)


def shown(log: AclLog) -> list[tuple[int, int, bytes]]:
    return [(entry.id, entry.count, entry.refusal.object) for entry in log]


def test_the_same_within_a_minute_is_counted_up() -> None:
    log = AclLog(10)
    log.add(ONE)
    log.add(replace(ONE, object=b"l"))
    log.add(replace(ONE, at_ms=61_000, client=b"id=2"))
    assert shown(log) == [(0, 2, b"k"), (1, 1, b"l")]
    first = next(iter(log))
    assert (first.created_ms, first.refusal.at_ms, first.refusal.client) == (1000, 61_000, b"id=2")
    log.add(replace(ONE, at_ms=121_001))
    assert shown(log) == [(2, 1, b"k"), (0, 2, b"k"), (1, 1, b"l")]


def test_what_is_not_the_same() -> None:
    log = AclLog(10)
    log.add(ONE)
    for other in (
        replace(ONE, reason=Reason.COMMAND),
        replace(ONE, where=Where.MULTI),
        replace(ONE, where=Where.SCRIPT),
        replace(ONE, user=b"v"),
    ):
        log.add(other)
    assert [entry.count for entry in log] == [1] * 5


def test_only_the_latest_are_looked_at() -> None:
    log = AclLog(100)
    for at in range(11):
        log.add(replace(ONE, object=b"%d" % at))
    log.add(replace(ONE, object=b"1"))
    log.add(replace(ONE, object=b"0"))
    assert [entry.count for entry in log][:3] == [1, 2, 1]
    assert len(list(log)) == 12


def test_the_oldest_go() -> None:
    log = AclLog(2)
    for name in (b"a", b"b", b"c"):
        log.add(replace(ONE, object=name))
    assert shown(log) == [(2, 1, b"c"), (1, 1, b"b")]
    log.most = 0
    log.add(replace(ONE, object=b"d"))
    assert shown(log) == []
    log.most = 1
    log.add(ONE)
    log.clear()
    assert shown(log) == []
