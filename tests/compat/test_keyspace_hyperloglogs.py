"""HyperLogLogs: replies, events and changes beside real servers, and what the AOF holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.compat.differential import Words, assert_converges, assert_same, pair
from tests.compat.servers import RELEASES
from tests.compat.witness import witnessed

KEYS = ["a", "b", "c"]
BROKEN = b"HYLL\x01" + bytes(10) + b"\x80\x7f"

FIXED: list[Words] = [
    ("SET", "s", "x"), ("RPUSH", "l", "x"), ("SET", "broken", BROKEN), ("PFADD",), ("PFADD", "a"),
    ("GET", "a"), ("PFADD", "a"), ("PFADD", "a", "x", "y", "x"), ("PFADD", "a", "x"),
    ("PFADD", "a", "x", "z", ""), ("PFADD", "s", "x"), ("PFADD", "s"), ("PFADD", "l", "x"),
    ("PFADD", "broken", "x", "y"), ("PFCOUNT", "a"), ("GET", "a"), ("PFCOUNT", "a"),
    ("PFCOUNT", "none"), ("PFCOUNT", "s"), ("PFCOUNT", "l"), ("PFCOUNT", "broken"), ("PFCOUNT",),
    ("PFADD", "b", "x", "q"), ("PFCOUNT", "a", "b"), ("PFCOUNT", "a", "none"),
    ("PFCOUNT", "a", "s"),
    ("PFCOUNT", "a", "l", "s"), ("PFCOUNT", "s", "l"), ("PFCOUNT", "a", "broken"), ("GET", "b"),
    ("PFMERGE", "d", "a", "b"), ("GET", "d"), ("PFCOUNT", "d"), ("PFMERGE", "d"), ("GET", "d"),
    ("PFMERGE", "e", "none"), ("GET", "e"), ("PFMERGE", "d", "s"), ("PFMERGE", "d", "l"),
    ("PFMERGE", "s", "a"), ("PFMERGE", "l", "a"), ("PFMERGE", "d", "broken"), ("PFMERGE",),
    ("PFMERGE", "broken", "a"), ("EXPIRE", "d", "1000"), ("PFMERGE", "d", "a"), ("TTL", "d"),
    ("APPEND", "b", ""), ("PFADD", "b", "one more"), ("PFCOUNT", "b"),
    ("SETRANGE", "b", "0", "HYLL"),
    ("PFCOUNT", "b"), ("PFADD", "a", *(f"e{n}" for n in range(60))), ("PFDEBUG", "DECODE", "a"),
    ("PFDEBUG", "encoding", "a"), ("PFDEBUG", "ENCODING", "none"), ("PFDEBUG", "ENCODING", "s"),
    ("PFDEBUG", "ENCODING", "l"), ("PFDEBUG", "FOO", "a"), ("PFDEBUG", "FOO"), ("PFDEBUG",),
    ("PFDEBUG", "TODENSE", "a"), ("PFDEBUG", "TODENSE", "a"), ("PFDEBUG", "ENCODING", "a"),
    ("PFDEBUG", "DECODE", "a"), ("PFDEBUG", "GETREG", "a"), ("PFDEBUG", "GETREG", "d"),
    ("PFDEBUG", "GETREG", "d"), ("PFDEBUG", "GETREG", "broken"), ("PFDEBUG", "TODENSE", "broken"),
    ("PFCOUNT", "a"), ("GET", "a"), ("PFMERGE", "d", "a", "b"), ("GET", "d"), ("PFSELFTEST",),
    ("PFSELFTEST", "x"),
]  # fmt: skip


def random_script(rng: Random, count: int) -> list[Words]:
    """Random calls of every command of the group."""

    def key() -> str:
        return rng.choice(KEYS)

    def elements() -> list[str]:
        return [f"e{rng.randrange(3000)}" for _ in range(rng.choice([0, 1, 1, 2, 30]))]

    makers: list[Callable[[], Words]] = [
        lambda: ("PFADD", key(), *elements()),
        lambda: ("PFADD", key(), *elements()),
        lambda: ("PFCOUNT", key()),
        lambda: ("PFCOUNT", key(), key()),
        lambda: ("PFMERGE", key(), key()),
        lambda: ("PFDEBUG", "ENCODING", key()),
        lambda: ("GET", key()),
        lambda: ("DEL", key()),
    ]
    weights = [20, 20, 10, 4, 2, 2, 10, 1]
    return [rng.choices(makers, weights)[0]() for _ in range(count)]


@pytest.mark.parametrize("release", RELEASES)
def test_replies(release: str, tmp_path: Path) -> None:
    with pair(release, tmp_path) as (real, ours):
        with witnessed(real, ours):
            assert_same(real, ours, FIXED)
            assert_same(real, ours, random_script(Random(13), 1200))
        assert_converges(ours, release)
