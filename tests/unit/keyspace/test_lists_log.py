"""Lists: what the AOF holds, and which events are told."""

from __future__ import annotations

import pytest

from aoftool.format.resp.replies import NULL_ARRAY
from aoftool.keyspace.context import Style
from tests.unit.keyspace.calls import STYLES, Calls

both = pytest.mark.parametrize("style", STYLES)


def filled(style: Style) -> Calls:
    call = Calls(style)
    call("RPUSH k 1 2 3 4 5")
    call("RPUSH other x")
    call("SET s x")
    return call


@both
@pytest.mark.parametrize(
    "words",
    [
        "LPUSH k a b", "RPUSH k a", "LPUSHX k a", "rpushx k a", "LPOP k", "RPOP k 2", "LSET k 0 a",
        "LINSERT k BEFORE 2 a", "LREM k 0 2", "LTRIM k 1 2", "RPOPLPUSH k other",
        "LMOVE k other LEFT RIGHT", "RPOPLPUSH k k",
    ],
)  # fmt: skip
def test_logged_as_it_came(style: Style, words: str) -> None:
    assert filled(style).logged(words) == [words]


@both
@pytest.mark.parametrize(
    "words",
    [
        "LPUSHX none a", "LPOP none", "LPOP k 0", "LINSERT k BEFORE none a", "LREM k 0 none",
        "LTRIM none 0 1", "RPOPLPUSH none k", "RPOPLPUSH k s", "BLPOP none 0", "BRPOP none none 0",
        "BRPOPLPUSH none k 0", "BLMOVE none k LEFT LEFT 0", "LMPOP 1 none LEFT", "LRANGE k 0 -1",
        "BLMPOP 0 1 none LEFT", "LPOS k 1", "LINDEX k 0", "LLEN k", "LPUSH s 1",
    ],
)  # fmt: skip
def test_not_logged(style: Style, words: str) -> None:
    assert filled(style).logged(words) == []


@both
@pytest.mark.parametrize(
    ("words", "logged"),
    [
        ("BLPOP none k 0", "LPOP k"),
        ("BRPOP k other 0", "RPOP k"),
        ("BRPOPLPUSH k other 0", "RPOPLPUSH k other"),
        ("BLMOVE k other LEFT RIGHT 0", "LMOVE k other LEFT RIGHT"),
        ("LMPOP 2 none k LEFT", "LPOP k 1"),
        ("LMPOP 1 k RIGHT COUNT 3", "RPOP k 3"),
        ("LMPOP 1 k RIGHT COUNT 100", "RPOP k 5"),
        ("BLMPOP 0 2 none k LEFT COUNT 2", "LPOP k 2"),
    ],
)
def test_logged_without_waiting(style: Style, words: str, logged: str) -> None:
    assert filled(style).logged(words) == [logged]


def test_trimming_nothing_is_a_change_in_6_0_only() -> None:
    assert filled(Style.REDIS_6).logged("LTRIM k 0 -1") == ["LTRIM k 0 -1"]
    assert filled(Style.REDIS_7).logged("LTRIM k 0 -1") == []


@both
def test_changes_are_counted_by_element(style: Style) -> None:
    call = filled(style)
    for words, count in [
        ("LPUSH k a b c", 3), ("LPOP k 2", 2), ("LREM k 0 a", 1), ("LSET k 0 z", 1),
        ("RPOPLPUSH k other", 1), ("BLPOP k 0", 1), ("LMPOP 1 k LEFT COUNT 9", 3),
    ]:  # fmt: skip
        before = call.ctx.dirty
        call(words)
        assert call.ctx.dirty - before == count, words


@both
def test_events(style: Style) -> None:
    call = Calls(style)
    assert call.heard("LPUSH k a b") == [("lpush", "k")]
    assert call.heard("RPUSHX k c") == [("rpush", "k")]
    assert call.heard("LPOP k") == [("lpop", "k")]
    assert call.heard("LINSERT k AFTER a z") == [("linsert", "k")]
    assert call.heard("LSET k 0 y") == [("lset", "k")]
    assert call.heard("LREM k 0 y") == [("lrem", "k")]
    assert call.heard("LTRIM k 0 0") == [("ltrim", "k")]
    assert call.heard("RPOPLPUSH k l") == [("lpush", "l"), ("rpop", "k"), ("del", "k")]
    assert call.heard("LMOVE l m LEFT RIGHT") == [("rpush", "m"), ("lpop", "l"), ("del", "l")]
    assert call.heard("LTRIM m 5 9") == [("ltrim", "m"), ("del", "m")]
    call("RPUSH n 1 2 1")
    assert call.heard("LREM n 0 1") == [("lrem", "n")]
    assert call.heard("BRPOP n 0") == [("rpop", "n"), ("del", "n")]
    assert len(call.ctx.db) == 0


def test_nothing_to_count_from() -> None:
    assert Calls(Style.REDIS_6)("LPOP none 2") is None
    assert Calls(Style.REDIS_7)("LPOP none 2") is NULL_ARRAY
    assert Calls(Style.REDIS_7)("BLPOP none 0") is NULL_ARRAY
    assert Calls(Style.REDIS_7)("BRPOPLPUSH none k 0") is None


@pytest.mark.parametrize("timeout", ["inf", "1e50", "9223372036854775"])
def test_a_timeout_that_is_too_far(timeout: str) -> None:
    assert Calls(Style.REDIS_7)(f"BLPOP k {timeout}") == b"-ERR timeout is out of range"
