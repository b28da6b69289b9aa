"""Lists: replies beside real servers, and what the AOF holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from aoftool.keyspace.values import SHORT_LIST, LongList, ShortList
from tests.compat.differential import Ours, Words, assert_converges, assert_same, pair
from tests.compat.servers import RELEASES

#: What 6.2 does not know.
SINCE_7 = {"LMPOP", "BLMPOP"}
KEYS = ["a", "b", "c"]
ELEMENTS: list[str | bytes] = ["1", "2", "3", "", b"\x00\xff", "long" * 20]
MIN, MAX = "-9223372036854775808", "9223372036854775807"

FIXED: list[Words] = [
    ("SET", "s", "x"), ("LPUSH", "a"), ("LPUSH", "s", "1"), ("RPUSH", "s", "1"), ("LPUSHX", "s", 1),
    ("LPUSHX", "a", "1"), ("RPUSHX", "a", "1", "2"), ("LLEN", "a"), ("LLEN", "s"), ("LLEN",),
    ("LPUSH", "a", "1", "2", "3"), ("RPUSH", "a", "4", "5", "2", "2"), ("LRANGE", "a", 0, -1),
    ("LPUSHX", "a", "0", "00"), ("RPUSHX", "a", "9", "8"), ("LRANGE", "a", "-100", "100"),
    ("LRANGE", "a", "x", "1"), ("LRANGE", "a", "1", "x"), ("LRANGE", "s", "0", "1"),
    ("LRANGE", "s", "0", "x"), ("LRANGE", "none", "0", "-1"), ("LRANGE", "a", "3", "1"),
    ("LRANGE", "a", MIN, MAX), ("LRANGE", "a", "100", "200"), ("LRANGE", "a", "-3", "-2"),
    ("LINDEX", "a", "0"), ("LINDEX", "a", "-1"), ("LINDEX", "a", "100"), ("LINDEX", "a", "-100"),
    ("LINDEX", "a", "x"), ("LINDEX", "none", "x"), ("LINDEX", "s", "x"), ("LINDEX", "a", MIN),
    ("LSET", "none", "0", "x"), ("LSET", "s", "0", "x"), ("LSET", "a", "x", "x"), ("LLEN", "a"),
    ("LSET", "a", "100", "x"), ("LSET", "a", "-100", "x"), ("LSET", "a", "-1", "X"),
    ("LSET", "a", "0", "Y"), ("LINSERT", "a", "NEAR", "1", "x"), ("LINSERT", "s", "before", 1, 2),
    ("LINSERT", "none", "before", "1", "2"), ("LINSERT", "none", "near", "1", "2"),
    ("LINSERT", "a", "before", "nosuch", "x"), ("LINSERT", "a", "BEFORE", "2", "x"),
    ("LINSERT", "a", "after", "2", "y"), ("LRANGE", "a", "0", "-1"), ("LREM", "a", "x", "1"),
    ("LREM", "none", "0", "1"), ("LREM", "s", "0", "1"), ("LREM", "a", "0", "nosuch"),
    ("LREM", "a", "-1", "2"), ("LREM", "a", "1", "2"), ("LREM", "a", "0", "2"),
    ("LREM", "a", MAX, "x"), ("LRANGE", "a", "0", "-1"), ("LTRIM", "a", "x", "1"),
    ("LTRIM", "none", "x", "1"), ("LTRIM", "none", "0", "1"), ("LTRIM", "s", "0", "1"),
    ("LTRIM", "a", "0", "-1"), ("LTRIM", "a", "1", "-2"), ("LRANGE", "a", "0", "-1"),
    ("LTRIM", "a", "5", "1"), ("EXISTS", "a"),
    # POP
    ("LPOP", "none"), ("RPOP", "none"), ("LPOP", "s"), ("LPOP", "none", "0"), ("LPOP", "none", "3"),
    ("LPOP", "none", "x"), ("LPOP", "none", "-1"), ("LPOP", "s", "0"), ("LPOP", "s", "-1"),
    ("LPOP", "a", "1", "2"), ("RPOP", "a", "1", "2"), ("LPOP",), ("RPUSH", "a", *range(12)),
    ("LPOP", "a", "0"), ("RPOP", "a", "0"), ("LPOP", "a"), ("RPOP", "a"), ("LPOP", "a", "2"),
    ("RPOP", "a", "2"), ("LPOP", "a", MIN), ("RPOP", "a", MAX), ("EXISTS", "a"),
    # LPOS
    ("RPUSH", "p", *"abcabcabc"), ("LPOS", "p", "a"), ("LPOS", "p", "x"), ("LPOS", "none", "a"),
    ("LPOS", "s", "a"), ("LPOS", "p", "b", "RANK", "2"), ("LPOS", "p", "b", "rank", "-1"),
    ("LPOS", "p", "b", "RANK", "4"), ("LPOS", "p", "b", "RANK", "0"), ("LPOS", "p", "b", "RANK"),
    ("LPOS", "p", "b", "RANK", "x"), ("LPOS", "p", "b", "COUNT", "0"), ("LPOS", "p", "b", "COUNT"),
    ("LPOS", "p", "b", "COUNT", "2"), ("LPOS", "p", "b", "COUNT", "-1"), ("LPOS", "p", "b", "FOO"),
    ("LPOS", "p", "b", "COUNT", "x"), ("LPOS", "p", "b", "MAXLEN", "-1"),
    ("LPOS", "p", "b", "MAXLEN", "1"), ("LPOS", "p", "b", "MAXLEN", "2"),
    ("LPOS", "p", "b", "MAXLEN", "2", "COUNT", "5", "RANK", "-1"), ("LPOS", "p", "x", "COUNT", 0),
    ("LPOS", "none", "b", "COUNT", "1"), ("LPOS", "p", "c", "COUNT", "2", "RANK", "-2"),
    ("LPOS", "p", "c", "COUNT", "2", "COUNT", "1"), ("LPOS", "s", "c", "COUNT", "x"),
    ("LPOS", "p"), ("LPOS", "p", "b", "FOO", "1"), ("LPOS", "p", "b", "MAXLEN", "x"),
    # Moving
    ("RPOPLPUSH", "p", "q"), ("RPOPLPUSH", "p", "p"), ("RPOPLPUSH", "none", "q"),
    ("RPOPLPUSH", "none", "s"), ("RPOPLPUSH", "s", "q"), ("RPOPLPUSH", "p", "s"), ("RPOPLPUSH", 1),
    ("LMOVE", "p", "q", "LEFT", "RIGHT"), ("LMOVE", "p", "q", "right", "left"), ("LLEN", "p"),
    ("LMOVE", "p", "q", "UP", "LEFT"), ("LMOVE", "p", "q", "LEFT", "UP"), ("LRANGE", "q", 0, -1),
    ("LMOVE", "none", "q", "LEFT", "LEFT"), ("LMOVE", "s", "q", "LEFT", "LEFT"),
    ("LMOVE", "p", "s", "LEFT", "LEFT"), ("LMOVE", "p", "p", "LEFT", "RIGHT"),
    ("RPUSH", "one", "x"), ("LMOVE", "one", "one", "LEFT", "LEFT"), ("RPOPLPUSH", "one", "two"),
    ("EXISTS", "one", "two"), ("LRANGE", "p", 0, -1), ("LRANGE", "q", 0, -1),
    # Blocking
    ("RPUSH", "p", *range(30)), ("BLPOP", "p", "0"), ("BRPOP", "none", "p", "q", "0"),
    ("BLPOP", "none", "0.01"),
    ("BLPOP", "none", "s", "p", "0"), ("BLPOP", "p", "s", "0"), ("BLPOP", "p", "x"), ("BLPOP", "p"),
    ("BLPOP", "p", "-1"), ("BLPOP", "p", "-0.0001"), ("BLPOP", "p", ""), ("BRPOP", "p", "1e2"),
    ("BRPOP", "p", "-inf"), ("BRPOP", "p", "1e15"),
 ("BRPOP", "p", "nan"),
    ("BRPOPLPUSH", "p", "q", "0"), ("BRPOPLPUSH", "p", "s", "0"), ("BRPOPLPUSH", "s", "q", "0"),
    ("BRPOPLPUSH", "none", "q", "0.01"), ("BRPOPLPUSH", "p", "q", "x"), ("BRPOPLPUSH", "p", "q"),
    ("BRPOPLPUSH", "none", "s", "0.01"), ("BLMOVE", "none", "s", "LEFT", "LEFT", "0.01"),
    ("BLMOVE", "q", "p", "LEFT", "RIGHT", "0"), ("BLMOVE", "q", "p", "x", "RIGHT", "0"),
    ("BLMOVE", "q", "p", "LEFT", "RIGHT", "-1"), ("BLMOVE", "s", "p", "LEFT", "RIGHT", "0"),
    ("LRANGE", "p", 0, -1), ("LRANGE", "q", 0, -1),
    # MPOP
    ("RPUSH", "m", *range(9)), ("LMPOP", "1", "m", "LEFT"), ("LMPOP", "2", "none", "m", "RIGHT"),
    ("LMPOP", "1", "m", "LEFT", "COUNT", "2"), ("LMPOP", "1", "m", "left", "count", "2"),
    ("LMPOP", "0", "m", "LEFT"), ("LMPOP", "-1", "m", "LEFT"), ("LMPOP", "x", "m", "LEFT"),
    ("LMPOP", "2", "m", "LEFT"), ("LMPOP", "3", "m", "LEFT"), ("LMPOP", "1", "m", "UP"),
    ("LMPOP", "1", "m", "LEFT", "COUNT"), ("LMPOP", "1", "m", "LEFT", "COUNT", "0"),
    ("LMPOP", "1", "m", "LEFT", "COUNT", "x"), ("LMPOP", "1", "m", "LEFT", "COUNT", 1, "COUNT", 1),
    ("LMPOP", "1", "m", "LEFT", "COUNT", "1", "x"), ("LMPOP", "1", "m", "LEFT", "FOO", "1"),
    ("LMPOP", "2", "none", "s", "LEFT"), ("LMPOP", "1", "none", "LEFT"), ("LMPOP", "1", "m"),
    ("LMPOP", "1", "m", "LEFT", "COUNT", "x", "FOO"), ("LMPOP", MAX, "m", "LEFT"),
    ("BLMPOP", "0", "1", "m", "RIGHT", "COUNT", "2"), ("BLMPOP", "x", "1", "m", "RIGHT"),
    ("BLMPOP", "0.01", "1", "none", "RIGHT"), ("BLMPOP", "0", "0", "m", "RIGHT"),
    ("BLMPOP", "-1", "0", "m", "RIGHT"), ("LMPOP", "1", "m", "LEFT", "COUNT", "100"),
    ("EXISTS", "m"),
]  # fmt: skip


def random_script(rng: Random, count: int) -> list[Words]:
    """Random calls of every command of the group."""

    def key() -> str:
        return rng.choice(KEYS)

    def element() -> str | bytes:
        return rng.choice(ELEMENTS)

    def some() -> list[str | bytes]:
        return [element() for _ in range(rng.choice([1, 1, 2, 5]))]

    def index() -> int:
        return rng.choice([0, 1, 2, 5, 20, -1, -2, -5, -20, -100, 100])

    def side() -> str:
        return rng.choice(["LEFT", "RIGHT"])

    makers: list[Callable[[], Words]] = [
        lambda: ("LPUSH", key(), *some()),
        lambda: ("RPUSH", key(), *some()),
        lambda: ("RPUSH", key(), *some(), *some(), *some()),
        lambda: ("LPUSHX", key(), *some()),
        lambda: ("RPUSHX", key(), *some()),
        lambda: ("LPOP", key()),
        lambda: ("RPOP", key()),
        lambda: ("LPOP", key(), abs(index()) % 7),
        lambda: ("RPOP", key(), abs(index()) % 7),
        lambda: ("LLEN", key()),
        lambda: ("LRANGE", key(), index(), index()),
        lambda: ("LINDEX", key(), index()),
        lambda: ("LSET", key(), index(), element()),
        lambda: ("LINSERT", key(), rng.choice(["BEFORE", "AFTER"]), element(), element()),
        lambda: ("LREM", key(), index() % 7 - 3, element()),
        lambda: ("LTRIM", key(), rng.choice([0, 0, 1, -30]), rng.choice([-1, -1, -2, 30, 1])),
        lambda: ("LPOS", key(), element()),
        lambda: ("LPOS", key(), element(), "RANK", index() or 1, "COUNT", abs(index())),
        lambda: ("LPOS", key(), element(), "MAXLEN", abs(index()), "RANK", index() or 1),
        lambda: ("RPOPLPUSH", key(), key()),
        lambda: ("LMOVE", key(), key(), side(), side()),
        lambda: ("LMPOP", 2, key(), key(), side(), "COUNT", rng.choice([1, 2, 9])),
        lambda: ("LRANGE", key(), 0, -1),
    ]
    return [rng.choice(makers)() for _ in range(count)]


def known(release: str, script: list[Words]) -> list[Words]:
    """The script without what the release does not know."""
    return [words for words in script if release != "6.2" or words[0] not in SINCE_7]


@pytest.mark.parametrize("release", RELEASES)
def test_replies(release: str, tmp_path: Path) -> None:
    with pair(release, tmp_path) as (real, ours):
        assert_same(real, ours, known(release, FIXED))
        assert_same(real, ours, known(release, random_script(Random(5), 4000)))
        assert_converges(ours, release)


def long_script(rng: Random, count: int) -> list[Words]:
    """As the random script, on lists around the length at which ours become long ones."""
    fill: list[Words] = [
        ("RPUSH", "a", *(index % 7 for index in range(SHORT_LIST + 20))),
        ("LPUSH", "b", *(index % 5 for index in range(SHORT_LIST - 3))),
        ("RPUSH", "c", *range(2000)),
    ]
    script = random_script(rng, count)
    cut = [words for words in script if words[0] not in {"LTRIM", "LMPOP"}]
    middle: list[Words] = [("LTRIM", "c", 700, -700), ("LTRIM", "a", 3, -2), ("LRANGE", "c", 0, -1)]
    ranges: list[Words] = [("LRANGE", "c", low, low + 9) for low in (0, 290, 300, 301, 590, -20)]
    return fill + cut + middle + ranges + cut


@pytest.mark.parametrize("release", RELEASES)
def test_long_lists(release: str, tmp_path: Path) -> None:
    with pair(release, tmp_path) as (real, ours):
        assert_same(real, ours, long_script(Random(6), 600))
        assert_converges(ours, release)


def test_a_list_becomes_long_however_it_grows() -> None:
    ours = Ours("7.0")
    full = [str(index) for index in range(SHORT_LIST)]
    for key in ("push", "insert", "move"):
        ours(["RPUSH", key, *full])
        assert type(ours.ctx.db.data[key.encode()]) is ShortList
    ours(["LPUSH", "push", "x"])
    ours(["LINSERT", "insert", "BEFORE", "5", "x"])
    ours(["RPUSH", "source", "x"])
    ours(["RPOPLPUSH", "source", "move"])
    for key in ("push", "insert", "move"):
        assert type(ours.ctx.db.data[key.encode()]) is LongList
        assert ours(["LLEN", key]) == SHORT_LIST + 1
