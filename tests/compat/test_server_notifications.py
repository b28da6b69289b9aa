"""Keyspace notifications of a real server and of ours, for commands of every class."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aofserver.messages.notifications import CLASS_OF
from tests.compat import test_server_lookups as lookups
from tests.compat.face import Pair
from tests.compat.stage import Stage
from tests.compat.wire import Wire, plain

#: Each line is played on what the lines before it in its group have left.
CALLS = {
    "generic": """
        SET a 1 ; SET b 2 EX 100 ; EXPIRE a 100 ; PEXPIREAT a 1 ; EXPIRE b -1 ; SET a 1 EX 9
        PERSIST a ; PERSIST a ; EXPIRE none 3 ; RENAME a b ; RENAMENX b c ; RENAME c c
        DEL c none ; MSET a 1 b 2 ; UNLINK a b ; SET a 1 ; MOVE a 3 ; SET a 2 ; COPY a b
        COPY a z DB 3 ; SELECT 3 ; DEL z ; FLUSHDB ; SELECT 0 ; SWAPDB 0 1 ; SWAPDB 0 1
        RPUSH l 2 1 3 ; SORT l STORE m ; SORT none STORE m ; TOUCH l ; FLUSHALL
    """,
    "strings": """
        SET a 1 ; SET a 2 NX ; SET a 3 XX GET ; SETNX a 1 ; SETNX b 1 ; GETSET a 5 ; APPEND a 1
        SETRANGE a 1 xx ; SETRANGE n 0 '' ; INCR i ; INCRBY i 5 ; DECR i ; DECRBY i 2
        INCRBYFLOAT i 1
        SETEX a 100 v ; PSETEX a 10000 v ; MSETNX p 1 q 2 ; GETDEL p ; GETEX q EX 100
        GETEX q PERSIST ; GETEX q ; SETBIT bits 7 1 ; BITOP NOT d bits ; BITOP AND none2 none
        BITFIELD bits SET u8 0 9
        BITFIELD bits GET u8 0 ; PFADD h 1 2 ; PFADD h 1 ; PFCOUNT h ; PFMERGE h2 h ; GET none
        GETEX q PXAT 1 ; SET e v PX 100000 KEEPTTL ; SET e v KEEPTTL
    """,
    "lists": """
        RPUSH l 1 2 3 ; LPUSH l 0 ; LPUSHX l 9 ; RPUSHX none 9 ; LINSERT l BEFORE 1 x
        LINSERT l BEFORE none x ; LSET l 0 z ; LREM l 0 z ; LREM l 0 none ; LTRIM l 1 3 ; LPOP l
        RPOP l ; RPOPLPUSH l m ; LMOVE m l LEFT RIGHT ; LPOP none ; RPUSH l 1 2 ; LPOP l 2
        LTRIM l 5 9 ; RPUSH a 1 ; BLPOP a 0 ; RPUSH a 1 ; BRPOPLPUSH a b 0 ; BLMOVE b b LEFT LEFT 0
        RPUSH k 1 ; RPOP k ; RPUSH k 1 ; LREM k 0 1
    """,
    "sets": """
        SADD s a b c ; SADD s a ; SREM s a x ; SMOVE s t b ; SMOVE s t none ; SPOP t ; SADD u a c
        SINTERSTORE d s u ; SUNIONSTORE d s u ; SDIFFSTORE d u s ; SDIFFSTORE d s s
        SADD v 1 ; SPOP v 5 ; SREM s c ; SADD w 1 ; SMOVE w w 1
    """,
    "hashes": """
        HSET h a 1 b 2 ; HSETNX h a 1 ; HSETNX h c 3 ; HMSET h d 4 ; HINCRBY h a 2
        HINCRBYFLOAT h a 1.5 ; HDEL h a none ; HDEL h b c d ; HGET h a
    """,
    "sorted sets": """
        ZADD z 1 a 2 b 3 c ; ZADD z 1 a ; ZADD z 5 a ; ZADD z INCR 1 a ; ZINCRBY z 1 b ; ZREM z a x
        ZADD z 1 a 2 b 3 c 4 d 5 e 6 f ; ZPOPMIN z ; ZPOPMAX z ; ZREMRANGEBYRANK z 0 0
        ZREMRANGEBYSCORE z 3 3 ; ZREMRANGEBYLEX z [d [d ; ZADD z 1 a 2 b ; ZUNIONSTORE u 1 z
        ZINTERSTORE u 2 z u ; ZDIFFSTORE u 2 z none ; ZRANGESTORE r z 0 -1 ; ZRANGESTORE r none 0 -1
        ZUNIONSTORE u 1 none ; GEOADD g 13 38 p ; GEORADIUS g 13 38 5 km STORE q
        GEOSEARCHSTORE q g FROMMEMBER p BYRADIUS 1 m ; GEORADIUS g 1 1 5 m STORE q
        ZADD o 1 a ; BZPOPMIN o 0 ; ZADD o 1 a ; ZREM o a
    """,
    "streams": """
        XADD x 1-1 f v ; XADD x MAXLEN 1 1-2 f v ; XTRIM x MAXLEN 0 ; XTRIM x MAXLEN 0
        XADD x 2-1 f v ; XDEL x 2-1 2-2 ; XSETID x 9-9 ; XGROUP CREATE x g $
        XGROUP CREATE y g $ MKSTREAM
        XGROUP SETID x g 0 ; XGROUP CREATECONSUMER x g c ; XGROUP CREATECONSUMER x g c
        XADD x 10-1 f v ; XREADGROUP GROUP g c STREAMS x > ; XACK x g 10-1
        XGROUP DELCONSUMER x g c ; XGROUP DESTROY x g ; XGROUP DESTROY x g
    """,
    "transactions and scripts": """
        MULTI ; SET a 1 ; DEL a ; EXEC
        EVAL redis.call('set',KEYS[1],1)redis.call('del',KEYS[1]) 1 a
    """,
    "seven": """
        7.0|RPUSH l 1 2 3 ; LMPOP 1 l LEFT COUNT 2 ; LMPOP 1 l LEFT ; ZADD z 1 a ; ZMPOP 1 z MAX
        7.0|SET a 1 ; EXPIRE a 100 NX ; EXPIRE a 50 GT
    """,
}


def _events(wire: Wire, until: str) -> Iterator[tuple[bytes, bytes]]:
    """What was told before the message that ends it."""
    while True:
        message = plain(wire.reply())
        if message[-1] == until.encode():
            return
        yield message[-2], message[-1]


@pytest.mark.parametrize("name", CALLS)
def test_what_is_told(servers: Pair, name: str) -> None:
    with Stage(servers) as stage:
        stage.play("a: PSUBSCRIBE __key*\nb: CONFIG SET notify-keyspace-events KEA")
        lines = [line.strip() for line in CALLS[name].strip().splitlines()]
        for line in lines:
            release, bar, rest = line.partition("|")
            if bar and release != servers.release:
                continue
            for call in (rest if bar else line).split(" ; "):
                stage.play(f"b: {call}")
        told = []
        for wire, asked in ((stage["a"].real, stage["c"].real), (stage["a"].ours, stage["c"].ours)):
            asked(["PUBLISH", "__key", "the end"])
            told.append(list(_events(wire, "the end")))
        assert told[1] == told[0]
        assert told[0] or name == "seven"
        stage.play("b: CONFIG SET notify-keyspace-events ''")


@pytest.mark.parametrize(
    "letters", ["", "K", "A", "Kx", "El", "KE$", "Eg$lshzxet", "AKE", "KEm", "q"]
)
def test_the_option(servers: Pair, letters: str) -> None:
    with Stage(servers) as stage:
        real, ours = stage["b"].both(f"CONFIG SET notify-keyspace-events {letters or repr('')}")
        assert real[0] == ours[0]
        stage.play("""
            b: CONFIG GET notify-keyspace-events
            a: PSUBSCRIBE __key*
            b: SET k v
            b: LPUSH l v
            b: GET none
            b: PUBLISH __key end
        """)
        told = [list(_events(wire, "end")) for wire in (stage["a"].real, stage["a"].ours)]
        assert told[1] == told[0]
        stage.play("b: CONFIG SET notify-keyspace-events ''")


def test_expired_keys(servers: Pair) -> None:
    with Stage(servers) as stage:
        stage.play(
            """
            a: PSUBSCRIBE __keyevent*
            b: CONFIG SET notify-keyspace-events Ex
            b: SET k v PX 1
            a<
            b: GET k
            b: CONFIG SET notify-keyspace-events Exmn
            b: EXISTS k
        """
            if servers.release == "7.0"
            else """
            a: PSUBSCRIBE __keyevent*
            b: CONFIG SET notify-keyspace-events Ex
            b: SET k v PX 1
            a<
            b: GET k
        """
        )
        stage.play("b: CONFIG SET notify-keyspace-events ''")


def test_new_keys_and_misses(servers: Pair) -> None:
    if servers.release != "7.0":
        pytest.skip("new keys are told of since 7.0")
    with Stage(servers) as stage:
        stage.play("""
            a: PSUBSCRIBE __key*
            b: CONFIG SET notify-keyspace-events KEnm$
            b: SET k v
            b: SET k w
            b: GET k
            b: GET none
            b: MGET k none other
            b: LPUSH l 1
            b: HGETALL nothing
            b: MULTI ; SET m 1 ; GET n ; EXEC
            b: MOVE k 5
            b: EVAL return\\_redis.call('set',KEYS[1],1) 1 fresh
            b: PUBLISH __key end
        """)
        told = [list(_events(wire, "end")) for wire in (stage["a"].real, stage["a"].ours)]
        assert told[1] == told[0]
        stage.play("b: CONFIG SET notify-keyspace-events ''")


def test_every_class_is_known() -> None:
    assert set(CLASS_OF.values()) == set("g$lshztxemn")


@pytest.mark.parametrize("letters", ["KEm", "KEAn"])
def test_new_keys_and_misses_of_every_call(servers: Pair, letters: str) -> None:
    """Of every call, those of scripts among them, on keys that are there and on others."""
    if servers.release == "6.2":
        letters = letters.replace("n", "")
    # XCLAIM and XAUTOCLAIM tell of a new consumer since 7.2.
    calls = [call for call in lookups.calls_of(servers.release) if "claim" not in call[0]]
    told: list[dict[str, list[tuple[bytes, bytes]]]] = []
    with Stage(servers) as stage:
        for listener, wire in (
            (stage["a"].real, stage["b"].real),
            (stage["a"].ours, stage["b"].ours),
        ):
            listener(["psubscribe", "__key*"])
            found = {}
            for call in calls:
                wire(["config", "set", "notify-keyspace-events", ""])
                wire(["flushall"])
                for line in lookups.KEYS.strip().splitlines():
                    wire(line.split())
                wire(["config", "set", "notify-keyspace-events", letters])
                wire(call)
                wire(["publish", "__key", "the end"])
                found[" ".join(call)] = list(_events(listener, "the end"))
            told.append(found)
            wire(["config", "set", "notify-keyspace-events", ""])
    real, ours = told
    assert {call: events for call, events in ours.items() if events != real[call]} == {
        call: events for call, events in real.items() if events != ours[call]
    }
