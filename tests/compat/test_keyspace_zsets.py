"""Sorted sets: replies, events and changes beside real servers, and what the AOF holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.compat.differential import Ours, Real, Words, assert_converges, assert_same, pair
from tests.compat.servers import RELEASES
from tests.compat.witness import witnessed

#: What 6.2 does not know, and what 7.2 answers in another way than 7.0.
SINCE_7 = {"ZMPOP", "BZMPOP", "ZINTERCARD"}
KEYS = ["a", "b", "c"]
MEMBERS: list[str | bytes] = ["m", "n", "o", "p", "q", "", "17", b"\x00\xff"]
SCORES = ["0", "1", "-1", "2", "3.5", "1e3", "inf", "-inf", "0.1", "-0", "17", "1e300", "0x10"]
BAD_SCORES = ["x", "", "nan", "1 ", " 1", "1e400"]
LEX = ["-", "+", "[m", "(m", "[o", "(p", "[", "(", "[z", "[17"]
LONG_MIN, LONG_MAX = "-9223372036854775808", "9223372036854775807"

ADDING: list[Words] = [
    ("SET", "s", "x"), ("ZADD",), ("ZADD", "a"), ("ZADD", "a", "1"), ("ZADD", "a", "1", "m", "2"),
    ("ZADD", "a", "NX"), ("ZADD", "a", "NX", "CH", "INCR"), ("ZADD", "a", "x", "m"),
    ("ZADD", "a", "1", "m", "x", "n"), ("EXISTS", "a"), ("ZADD", "s", "1", "m"),
    ("ZADD", "s", "x", "m"), ("ZADD", "s", "XX", "1", "m"), ("ZADD", "a", "XX", "1", "m"),
    ("ZADD", "a", "XX", "INCR", "1", "m"), ("EXISTS", "a"), ("ZADD", "a", "NX", "XX", "1", "m"),
    ("ZADD", "a", "GT", "LT", "1", "m"), ("ZADD", "a", "nx", "gt", "1", "m"),
    ("ZADD", "a", "NX", "LT", "1", "m"), ("ZADD", "a", "NX", "XX", "GT", "1", "m"),
    ("ZADD", "a", "INCR", "1", "m", "2", "n"), ("ZADD", "a", "1", "m", "2", "n", "3", "m"),
    ("ZADD", "a", "CH", "1", "m", "2", "n", "3", "o"), ("ZADD", "a", "NX", "9", "m", "9", "p"),
    ("ZADD", "a", "xx", "ch", "8", "m", "9", "q"), ("ZADD", "a", "GT", "CH", "1", "m", "9", "n"),
    ("ZADD", "a", "LT", "CH", "1", "m", "99", "n", "5", "new"),
    ("ZADD", "a", "XX", "GT", "50", "m"),
    ("ZADD", "a", "INCR", "1.5", "m"), ("ZADD", "a", "NX", "INCR", "1", "m"), ("ZSCORE", "a", "m"),
    ("ZADD", "a", "GT", "INCR", "-1", "m"), ("ZADD", "a", "LT", "INCR", "-1", "m"),
    ("ZADD", "a", "XX", "INCR", "1", "none"), ("ZADD", "a", "INCR", "-0", "m"),
    ("ZADD", "a", "inf", "big"), ("ZADD", "a", "INCR", "-inf", "big"),
    ("ZINCRBY", "a", "-inf", "big"),
    ("ZINCRBY", "a", "inf", "big"), ("ZINCRBY", "a", "x", "m"), ("ZINCRBY", "s", "1", "m"),
    ("ZINCRBY", "s", "x", "m"), ("ZINCRBY", "new", "nan", "m"), ("ZINCRBY", "new", "2", "m"),
    ("ZINCRBY", "new", "0", "m"), ("ZADD", "z", "-0", "m"), ("ZSCORE", "z", "m"),
    ("ZADD", "z", "INCR", "-0", "n"), ("ZRANGE", "z", "0", "-1", "WITHSCORES"),
    ("ZADD", "z", "0", "m", "-0", "n", "5", "o"), ("ZADD", "z", "-0", "o"),
    ("ZMSCORE", "z", *"mno"),
    ("ZADD", "big", "1", "x" * 65, "-0", "m", "0", "n"), ("ZMSCORE", "big", "m", "n"),
    ("ZADD", "a", "+1", "plus", ".5", "dot", "0x1F", "hex", "1e2", "exp", "5.", "end"),
    ("ZRANGE", "a", "0", "-1", "WITHSCORES"), ("ZREM", "a"), ("ZREM", "s", "m"),
    ("ZREM", "none", "m"),
    ("ZREM", "a", "none", "plus", "plus", "dot"), ("ZREM", "new", "m", "m"), ("EXISTS", "new"),
]  # fmt: skip

LOOKING: list[Words] = [
    ("SET", "s", "x"), ("ZADD", "a", "1", "m", "2", "n", "2", "o", "3", "p"), ("ZCARD", "a"),
    ("ZCARD", "none"), ("ZCARD", "s"), ("ZCARD",), ("ZSCORE", "a", "m"), ("ZSCORE", "a", "x"),
    ("ZSCORE", "none", "m"), ("ZSCORE", "s", "m"), ("ZSCORE", "a"), ("ZMSCORE", "a"),
    ("ZMSCORE", "a", "m", "x", "p"), ("ZMSCORE", "none", "m"), ("ZMSCORE", "s", "m"),
    ("ZRANK", "a", "m"), ("ZRANK", "a", "o"), ("ZRANK", "a", "x"), ("ZRANK", "none", "m"),
    ("ZRANK", "s", "m"), ("ZREVRANK", "a", "m"), ("ZREVRANK", "a", "o"), ("ZRANK", "a"),
    ("ZREVRANK", "none", "x"), ("ZCOUNT", "a", "1", "2"), ("ZCOUNT", "a", "(1", "(3"),
    ("ZCOUNT", "a", "-inf", "+inf"), ("ZCOUNT", "a", "x", "1"), ("ZCOUNT", "a", "1", "nan"),
    ("ZCOUNT", "a", "2", "1"), ("ZCOUNT", "s", "1", "2"), ("ZCOUNT", "s", "x", "2"),
    ("ZCOUNT", "none", "1", "2"), ("ZCOUNT", "a", "", "("), ("ZCOUNT", "a", " 1", "2"),
    ("ZCOUNT", "a", "1\x00x", "2"), ("ZCOUNT", "a", "-1e400", "1e400"), ("ZCOUNT", "a", "( 1", "2"),
    ("ZCOUNT", "a", "  ", "2"), ("ZCOUNT", "a", "(inf", "inf"), ("ZCOUNT", "a", "1e", "2"),
    ("ZCOUNT", "a", "1e-400", "2"), ("ZLEXCOUNT", "a", "-", "+"), ("ZLEXCOUNT", "a", "x", "+"),
    ("ZLEXCOUNT", "a", "-", "++"), ("ZLEXCOUNT", "a", "", "+"), ("ZLEXCOUNT", "s", "-", "+"),
    ("ZLEXCOUNT", "none", "-", "+"), ("ZLEXCOUNT", "a", "+", "-"), ("ZLEXCOUNT", "a", "[m", "(p"),
    ("ZRANDMEMBER", "none"), ("ZRANDMEMBER", "s"), ("ZRANDMEMBER", "none", "2"),
    ("ZRANDMEMBER", "a", "x"), ("ZRANDMEMBER", "a", LONG_MIN), ("ZRANDMEMBER", "s", "1"),
    ("ZRANDMEMBER", "a", "1", "FOO"), ("ZRANDMEMBER", "a", "1", "WITHSCORES", "x"),
    ("ZRANDMEMBER", "a", LONG_MAX, "WITHSCORES"), ("ZRANDMEMBER", "a", "0"),
    ("ZRANDMEMBER", "s", "0"), ("ZADD", "one", "5", "m"), ("ZRANDMEMBER", "one"),
    ("ZRANDMEMBER", "one", "5", "WITHSCORES"), ("ZRANDMEMBER", "one", "-2", "withscores"),
    ("ZSCAN", "one", "0"), ("ZSCAN", "none", "0"), ("ZSCAN", "none", "x"), ("ZSCAN", "s", "0"),
    ("ZSCAN", "one", "0", "MATCH", "x*"), ("ZSCAN", "one", "0", "COUNT", "0"),
    ("ZSCAN", "one", "0", "COUNT", "x"), ("ZSCAN", "one", "0", "MATCH"), ("ZSCAN", "one", "x"),
    ("ZSCAN", "one", "0", "TYPE", "zset"), ("ZSCAN", "none", "0", "FOO"), ("ZSCAN", "one"),
]  # fmt: skip

RANGES: list[Words] = [
    ("SET", "s", "x"), ("ZADD", "a", *"1m2n2o3p4q"), ("ZADD", "l", *"0a0b0c0d0e"),
    ("ZADD", "l", "0", ""), ("ZRANGE", "a", "0", "-1"), ("ZRANGE", "a", "1", "2", "WITHSCORES"),
    ("ZRANGE", "a", "-2", "100"), ("ZRANGE", "a", "3", "1"), ("ZRANGE", "a", "10", "20"),
    ("ZRANGE", "a", "-100", "-90"), ("ZRANGE", "a", "x", "1"), ("ZRANGE", "a", "1", "x"),
    ("ZRANGE", "none", "0", "-1"), ("ZRANGE", "s", "0", "-1"), ("ZRANGE", "s", "x", "-1"),
    ("ZRANGE", "a", "0", "-1", "REV"), ("ZRANGE", "a", "0", "1", "REV", "WITHSCORES"),
    ("ZRANGE", "a", "0", "-1", "REV", "REV"), ("ZRANGE", "a", "0", "-1", "LIMIT", "0", "1"),
    ("ZRANGE", "a", "0", "-1", "LIMIT", "0", "-1"), ("ZRANGE", "a", "0", "-1", "LIMIT", "1"),
    ("ZRANGE", "a", "0", "-1", "LIMIT", "x", "1"), ("ZRANGE", "a", "0", "-1", "FOO"),
    ("ZRANGE", "a", LONG_MIN, LONG_MAX), ("ZRANGE", "a", "1", "3", "BYSCORE"),
    ("ZRANGE", "a", "(1", "(4", "BYSCORE", "WITHSCORES"),
    ("ZRANGE", "a", "3", "1", "REV", "BYSCORE"),
    ("ZRANGE", "a", "1", "3", "BYSCORE", "REV"), ("ZRANGE", "a", "x", "3", "BYSCORE"),
    ("ZRANGE", "a", "-inf", "inf", "BYSCORE", "LIMIT", "1", "2"),
    ("ZRANGE", "a", "inf", "-inf", "BYSCORE", "LIMIT", "1", "2", "REV", "WITHSCORES"),
    ("ZRANGE", "a", "-inf", "inf", "BYSCORE", "LIMIT", "-1", "2"),
    ("ZRANGE", "a", "-inf", "inf", "BYSCORE", "LIMIT", "1", "-5"),
    ("ZRANGE", "a", "-inf", "inf", "BYSCORE", "LIMIT", "1", "0"),
    ("ZRANGE", "a", "-inf", "inf", "BYSCORE", "LIMIT", LONG_MAX, LONG_MAX),
    ("ZRANGE", "a", "-inf", "inf", "BYSCORE", "BYLEX"), ("ZRANGE", "l", "[b", "(d", "BYLEX"),
    ("ZRANGE", "l", "-", "+", "BYLEX", "WITHSCORES"), ("ZRANGE", "l", "+", "-", "BYLEX", "REV"),
    ("ZRANGE", "l", "-", "+", "BYLEX", "LIMIT", "1", "2"), ("ZRANGE", "l", "(", "[c", "BYLEX"),
    ("ZRANGE", "l", "+", "[b", "BYLEX", "REV", "LIMIT", "1", "2"),
    ("ZRANGE", "l", "-", "-", "BYLEX"),
    ("ZRANGE", "l", "+", "+", "BYLEX"), ("ZRANGE", "l", "[b", "[b", "BYLEX"),
    ("ZRANGE", "l", "(b", "[b", "BYLEX"), ("ZRANGE", "l", "b", "c", "BYLEX"),
    ("ZRANGE", "l", "-\x00x", "+", "BYLEX"), ("ZRANGE", "l", "[d", "[b", "BYLEX"),
    ("ZRANGE", "a", "[n", "[p", "BYLEX"), ("ZRANGE", "a", "[p", "[n", "BYLEX", "REV"),
    ("ZREVRANGE", "a", "0", "-1"), ("ZREVRANGE", "a", "1", "2", "WITHSCORES"), ("ZRANGE", "a", "0"),
    ("ZREVRANGE", "a", "0", "-1", "REV"), ("ZREVRANGE", "a", "0", "-1", "BYSCORE"),
    ("ZREVRANGE", "a", "0", "-1", "LIMIT", "1", "1"), ("ZREVRANGE", "s", "0", "-1"),
    ("ZRANGEBYSCORE", "a", "1", "2"),
    ("ZRANGEBYSCORE", "a", "1", "2", "LIMIT", "1", "1", "WITHSCORES"),
    ("ZRANGEBYSCORE", "a", "1", "2", "WITHSCORES", "LIMIT", "1", "1"),
    ("ZRANGEBYSCORE", "a", "1", "2", "REV"), ("ZRANGEBYSCORE", "a", "2", "1"),
    ("ZRANGEBYSCORE", "a", "x", "1"), ("ZRANGEBYSCORE", "s", "1", "2"),
    ("ZREVRANGEBYSCORE", "a", "+inf", "-inf", "WITHSCORES"), ("ZREVRANGEBYSCORE", "a", "(3", "2"),
    ("ZREVRANGEBYSCORE", "a", "3", "1", "LIMIT", "1", "2"), ("ZREVRANGEBYSCORE", "none", "3", "1"),
    ("ZRANGEBYLEX", "l", "-", "(c"), ("ZRANGEBYLEX", "l", "-", "+", "LIMIT", "2", "2"),
    ("ZRANGEBYLEX", "l", "-", "+", "WITHSCORES"), ("ZRANGEBYLEX", "l", "c", "+"),
    ("ZREVRANGEBYLEX", "l", "+", "-"), ("ZREVRANGEBYLEX", "l", "[d", "(b", "LIMIT", "0", "1"),
    ("ZRANGESTORE", "d", "a", "0", "-1"), ("ZRANGE", "d", "0", "-1", "WITHSCORES"),
    ("ZRANGESTORE", "d", "a", "1", "2", "BYSCORE", "LIMIT", "0", "2"), ("ZRANGE", "d", "0", "-1"),
    ("ZRANGESTORE", "d", "a", "0", "-1", "WITHSCORES"), ("ZRANGESTORE", "d", "s", "0", "-1"),
    ("ZRANGESTORE", "s", "a", "5", "9"), ("EXISTS", "s"), ("ZRANGESTORE", "d", "none", "0", "-1"),
    ("ZRANGESTORE", "d", "none", "0", "-1"), ("ZRANGESTORE", "d", "a", "0", "1", "REV"),
    ("ZRANGESTORE", "d", "l", "[b", "+", "BYLEX"), ("ZRANGESTORE", "l", "l", "0", "3"),
    ("ZRANGESTORE", "d", "a", "x", "3"), ("ZRANGESTORE", "d", "a"), ("SET", "s", "x"),
    ("ZREMRANGEBYRANK", "a", "x", "1"), ("ZREMRANGEBYRANK", "none", "0", "1"),
    ("ZREMRANGEBYRANK", "s", "0", "1"), ("ZREMRANGEBYRANK", "a", "3", "2"),
    ("ZREMRANGEBYRANK", "a", "-1", "-1"), ("ZREMRANGEBYRANK", "a", "1", "1"),
    ("ZREMRANGEBYSCORE", "a", "x", "1"), ("ZREMRANGEBYSCORE", "a", "(1", "2"),
    ("ZREMRANGEBYSCORE", "s", "1", "2"), ("ZREMRANGEBYSCORE", "a", "-inf", "inf"), ("EXISTS", "a"),
    ("ZREMRANGEBYLEX", "l", "x", "+"), ("ZREMRANGEBYLEX", "l", "[a", "(b"),
    ("ZREMRANGEBYLEX", "l", "+", "-"), ("zRemRangeByLex", "l", "-", "+"), ("EXISTS", "l"),
]  # fmt: skip

POPS: list[Words] = [
    ("SET", "s", "x"), ("ZADD", "a", *"1m2n2o3p4q"), ("ZPOPMIN", "a"), ("ZPOPMAX", "a"),
    ("ZPOPMIN", "a", "2"), ("ZPOPMIN", "none"), ("ZPOPMIN", "none", "2"), ("ZPOPMIN", "s"),
    ("ZPOPMIN", "a", "0"), ("ZPOPMIN", "s", "0"), ("ZPOPMIN", "a", "-1"), ("ZPOPMAX", "a", "x"),
    ("ZPOPMIN", "a", "1", "2"), ("ZPOPMAX", "a", "10"), ("EXISTS", "a"), ("ZPOPMAX",),
    ("ZPOPMAX", "none", "-1"), ("ZADD", "a", *"1m2n2o3p4q"), ("ZPOPMAX", "a", "2"),
    ("ZPOPMAX", "a", LONG_MAX), ("ZADD", "a", *"1m2n2o3p4q"), ("ZADD", "b", *"1m2n"),
    ("BZPOPMIN", "none", "a", "b", "0"), ("BZPOPMAX", "b", "a", "1.5"), ("BZPOPMIN", "a", "x"),
    ("BZPOPMIN", "a", "-1"), ("BZPOPMIN", "s", "a", "0"), ("BZPOPMIN", "a", "s", "0"),
    ("BZPOPMAX", "a"),
    ("BZPOPMIN", "s", "nan"), ("BZPOPMIN", "a", "-0.0001"),
    ("ZMPOP", "0", "a", "MIN"), ("ZMPOP", "x", "a", "MIN"), ("ZMPOP", "1", "a", "FOO"),
    ("ZMPOP", "2", "a", "MIN"), ("ZMPOP", "3", "a", "MIN"), ("ZMPOP", "1", "a", "MIN", "COUNT"),
    ("ZMPOP", "1", "a", "MIN", "COUNT", "0"), ("ZMPOP", "1", "a", "MIN", "COUNT", "x"),
    ("ZMPOP", "1", "a", "MIN", "COUNT", "1", "COUNT", "1"), ("ZMPOP", "1", "a", "MIN", "FOO"),
    ("ZMPOP", "1", "a", "MIN", "COUNT", "0", "FOO"), ("ZMPOP", "1", "none", "MIN"),
    ("ZMPOP", "1", "s", "MIN"), ("ZMPOP", "2", "none", "a", "min", "count", "2"),
    ("ZMPOP", "2", "b", "a", "MAX"), ("ZMPOP", "1", "a", "MAX", "COUNT", "100"),
    ("ZMPOP", "1", "a"),
    ("BZMPOP", "x", "1", "a", "MIN"), ("BZMPOP", "x", "0", "a", "MIN"),
    ("BZMPOP", "-1", "1", "a", "MIN"),
    ("BZMPOP", "0", "1", "a", "FOO"), ("ZADD", "a", *"1m2n2o3p4q"),
    ("BZMPOP", "1", "2", "none", "a", "MAX", "COUNT", "2"), ("BZMPOP", "1", "1", "a", "MIN"),
]  # fmt: skip

ALGEBRA: list[Words] = [
    ("SET", "s", "x"), ("ZADD", "a", *"1m2n3o"), ("ZADD", "b", *"4n5o6p"), ("SADD", "set", *"nop"),
    ("ZUNION", "2", "a", "b", "WITHSCORES"), ("ZINTER", "2", "a", "b", "WITHSCORES"),
    ("ZDIFF", "2", "a", "b", "WITHSCORES"), ("ZUNION", "2", "a", "set"), ("ZDIFF", "2", "set", "a"),
    ("ZUNION", "3", "a", "b", "none", "WEIGHTS", "2", "-1", "0", "WITHSCORES"),
    ("ZUNION", "2", "a", "b", "AGGREGATE", "MIN", "WITHSCORES"),
    ("ZINTER", "2", "a", "set", "WITHSCORES", "aggregate", "max", "weights", "2", "10"),
    ("ZUNION", "0", "a"), ("zinter", "-1", "a"), ("ZDIFF", "0", "a"), ("ZINTERCARD", "0", "a"),
    ("ZUNIONSTORE", "d", "0", "a"), ("ZDIFFSTORE", "d", "0", "a"), ("ZUNION", "x", "a"),
    ("ZUNION", "3", "a", "b"), ("ZUNION", "2", "a", "s"), ("ZUNION", "2", "a", "s", "FOO"),
    ("ZUNION", "2", "a", "b", "FOO"), ("ZUNION", "2", "a", "b", "WEIGHTS", "1"),
    ("ZUNION", "2", "a", "b", "WEIGHTS", "1", "x"),
    ("ZUNION", "2", "a", "b", "WEIGHTS", "1", "nan"),
    ("ZUNION", "2", "a", "b", "AGGREGATE"), ("ZUNION", "2", "a", "b", "AGGREGATE", "AVG"),
    ("ZUNION", "1", "a", "WEIGHTS", "1", "WEIGHTS", "3", "WITHSCORES"),
    ("ZDIFF", "2", "a", "b", "WEIGHTS", "1", "1"), ("ZDIFF", "1", "none"), ("ZDIFF", "2", "a", "a"),
    ("ZUNIONSTORE", "d", "2", "a", "b", "WITHSCORES"), ("ZUNIONSTORE", "d", "2", "a", "b"),
    ("ZRANGE", "d", "0", "-1", "WITHSCORES"),
    ("ZINTERSTORE", "d", "2", "a", "b", "WEIGHTS", "2", "3"),
    ("ZRANGE", "d", "0", "-1", "WITHSCORES"), ("ZDIFFSTORE", "d", "2", "a", "b"),
    ("ZRANGE", "d", "0", "-1", "WITHSCORES"), ("ZINTERSTORE", "d", "2", "a", "none"),
    ("EXISTS", "d"),
    ("ZINTERSTORE", "d", "2", "a", "none"), ("ZDIFFSTORE", "s", "1", "none"), ("EXISTS", "s"),
    ("ZUNIONSTORE", "a", "2", "a", "a"), ("ZRANGE", "a", "0", "-1", "WITHSCORES"),
    ("ZADD", "i", "inf", "m", "-inf", "n", "0", "o"),
    ("ZADD", "j", "-inf", "m", "inf", "n", "-5", "o"),
    ("ZUNION", "2", "i", "j", "WITHSCORES"), ("ZINTER", "2", "i", "j", "WITHSCORES"),
    ("ZUNION", "2", "i", "j", "WEIGHTS", "0", "0", "WITHSCORES"),
    ("ZINTER", "2", "i", "j", "WEIGHTS", "0", "0", "WITHSCORES"),
    ("ZINTER", "2", "i", "j", "WEIGHTS", "1", "0", "WITHSCORES", "AGGREGATE", "MIN"),
    ("ZUNIONSTORE", "d", "1", "j", "WEIGHTS", "-0"), ("ZRANGE", "d", "0", "-1", "WITHSCORES"),
    ("ZUNION", "1", "j", "WEIGHTS", "-0", "WITHSCORES"),
    ("ZINTERCARD", "2", "a", "b"), ("ZINTERCARD", "2", "a", "b", "LIMIT", "1"),
    ("ZINTERCARD", "2", "a", "b", "LIMIT", "0"), ("ZINTERCARD", "2", "a", "b", "LIMIT", "-1"),
    ("ZINTERCARD", "2", "a", "b", "LIMIT", "x"), ("ZINTERCARD", "2", "a", "b", "LIMIT"),
    ("ZINTERCARD", "2", "a", "none"), ("ZINTERCARD", "1", "a", "WITHSCORES"), ("ZUNION", "1"),
    ("ZINTERCARD", "2", "a", "b", "LIMIT", "5", "LIMIT", "1"), ("ZUNIONSTORE", "d", "1"),
]  # fmt: skip

FIXED = [ADDING, LOOKING, RANGES, POPS, ALGEBRA]


def random_script(rng: Random, count: int) -> list[Words]:
    """Random calls of every command of the group whose reply is no matter of chance."""

    def key() -> str:
        return rng.choice(KEYS)

    def member() -> str | bytes:
        return rng.choice(MEMBERS)

    def score() -> str:
        return rng.choice(BAD_SCORES) if rng.random() < 0.02 else rng.choice(SCORES)

    def bound() -> str:
        return rng.choice(["", "("]) + rng.choice(SCORES)

    def rank() -> int:
        return rng.choice([0, 1, 2, 5, -1, -2, -100, 100])

    def words(*choices: str) -> list[str]:
        picked = [word for word in choices if rng.random() < 0.3]
        rng.shuffle(picked)
        return [part for word in picked for part in word.split()]

    def limit() -> str:
        return f"LIMIT {rng.choice([0, 1, 2, -1])} {rng.choice([0, 1, 3, -1])}"

    def pairs() -> list[str | bytes]:
        return [part for _ in range(rng.randrange(1, 4)) for part in (score(), member())]

    def keys() -> list[str | int]:
        found = [rng.choice([*KEYS, "set", "none"]) for _ in range(rng.randrange(1, 4))]
        return [len(found), *found]

    def algebra(name: str, *front: str, weights: bool = True, scores: bool = True) -> Words:
        inputs = keys()
        options: list[str] = []
        if weights and rng.random() < 0.5:
            options += ["WEIGHTS", *(rng.choice(SCORES) for _ in inputs[1:])]
        if weights and rng.random() < 0.5:
            options += ["AGGREGATE", rng.choice(["SUM", "MIN", "MAX"])]
        return name, *front, *inputs, *options, *(words("WITHSCORES") if scores else [])

    makers: list[Callable[[], Words]] = [
        *[lambda: ("ZADD", key(), *pairs())] * 6,
        lambda: ("ZADD", key(), *words("NX", "XX", "GT", "LT", "CH"), *pairs()),
        lambda: ("ZADD", key(), "INCR", *words("NX", "XX", "GT", "LT", "CH"), score(), member()),
        lambda: ("ZINCRBY", key(), score(), member()),
        lambda: ("ZREM", key(), member(), member()),
        lambda: ("ZCARD", key()),
        lambda: ("ZMSCORE", key(), member(), member()),
        lambda: ("ZRANK", key(), member()),
        lambda: ("ZREVRANK", key(), member()),
        lambda: ("ZCOUNT", key(), bound(), bound()),
        lambda: ("ZRANGE", key(), rank(), rank(), *words("REV", "WITHSCORES", limit())),
        lambda: (
            "ZRANGE",
            key(),
            bound(),
            bound(),
            "BYSCORE",
            *words("REV", "WITHSCORES", limit()),
        ),
        lambda: ("ZREVRANGE", key(), rank(), rank(), *words("WITHSCORES")),
        lambda: ("ZRANGEBYSCORE", key(), bound(), bound(), *words("WITHSCORES", limit())),
        lambda: ("ZREVRANGEBYSCORE", key(), bound(), bound(), *words("WITHSCORES", limit())),
        lambda: ("ZRANGESTORE", key(), key(), bound(), bound(), "BYSCORE", *words("REV", limit())),
        lambda: ("ZREMRANGEBYRANK", key(), rank(), rank()),
        lambda: ("ZREMRANGEBYSCORE", key(), bound(), bound()),
        lambda: ("ZPOPMIN", key()),
        lambda: ("ZPOPMAX", key(), rng.randrange(3)),
        lambda: ("BZPOPMIN", key(), key(), key(), "0.01"),
        lambda: ("ZMPOP", "2", key(), key(), rng.choice(["MIN", "MAX"]), *words("COUNT 2")),
        lambda: algebra("ZUNIONSTORE", key(), scores=False),
        lambda: algebra("ZINTERSTORE", key(), scores=False),
        lambda: algebra("ZDIFFSTORE", key(), weights=False, scores=False),
        lambda: algebra("ZUNION"),
        lambda: algebra("ZINTER"),
        lambda: algebra("ZDIFF", weights=False),
        lambda: ("ZINTERCARD", *keys(), *words("LIMIT 2")),
        lambda: ("SADD", "set", member()),
        # Members in order of their names, all scores the same.
        *[lambda: ("ZADD", "l", "0", member(), "0", member())] * 3,
        lambda: ("ZREM", "l", member()),
        lambda: ("ZLEXCOUNT", "l", rng.choice(LEX), rng.choice(LEX)),
        lambda: ("ZRANGEBYLEX", "l", rng.choice(LEX), rng.choice(LEX), *words(limit())),
        lambda: ("ZREVRANGEBYLEX", "l", rng.choice(LEX), rng.choice(LEX), *words(limit())),
        lambda: ("ZREMRANGEBYLEX", "l", rng.choice(LEX), rng.choice(LEX)),
    ]
    return [rng.choice(makers)() for _ in range(count)]


def known(release: str, script: list[Words]) -> list[Words]:
    """The calls that a release knows."""
    return [words for words in script if release != "6.2" or words[0] not in SINCE_7]


@pytest.mark.parametrize("release", RELEASES)
def test_replies(release: str, tmp_path: Path) -> None:
    with pair(release, tmp_path) as (real, ours):
        for script in FIXED:
            with witnessed(real, ours):
                assert_same(real, ours, known(release, script))
            assert_same(real, ours, [("FLUSHALL",)])
        with witnessed(real, ours):
            assert_same(real, ours, known(release, random_script(Random(7), 4000)))
        assert_converges(ours, release)


@pytest.mark.parametrize("release", RELEASES)
def test_long_ones(release: str, tmp_path: Path) -> None:
    """Beyond the compact encodings: longer than 128 members, in another order than they came."""
    rng = Random(3)
    script: list[Words] = []
    for _ in range(600):
        member = f"m{rng.randrange(400)}"
        script.append(("ZADD", "a", rng.randrange(50), member))
        script.append(("ZRANK", "a", f"m{rng.randrange(400)}"))
        script.append(
            ("ZRANGEBYSCORE", "a", rng.randrange(50), rng.randrange(50), "LIMIT", "2", "9")
        )
    script += [
        ("ZADD", "a", "-0", "zero"), ("ZSCORE", "a", "zero"), ("ZREMRANGEBYRANK", "a", "10", "40"),
        ("ZREMRANGEBYSCORE", "a", "20", "(30"), ("ZRANGE", "a", "0", "-1", "WITHSCORES"),
        ("ZPOPMAX", "a", "50"), ("ZPOPMIN", "a", "50"), ("ZRANGE", "a", "0", "-1", "WITHSCORES"),
        ("ZADD", "l", *(part for n in range(300) for part in ("0", f"{n}"))),
        ("ZRANGEBYLEX", "l", "[1", "(2", "LIMIT", "10", "50"), ("ZLEXCOUNT", "l", "(77", "+"),
        ("ZREMRANGEBYLEX", "l", "[2", "+"), ("ZCARD", "l"),
    ]  # fmt: skip
    with pair(release, tmp_path) as (real, ours):
        with witnessed(real, ours):
            assert_same(real, ours, script)
        assert_converges(ours, release)


def scanned(run: Real | Ours, key: str, *options: str) -> dict[bytes, bytes]:
    """All members with their scores, page by page."""
    found: dict[bytes, bytes] = {}
    cursor: Any = b"0"
    while True:
        cursor, elements = run(("ZSCAN", key, cursor, *options))
        found.update(zip(elements[::2], elements[1::2], strict=True))
        if cursor == b"0":
            return found


@pytest.mark.parametrize("release", RELEASES)
def test_scan(release: str, tmp_path: Path) -> None:
    with pair(release, tmp_path) as (real, ours):
        for key, size in (("small", 50), ("large", 1000)):
            for n in range(size):
                assert_same(real, ours, [("ZADD", key, f"{n % 7}.5", f"m{n}")])
            assert scanned(ours, key) == scanned(real, key)
            options = ("COUNT", "33", "MATCH", "*7?")
            assert scanned(ours, key, *options) == scanned(real, key, *options)
            assert_same(real, ours, [("ZRANDMEMBER", key, size, "WITHSCORES")])
        assert_same(real, ours, [("ZSCAN", "small", "0"), ("ZSCAN", "small", "0", "COUNT", "2")])


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("count", [0, 1, 5, 12, 20, -1, -5, -40])
def test_random_members(release: str, count: int) -> None:
    ours = Ours(release)
    scores = {f"m{n}".encode(): b"%d" % n for n in range(12)}
    ours(("ZADD", "a", *(part for member, score in scores.items() for part in (score, member))))
    assert ours(("ZRANDMEMBER", "a")) in scores
    picked = ours(("ZRANDMEMBER", "a", count, "WITHSCORES"))
    members = picked[::2]
    assert picked[1::2] == [scores[member] for member in members]
    assert len(members) == (-count if count < 0 else min(count, 12))
    assert count < 0 or len(set(members)) == len(members)
    assert len(ours(("ZRANDMEMBER", "a", count))) == len(members)
