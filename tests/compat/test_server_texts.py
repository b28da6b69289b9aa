"""Error texts word for word: the server's own commands with too few, too many and odd words.

Whatever a real server refuses is refused here in the same words, and what it answers is answered
with a reply of the same type; what differs is meant, and stands in ``differences``.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from aofserver.commands import SERVER_TABLE
from aoftool.keyspace.command import TABLE
from tests.compat.differences import OTHER_TEXTS
from tests.compat.face import Pair, assert_same

#: Commands that end the server or the connection, change what is answered to those behind them, or
#: take their time.
_LEFT = frozenset(
    b"""
    SHUTDOWN MONITOR SYNC PSYNC QUIT FAILOVER REPLICAOF SLAVEOF BGSAVE BGREWRITEAOF SAVE WAIT
    WAITAOF SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE
    """.split()
) | {
    b"CLIENT REPLY", b"CLIENT PAUSE", b"CONFIG REWRITE", b"DEBUG SLEEP", b"DEBUG POPULATE",
    b"DEBUG SEGFAULT", b"DEBUG PANIC", b"DEBUG ASSERT", b"DEBUG OOM", b"DEBUG RESTART",
    b"DEBUG CRASH-AND-RECOVER", b"DEBUG RELOAD", b"DEBUG LOADAOF",
}  # fmt: skip
_WORDS = ("", "0", "1", "-1", "x", "99999999999999999999", "1.5", "*", "\u00e9\r\nx")
_MOST = 6


def calls(name: bytes, rng: Random) -> Iterator[list[str]]:
    """Calls with each kind of word, and with a mixture of them."""
    head = name.decode().split(" ")
    yield head
    for count in range(1, _MOST + 1):
        for word in _WORDS:
            yield head + [word] * count
        for _ in range(4):
            yield head + [rng.choice(_WORDS) for _ in range(count)]


def _is_same(real: Any, ours: Any) -> bool:
    return bool(real == ours if real[0] == "-" else real[0] == ours[0])


def test_texts(servers: Pair) -> None:
    rng = Random(7)
    declared = SERVER_TABLE.declared()
    here = [name for name in declared if name not in TABLE.declared() and name not in _LEFT]
    differing: dict[str, tuple[list[str], Any, Any]] = {}
    for name in sorted(here):
        pair = servers.again()
        for words in calls(name, rng):
            real, ours = pair.real(words), pair.ours(words)
            if not _is_same(real, ours):
                differing.setdefault(name.decode(), (words, real, ours))
        pair.close()
    allowed = {name for release, name in OTHER_TEXTS if release == servers.release}
    assert {name: differing[name] for name in differing.keys() - allowed} == {}, "not meant"
    assert allowed - differing.keys() == set(), "no longer so"


def test_texts_of_what_is_left_out(pair: Pair) -> None:
    """Calls of the commands of ``_LEFT`` that are refused."""
    assert_same(
        pair,
        """
        shutdown x
        shutdown abort
        shutdown abort now
        shutdown nosave save
        shutdown save nosave
        shutdown x y z w v
        bgsave x
        bgsave schedule x
        bgrewriteaof x
        save x
        replicaof a
        replicaof a x
        7.0: replicaof a 99999999
        slaveof no
        failover x
        failover to
        failover to h x
        failover timeout 0
        failover timeout 5 force
        failover force force
        failover to h 1 to h 1
        failover abort x
        failover abort
        failover
        psync
        sync x
        wait
        wait x y
        wait 0 -1
        wait 0 x
        client reply
        client reply x
        client reply on x
        client pause
        client pause x y z
        config rewrite x
        debug sleep
        debug sleep 0 0
        debug sleep x
        debug populate
        debug populate 1 a b c
        debug populate 1 a x
        debug reload x
        debug reload nosave x
        debug restart x
        debug crash-and-recover x
        monitor x
        subscribe
        psubscribe
        7.0: ssubscribe
        """,
    )


def test_no_error_is_two_lines(servers: Pair) -> None:
    """What an error quotes of a call cannot end it, and begin another reply."""
    pair = servers.again()
    for words in (
        ["no\r\n+OK"], ["get", "a\r\n", "b"], ["client", "x\r\n:1"], ["config", "set", "a\n", "b"],
        ["acl", "setuser", "u", "x\ry"], ["debug", "error", "a\r\nb"],
        ["eval", "return redis.error_reply('a\\r\\nb')", "0"],
    ):  # fmt: skip
        assert pair.ours(words) == pair.real(words), words
        assert pair.ours(["ping"]) == ("+", b"PONG")
