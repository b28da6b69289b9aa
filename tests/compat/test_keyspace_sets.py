"""Sets: replies beside real servers, and what the AOF holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.compat.differential import Ours, Real, Words, assert_converges, pair
from tests.compat.servers import RELEASES

#: What 6.2 does not know.
SINCE_7 = {"SINTERCARD"}
#: A key that is not there before one of a wrong type: an error in 6.2 as in 7.0; in 6.0, which our
#: style is, the first ends the look at the second.
NOT_LIKE_6_0: list[Words] = [("SINTER", "none", "s"), ("SINTERSTORE", "s2", "none", "s")]
KEYS = ["a", "b", "c", "d"]
MEMBERS: list[str | bytes] = [
    "1", "2", "3", "4", "-5", "x", "y", "z", "", b"\x00\xff", "long" * 20, "007",
]  # fmt: skip
MIN, MAX = "-9223372036854775808", "9223372036854775807"

FIXED: list[Words] = [
    ("SET", "s", "x"), ("SADD", "a"), ("SADD", "s", "1"), ("SADD", "a", "1", "2", "2", "x"),
    ("SADD", "a", "1"), ("SADD", "a", "1", "3"), ("SCARD", "a"), ("SCARD", "none"), ("SCARD", "s"),
    ("SMEMBERS", "a"), ("SMEMBERS", "none"), ("SMEMBERS", "s"), ("SISMEMBER", "a", "1"),
    ("SISMEMBER", "a", "9"), ("SISMEMBER", "none", "1"), ("SISMEMBER", "s", "1"), ("SMEMBERS",),
    ("SMISMEMBER", "a", "1", "9", "x", "1"), ("SMISMEMBER", "none", "1", "2"),
    ("SMISMEMBER", "s", "1"), ("SMISMEMBER", "a"), ("SREM", "a"), ("SREM", "s", "1"),
    ("SREM", "none", "1"), ("SREM", "a", "9"), ("SREM", "a", "1", "1", "9"), ("SMEMBERS", "a"),
    ("SREM", "a", "2", "3", "x"), ("EXISTS", "a"), ("SADD", "a", "1", "2", "3"),
    # SMOVE
    ("SMOVE", "a", "b", "9"), ("SMOVE", "a", "b", "1"), ("SMOVE", "a", "a", "2"),
    ("SMOVE", "a", "a", "9"), ("SMOVE", "none", "b", "1"), ("SMOVE", "none", "s", "1"),
    ("SMOVE", "s", "a", "1"), ("SMOVE", "a", "s", "1"), ("SMOVE", "a", "s", "2"),
    ("SADD", "b", "2"), ("SMOVE", "a", "b", "2"), ("SMOVE", "a", "b", "3"), ("EXISTS", "a"),
    ("SMEMBERS", "b"), ("SMOVE", "a", "b"),
    # Algebra
    ("SADD", "a", "1", "2", "3", "x"), ("SADD", "c", "x", "1"), ("SINTER", "a"), ("SINTER",),
    ("SINTER", "a", "b"), ("SINTER", "a", "b", "c"), ("SINTER", "a", "none"), ("SINTER", "a", "a"),
    ("SINTER", "a", "s"), ("SINTER", "none", "s"), ("SINTER", "s", "none"), ("SINTER", "s"),
    ("SUNION", "a", "b"), ("SUNION", "none"), ("SUNION", "a", "s"), ("SUNION", "none", "s"),
    ("SDIFF", "a", "b"), ("SDIFF", "a", "none", "c"), ("SDIFF", "none", "a"), ("SDIFF", "a", "a"),
    ("SDIFF", "none", "s"), ("SDIFF", "a", "s"), ("SINTERSTORE", "d", "a", "b"), ("SMEMBERS", "d"),
    ("SINTERSTORE", "d", "a", "none"), ("EXISTS", "d"), ("SINTERSTORE", "d", "none"),
    ("SINTERSTORE", "s2", "a", "s"), ("SET", "s2", "x"), ("SINTERSTORE", "s2", "none", "s"),
    ("EXISTS", "s2"), ("SET", "s2", "x"), ("EXPIRE", "s2", "1000"), ("SUNIONSTORE", "s2", "a", "c"),
    ("TTL", "s2"), ("SMEMBERS", "s2"), ("SDIFFSTORE", "s2", "s2", "a"), ("EXISTS", "s2"),
    ("SDIFFSTORE", "a", "a", "c"), ("SMEMBERS", "a"), ("SUNIONSTORE", "d", "s"), ("SUNIONSTORE",),
    ("SUNIONSTORE", "d"), ("SDIFFSTORE", "d", "none", "s"), ("SINTERSTORE", "d", "a", "a", "a"),
    ("SINTERCARD", "1", "a"), ("SINTERCARD", "2", "a", "b"), ("SINTERCARD", "0", "a"),
    ("SINTERCARD", "-1", "a"), ("SINTERCARD", "x", "a"), ("SINTERCARD", "3", "a", "b"),
    ("SINTERCARD", "1", "a", "LIMIT", "1"), ("SINTERCARD", "1", "a", "LIMIT", "0"),
    ("SINTERCARD", "1", "a", "limit", "-1"), ("SINTERCARD", "1", "a", "LIMIT", "x"),
    ("SINTERCARD", "1", "a", "LIMIT"), ("SINTERCARD", "1", "a", "FOO", "1"), ("SINTERCARD", "1"),
    ("SINTERCARD", "1", "a", "LIMIT", "1", "LIMIT", "2"), ("SINTERCARD", "2", "none", "s"),
    ("SINTERCARD", "1", "a", "b"), ("SINTERCARD", "1", "s", "LIMIT", "x"), ("SINTERCARD", MAX, "a"),
    # Random members, as far as they are no matter of chance
    ("SPOP", "none"), ("SPOP", "none", "2"), ("SPOP", "s"), ("SPOP", "s", "1"), ("SPOP", "a", "0"),
    ("SPOP", "a", "-1"), ("SPOP", "a", "x"), ("SPOP", "a", "1", "2"), ("SPOP", "none", "x"),
    ("SPOP", "a", MIN), ("SPOP", "none", "0"), ("SADD", "one", "x"), ("SPOP", "one"),
    ("EXISTS", "one"), ("SADD", "one", "x"), ("SPOP", "one", MAX), ("EXISTS", "one"),
    ("SRANDMEMBER", "none"), ("SRANDMEMBER", "none", "2"), ("SRANDMEMBER", "s"),
    ("SRANDMEMBER", "s", "1"), ("SRANDMEMBER", "a", "0"), ("SRANDMEMBER", "a", "x"),
    ("SRANDMEMBER", "a", "1", "2"), ("SADD", "one", "x"), ("SRANDMEMBER", "one"),
    ("SRANDMEMBER", "one", "5"), ("SRANDMEMBER", "one", "-3"),
    # SSCAN
    ("SSCAN", "one", "0"), ("SSCAN", "one", "x"), ("SSCAN", "one", ""), ("SSCAN", "one", " 1"),
    ("SSCAN", "none", "0"), ("SSCAN", "none", "0", "COUNT", "x"), ("SSCAN", "s", "0"),
    ("SSCAN", "s", "x"), ("SSCAN", "one", "0", "COUNT", "0"), ("SSCAN", "one", "0", "COUNT", "x"),
    ("SSCAN", "one", "0", "COUNT"), ("SSCAN", "one", "0", "MATCH", "y*"), ("SSCAN", "one"),
    ("SSCAN", "one", "0", "match", "x*", "count", "9"), ("SSCAN", "one", "0", "FOO", "1"),
    ("SSCAN", "one", "0", "COUNT", "-1"), ("SSCAN", "one", "0", "TYPE", "set"),
    ("SSCAN", "one", "18446744073709551616"), ("SSCAN", "one", "1x"), ("SADD", "empty", ""),
    ("SSCAN", "empty", "0", "MATCH", "*"), ("SSCAN", "empty", "0", "MATCH", "**"),
    ("SSCAN", "empty", "0", "MATCH", ""),
]  # fmt: skip


def random_script(rng: Random, count: int) -> list[Words]:
    """Random calls of every command of the group whose reply is no matter of chance."""

    def key() -> str:
        return rng.choice(KEYS)

    def some(choices: list[str | bytes]) -> list[str | bytes]:
        return [rng.choice(choices) for _ in range(rng.choice([1, 1, 2, 5]))]

    def keys() -> list[str]:
        return [key() for _ in range(rng.choice([1, 2, 2, 3]))]

    makers: list[Callable[[], Words]] = [
        lambda: ("SADD", key(), *some(MEMBERS)),
        lambda: ("SADD", key(), *some(MEMBERS), *some(MEMBERS)),
        lambda: ("SREM", key(), *some(MEMBERS)),
        lambda: ("SMOVE", key(), key(), rng.choice(MEMBERS)),
        lambda: ("SISMEMBER", key(), rng.choice(MEMBERS)),
        lambda: ("SMISMEMBER", key(), *some(MEMBERS)),
        lambda: ("SCARD", key()),
        lambda: ("SMEMBERS", key()),
        lambda: ("SINTER", *keys()),
        lambda: ("SUNION", *keys()),
        lambda: ("SDIFF", *keys()),
        lambda: ("SINTERSTORE", key(), *keys()),
        lambda: ("SUNIONSTORE", key(), *keys()),
        lambda: ("SDIFFSTORE", key(), *keys()),
        lambda: ("SINTERCARD", 2, key(), key(), "LIMIT", rng.choice([0, 1, 2])),
        lambda: ("SPOP", key(), 100),
    ]
    script = [rng.choice(makers)() for _ in range(count)]
    return [(*words, "x") if words[0] == "SPOP" and rng.random() < 0.9 else words
            for words in script]  # fmt: skip


def known(release: str, script: list[Words]) -> list[Words]:
    """The script without what the release does not know."""
    if release != "6.2":
        return script
    return [words for words in script if words[0] not in SINCE_7 and words not in NOT_LIKE_6_0]


class _Sorted:
    """A server whose SPOP by a count of all is compared as a bag."""

    def __init__(self, server: Real | Ours) -> None:
        self._server = server

    def __call__(self, words: Words) -> object:
        reply = self._server(words)
        return sorted(reply) if words[0] == "SPOP" and isinstance(reply, list) else reply


@pytest.mark.parametrize("release", RELEASES)
def test_replies(release: str, tmp_path: Path) -> None:
    with pair(release, tmp_path) as (real, ours):
        script = known(release, FIXED + random_script(Random(5), 4000))
        for at, words in enumerate(script):
            expected, got = _Sorted(real)(words), _Sorted(ours)(words)
            assert got == expected, f"step {at}: {words!r}"
        assert_converges(ours, release)


@pytest.mark.parametrize("release", RELEASES)
def test_random_members(release: str, tmp_path: Path) -> None:
    """As many as on a real server, all from the set, and different where they must be."""
    rng = Random(7)
    with pair(release, tmp_path) as (real, ours):
        for size in (1, 2, 5, 20, 150):
            members = [str(index) if size % 2 else f"m{index}" for index in range(size)]
            for count in (-20, -1, 1, 2, size - 1, size, size + 1, 500):
                for server in (real, ours):
                    server(("SADD", "a", *members))
                for name in ("SRANDMEMBER", "SPOP"):
                    words = (name, "a", count)
                    replies = real(words), ours(words)
                    if isinstance(replies[0], str):
                        assert replies[0] == replies[1]
                        continue
                    assert len(replies[0]) == len(replies[1])
                    assert {one.decode() for one in replies[1]} <= set(members)
                    if count > 0:
                        assert len(set(replies[1])) == len(replies[1])
                assert real(("SCARD", "a")) == ours(("SCARD", "a"))
                rng.shuffle(members)
        assert_converges(ours, release)


def test_every_member_comes_by_chance() -> None:
    ours = Ours("7.0")
    ours(("SADD", "a", *range(10)))
    assert len({ours(("SRANDMEMBER", "a")) for _ in range(300)}) == 10
    assert len({tuple(sorted(ours(("SRANDMEMBER", "a", 2)))) for _ in range(2000)}) == 45
    assert len({ours(("SRANDMEMBER", "a", -300))[299] for _ in range(200)}) == 10


@pytest.mark.parametrize("release", RELEASES)
def test_scanning_finds_what_a_real_server_finds(release: str, tmp_path: Path) -> None:
    with pair(release, tmp_path) as (real, ours):
        for size, pattern in ((300, "*"), (3000, "*"), (3000, "*7*"), (12000, "m1?3*")):
            for server in (real, ours):
                server(("DEL", "a"))
                server(("SADD", "a", *(f"m{index}" for index in range(size))))
            found = [_scanned(server, ("SSCAN", "a"), pattern) for server in (real, ours)]
            assert sorted(set(found[0])) == sorted(found[1])


def _scanned(server: Real | Ours, words: Words, pattern: str) -> list[bytes]:
    found: list[bytes] = []
    cursor = b"0"
    while True:
        cursor, page = server((*words, cursor, "MATCH", pattern, "COUNT", "100"))
        found += page
        if cursor == b"0":
            return found
