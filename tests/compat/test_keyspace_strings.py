"""Strings: replies beside real servers, and what the AOF holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.compat.differential import Ours, Words, assert_converges, assert_same, pair
from tests.compat.servers import RELEASES

KEYS = ["a", "b", "c", "{x}list"]
VALUES: list[str | bytes] = [
    "", "0", "-1", "10", "007", "9223372036854775807", "-9223372036854775808", "3.0", "1e5", "abc",
    b"\x00\xff", "1.5", "inf", " 1",
]  # fmt: skip

FIXED: list[Words] = [
    ("SET",), ("SET", "a"), ("SET", "a", "1", "EX"), ("SET", "a", "1", "EX", "0"),
    ("SET", "a", "1", "EX", "-5"), ("SET", "a", "1", "EX", "x"), ("SET", "a", "1", "NX", "XX"),
    ("SET", "a", "1", "EX", "9223372036854775807"), ("SET", "a", "1", "EX", "9", "PX", "9"),
    ("SET", "a", "1", "KEEPTTL", "EX", "9"), ("SET", "a", "1", "FOO"), ("GET", "a"),
    ("SET", "a", "1", "XX"), ("SET", "a", "1", "NX"), ("SET", "a", "2", "NX"), ("GET", "a"),
    ("SETEX", "a", "0", "v"), ("SETEX", "a", "x", "v"), ("PSETEX", "a", "-1", "v"),
    ("SETEX", "a", "9223372036854775807", "v"), ("MSET", "a"), ("MSET", "a", "1", "b"),
    ("MSETNX", "n1", "1", "n2", "2"), ("MSETNX", "n2", "1", "n3", "2"), ("MGET", "n1", "n3", "{x}"),
    ("SET", "n", "9223372036854775806"), ("INCR", "n"), ("INCR", "n"), ("DECRBY", "n", "x"),
    ("DECRBY", "n", "-9223372036854775808"), ("INCRBY", "n", "1.0"), ("INCRBYFLOAT", "n", "x"),
    ("INCRBYFLOAT", "f", "1.5"), ("INCRBYFLOAT", "f", "5.0e3"), ("INCRBYFLOAT", "f", "inf"),
    ("SET", "w", "1 2"), ("INCR", "w"), ("SETRANGE", "a", "-1", "x"), ("SETRANGE", "new", "3", ""),
    ("SETRANGE", "new", "3", "abc"), ("GET", "new"), ("STRLEN", "new"), ("GETRANGE", "new", "x", 1),
    ("SETRANGE", "new", "536870911", "abc"), ("GETSET", "new", "2"), ("GETDEL", "new"),
    ("GETDEL", "new"), ("GETEX", "a", "EX", "0"), ("GETEX", "a", "FOO"), ("GETEX", "a", "PERSIST"),
    ("GETEX", "none", "EX", "10"), ("GETEX", "a", "EX", "100"), ("GETEX", "a"), ("STRLEN", "none"),
    ("SET", "a", "x", "GET"), ("SET", "none2", "x", "GET"), ("NOSUCH", "a", "b"), ("GET", "a", "b"),
    ("SET", "a", "x", "EXAT", "4000000000"), ("SET", "a", "x", "PXAT", "4000000000000"),
]  # fmt: skip


def random_script(rng: Random, count: int) -> list[Words]:
    """Random calls of every command of the group."""

    def key() -> str:
        return rng.choice(KEYS[:3])

    def value() -> str | bytes:
        return rng.choice(VALUES)

    def index() -> int:
        return rng.choice([0, 1, 2, 5, -1, -2, -100, 100])

    makers: list[Callable[[], Words]] = [
        lambda: ("SET", key(), value()),
        lambda: ("GET", key()),
        lambda: ("GETSET", key(), value()),
        lambda: ("APPEND", key(), value()),
        lambda: ("STRLEN", key()),
        lambda: ("INCR", key()),
        lambda: ("DECR", key()),
        lambda: ("INCRBY", key(), value()),
        lambda: ("SETNX", key(), value()),
        lambda: ("INCRBYFLOAT", key(), value()),
        lambda: ("MSET", key(), value(), key(), value()),
        lambda: ("GETRANGE", key(), index(), index()),
        lambda: ("SUBSTR", key(), index(), index()),
        lambda: ("SETRANGE", key(), abs(index()), value()),
        lambda: ("MGET", *KEYS[:3]),
        lambda: ("SET", key(), value(), "XX"),
        lambda: ("SET", key(), value(), "EX", "1000"),
        lambda: ("GETDEL", key()),
        lambda: ("SET", key(), value(), "KEEPTTL"),
        lambda: ("SET", key(), value(), "PX", "100000", "GET"),
        lambda: ("GETEX", key(), "PERSIST"),
    ]
    return [rng.choice(makers)() for _ in range(count)]


@pytest.mark.parametrize("release", RELEASES)
def test_replies(release: str, tmp_path: Path) -> None:
    with pair(release, tmp_path) as (real, ours):
        assert_same(real, ours, FIXED)
        assert_same(real, ours, random_script(Random(5), 3000))
        assert_converges(ours, release)


LCS: list[Words] = [
    ("MSET", "x", "ohmytext", "y", "mynewtext"),
    ("LCS", "x", "y"),
    ("LCS", "x", "y", "LEN"),
    ("LCS", "x", "y", "IDX"),
    ("LCS", "x", "y", "IDX", "MINMATCHLEN", "4", "WITHMATCHLEN"),
    ("LCS", "x", "none"),
    ("LCS", "x", "y", "IDX", "LEN"),
    ("LCS", "x", "y", "MINMATCHLEN"),
]


def test_lcs(tmp_path: Path) -> None:
    with pair("7.0", tmp_path) as (real, ours):
        assert_same(real, ours, LCS)


STRALGO: list[Words] = [
    ("MSET", "x", "ohmytext", "y", "mynewtext"), ("RPUSH", "l", "1"),
    ("STRALGO", "LCS", "KEYS", "x", "y"), ("STRALGO", "LCS", "STRINGS", "abc", "xbc", "IDX"),
    ("STRALGO", "LCS", "IDX", "KEYS", "x", "y", "WITHMATCHLEN", "MINMATCHLEN", "4"),
    ("STRALGO", "lcs", "KEYS", "x", "none", "LEN"), ("STRALGO", "LCS"), ("STRALGO", "LCS", "LEN"),
    ("STRALGO", "FOO", "a"), ("STRALGO", "LCS", "KEYS", "x"), ("STRALGO", "LCS", "KEYS", "x", "l"),
    ("STRALGO", "LCS", "KEYS", "x", "y", "KEYS", "x", "y"), ("STRALGO",),
    ("STRALGO", "LCS", "STRINGS", "x", "y", "KEYS", "x", "y"),
    ("STRALGO", "LCS", "FOO", "KEYS", "x", "l"), ("STRALGO", "LCS", "KEYS", "x", "l", "FOO"),
    ("STRALGO", "LCS", "LEN", "IDX", "KEYS", "x", "y"),
    ("STRALGO", "LCS", "KEYS", "x", "y", "LEN", "IDX", "MINMATCHLEN", "x"),
]  # fmt: skip


def test_stralgo(tmp_path: Path) -> None:
    with pair("6.2", tmp_path) as (real, ours):
        assert_same(real, ours, STRALGO)


@pytest.mark.parametrize(
    ("release", "logged"),
    [
        ("6.2", [["SET", "k", "v"], ["PEXPIREAT", "k", "4000000000000"]]),
        ("7.0", [["SET", "k", "v", "PXAT", "4000000000000"]]),
    ],
)
def test_what_the_aof_holds(release: str, logged: list[list[str]]) -> None:
    ours = Ours(release)
    ours(["SET", "k", "v", "NX", "EXAT", "4000000000"])
    assert ours.log == [[word.encode() for word in entry] for entry in logged]
