"""OBJECT ENCODING after random commands: what a value was before counts, not only what it holds.

The thresholds are low, so that they are crossed all the time, up and down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest

from aoftool.format.rdb import EncodingLimits
from tests.compat.differential import Ours, Real, Words
from tests.compat.servers import RELEASES, serving
from tests.property.shrinking import shortest

ENTRIES, BYTES = 8, 16
#: 7.0 has no compact form of sets but of integers; our style 7 has it where it is let.
LIMITS = EncodingLimits(
    hash_entries=ENTRIES, hash_value_bytes=BYTES, zset_entries=ENTRIES, zset_value_bytes=BYTES,
    intset_entries=ENTRIES, set_entries=0, set_value_bytes=BYTES,
)  # fmt: skip
CONFIG = {
    "hash-max-ziplist-entries": ENTRIES, "hash-max-ziplist-value": BYTES,
    "zset-max-ziplist-entries": ENTRIES, "zset-max-ziplist-value": BYTES,
    "set-max-intset-entries": ENTRIES,
}  # fmt: skip
SHORT = [b"%d" % number for number in range(12)]
LONG = [b"x" * BYTES, b"y" * (BYTES + 1), b"z" * 40]
KEYS = ("k1", "k2")

Maker = Callable[[Random], Words]


def _some(rng: Random, *, long: float = 0.06, count: int = 4) -> list[bytes]:
    return [
        rng.choice(LONG) if rng.random() < long else rng.choice(SHORT)
        for _ in range(rng.randint(1, count))
    ]


def _pairs(rng: Random) -> list[bytes]:
    return [word for name in _some(rng) for word in (name, *_some(rng, count=1))]


def _scored(rng: Random) -> list[bytes]:
    return [word for name in _some(rng) for word in (b"%d" % rng.randint(0, 9), name)]


def _key(rng: Random) -> str:
    return rng.choice(KEYS)


COPIES: list[Maker] = [
    lambda rng: ("COPY", *rng.sample(KEYS, 2), "REPLACE"),
    lambda rng: ("RENAME", *rng.sample(KEYS, 2)),
]
MAKERS: dict[str, list[Maker]] = {
    "set": [
        lambda rng: ("SADD", _key(rng), *_some(rng)),
        lambda rng: ("SADD", _key(rng), *rng.sample(SHORT, 6)),
        lambda rng: ("SREM", _key(rng), *_some(rng, long=0.3)),
        lambda rng: ("SREM", _key(rng), *rng.sample(SHORT, 5)),
        lambda rng: ("SMOVE", *rng.sample(KEYS, 2), *_some(rng, count=1)),
        lambda rng: ("SUNIONSTORE", *rng.choices(KEYS, k=3)),
        lambda rng: ("SINTERSTORE", *rng.choices(KEYS, k=3)),
    ],
    "hash": [
        lambda rng: ("HSET", _key(rng), *_pairs(rng)),
        lambda rng: ("HSET", _key(rng), *_some(rng, count=1), *_some(rng, count=1)),
        lambda rng: ("HDEL", _key(rng), *_some(rng, long=0.3)),
        lambda rng: ("HDEL", _key(rng), *rng.sample(SHORT, 6)),
        lambda rng: ("HSETNX", _key(rng), *_some(rng, count=1), *_some(rng, count=1)),
        lambda rng: ("HINCRBY", _key(rng), rng.choice(SHORT), "1"),
    ],
    "zset": [
        lambda rng: ("ZADD", _key(rng), *_scored(rng)),
        lambda rng: ("ZREM", _key(rng), *_some(rng, long=0.3)),
        lambda rng: ("ZPOPMIN", _key(rng), rng.randint(1, 5)),
        lambda rng: ("ZREMRANGEBYRANK", _key(rng), rng.randint(0, 4), -1),
        lambda rng: ("ZREMRANGEBYSCORE", _key(rng), "-inf", rng.randint(0, 4)),
        lambda rng: ("ZINCRBY", _key(rng), 1, *_some(rng, count=1)),
        lambda rng: ("ZUNIONSTORE", _key(rng), 2, *KEYS),
        lambda rng: ("ZRANGESTORE", _key(rng), _key(rng), 0, rng.randint(1, 9)),
    ],
    "string": [
        lambda rng: ("SET", _key(rng), rng.choice([*SHORT, *LONG, b"v" * 44, b"v" * 45])),
        lambda rng: ("APPEND", _key(rng), rng.choice([*SHORT, *LONG])),
        lambda rng: ("SETRANGE", _key(rng), rng.randint(0, 3), rng.choice(SHORT)),
        lambda rng: ("INCR", _key(rng)),
        lambda rng: ("SETBIT", _key(rng), 3, 1),
        lambda rng: ("GETSET", _key(rng), rng.choice(SHORT)),
        lambda rng: ("GETEX", _key(rng), "PERSIST"),
        lambda rng: ("BITOP", "OR", _key(rng), *KEYS),
        lambda rng: ("PFADD", _key(rng), *_some(rng)),
        lambda rng: ("PFMERGE", *KEYS),
        lambda rng: ("DECRBY", _key(rng), 10000),
    ],
}  # fmt: skip


def difference(real: Real, release: str, script: Sequence[Words]) -> str:
    """Run a script on both; what differs, or nothing."""
    real(["FLUSHALL"])
    ours = Ours(release)
    ours.ctx.options.limits = LIMITS
    for words in script:
        for asked in (words, *(("OBJECT", "ENCODING", key) for key in KEYS)):
            expected, got = real(asked), ours(asked)
            if got != expected:
                return f"{asked}\n  real: {expected!r}\n  ours: {got!r}"
    return ""


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("release", RELEASES)
def test_encodings_by_history(release: str, kind: str, tmp_path: Path) -> None:
    rng = Random(11)
    makers = [*MAKERS[kind] * 2, *COPIES]
    with serving(release, tmp_path) as client:
        real = Real(client)
        for name, limit in CONFIG.items():
            real(["CONFIG", "SET", name, limit])
        for _ in range(30):
            script = [rng.choice(makers)(rng) for _ in range(60)]
            if difference(real, release, script):
                least = shortest(script, lambda part: bool(difference(real, release, part)))
                told = "\n".join(map(repr, least))
                pytest.fail(f"{difference(real, release, least)}\nthe script:\n{told}")
