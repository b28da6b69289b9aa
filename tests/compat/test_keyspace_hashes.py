"""Hashes: replies beside real servers, and what the AOF holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.compat.differential import Ours, Real, Words, assert_converges, assert_same, pair
from tests.compat.servers import RELEASES

KEYS = ["a", "b", "c"]
FIELDS: list[str | bytes] = ["1", "2", "x", "y", "z", "", b"\x00\xff", "long" * 20]
VALUES: list[str | bytes] = [
    "", "0", "-1", "10", "007", "9223372036854775807", "-9223372036854775808", "3.0", "1e5", "abc",
    b"\x00\xff", "1.5", "inf", "nan", " 1", "-0.1",
]  # fmt: skip
MIN, MAX = "-9223372036854775808", "9223372036854775807"

FIXED: list[Words] = [
    ("SET", "s", "x"), ("HSET", "a"), ("HSET", "a", "f"), ("HSET", "a", "f", "1"),
    ("HSET", "a", "f", "1", "g"), ("HMSET", "a", "f", "1", "g"), ("HMSET", "a", "f"),
    ("HSET", "s", "f", "1", "g"), ("HSET", "s", "f", "1"), ("HMSET", "s", "f", "1"),
    ("HSET", "a", "f", "2", "g", "3", "f", "4", "g", "5"), ("HMSET", "a", "h", "1", "i", ""),
    ("HGETALL", "a"), ("HGETALL", "none"), ("HGETALL", "s"), ("HKEYS", "a"), ("HKEYS", "none"),
    ("HKEYS", "s"), ("HVALS", "a"), ("HVALS", "none"), ("HVALS", "s"), ("HLEN", "a"),
    ("HLEN", "none"), ("HLEN", "s"), ("HGET", "a", "f"), ("HGET", "a", "none"), ("HGET", "a"),
    ("HGET", "none", "f"), ("HGET", "s", "f"), ("HMGET", "a", "f", "none", "g", "f"),
    ("HMGET", "none", "f", "g"), ("HMGET", "s", "f"), ("HMGET", "a"), ("HEXISTS", "a", "f"),
    ("HEXISTS", "a", "none"), ("HEXISTS", "none", "f"), ("HEXISTS", "s", "f"),
    ("HSTRLEN", "a", "f"), ("HSTRLEN", "a", "i"), ("HSTRLEN", "none", "f"), ("HSTRLEN", "s", "f"),
    ("HSTRLEN", "a", "none"), ("HSETNX", "a", "f", "9"), ("HSETNX", "a", "new", "9"),
    ("HSETNX", "s", "f", "9"), ("HSETNX", "new", "f", "9"), ("HSETNX", "a", "f"),
    ("HDEL", "a", "none"), ("HDEL", "none", "f"), ("HDEL", "s", "f"), ("HDEL", "a"),
    ("HDEL", "a", "new", "none", "new", "i"), ("HDEL", "new", "f", "f"), ("EXISTS", "new"),
    # Counting
    ("HINCRBY", "a", "n", "5"), ("HINCRBY", "a", "n", "-7"), ("HINCRBY", "a", "n", "x"),
    ("HINCRBY", "a", "n", "1.0"), ("HINCRBY", "s", "n", "1"), ("HINCRBY", "s", "n", "x"),
    ("HSET", "a", "max", MAX, "min", MIN, "text", "abc", "space", " 1", "float", "1.5"),
    ("HINCRBY", "a", "max", "1"), ("HINCRBY", "a", "min", "-1"), ("HINCRBY", "a", "max", "-1"),
    ("HINCRBY", "a", "text", "1"), ("HINCRBY", "a", "space", "1"), ("HINCRBY", "a", "float", "1"),
    ("HINCRBY", "a", "min", MIN), ("HINCRBY", "a", "n"), ("HINCRBY", "none", "n", "x"),
    ("EXISTS", "none"), ("HINCRBY", "a", "n", "9223372036854775808"),
    ("HINCRBYFLOAT", "a", "float", "1.25"), ("HINCRBYFLOAT", "a", "float", "-0.1"),
    ("HINCRBYFLOAT", "a", "text", "1"), ("HINCRBYFLOAT", "a", "space", "1"),
    ("HINCRBYFLOAT", "a", "float", "x"), ("HINCRBYFLOAT", "a", "float", "nan"),
    ("HINCRBYFLOAT", "a", "float", "inf"), ("HINCRBYFLOAT", "a", "text", "inf"),
    ("HINCRBYFLOAT", "a", "float", ""), ("HINCRBYFLOAT", "a", "float", " 1"),
    ("HINCRBYFLOAT", "s", "float", "1"), ("HINCRBYFLOAT", "s", "float", "inf"),
    ("HINCRBYFLOAT", "a", "fresh", "5e3"), ("HINCRBYFLOAT", "a", "fresh", "1e-3"),
    ("HSET", "a", "inf", "inf"), ("HINCRBYFLOAT", "a", "inf", "1"), ("HGETALL", "a"),
    ("HINCRBYFLOAT", "a", "max", "0.5"), ("HINCRBYFLOAT", "a", "f"), ("TYPE", "none"),
    ("HINCRBYFLOAT", "a", "huge", "1e4931"), ("HINCRBYFLOAT", "a", "huge", "1e4931"),
    # Random fields, as far as they are no matter of chance
    ("HRANDFIELD", "none"), ("HRANDFIELD", "none", "2"), ("HRANDFIELD", "s"),
    ("HRANDFIELD", "s", "2"), ("HRANDFIELD", "s", "x"), ("HRANDFIELD", "a", "x"),
    ("HRANDFIELD", "a", "0"), ("HRANDFIELD", "a", "0", "WITHVALUES"), ("HSET", "one", "f", "v"),
    ("HRANDFIELD", "one"), ("HRANDFIELD", "one", "5"), ("HRANDFIELD", "one", "-3"),
    ("HRANDFIELD", "one", "5", "withvalues"), ("HRANDFIELD", "one", "-2", "WITHVALUES"),
    ("HRANDFIELD", "one", "1", "FOO"), ("HRANDFIELD", "one", "1", "WITHVALUES", "x"),
    ("HRANDFIELD", "one", "x", "FOO"), ("HRANDFIELD", "none", "1", "FOO"), ("HRANDFIELD", "a", MIN),
    ("HRANDFIELD", "one", MAX), ("HRANDFIELD", "one", MAX, "WITHVALUES"), ("HRANDFIELD",),
    ("HRANDFIELD", "one", "-4611686018427387904", "WITHVALUES"),
    # HSCAN
    ("HSCAN", "one", "0"), ("HSCAN", "one", "x"), ("HSCAN", "none", "0"), ("HSCAN", "s", "0"),
    ("HSCAN", "one", "0", "COUNT", "0"), ("HSCAN", "one", "0", "COUNT", "1", "MATCH", "f*"),
    ("HSCAN", "one", "0", "MATCH", "v"), ("HSCAN", "one", "0", "FOO"), ("HSCAN", "one"),
    ("HSCAN", "one", "77"), ("HSCAN", "one", "0", "FOO", "1"), ("HSCAN", "one", "0", "COUNT", "x"),
]  # fmt: skip


def random_script(rng: Random, count: int) -> list[Words]:
    """Random calls of every command of the group whose reply is no matter of chance."""

    def key() -> str:
        return rng.choice(KEYS)

    def field() -> str | bytes:
        return rng.choice(FIELDS)

    def value() -> str | bytes:
        return rng.choice(VALUES)

    def fields() -> list[str | bytes]:
        return [field() for _ in range(rng.choice([1, 1, 2, 5]))]

    def pairs() -> list[str | bytes]:
        return [word for name in fields() for word in (name, value())]

    makers: list[Callable[[], Words]] = [
        lambda: ("HSET", key(), *pairs()),
        lambda: ("HMSET", key(), *pairs()),
        lambda: ("HSETNX", key(), field(), value()),
        lambda: ("HDEL", key(), *fields()),
        lambda: ("HDEL", key(), *fields(), *fields()),
        lambda: ("HGET", key(), field()),
        lambda: ("HMGET", key(), *fields()),
        lambda: ("HGETALL", key()),
        lambda: ("HKEYS", key()),
        lambda: ("HVALS", key()),
        lambda: ("HLEN", key()),
        lambda: ("HEXISTS", key(), field()),
        lambda: ("HSTRLEN", key(), field()),
        lambda: ("HINCRBY", key(), field(), value()),
        lambda: ("HINCRBY", key(), field(), rng.choice([1, -1, 100])),
        lambda: ("HINCRBYFLOAT", key(), field(), value()),
        lambda: ("HINCRBYFLOAT", key(), field(), rng.choice(["0.1", "1e3", "-2.5"])),
    ]
    return [rng.choice(makers)() for _ in range(count)]


@pytest.mark.parametrize("release", RELEASES)
def test_replies(release: str, tmp_path: Path) -> None:
    with pair(release, tmp_path) as (real, ours):
        assert_same(real, ours, FIXED)
        assert_same(real, ours, random_script(Random(5), 4000))
        assert_converges(ours, release)


@pytest.mark.parametrize("release", RELEASES)
def test_random_fields(release: str, tmp_path: Path) -> None:
    """As many as on a real server, all from the hash, and different where they must be."""
    with pair(release, tmp_path) as (real, ours):
        for size in (1, 2, 5, 20, 600):
            pairs = {f"f{index}".encode(): f"v{index}".encode() for index in range(size)}
            for server in (real, ours):
                server(("HSET", "a", *(word for pair in pairs.items() for word in pair)))
            for count in (-20, -1, 1, 2, size - 1, size, size + 1, 700):
                for words in (("HRANDFIELD", "a", count), ("HRANDFIELD", "a", count, "WITHVALUES")):
                    expected, got = real(words), ours(words)
                    assert len(expected) == len(got)
                    step = len(words) - 2
                    assert set(got[::step]) <= pairs.keys()
                    if count > 0:
                        assert len(set(got[::step])) == len(got[::step])
                    if step == 2:
                        assert [pairs[name] for name in got[::2]] == got[1::2]


def test_every_field_comes_by_chance() -> None:
    ours = Ours("7.0")
    ours(("HSET", "a", *range(20)))
    assert len({ours(("HRANDFIELD", "a")) for _ in range(300)}) == 10
    assert len({tuple(sorted(ours(("HRANDFIELD", "a", 2)))) for _ in range(2000)}) == 45


@pytest.mark.parametrize("release", RELEASES)
def test_scanning_finds_what_a_real_server_finds(release: str, tmp_path: Path) -> None:
    with pair(release, tmp_path) as (real, ours):
        for size, pattern in ((500, "*"), (3000, "*"), (12000, "m1?3*")):
            pairs = [word for index in range(size) for word in (f"m{index}", f"v{index}")]
            for server in (real, ours):
                server(("DEL", "a"))
                server(("HSET", "a", *pairs))
            found = [_scanned(server, pattern) for server in (real, ours)]
            assert found[0] == found[1]


def _scanned(server: Real | Ours, pattern: str) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    cursor = b"0"
    while True:
        cursor, page = server(("HSCAN", "a", cursor, "MATCH", pattern, "COUNT", "100"))
        found.update(zip(page[::2], page[1::2], strict=True))
        if cursor == b"0":
            return found
