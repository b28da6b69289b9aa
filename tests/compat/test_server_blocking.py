"""Clients that wait for data, on a real server and on ours: who gets what, in which order."""

from __future__ import annotations

import re

import pytest

from tests.compat.face import Pair
from tests.compat.stage import Stage
from tests.compat.wire import plain

#: name: play. In each one every connection is new, and the keyspace is empty.
PLAYS = {
    "one waits": """
        a> BLPOP k 0
        b: RPUSH k 1 2
        a<
        b: LRANGE k 0 -1
    """,
    "first come first served": """
        a> BLPOP k 0
        b> BRPOP k 0
        c> BLPOP k 0
        d: RPUSH k 1 2
        a<
        b<
        d: RPUSH k 3
        c<
        d: EXISTS k
    """,
    "several keys": """
        a> BLPOP k l m 0
        b: RPUSH l 1
        a<
        b: EXISTS l
        a: BLPOP k l m 0.01
    """,
    "the key that was ready first": """
        a> BLPOP k l 0
        b: MULTI ; RPUSH l 1 ; RPUSH x 2 ; EXEC
        a<
    """,
    "a transaction is whole": """
        a> BLPOP k 0
        b: MULTI ; RPUSH k 1 ; RPUSH k 2 ; LPUSH k 0 ; EXEC
        a<
        b: LRANGE k 0 -1
        a> BLPOP z 0
        b: MULTI ; RPUSH z 1 ; DEL z ; EXEC
        b: RPUSH z 2
        a<
    """,
    "a script is whole": """
        a> BLPOP k 0
        b: EVAL redis.call('rpush',KEYS[1],1)redis.call('lpush',KEYS[1],0)return\\_1 1 k
        a<
        b: LRANGE k 0 -1
    """,
    "a chain": """
        a> BRPOPLPUSH k l 0
        b> BLMOVE l m LEFT RIGHT 0
        c> BLPOP m 0
        d: LPUSH k e
        a<
        b<
        c<
        d: EXISTS k l m
    """,
    "to itself": """
        a> BRPOPLPUSH k k 0
        b> BLPOP k 0
        c: LPUSH k e
        a<
        b<
    """,
    "a circle": """
        a> BRPOPLPUSH k l 0
        b> BRPOPLPUSH l k 0
        c: RPUSH k e
        a<
        b<
        c: LRANGE k 0 -1
    """,
    "the target has another type": """
        a> BRPOPLPUSH k l 0
        b: SET l x
        b: RPUSH k e
        a<
        b: LRANGE k 0 -1
    """,
    "wrong types keep waiting": """
        a> BLPOP k 0
        b: SADD k x
        b: DEL k
        b: ZADD k 1 x
        b: DEL k
        b: SET k x
        b: GETSET k y
        b: DEL k
        b: RPUSH k e
        a<
        a: BLPOP k 1 x
        b: SET s x
        a: BLPOP s 0
        a: BZPOPMIN s 0
        a: XREAD BLOCK 0 STREAMS s 0
        a: BRPOPLPUSH s d 0
    """,
    "by any means": """
        a> BLPOP k 0
        b: RPUSH x 1 ; RENAME x k
        a<
        a> BLPOP k 0
        b: SELECT 3 ; RPUSH k 2 ; MOVE k 0 ; SELECT 0
        a<
        a> BLPOP k 0
        b: RPUSH y 5 4 ; SORT y STORE k
        a<
        b: DEL k
        a> BLPOP k 0
        b: COPY y k
        a<
        b: DEL k
        a> BLPOP k 0
        b: SELECT 3 ; RPUSH k 7 ; SWAPDB 0 3 ; SELECT 0
        a<
        b: FLUSHALL
        a> BLPOP k 0
        b: LINSERT k BEFORE a b
        b: RPUSHX k 1
        b: RPOPLPUSH nothing k
        b: RPUSH z 1 2
        b: LMOVE z k LEFT LEFT
        a<
    """,
    "sorted sets": """
        a> BZPOPMIN z 0
        b> BZPOPMAX y z 0
        c: ZADD z 1 a 2 b 3 c
        a<
        b<
        c: ZRANGE z 0 -1
        a> BZPOPMIN t 0
        c: ZUNIONSTORE t 1 z
        a<
        a> BZPOPMAX t 0
        c: GEOADD t 13 38 p
        a<
        a> BZPOPMAX t 0
        c: ZINCRBY t 1.5 m
        a<
    """,
    "seven": """
        7.0|a> BLMPOP 0 2 k l LEFT COUNT 3
        7.0|c: RPUSH l 1 2 3 4
        7.0|a<
        7.0|c: LRANGE l 0 -1
        7.0|b> BZMPOP 0 1 z MAX COUNT 2
        7.0|c: ZADD z 1 a 2 b 3 c
        7.0|b<
        7.0|b: BLMPOP 0.01 1 none LEFT
        7.0|b: BZMPOP 0.01 1 none MIN
    """,
    "time runs out": """
        a: BLPOP k 0.01
        a: BRPOP k 0.01
        a: BRPOPLPUSH k l 0.01
        a: BLMOVE k l LEFT LEFT 0.01
        a: BZPOPMIN k 0.01
        a: BZPOPMAX k 0.01
        a: XREAD BLOCK 10 STREAMS k $
        a: XREAD BLOCK 10 STREAMS k 0-0
        a: WAIT 1 10
        a: WAIT 0 0
        a: WAIT 0 10
        a: PING
    """,
    "wrong times": """
        a: BLPOP k -1
        a: BLPOP k x
        a: BLPOP k nan
        a: BLPOP
        a: BRPOPLPUSH k l -0.5
        a: BLMOVE k l LEFT UP 0
        a: XREAD BLOCK -1 STREAMS k $
        a: XREAD BLOCK x STREAMS k $
        a: WAIT 1 -1
        a: WAIT x 1
        a: WAIT 1 x
        a: WAIT 1 9223372036854775807 x
    """,
    "in a transaction nobody waits": """
        a: MULTI ; BLPOP k 0 ; BRPOPLPUSH k l 0 ; BLMOVE k l LEFT LEFT 0 ; BZPOPMIN k 0 ; EXEC
        a: MULTI ; XREAD BLOCK 0 STREAMS s $ ; WAIT 3 0 ; EXEC
        a: PING
    """,
    "commands behind wait": """
        a> SELECT 2 ; BLPOP k 0 ; SET x 1 ; GET x ; BLPOP k 0 ; PING
        b: SELECT 2 ; EXISTS x
        b: RPUSH k 1
        a<
        a<
        a<
        a<
        b: RPUSH k 2
        a<
        a<
    """,
    "streams": """
        a> XREAD BLOCK 0 STREAMS s $
        b> XREAD COUNT 1 BLOCK 0 STREAMS r s 0 0
        c: XADD s 1-1 f v
        a<
        b<
        a> XREAD BLOCK 0 STREAMS s $
        c: XADD s 1-2 f v
        a<
        a> XREAD BLOCK 0 STREAMS s 5-0
        c: XADD s 3-0 f v
        c: XADD s 5-1 f v
        a<
        a> XREAD BLOCK 0 STREAMS s $
        c: MULTI ; XADD s 6-1 f v ; XADD s 6-2 f v ; EXEC
        a<
        a> XREAD BLOCK 0 STREAMS s $
        c: DEL s ; XADD s 9-1 g w
        a<
        a> XREAD BLOCK 0 STREAMS s 9-1
        c: XTRIM s MAXLEN 0 ; XADD s 9-2 f v
        a<
    """,
    "groups": """
        c: XGROUP CREATE s g $ MKSTREAM
        a> XREADGROUP GROUP g one BLOCK 0 STREAMS s >
        b> XREADGROUP GROUP g two BLOCK 0 NOACK STREAMS s >
        c: XADD s 1-1 f v
        a<
        c: XADD s 1-2 f v
        b<
        c: XPENDING s g
        a: XREADGROUP GROUP g one BLOCK 0 STREAMS s 0
        a: XREADGROUP GROUP g one BLOCK 10 STREAMS s >
        a: XREADGROUP GROUP nosuch one BLOCK 10 STREAMS s >
        a: XREADGROUP GROUP g one BLOCK 10 STREAMS nosuch >
    """,
    "together with a pause": """
        a> BLPOP k 0 ; SET x 1
        6.2|b: RPUSH k 1
        7.0|b: MULTI ; RPUSH k 1 ; CLIENT PAUSE 30 ; EXEC
        a<
        a<
        b: GET x
        b: CLIENT PAUSE 30
        a: BLPOP k 0.01
    """,
    "unblocked": """
        a> BLPOP k 0
        b: CLIENT UNBLOCK 999999
        b: CLIENT UNBLOCK x
        b: CLIENT UNBLOCK 1 SOMEHOW
    """,
    "gone while they wait": """
        a> BLPOP k 0
        b> BLPOP k 0
        c: FLUSHALL
        c: DEL k
        c: RPUSH k 1
        a<
        c: FLUSHDB
        c: RPUSH k 2
        b<
    """,
    "an expired key": """
        a: RPUSH k 1
        a: PEXPIRE k 1
        a: BLPOP nokey 0.02
        a> BLPOP k 0
        b: RPUSH k 2
        a<
    """,
}


@pytest.mark.parametrize("resp3", [False, True], ids=["resp2", "resp3"])
@pytest.mark.parametrize("name", PLAYS)
def test_play(servers: Pair, name: str, resp3: bool) -> None:
    with Stage(servers, resp3) as stage:
        stage.play(PLAYS[name])


def test_who_waits_is_shown(servers: Pair) -> None:
    with Stage(servers) as stage:
        stage.play("a> BLPOP k 0\nb> XREAD BLOCK 100000 STREAMS s $\nc> WAIT 1 0")
        for wire in (stage["d"].real, stage["d"].ours):
            info = plain(wire(["info", "clients"]))
            assert b"blocked_clients:3" in info
            assert b"clients_in_timeout_table:1" in info
            lines = plain(wire(["client", "list"])).splitlines()
            waiting = [line for line in lines if re.search(rb" flags=\w*b", line)]
            assert sorted(line.rpartition(b" cmd=")[2].split()[0] for line in waiting) == [
                b"blpop", b"wait", b"xread",
            ]  # fmt: skip


def test_unblock(servers: Pair) -> None:
    with Stage(servers) as stage:
        stage["a"], stage["b"]
        a = [wire(["client", "id"])[1] for wire in (stage["a"].real, stage["a"].ours)]
        d = stage["d"]
        for words in ("BLPOP k 0", "BRPOPLPUSH k l 0", "XREAD BLOCK 0 STREAMS s $", "WAIT 1 0"):
            for reason in ("", "TIMEOUT", "ERROR"):
                stage.play(f"a> {words}")
                for wire, number in ((d.real, a[0]), (d.ours, a[1])):
                    wire.send(["CLIENT", "UNBLOCK", number, *reason.split()])
                    assert wire.reply() == (":", b"1")
                    wire.send(["CLIENT", "UNBLOCK", number, *reason.split()])
                    assert wire.reply() == (":", b"0")
                stage.play("a<\na: PING")


def test_who_has_gone_gets_nothing(servers: Pair) -> None:
    with Stage(servers) as stage:
        stage.play("a> BLPOP k 0\nb> BLPOP k 0")
        stage["a"].close()
        stage.play("c: PING\nc: RPUSH k 1\nb<\nc: EXISTS k")


def test_who_is_killed_gets_nothing(servers: Pair) -> None:
    with Stage(servers) as stage:
        a = [wire(["client", "id"])[1] for wire in (stage["a"].real, stage["a"].ours)]
        stage.play("a> BLPOP k 0\nb> BLPOP k 0")
        for wire, number in ((stage["c"].real, a[0]), (stage["c"].ours, a[1])):
            assert wire(["CLIENT", "KILL", "ID", number]) == (":", b"1")
        stage.play("c: RPUSH k 1\nb<\nc: EXISTS k")


@pytest.mark.parametrize("ends", ["XGROUP DESTROY s g", "DEL s", "SET s x"])
def test_a_group_that_is_gone(servers: Pair, ends: str) -> None:
    """6.2 tells only of the group's own end; in place of 7.0's words 7.2 has the command's own."""
    with Stage(servers) as stage:
        stage.play("b: XGROUP CREATE s g $ MKSTREAM")
        stage.play("a> XREADGROUP GROUP g c BLOCK 0 STREAMS s >\nb: " + ends)
        if servers.release == "6.2" and ends != "XGROUP DESTROY s g":
            stage.play("b: DEL s\nb: XGROUP CREATE s g $ MKSTREAM\nb: XADD s 1-1 f v\na<")
        elif servers.release == "6.2":
            stage.play("a<")
        else:
            real, ours = stage["a"].real.reply(), stage["a"].ours.reply()
            assert real[0] == ours[0] == "-"
            assert ours[1].partition(b" ")[0] == {
                "XGROUP DESTROY s g": b"NOGROUP", "DEL s": b"NOGROUP", "SET s x": b"WRONGTYPE",
            }[ends]  # fmt: skip


def test_reply_off_leaves_out_what_is_served(servers: Pair) -> None:
    with Stage(servers) as stage:
        stage.play("a> CLIENT REPLY SKIP ; BLPOP k 0 ; ECHO x")
        stage.play("b: RPUSH k 1\na<\nb: EXISTS k")
