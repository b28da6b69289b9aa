"""MULTI, EXEC and WATCH over several connections, on a real server and on ours."""

from __future__ import annotations

import pytest

from tests.compat.face import Pair
from tests.compat.stage import Stage

PLAYS = {
    "queued": """
        a: MULTI ; SET k 1 ; INCR k ; GET k ; LPUSH k x ; EXEC
        a: EXEC
        a: DISCARD
        a: MULTI ; EXEC
        a: MULTI ; MULTI ; SET k 2 ; EXEC
        a: GET k
    """,
    "refused when it is queued": """
        a: MULTI ; SET k 1 ; NOSUCH ; EXEC
        a: MULTI ; SET k ; EXEC
        a: MULTI ; SET k 1 ; GET ; DISCARD
        a: MULTI ; CLIENT NOSUCH ; EXEC
        a: EXISTS k
    """,
    "errors inside": """
        a: SET s x
        a: MULTI ; SET k 1 ; LPUSH s 1 ; INCR s ; SET l 2 ; EXEC
        a: MGET k l
        a: MULTI ; EVAL error('x') 0 ; SET m 1 ; EXEC
        a: EXISTS m
    """,
    "not allowed inside": """
        a: MULTI ; WATCH k ; SET k 1 ; EXEC
        a: MULTI ; UNWATCH ; SET k 1 ; EXEC
        a: MULTI ; SELECT 3 ; SET k 1 ; EXEC
        a: GET k
        a: SELECT 0
        a: MULTI ; RESET
        a: EXEC
        7.0|a: MULTI ; SYNC ; EXEC
        7.0|a: MULTI ; PSYNC ? -1 ; EXEC
    """,
    "watched and changed": """
        a: WATCH k
        b: SET k 1
        a: MULTI ; SET k 2 ; EXEC
        a: MULTI ; SET k 3 ; EXEC
        a: WATCH k l ; SET l 5
        a: MULTI ; GET k ; EXEC
        a: WATCH k
        b: GET k
        b: SET other 1
        b: SET k 3 XX NX
        b: DEL nothing
        a: MULTI ; GET k ; EXEC
        a: WATCH k ; UNWATCH
        b: SET k 4
        a: MULTI ; GET k ; EXEC
        a: WATCH k ; MULTI ; DISCARD
        b: SET k 5
        a: MULTI ; GET k ; EXEC
        a: WATCH k ; MULTI ; GET k
        b: SET k 6
        a: EXEC
        a: WATCH
    """,
    "watched by two": """
        a: WATCH k
        c: WATCH k
        b: LPUSH k 1
        a: UNWATCH
        a: MULTI ; LLEN k ; EXEC
        c: MULTI ; LLEN k ; EXEC
    """,
    "another database": """
        a: WATCH k
        b: SELECT 5 ; SET k 1
        a: MULTI ; PING ; EXEC
        a: SELECT 5 ; WATCH k ; SELECT 0
        b: SET k 2
        a: MULTI ; PING ; EXEC
    """,
    "whole databases": """
        b: SET k 1
        a: WATCH k
        b: FLUSHALL
        a: MULTI ; PING ; EXEC
        b: SET k 1
        a: WATCH k
        b: FLUSHDB
        a: MULTI ; PING ; EXEC
        b: SET k 1
        a: WATCH k
        b: SWAPDB 0 1
        a: MULTI ; PING ; EXEC
        b: SWAPDB 0 1
        b: SELECT 1 ; SET k 1 ; SELECT 0
        a: SELECT 2 ; WATCH k
        b: SWAPDB 0 1
        a: MULTI ; PING ; EXEC
        b: FLUSHALL
    """,
    "whole databases without the key": """
        7.0|a: WATCH k
        7.0|b: FLUSHALL
        7.0|a: MULTI ; PING ; EXEC
        7.0|a: WATCH k
        7.0|b: FLUSHDB
        7.0|a: MULTI ; PING ; EXEC
        a: WATCH k
        b: SWAPDB 0 1
        a: MULTI ; PING ; EXEC
    """,
    "renamed, moved, copied": """
        b: SET k 1
        a: WATCH k l
        b: RENAME k l
        a: MULTI ; PING ; EXEC
        a: WATCH l
        b: MOVE l 4
        a: MULTI ; PING ; EXEC
        b: SET k 1
        a: WATCH l
        b: COPY k l
        a: MULTI ; PING ; EXEC
        a: WATCH k
        b: EXPIRE k 100
        a: MULTI ; PING ; EXEC
        a: WATCH k
        b: PERSIST k
        a: MULTI ; PING ; EXEC
        a: WATCH k
        b: EVAL return\\_redis.call('set',KEYS[1],2) 1 k
        a: MULTI ; PING ; EXEC
        a: WATCH ''
        b: SET '' 1
        a: MULTI ; PING ; EXEC
        a: WATCH k
        b: SET '' 2
        a: MULTI ; PING ; EXEC
    """,
    "expired": """
        a: SET k 1 PX 20
        a: WATCH k
        b: BLPOP none 0.05
        a: MULTI ; PING ; EXEC
    """,
    "expired and still there": """
        a: DEBUG SET-ACTIVE-EXPIRE 0
        a: SET k 1 PX 5
        b: BLPOP none 0.02
        a: WATCH k
        a: MULTI ; PING ; EXEC
        a: SET k 1 PX 5
        b: BLPOP none 0.02
        a: WATCH k
        b: GET k
        a: MULTI ; PING ; EXEC
        a: SET k 1 PX 5
        b: BLPOP none 0.02
        a: WATCH k
        b: GET k
        b: SET k 2
        a: MULTI ; PING ; EXEC
        a: SET k 1 PX 5
        b: BLPOP none 0.02
        a: WATCH k
        b: FLUSHALL
        a: MULTI ; PING ; EXEC
        a: DEBUG SET-ACTIVE-EXPIRE 1
    """,
    "served while it is watched": """
        a: WATCH k
        c> BLPOP k 0
        b: RPUSH k 1
        c<
        a: MULTI ; PING ; EXEC
    """,
    "two at once": """
        a: MULTI
        b: MULTI
        a: INCR k
        b: INCR k
        c: GET k
        a: EXEC
        b: EXEC
    """,
    "loaded again": """
        a: SET k 1
        a: WATCH k
        b: DEBUG RELOAD
        a: MULTI ; PING ; EXEC
        a: WATCH none
        b: DEBUG RELOAD
        a: MULTI ; PING ; EXEC
    """,
    "not without a transaction either": """
        7.0|a: SUBSCRIBE c
        7.0|b: EXEC x
        a: EXEC x
        a: MULTI ; EXEC x ; EXEC
    """,
    "what expects more than one reply": """
        7.0|a: MULTI ; SSUBSCRIBE c ; SET k 1 ; EXEC
        7.0|a: PUBSUB SHARDNUMSUB c
        7.0|a: MULTI ; MONITOR ; EXEC
        a: MULTI ; SUBSCRIBE c ; UNSUBSCRIBE ; EXEC
    """,
    "gone in the middle": """
        a: MULTI ; SET k 1 ; QUIT
        b: GET k
    """,
}


@pytest.mark.parametrize("resp3", [False, True], ids=["resp2", "resp3"])
@pytest.mark.parametrize("name", PLAYS)
def test_play(servers: Pair, name: str, resp3: bool) -> None:
    with Stage(servers, resp3) as stage:
        stage.play(PLAYS[name])
