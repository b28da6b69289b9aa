"""Client tracking against real servers: who is told of which keys, when, and in which words."""

from __future__ import annotations

import pytest

from tests.compat.face import Pair, assert_same
from tests.compat.stage import Stage


def test_what_is_refused(pair: Pair) -> None:
    assert_same(
        pair,
        """
        client tracking on prefix a
        client tracking on bcast optin
        client tracking on bcast optout
        client tracking on optin optout
        client tracking on redirect 999999
        client tracking on redirect x
        client tracking on redirect
        client tracking on foo
        client tracking maybe
        client tracking
        client tracking on bcast prefix ab prefix a
        client tracking on bcast prefix a prefix b prefix a
        client caching yes
        client getredir
        client trackinginfo
        client tracking on
        client getredir
        client trackinginfo
        client tracking on bcast
        client caching yes
        client caching no
        client caching maybe
        client tracking on optin
        client trackinginfo
        client tracking on optout
        client caching yes
        client trackinginfo
        get a
        client trackinginfo
        client caching no
        client tracking on
        client trackinginfo
        client tracking on optout noloop
        client caching no
        client trackinginfo
        client tracking on optin
        client tracking off
        client tracking off
        client trackinginfo
        client tracking on bcast
        client trackinginfo
        client tracking on bcast prefix a
        client tracking on
        client tracking off
        client tracking on bcast prefix foo prefix bar
        client tracking on bcast prefix baz
        client trackinginfo
        client tracking on bcast prefix ba
        client tracking on bcast prefix bazz
        client tracking on bcast prefix foo
        client tracking on bcast
        client trackinginfo
        client tracking off
        client trackinginfo
        """,
    )


#: Plays in RESP3: a tracks, b changes.
PLAYS = {
    "reads": """
        b: mset k 1 l 2 m 3
        a: client tracking on
        a: get k
        a: mget l none
        b: set k 2
        a<
        b: set k 3
        b: mset none 1 l 2
        a<
        a<
        b: set m 4
        a: ping
        a: get k
        a: set k 5
        a<
        a: ping
        a: get k
        b: del k
        a<
        a: exists k
        b: set k 1
        a<
        a: hget k f
        b: del k
        a<
        a: lrange q 0 -1
        b: rpush q 1 2
        a<
        b: lpop q
        a: ping
        a: type q
        b: rename q r
        a<
        b: del r
        a: ping
    """,
    "writes are not reads": """
        a: client tracking on
        a: set k 1
        a: getset k 2
        a: incr n
        b: mset k 3 n 4
        a: ping
        a: getdel k
        a: getex n
        b: mset k 3 n 4
        a: ping
    """,
    "own changes": """
        a: client tracking on
        a: get k
        a: set k 1
        a<
        a: client tracking off
        a: client tracking on noloop
        a: get k
        a: set k 2
        a: ping
        a: get k
        b: set k 3
        a<
        a: client tracking off
        a: client tracking on
        a: get k ; set k 1 ; ping ; get k ; mget k l ; mset k 1 l 2 ; ping
        a<
        a<
        a<
        a: ping
    """,
    "own changes in scripts": """
        a: client tracking on noloop
        a: get k
        a: eval redis.call('set',KEYS[1],1) 1 k
        a: client tracking off
        a: client tracking on
        a: get k
        a: eval return\\_redis.call('set',KEYS[1],1) 1 k
        a<
        a: ping
    """,
    "own transactions": """
        a: client tracking on
        a: get k
        a: get l
        a: multi
        a: set k 1
        a: get m
        a: set m 2
        a: incr l
        a: exec
        a<
        a<
        a<
        a: ping
        a: client tracking off
        a: client tracking on noloop
        a: get k
        a: multi
        a: set k 1
        a: exec
        a: ping
        a: get k
        b: multi
        b: set k 1
        b: set k 2
        b: exec
        a<
        a: ping
    """,
    "scripts": """
        a: client tracking on
        b: set k 1
        a: eval return\\_redis.call('get',KEYS[1]) 1 k
        b: set k 2
        a<
        a: eval return\\_redis.call('set',KEYS[1],1) 1 z
        b: set z 2
        a: ping
        a: eval return\\_redis.call('set',KEYS[1],1) 1 k
        b: set k 2
        a: ping
    """,
    "optin": """
        a: client tracking on optin
        a: get k
        b: set k 1
        a: ping
        a: client caching yes
        a: client getname
        a: get k
        a: get l
        b: set k 2
        a<
        b: set l 2
        a: ping
        a: client caching yes
        a: multi
        a: get k
        a: get l
        a: exec
        b: mset k 1 l 2
        a<
        a<
        a: client caching yes
        a: ping
        a: get k
        b: set k 3
        a: ping
        a: multi
        a: client caching yes
        a: get k
        a: get m
        a: exec
        b: set k 1
        a<
        a: ping
        a: client caching yes
        a: nosuch
        a: get k
        b: set k 3
        a: ping
    """,
    "optout": """
        a: client tracking on optout
        a: get k
        b: set k 1
        a<
        a: client caching no
        a: get k
        a: get l
        b: mset k 1 l 1
        a<
        a: ping
    """,
    "flush": """
        a: client tracking on
        a: get k
        b: flushdb
        a<
        b: flushall
        a<
        b: set k 1
        a: ping
        a: get k
        a: flushall
        a<
        a: ping
        a: multi
        a: get k
        a: flushdb
        a: set k 1
        a: exec
        a<
        a: ping
        b: swapdb 0 1
        b: swapdb 0 1
        a: ping
    """,
    "reload": """
        a: client tracking on noloop
        a: get k
        b: set l 1
        b: debug reload
        a<
        b: set k 1
        a: ping
    """,
    "databases are one": """
        a: client tracking on
        a: select 2
        a: get k
        b: set k 1
        a<
        a: select 0
    """,
    "no more": """
        a: client tracking on
        a: get k
        a: client tracking off
        b: set k 1
        a: ping
        a: client tracking on
        a: get k
        a: reset
        b: set k 1
        a: ping
        a: client trackinginfo
    """,
    "prefixes": """
        a: client tracking on bcast prefix foo prefix bar
        b: mset foo:1 1 foo:2 1 baz 1 bar:1 1 fo 3
        a<
        a<
        b: set foo:1 2
        a<
        a: set foo:3 1
        a<
        b: multi
        b: set foo:z 1
        b: set foo:a 1
        b: incr foo:a
        b: exec
        a<
        b: flushall
        a<
        b: del foo:1
        a: ping
        a: get foo:1
        b: eval redis.call('set','foo:9',1)redis.call('set','bar:9',1) 0
        a<
        a<
    """,
    "prefixes and own changes": """
        a: client tracking on bcast noloop
        c: client tracking on bcast
        a: set k 1
        c<
        a: ping
        b: set k 2
        a<
        c<
        a: multi
        a: set k 1
        a: set l 2
        a: exec
        c<
        a: eval redis.call('set','scripted',1) 0
        c<
        a: ping
    """,
    "redirection": """
        a: client tracking on redirect <c>
        a: get k
        b: set k 1
        c<
        a: get k
        a: set k 2
        c<
        b: flushall
        c<
        a: client tracking on redirect <a>
        a: get k
        b: set k 3
        a<
        a: get k
        a: set k 1
        a<
        a: ping
        a: client tracking off
        a: client tracking on bcast redirect <c>
        b: set k 4
        c<
    """,
    "expiry": """
        a: client tracking on
        b: set k 1 px 1
        a: get k
        b: debug sleep 0.01
        b: get k
        7.0|a<
        6.2|a<
        a: ping
        b: set k 1 px 1
        a: debug sleep 0.01
        a: get k
        a: ping
        b: set k 2
        a<
    """,
    "blocking": """
        a: client tracking on
        a> xread block 0 streams s $
        b: xadd s 1-1 f v
        a<
        b: xadd s 2-1 f v
        a: ping
    """,
    "errors": """
        a: client tracking on
        b: rpush l 1
        a: get l
        b: rpush l 2
        a<
        a: get
        a: object encoding none
        b: set none 1
        a<
    """,
}


@pytest.mark.parametrize("name", PLAYS)
def test_who_is_told(servers: Pair, name: str) -> None:
    with Stage(servers, resp3=True) as stage:
        stage.play(PLAYS[name])


def test_an_older_protocol_hears_it_as_a_message(servers: Pair) -> None:
    with Stage(servers) as stage:
        stage.play("""
            a: client tracking on redirect <c>
            a: get k
            b: set k 1
            c: ping
            c: subscribe __redis__:invalidate
            a: get k
            b: set k 2
            c<
            a: mget k l
            b: mset k 1 l 2
            c<
            c<
            b: flushall
            c<
            a: get k
            a: set k 1
            c<
            a: client tracking off
            a: client tracking on bcast prefix x redirect <d>
            d: subscribe elsewhere
            b: mset x1 1 x2 2 y 3
            d<
            b: flushdb
            d<
            d: ping
            d: unsubscribe
            b: set x1 1
            d: ping
            a: client tracking off
            a: client tracking on
            a: get k
            b: set k 2
            a: ping
        """)


def test_a_redirection_may_end(servers: Pair) -> None:
    with Stage(servers, resp3=True) as stage:
        stage.play("a: client tracking on redirect <c>\na: get k")
        gone = stage["c"]
        for wire, other in ((gone.real, stage["b"].real), (gone.ours, stage["b"].ours)):
            number = wire(["client", "id"])[1]
            assert other(["client", "kill", "id", number]) == (":", b"1")

        def told(pair: Pair) -> None:
            real, ours = pair.real.reply(), pair.ours.reply()
            assert (real[0], real[1][0], len(real[1])) == (ours[0], ours[1][0], len(ours[1]))
            assert ours[1][1][0] == ":"

        stage.play("b: set k 1")
        told(stage["a"])
        stage.play("a: get k\nb: set k 2")
        told(stage["a"])
        for wire in (stage["a"].real, stage["a"].ours):
            info = wire(["client", "trackinginfo"])[1]
            assert ("$", b"broken_redirect") in info[1][1]
            assert b" flags=tR" in wire(["client", "info"])[1]
        stage.play("a: client tracking on\na: client trackinginfo")


def test_flags_in_lists(servers: Pair) -> None:
    with Stage(servers) as stage:
        for line in ("on", "on noloop", "off", "on bcast prefix a", "off"):
            stage.play(f"a: client tracking {line}")
            for at, word in enumerate((b" flags=", b" redir=")):
                real, ours = (
                    reply[1].partition(word)[2].split()[0]
                    for reply in stage["a"].both("client info")
                )
                assert ours == real, (line, at)


def _told(pair: Pair) -> list[list[bytes]]:
    wanted = (b"tracking_",)
    found = []
    for section in ("clients", "stats"):
        for reply in pair.both(f"info {section}"):
            lines = [line for line in reply[1].split(b"\r\n") if line.startswith(wanted)]
            found.append(lines)
    return [found[0] + found[2], found[1] + found[3]]


def test_counters_and_the_limit(servers: Pair) -> None:
    with Stage(servers, resp3=True) as stage:

        def same(*numbers: int) -> None:
            real, ours = _told(stage["b"])
            assert ours == real
            assert [int(line.partition(b":")[2]) for line in ours] == list(numbers)

        same(0, 0, 0, 0)
        stage.play("a: client tracking on\nc: client tracking on\nd: client tracking on bcast")
        stage.play("a: mget k l m\nc: get k")
        same(3, 3, 4, 1)
        stage.play("b: set k 1\na<\nc<\nd<")
        same(3, 2, 2, 1)
        stage.play("d: client tracking off\nc: client tracking off")
        stage.play("b: config set tracking-table-max-keys 1")
        pushed = [wire.reply() for wire in (stage["a"].real, stage["a"].ours)]
        assert pushed[0][1][0] == pushed[1][1][0] == ("$", b"invalidate")
        same(1, 1, 1, 0)
        stage.play("a: client tracking off\nb: set l 1\nb: set m 1")
        same(0, 0, 0, 0)
        stage.play("b: config set tracking-table-max-keys 1000000")
