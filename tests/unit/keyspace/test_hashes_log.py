"""Hashes: what the AOF holds, and which events are told."""

from __future__ import annotations

import pytest

from aoftool.keyspace.context import Style
from tests.unit.keyspace.calls import STYLES, Calls

both = pytest.mark.parametrize("style", STYLES)


def filled(style: Style) -> Calls:
    call = Calls(style)
    call("HSET k a 1 b 2 c 1.5")
    return call


@both
@pytest.mark.parametrize(
    "words",
    [
        "HSET k a 1 x 2", "HMSET k a 1", "hset k a 5", "HSETNX k x 1", "HDEL k a x",
        "HINCRBY k a 5", "HINCRBY new a 5",
    ],
)  # fmt: skip
def test_logged_as_it_came(style: Style, words: str) -> None:
    assert filled(style).logged(words) == [words]


@both
@pytest.mark.parametrize(
    "words",
    [
        "HSETNX k a 9", "HDEL k x", "HDEL none a", "HINCRBY k c 1", "HINCRBYFLOAT k a inf",
        "HRANDFIELD k", "HRANDFIELD k 2 WITHVALUES", "HGETALL k", "HSCAN k 0", "HSET k a",
    ],
)  # fmt: skip
def test_not_logged(style: Style, words: str) -> None:
    assert filled(style).logged(words) == []


@both
def test_a_sum_with_a_fraction_is_logged_as_its_result(style: Style) -> None:
    call = filled(style)
    assert call.logged("HINCRBYFLOAT k c 1.25") == ["HSET k c 2.75"]
    assert call.logged("HINCRBYFLOAT new x 5e3") == ["HSET new x 5000"]


@both
def test_changes_are_counted_by_field(style: Style) -> None:
    call = filled(style)
    for words, count in [
        ("HSET k a 1 x 2 a 3", 3), ("HMSET k a 1", 1), ("HDEL k a none x", 2), ("HINCRBY k n 1", 1),
        ("HINCRBYFLOAT k n 1", 1), ("HSETNX k new 1", 1), ("HSETNX k new 1", 0),
    ]:  # fmt: skip
        before = call.ctx.dirty
        call(words)
        assert call.ctx.dirty - before == count, words


@both
def test_events(style: Style) -> None:
    call = Calls(style)
    assert call.heard("HSET k a 1 b 2") == [("hset", "k")]
    assert call.heard("HMSET k a 1") == [("hset", "k")]
    assert call.heard("HSETNX k c 1") == [("hset", "k")]
    assert call.heard("HINCRBY k a 1") == [("hincrby", "k")]
    assert call.heard("HINCRBYFLOAT k a 1") == [("hincrbyfloat", "k")]
    assert call.heard("HDEL k a b") == [("hdel", "k")]
    assert call.heard("HDEL k c") == [("hdel", "k"), ("del", "k")]
    assert len(call.ctx.db) == 0


@both
@pytest.mark.parametrize("words", ["HINCRBY new a x", "HINCRBYFLOAT new a inf", "HSET new a"])
def test_what_fails_creates_nothing(style: Style, words: str) -> None:
    call = Calls(style)
    assert call(words).startswith(b"-ERR")
    assert len(call.ctx.db) == 0


def test_random_fields_in_resp3_are_pairs() -> None:
    call = Calls()
    call("HSET k a 1")
    call.ctx.resp3 = True
    assert call("HRANDFIELD k 5 WITHVALUES") == [[b"a", b"1"]]
    assert call("HRANDFIELD k 5") == [b"a"]
