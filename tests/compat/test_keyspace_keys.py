"""Keys of any type, expiry, databases, SORT: replies beside real servers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest

from tests.compat.differential import Words, assert_converges, assert_same, pair
from tests.compat.servers import RELEASES
from tests.compat.witness import witnessed

KEYS = ["a", "b", "c"]
FAR = "4000000000000"

FIXED: list[Words] = [
    ("DEL",), ("UNLINK",), ("EXISTS",), ("SET", "a", "1"), ("SET", "b", "2"),
    ("EXISTS", "a", "a", "b", "none"), ("TOUCH", "a", "none", "a"), ("TYPE", "a"), ("TYPE", "none"),
    ("TYPE",), ("DEL", "a", "a", "none"), ("UNLINK", "b", "b"), ("RENAME", "none", "a"),
    ("RENAME", "none", "none"), ("SET", "a", "1"), ("RENAME", "a", "a"), ("RENAMENX", "a", "a"),
    ("SET", "b", "2"), ("RENAMENX", "a", "b"), ("PEXPIREAT", "a", FAR), ("RENAME", "a", "b"),
    ("TTL", "a"), ("GET", "b"), ("RENAMENX", "b", "c"), ("RENAMENX", "none", "b"), ("RENAME", "a"),
    ("MOVE", "c", "0"), ("MOVE", "c", "x"), ("MOVE", "c", "-1"), ("MOVE", "c", "16"),
    ("MOVE", "c", "99999999999"), ("MOVE", "c", "99999999999999999999"), ("MOVE", "c", "1"),
    ("MOVE", "c", "1"), ("SET", "c", "new"), ("MOVE", "c", "1"), ("SELECT", "1"), ("GET", "c"),
    ("SELECT", "x"), ("SELECT", "16"), ("SELECT", "-1"), ("SELECT", "99999999999"), ("SELECT",),
    ("DBSIZE",), ("SELECT", "0"), ("COPY", "c", "c"), ("COPY", "c", "d"), ("COPY", "c", "d"),
    ("COPY", "c", "d", "REPLACE"), ("COPY", "none", "d", "REPLACE"), ("COPY", "c", "c", "DB", "2"),
    ("COPY", "c", "d", "DB"), ("COPY", "c", "d", "DB", "x"), ("COPY", "c", "d", "DB", "77"),
    ("COPY", "c", "d", "FOO"), ("COPY", "c", "d", "REPLACE", "DB", "2", "REPLACE"), ("COPY", "c"),
    ("COPY", "c", "c", "DB", "0"), ("COPY", "c", "c", "DB", "x"), ("SWAPDB", "0", "2"),
    ("KEYS", "*"), ("SWAPDB", "0", "0"), ("SWAPDB", "x", "0"), ("SWAPDB", "0", "x"),
    ("SWAPDB", "0", "16"), ("SWAPDB", "-1", "0"), ("SWAPDB", "0"), ("SWAPDB", "99999999999", "0"),
    ("SWAPDB", "2", "0"), ("MSET", "hello", "1", "hallo", "2", "h*llo", "3", "", "4"),
    ("KEYS", "h?llo"), ("KEYS", "h[^e]llo"), ("KEYS", "h\\*llo"), ("KEYS", ""), ("KEYS", "*llo"),
    ("KEYS", "**"), ("KEYS",), ("KEYS", "*"), ("DBSIZE",), ("DBSIZE", "x"), ("RANDOMKEY", "x"),
    ("FLUSHDB", "x"), ("FLUSHDB", "ASYNC", "x"), ("FLUSHALL", "SYNC", "ASYNC"), ("FLUSHDB", "sync"),
    ("RANDOMKEY",), ("FLUSHDB", "ASYNC"), ("FLUSHALL",), ("FLUSHALL", "async"), ("DBSIZE",),
    ("SET", "only", "1"), ("RANDOMKEY",), ("WAIT", "0", "0"), ("WAIT", "x", "0"),
    ("WAIT", "0", "x"), ("WAIT", "0", "-1"), ("WAIT", "0"),
]  # fmt: skip

EXPIRY: list[Words] = [
    ("EXPIRE", "none", "10"), ("EXPIRE", "none", "x"), ("EXPIRE",), ("EXPIRE", "a"),
    ("SET", "a", "1"), ("TTL", "a"), ("PTTL", "a"), ("TTL", "none"), ("PTTL", "none"), ("TTL",),
    ("EXPIRE", "a", "100"), ("TTL", "a"), ("PERSIST", "a"), ("PERSIST", "a"), ("PERSIST", "none"),
    ("PEXPIREAT", "a", FAR), ("PEXPIRE", "a", "100000"), ("EXPIREAT", "a", "4000000000"),
    ("EXPIRE", "a", "9223372036854775807"), ("EXPIRE", "a", "9223372036854776"),
    ("EXPIRE", "a", "9223372036854775"), ("PEXPIRE", "a", "9223372036854775807"),
    ("PEXPIREAT", "a", "9223372036854775807"), ("EXPIREAT", "a", "9223372036854775"),
    ("TTL", "a"), ("EXPIRE", "a", "x"), ("EXPIRE", "a", "1.5"), ("PEXPIRE", "a", ""),
    ("EXPIRE", "a", "-9223372036854775808"), ("EXISTS", "a"), ("SET", "a", "1"),
    ("PEXPIRE", "a", "-9223372036854775808"), ("EXISTS", "a"), ("SET", "a", "1"),
    ("EXPIRE", "a", "0"), ("EXISTS", "a"), ("SET", "a", "1"), ("EXPIREAT", "a", "-5"),
    ("EXISTS", "a"), ("SET", "a", "1"), ("PEXPIREAT", "a", "1"), ("EXISTS", "a"),
    ("SET", "a", "1"), ("EXPIRE", "a", "10", "NX"), ("EXPIRE", "a", "20", "nx"), ("TTL", "a"),
    ("EXPIRE", "a", "20", "XX"), ("TTL", "a"), ("EXPIRE", "a", "10", "GT"), ("TTL", "a"),
    ("EXPIRE", "a", "10", "LT"), ("TTL", "a"), ("EXPIRE", "a", "30", "GT", "XX"), ("TTL", "a"),
    ("EXPIRE", "a", "10", "GT", "LT"), ("EXPIRE", "a", "10", "NX", "XX"), ("EXPIRE", "a", "x", "Y"),
    ("EXPIRE", "a", "10", "GT", "NX"), ("EXPIRE", "a", "10", "FOO"), ("PERSIST", "a"),
    ("EXPIRE", "a", "10", "GT"), ("EXPIRE", "a", "10", "XX"), ("EXPIRE", "a", "10", "LT"),
    ("TTL", "a"), ("EXPIREAT", "a", "1", "LT"), ("EXISTS", "a"), ("EXPIRE", "none", "1", "NX"),
]  # fmt: skip
SINCE_7: list[Words] = [
    ("SET", "a", "1"), ("EXPIRETIME", "a"), ("PEXPIRETIME", "a"), ("EXPIRETIME", "none"),
    ("PEXPIREAT", "a", "4000000000500"), ("EXPIRETIME", "a"), ("PEXPIRETIME", "a"),
    ("PEXPIRETIME", "none"), ("PEXPIRETIME",), ("LPUSH", "l", "3", "1", "2"), ("SORT_RO", "l"),
    ("SORT_RO", "l", "STORE", "x"), ("SORT_RO", "l", "DESC"), ("SORT_RO",), ("OBJECT", "FOO", "a"),
    ("OBJECT", "ENCODING"), ("OBJECT", "ENCODING", "a", "b"),
]  # fmt: skip

SORTING: list[Words] = [
    ("SORT",), ("SORT", "none"), ("SORT", "none", "STORE", "d"), ("SET", "a", "1"), ("SORT", "a"),
    ("SORT", "a", "FOO"), ("RPUSH", "l", "3", "10", "2", "-1", "2.5", "1e1", "inf", "0x10"),
    ("SORT", "l"), ("SORT", "l", "DESC"), ("SORT", "l", "ALPHA"), ("SORT", "l", "ALPHA", "DESC"),
    ("SORT", "l", "LIMIT", "1", "2"), ("SORT", "l", "LIMIT", "-5", "3"),
    ("SORT", "l", "LIMIT", "1"), ("SORT", "l", "LIMIT", "x", "2"),
    ("SORT", "l", "LIMIT", "5", "-1"), ("SORT", "l", "LIMIT", "0", "0"),
    ("SORT", "l", "LIMIT", "100", "2"), ("SORT", "l", "BY"), ("SORT", "l", "GET"),
    ("SORT", "l", "STORE"), ("SORT", "l", "BY", "nosort"), ("SORT", "l", "BY", "nosort", "DESC"),
    ("SORT", "l", "BY", "nosort", "LIMIT", "2", "3"),
    ("SORT", "l", "BY", "nosort", "LIMIT", "90", "3"), ("RPUSH", "w", "a", "b"), ("SORT", "w"),
    ("SORT", "w", "ALPHA"), ("RPUSH", "w", ""), ("SORT", "w"), ("RPUSH", "e", "", " 7", "3"),
    ("SORT", "e"), ("RPUSH", "e", "nan"), ("SORT", "e"), ("RPUSH", "n", b"1\x00z", b"1\x00a", "0"),
    ("SORT", "n"), ("RPUSH", "sp", "1", " "), ("SORT", "sp"),
    ("MSET", "w_1", "30", "w_2", "20", "w_3", "10", "o_1", "x", "o_2", "y"),
    ("RPUSH", "i", "1", "2", "3"), ("SORT", "i", "BY", "w_*"), ("SORT", "i", "BY", "w_*", "DESC"),
    ("SORT", "i", "BY", "none_*"), ("SORT", "i", "BY", "w_*", "GET", "o_*"),
    ("SORT", "i", "BY", "w_*", "GET", "#", "GET", "o_*"), ("SORT", "i", "GET", "nostar"),
    ("SORT", "i", "BY", "o_*"), ("SORT", "i", "BY", "o_*", "ALPHA"),
    ("SORT", "i", "GET", "#", "STORE", "d"), ("LRANGE", "d", "0", "-1"), ("TYPE", "d"),
    ("SORT", "i", "GET", "o_*", "STORE", "d"), ("LRANGE", "d", "0", "-1"),
    ("SORT", "none", "STORE", "d"), ("EXISTS", "d"), ("SORT", "i", "STORE", "i"),
    ("LRANGE", "i", "0", "-1"), ("HSET", "h_1", "f", "9", "", "empty"),
    ("HSET", "h_2", "f", "8", "g->", "z"), ("HSET", "h_3", "f", "7"), ("SORT", "i", "BY", "h_*->f"),
    ("SORT", "i", "BY", "h_*->f", "GET", "h_*->f", "GET", "h_*->none"),
    ("SORT", "i", "GET", "h_*->"), ("SORT", "i", "GET", "w_*->f"), ("SORT", "i", "GET", "h_*"),
    ("SORT", "i", "GET", "h_*->g->"), ("MSET", "w_1->", "odd"), ("SORT", "i", "GET", "w_*->"),
    ("SORT", "i", "GET", "h->_*"), ("SADD", "s", "c", "a", "b"), ("SORT", "s"),
    ("SORT", "s", "ALPHA"), ("SORT", "s", "BY", "nosort", "STORE", "d"), ("LRANGE", "d", "0", "-1"),
    ("SORT", "s", "BY", "nosort", "DESC", "STORE", "d"), ("LRANGE", "d", "0", "-1"),
]  # fmt: skip
SORTING_ZSETS: list[Words] = [
    ("ZADD", "z", "3", "a", "2", "b", "1", "c"), ("SORT", "z", "ALPHA"),
    ("SORT", "z", "BY", "nosort"), ("SORT", "z", "BY", "nosort", "DESC"),
    ("SORT", "z", "BY", "nosort", "DESC", "LIMIT", "1", "1"),
    ("SORT", "z", "BY", "nosort", "LIMIT", "1", "5", "STORE", "d"), ("LRANGE", "d", "0", "-1"),
    ("HSET", "h_1", "f", "9"), ("SORT", "h_1"), ("SORT", "h_1", "FOO"), ("SORT", "none", "FOO"),
    ("SORT", "none", "LIMIT", "x", "y"),
]  # fmt: skip


def random_script(rng: Random, count: int) -> list[Words]:
    """Random calls on few keys; times are so far off that no reply depends on the clock."""
    key, db = partial(rng.choice, KEYS), partial(rng.choice, ["0", "1", "2"])
    time = partial(rng.choice, ["3000000000000", FAR, "-1", "5"])
    makers: list[Callable[[], Words]] = [
        lambda: ("SET", key(), rng.choice("0123456789")), lambda: ("DEL", key(), key()),
        lambda: ("UNLINK", key()), lambda: ("EXISTS", key(), key()),
        lambda: ("RENAME", key(), key()), lambda: ("RENAMENX", key(), key()),
        lambda: ("MOVE", key(), db()), lambda: ("SELECT", db()), lambda: ("COPY", key(), key()),
        lambda: ("COPY", key(), key(), "REPLACE", "DB", db()), lambda: ("SWAPDB", db(), db()),
        lambda: ("PEXPIREAT", key(), time()), lambda: ("PERSIST", key()), lambda: ("KEYS", "*"),
        lambda: ("DBSIZE",), lambda: ("GET", key()), lambda: ("TYPE", key()),
        lambda: ("EXPIRE", key(), rng.choice(["100000", "-1", "0"])), lambda: ("SET", key(), "x"),
    ]  # fmt: skip
    weights = [8] * len(makers)
    makers += [lambda: ("FLUSHDB",), lambda: ("FLUSHALL",)]
    return [make() for make in rng.choices(makers, [*weights, 1, 1], k=count)]


@pytest.mark.parametrize("release", RELEASES)
def test_replies(release: str, tmp_path: Path) -> None:
    with pair(release, tmp_path) as (real, ours):
        assert_same(real, ours, FIXED)
        with witnessed(real, ours):
            assert_same(real, ours, EXPIRY)
        assert_same(real, ours, random_script(Random(7), 4000))
        assert_converges(ours, release)


@pytest.mark.parametrize("release", RELEASES)
def test_events(release: str, tmp_path: Path) -> None:
    with pair(release, tmp_path) as (real, ours), witnessed(real, ours):
        script = random_script(Random(8), 2000)
        assert_same(real, ours, [words for words in script if not _leaves(words)])


def _leaves(words: Words) -> bool:
    """Whether a call has to do with a database other than 0."""
    return words[0] in ("SELECT", "MOVE", "SWAPDB") or "DB" in words


@pytest.mark.parametrize("release", RELEASES)
def test_sort(release: str, tmp_path: Path) -> None:
    with pair(release, tmp_path) as (real, ours):
        with witnessed(real, ours):
            assert_same(real, ours, SORTING)
            assert_same(real, ours, SORTING_ZSETS)
        assert_converges(ours, release)


def test_since_7(tmp_path: Path) -> None:
    with pair("7.0", tmp_path) as (real, ours):
        assert_same(real, ours, SINCE_7)
