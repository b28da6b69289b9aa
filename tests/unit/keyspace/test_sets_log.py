"""Sets: what the AOF holds, and which events are told."""

from __future__ import annotations

import pytest

from aoftool.keyspace.context import Style
from tests.unit.keyspace.calls import NOW, STYLES, Calls

both = pytest.mark.parametrize("style", STYLES)


def filled(style: Style) -> Calls:
    call = Calls(style)
    call("SADD k 1 2 3")
    call("SADD other 3 4")
    return call


@both
@pytest.mark.parametrize(
    "words",
    [
        "SADD k 1 x", "sadd k y", "SREM k 1 9", "SMOVE k other 1", "SINTERSTORE t k other",
        "SUNIONSTORE t k other", "SDIFFSTORE t k other", "SINTERSTORE k none",
    ],
)  # fmt: skip
def test_logged_as_it_came(style: Style, words: str) -> None:
    assert filled(style).logged(words) == [words]


@both
@pytest.mark.parametrize(
    "words",
    [
        "SADD k 1", "SREM k 9", "SMOVE k other 9", "SMOVE k k 1", "SINTERSTORE none none",
        "SPOP none", "SPOP k 0", "SRANDMEMBER k", "SRANDMEMBER k 2", "SINTER k other", "SSCAN k 0",
        "SINTERCARD 1 k", "SMEMBERS k",
    ],
)  # fmt: skip
def test_not_logged(style: Style, words: str) -> None:
    assert filled(style).logged(words) == []


@both
def test_a_popped_member_is_removed(style: Style) -> None:
    call = filled(style)
    before = set(call.ctx.db.data[b"k"])
    record, = call.logged("SPOP k")  # fmt: skip
    (gone,) = before - set(call.ctx.db.data[b"k"])
    assert record == f"SREM k {gone.decode()}"
    call("SADD one x")
    assert call.logged("SPOP one") == ["SREM one x"]
    assert b"one" not in call.ctx.db.data


def test_popped_members_are_removed_one_by_one_in_6_0() -> None:
    call = filled(Style.REDIS_6)
    left, records = call("SPOP k 2"), call.log[-2:]
    assert sorted(records) == sorted(f"SREM k {member.decode()}" for member in left)


def test_popped_members_are_removed_in_batches_in_7() -> None:
    call = filled(Style.REDIS_7)
    call("SADD big " + " ".join(map(str, range(3000))))
    popped = call("SPOP big 2500")
    records = [line.split(" ") for line in call.log[-3:]]
    assert [len(record) - 2 for record in records] == [1024, 1024, 452]
    assert [word for record in records for word in record[2:]] == [one.decode() for one in popped]


@both
@pytest.mark.parametrize("count", [3, 4, 100])
def test_popping_all_deletes(style: Style, count: int) -> None:
    assert filled(style).logged(f"SPOP k {count}") == ["DEL k"]


def test_popping_all_unlinks_where_the_server_is_lazy() -> None:
    for style, word in ((Style.REDIS_6, "DEL"), (Style.REDIS_7, "UNLINK")):
        call = filled(style)
        call.ctx.options.lazy_server_del = True
        assert call.logged("SPOP k 3") == [f"{word} k"]


@both
def test_events(style: Style) -> None:
    call = Calls(style)
    assert call.heard("SADD k 1 2 3 4") == [("sadd", "k")]
    assert call.heard("SREM k 4") == [("srem", "k")]
    assert call.heard("SMOVE k l 1") == [("srem", "k"), ("sadd", "l")]
    call("SADD k 1")
    assert call.heard("SMOVE k l 1") == [("srem", "k")]
    assert call.heard("SMOVE l k 1") == [("srem", "l"), ("del", "l"), ("sadd", "k")]
    assert call.heard("SPOP k") == [("spop", "k")]
    assert call.heard("SPOP k 9") == [("spop", "k"), ("del", "k")]
    call("SADD k 1")
    assert call.heard("SUNIONSTORE t k") == [("sunionstore", "t")]
    assert call.heard("SDIFFSTORE t k k") == [("del", "t")]
    assert call.heard("SINTERSTORE t k k") == [("sinterstore", "t")]
    assert call.heard("SDIFFSTORE t k none") == [("sdiffstore", "t")]


def test_what_is_stored_loses_the_expiry() -> None:
    call = filled(Style.REDIS_7)
    call.ctx.db.set_expire(b"other", NOW + 5_000)
    call("SUNIONSTORE other k")
    assert call.ctx.db.expire_at(b"other") is None
