"""Channels, patterns and notifications on a real server and on ours, message by message."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compat.face import Pair
from tests.compat.stage import Stage
from tests.compat.wire import plain

BOTH = {
    "channels": """
        a: SUBSCRIBE x
        a> SUBSCRIBE y x z
        a<
        a<
        a<
        b: PUBLISH x 1
        a<
        b: PUBLISH nobody 1
        b: PUBLISH z ''
        a<
        a: UNSUBSCRIBE y
        b: PUBLISH y 1
        a: UNSUBSCRIBE never
        a> UNSUBSCRIBE x z
        a<
        a<
        a: UNSUBSCRIBE
        a: PUNSUBSCRIBE
        a: PING
    """,
    "patterns": """
        a: PSUBSCRIBE news.*
        a: SUBSCRIBE news.art
        c: PSUBSCRIBE news.*
        b: PUBLISH news.art pic
        a<
        a<
        c<
        b: PUBLISH news.music sound
        a<
        c<
        a: PUNSUBSCRIBE news.*
        c: PUNSUBSCRIBE
        b: PUBLISH news.art pic
        a<
        b: PUBLISH news.music sound
        a: PSUBSCRIBE h[ae]llo
        b: PUBLISH hello 1
        a<
        b: PUBLISH hillo 1
    """,
    "looking": """
        b: PUBSUB CHANNELS
        a: SUBSCRIBE one
        b: PUBSUB CHANNELS
        b: PUBSUB CHANNELS o*
        b: PUBSUB CHANNELS x*
        c: SUBSCRIBE one
        c: PSUBSCRIBE p*
        b: PUBSUB NUMSUB one two
        b: PUBSUB NUMSUB
        b: PUBSUB NUMPAT
        b: PUBSUB NOSUCH
        b: PUBSUB NUMPAT x
        b: PUBSUB
        b: SUBSCRIBE
        b: PUBLISH x
    """,
    "shards": """
        7.0|a: SSUBSCRIBE x
        7.0|a: SUBSCRIBE x
        7.0|b: SPUBLISH x 1
        7.0|a<
        7.0|b: PUBLISH x 2
        7.0|a<
        7.0|b: PUBSUB SHARDCHANNELS
        7.0|b: PUBSUB SHARDCHANNELS x*
        7.0|b: PUBSUB SHARDNUMSUB x y
        7.0|b: PUBSUB CHANNELS
        7.0|a: SUNSUBSCRIBE x
        7.0|a: SUNSUBSCRIBE
        7.0|b: SPUBLISH x 1
    """,
    "from scripts and transactions": """
        a: SUBSCRIBE x
        b: MULTI ; PUBLISH x 1 ; PUBLISH x 2 ; EXEC
        a<
        a<
        b: EVAL return\\_redis.call('publish',KEYS[1],'3') 1 x
        a<
        b: EVAL return\\_redis.call('subscribe','y') 0
        b: MULTI ; PUBLISH x 4 ; DISCARD
        b: PUBLISH x 5
        a<
    """,
    "subscribing in a transaction": """
        a: MULTI ; SUBSCRIBE x ; EXEC
        b: PUBLISH x 1
        a<
    """,
    "many at once in a transaction": """
        a: MULTI
        a: SUBSCRIBE x y
        a> EXEC
        a<
        a<
        b: PUBLISH y 1
        a<
        a: UNSUBSCRIBE x
    """,
    "reset": """
        a: SUBSCRIBE x
        a: PSUBSCRIBE y*
        a: RESET
        b: PUBLISH x 1
        b: PUBLISH y 1
        a: GET k
    """,
    "quit": """
        a: SUBSCRIBE x
        a: QUIT
        b: PUBLISH x 1
    """,
}
#: What a client that has subscribed may do, in RESP2.
RESTRICTED = """
    a: SUBSCRIBE x
    a: PING
    a: PING hello
    a: PING a b
    a: GET k
    a: get
    a: NOSUCH
    a: CLIENT LIST
    a: MULTI
    a: PUBLISH x 1
    a: PSUBSCRIBE p
    a: UNSUBSCRIBE
    a: PING
    a: PUNSUBSCRIBE
    a: PING
    a: GET k
"""
#: In RESP3 it may do everything, and hears itself.
FREE = """
    a: SUBSCRIBE x
    a: PING
    a: GET k
    a: PSUBSCRIBE x*
    6.2|a> PUBLISH x 1
    6.2|a<
    6.2|a<
    6.2|a<
    6.2|a> EVAL redis.call('publish','x','3')return\\_7 0
    6.2|a<
    6.2|a<
    6.2|a<
    a> BLPOP k 0
    b: PUBLISH x 4
    a<
    a<
    b: RPUSH k v
    a<
"""


_MESSAGE = (">", [("$", b"message"), ("$", b"x"), ("$", b"m")])


def _as_6_0(reply: Any) -> Any:
    """6.2 allows RESET as well, which 6.0 does not have."""
    if reply[0] == "-":
        return reply[0], reply[1].replace(b"QUIT / RESET are", b"QUIT are")
    return reply


@pytest.mark.parametrize("resp3", [False, True], ids=["resp2", "resp3"])
@pytest.mark.parametrize("name", BOTH)
def test_play(servers: Pair, name: str, resp3: bool) -> None:
    with Stage(servers, resp3, _as_6_0) as stage:
        stage.play(BOTH[name])


def test_what_a_subscriber_may_do(servers: Pair) -> None:
    with Stage(
        servers, False, _as_6_0 if servers.release == "6.2" else lambda reply: reply
    ) as stage:
        stage.play(RESTRICTED)


def test_a_subscriber_may_do_all_in_resp3(servers: Pair) -> None:
    with Stage(servers, True) as stage:
        stage.play(FREE)


#: Once with what else is told inside, once with no reply of EXEC itself.
OWN = """
    a: MULTI ; PSUBSCRIBE c* ; PUBLISH c 1 ; SET k v ; EVAL return(redis.call('publish','c','2')) 0
    a: PUBLISH none 3 ; EXEC
    a: MULTI ; PUBLISH c 4 ; CLIENT REPLY OFF ; PUBLISH c 5 ; EXEC
    a: CLIENT REPLY ON ; PUBLISH c 6
"""


def test_own_messages_stand_in_the_reply_of_exec_in_6(servers: Pair) -> None:
    if servers.release != "6.2":
        pytest.skip("since 7.2 they follow it, which 7.0 does not do yet")
    with Stage(servers, True) as stage:
        stage.play(OWN)


def test_own_messages_follow_the_reply_since_7_2(servers: Pair) -> None:
    if servers.release == "6.2":
        pytest.skip("there they stand before the reply, in the middle of that of EXEC")
    with Stage(servers, True) as stage:
        ours = stage["a"].ours
        ours(["SUBSCRIBE", "x"])
        for words in (["PUBLISH", "x", "m"], ["EVAL", "return redis.call('publish','x','m')", "0"]):
            assert ours(words) == (":", b"1")
            assert ours.reply() == _MESSAGE
        ours.send(["MULTI"], ["PUBLISH", "x", "m"], ["GET", "k"], ["EXEC"])
        replies = [ours.reply() for _ in range(5)]
        assert replies[3:] == [("*", [(":", b"1"), ("_", b"")]), _MESSAGE]


def test_what_is_told_of_subscribers(servers: Pair) -> None:
    with Stage(servers) as stage:
        stage.play("a: SUBSCRIBE x\na: SUBSCRIBE y\na: PSUBSCRIBE z*")
        told = []
        for wire in (stage["b"].real, stage["b"].ours):
            lines = plain(wire(["client", "list", "type", "pubsub"])).decode().splitlines()
            assert len(lines) == 1
            fields = dict(word.partition("=")[::2] for word in lines[0].split())
            stats = plain(wire(["info", "stats"])).decode().split("\r\n")
            told.append((
                {name: fields.get(name) for name in ("sub", "psub", "ssub", "flags", "cmd")},
                [line for line in stats if line.startswith("pubsub")],
            ))  # fmt: skip
        assert told[0] == told[1]
        for wire in (stage["b"].real, stage["b"].ours):
            assert wire(["client", "kill", "type", "pubsub"]) == (":", b"1")


@pytest.mark.parametrize("mode", ["off", "skip"])
@pytest.mark.parametrize("resp3", [False, True])
def test_pushes_are_told_whatever_client_reply_says(servers: Pair, mode: str, resp3: bool) -> None:
    again = f"CLIENT REPLY {mode} ; " if resp3 else ""  # RESP2 does not let a subscriber say it
    with Stage(servers, resp3) as stage:
        stage.play(f"""
            a> CLIENT REPLY {mode} ; SUBSCRIBE c d
            a<
            a<
            b: PUBLISH c hello
            a<
            a> {again}UNSUBSCRIBE c
            a<
        """)
