"""``maxmemory`` against real servers: what is refused, and what goes."""

from __future__ import annotations

import pytest

from tests.compat.face import Pair, assert_same
from tests.compat.wire import plain

#: No server does with so little: whatever can go goes, and then there is no memory left.
FULL, FREE = "config set maxmemory 1", "config set maxmemory 0"


def test_what_is_refused(pair: Pair) -> None:
    assert_same(
        pair,
        f"""
        flushall
        config set maxmemory-policy noeviction
        set a 1
        rpush l a b
        {FULL}
        set b 1
        get a
        append a 1
        lpush l 1
        lpop l
        expire a 100
        hset h f v
        setbit a 1 1
        del nosuch
        incr n
        rename a c
        copy c d
        ping
        echo x
        multi
        get c
        set d 1
        exec
        multi
        discard
        multi
        exec
        watch c
        unwatch
        config get maxmemory
        object freq c
        eval return(1) 0
        {FREE}
        set b 1
        flushall
        """,
    )


def test_a_transaction_that_was_queued_before(servers: Pair) -> None:
    one, two = servers.again(), servers.again()
    for lines in (("set a 1", "get a"), ("get a", "del a")):
        one.both("multi")
        for line in lines:
            assert_same(one, line)
        assert_same(two, FULL)
        assert_same(one, "exec")
        assert_same(two, FREE)
    assert_same(two, "exists a")


def test_scripts(pair: Pair) -> None:
    scripts = [
        "return redis.call('set','a','1')",
        "return redis.pcall('set','a','1')",
        "return redis.call('get','b')",
        "redis.call('del','b') return redis.call('set','a','1')",
        "redis.call('del','none') redis.call('set','a','2') return redis.call('get','a')",
        "return redis.call('incr','a')",
    ]
    flagged = [
        f"#!lua{flags}\n{text}"
        for flags in ("", " flags=no-writes", " flags=allow-oom", " flags=no-writes,allow-oom",
                      " flags=allow-stale,no-cluster")
        for text in (scripts[0], scripts[2])
    ]  # fmt: skip
    assert_same(pair, f"flushall\nconfig set maxmemory-policy noeviction\nset b 1\n{FULL}")
    for text in scripts + (flagged if pair.release == "7.0" else []):
        words = ["EVAL", text, "0"]
        assert pair.ours(words) == pair.real(words), text
    assert_same(pair, f"{FREE}\nflushall")


def test_functions(servers: Pair) -> None:
    if servers.release != "7.0":
        return
    pair = servers.again()
    code = """#!lua name=mem
    local function put(keys) return redis.call('set', keys[1], '1') end
    redis.register_function('plain', put)
    redis.register_function{function_name='oom', callback=put, flags={'allow-oom'}}
    redis.register_function{function_name='look', flags={'no-writes'},
      callback=function(keys) return redis.call('get', keys[1]) end}"""
    load = ["FUNCTION", "LOAD", code]
    assert pair.ours(load) == pair.real(load)
    assert_same(
        pair,
        f"""
        {FULL}
        fcall plain 1 k
        fcall oom 1 k
        fcall look 1 k
        fcall_ro look 1 k
        function delete mem
        {FREE}
        """,
    )


def test_what_goes(servers: Pair) -> None:
    pair = servers.again()
    for policy in ("allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu",
                   "volatile-random", "volatile-ttl"):  # fmt: skip
        assert_same(pair, f"{FREE}\nflushall\nconfig set maxmemory-policy {policy}")
        for number in range(40):
            assert_same(pair, f"set k{number} v ex 1000" if number % 2 else f"set k{number} v")
        pair.both(FULL)
        for _ in range(50):  # both may go on with it behind the reply
            replies = pair.both("dbsize")
            if replies[0] == replies[1]:
                break
        assert replies[0] == replies[1], policy
        assert_same(pair, "exists k0 k2 k4\nset a 1")
    assert_same(pair, f"{FREE}\nflushall\nconfig set maxmemory-policy noeviction")


def test_uses(pair: Pair) -> None:
    assert_same(
        pair,
        """
        set a 1
        object idletime a
        object idletime none
        object freq a
        object freq none
        config set maxmemory-policy allkeys-lfu
        set f v
        object freq f
        object idletime f
        object idletime none
        config set maxmemory-policy allkeys-lru
        set f w
        object idletime f
        object freq f
        config set maxmemory-policy noeviction
        flushall
        """,
    )


def test_restored_uses(pair: Pair) -> None:
    for policy, word, asked in (
        ("noeviction", "IDLETIME", "idletime"), ("allkeys-lfu", "FREQ", "freq"),
    ):  # fmt: skip
        assert_same(pair, f"config set maxmemory-policy {policy}\nset a v\nobject {asked} none")
        pair.ours(["OBJECT", "IDLETIME", "a"])
        for wire in (pair.real, pair.ours):
            payload = wire(["DUMP", "a"])[1]
            wire(["RESTORE", "b", "0", payload, "REPLACE", word, "77"])
        assert_same(pair, f"object {asked} b")
    assert_same(pair, "config set maxmemory-policy noeviction\nflushall")


LIMITS = [
    ("hash-max-{}-entries", 1, "hset k a 1 b 2", "hset k c 3"),
    ("hash-max-{}-value", 2, "hset k a long", "hset k b long"),
    ("zset-max-{}-entries", 1, "zadd k 1 a 2 b", "zadd k 3 c"),
    ("zset-max-{}-value", 2, "zadd k 1 long", "zadd k 1 other"),
    ("set-max-intset-entries", 2, "sadd k 1 2 3", "sadd k 4"),
]


@pytest.mark.parametrize("name", [
    "hash-max-{}-entries", "hash-max-{}-value", "zset-max-{}-entries", "zset-max-{}-value",
    "list-max-{}-size",
])  # fmt: skip
def test_limits_have_two_names(servers: Pair, name: str) -> None:
    if servers.release == "6.2":
        pytest.skip("has one")
    old, new = name.format("ziplist"), name.format("listpack")
    pair = servers.again()
    before = plain(pair.ours(["config", "get", new]))[1].decode()
    assert_same(
        pair,
        f"""
        config set {old} 7
        config get {new}
        config set {new} 8
        config get {old}
        config set {old} 9 {new} 10
        config get {old}
        config set {new} 9 {old} 10
        config get {new}
        config set {new} 9 {new} 10
        config set {new} 9 {old} 10 maxmemory x
        config get {new}
        config set {new} {before}
        """,
    )


@pytest.mark.parametrize("order", [(0, 512), (512, 0), (0, 512, 0), (512, 0, 512)])
@pytest.mark.parametrize(("name", "low", "makes", "adds"), LIMITS, ids=lambda value: str(value)[:8])
def test_limits_do_not_change_what_is_there(
    servers: Pair, name: str, low: int, makes: str, adds: str, order: tuple[int, ...]
) -> None:
    """A form is left when something is added, and never comes back, whatever the limits are."""
    if name.startswith("set") and servers.release == "7.0":
        pytest.skip("7.0 has no listpacks of sets yet")
    option = name.format("ziplist" if servers.release == "6.2" else "listpack")
    pair = servers.again()
    limits = [limit or low for limit in order]
    lines = ["del k", f"config set {option} {limits[0]}", makes, "object encoding k"]
    for limit in limits[1:]:
        lines += [f"config set {option} {limit}", "object encoding k"]
    lines += [adds, "object encoding k", f"config set {option} 512", "object encoding k"]
    assert_same(pair, "\n".join(lines))
