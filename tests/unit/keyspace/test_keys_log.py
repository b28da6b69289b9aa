"""What the AOF holds of commands on keys, and what servers newer than 7.0 answer."""

from __future__ import annotations

import pytest

from aoftool.format.rdb import EncodingLimits, ModuleValue
from aoftool.keyspace.context import Style
from aoftool.keyspace.encodings import encoding
from aoftool.keyspace.stream import Stream
from aoftool.keyspace.values import (
    HashValue,
    SetValue,
    ShortList,
    ZSetValue,
    copy_value,
    type_name,
)
from tests.unit.keyspace.calls import NOW, STYLES, Calls

PAST = ["EXPIRE a -1", "PEXPIRE a 0", "EXPIREAT a 5", "PEXPIREAT a 5"]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("line", "at_ms"),
    [
        ("EXPIRE a 100", NOW + 100_000),
        ("PEXPIRE a 100", NOW + 100),
        ("EXPIREAT a 4000000000", 4_000_000_000_000),
        ("pexpire a 100", NOW + 100),
    ],
)
def test_times_become_absolute(style: Style, line: str, at_ms: int) -> None:
    calls = Calls(style)
    assert calls.logged("SET a 1", line) == ["SET a 1", f"PEXPIREAT a {at_ms}"]


@pytest.mark.parametrize("style", STYLES)
def test_a_time_of_a_file_stays_as_it_is(style: Style) -> None:
    assert Calls(style).logged("SET a 1", "pexpireat a 4000000000000")[1:] == [
        "pexpireat a 4000000000000"
    ]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("line", PAST)
def test_a_time_that_is_past_deletes(style: Style, line: str) -> None:
    calls = Calls(style)
    assert calls.logged("SET a 1", line)[1:] == ["DEL a"]
    calls.ctx.options.lazy_expire = True
    assert calls.logged("SET a 1", line)[1:] == ["UNLINK a"]


@pytest.mark.parametrize("line", PAST)
def test_nothing_expires_in_a_file(line: str) -> None:
    calls = Calls()
    calls.ctx.trusted = calls.keyspace.clock.paused = True
    calls("SET a 1")
    calls(line)
    assert calls("EXISTS a") == 1


def test_conditions_stay() -> None:
    calls = Calls()
    calls("SET a 1")
    assert calls.logged("EXPIRE a 100 nx") == [f"PEXPIREAT a {NOW + 100_000} nx"]
    assert calls.logged("EXPIRE a 100 NX", "EXPIRE a 10 GT", "PERSIST none") == []
    assert calls.logged("PERSIST a", "PERSIST a") == ["PERSIST a"]


def test_redis_6_takes_conditions_from_files_only() -> None:
    calls = Calls(Style.REDIS_6)
    calls("SET a 1")
    assert calls("EXPIRE a 1 NX") == b"-ERR wrong number of arguments for 'expire' command"
    calls.ctx.trusted = True
    assert calls("EXPIRE a 1 NX") == 1


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "line",
    ["DEL a", "UNLINK a b", "RENAME a b", "RENAMENX a b", "MOVE a 1", "COPY a b REPLACE",
     "SWAPDB 0 1", "SORT l STORE d", "FLUSHDB ASYNC"],
)  # fmt: skip
def test_as_it_came(style: Style, line: str) -> None:
    calls = Calls(style)
    calls("SET a 1")
    calls.ctx.db.put(b"l", ShortList([b"2", b"1"]))
    assert calls.logged(line) == [line]


@pytest.mark.parametrize("style", STYLES)
def test_nothing_for_what_changes_nothing(style: Style) -> None:
    calls = Calls(style)
    calls("SET a 1")
    assert not calls.logged(
        "DEL b", "UNLINK b", "RENAME a a", "RENAMENX a a", "MOVE b 1", "COPY b c", "TOUCH a",
        "SORT none STORE d", "SELECT 1", "SELECT 0", "OBJECT ENCODING a", "KEYS *", "SCAN 0",
    )  # fmt: skip


def test_flushes_of_empty_databases() -> None:
    old, new = Calls(Style.REDIS_6), Calls()
    assert old.logged("FLUSHDB", "FLUSHALL") == ["FLUSHALL"]
    assert new.logged("FLUSHDB", "FLUSHALL") == ["FLUSHDB", "FLUSHALL"]


def test_dirty_counts() -> None:
    calls = Calls()
    for line, count in [
        ("SET a 1", 1), ("SET b 1", 1), ("DEL a b c", 2), ("SET a 1", 1), ("RENAME a b", 1),
        ("COPY b c", 1), ("FLUSHALL", 2), ("FLUSHALL", 0),
    ]:  # fmt: skip
        before = calls.ctx.dirty
        calls(line)
        assert calls.ctx.dirty - before == count, line


def test_scan_gives_every_key_once() -> None:
    calls = Calls()
    for n in range(57):
        calls(f"SET key:{n} x")
    calls.ctx.db.put(b"list", ShortList([b"1"]))
    found: list[bytes] = []
    cursor = b"0"
    while True:
        reply = calls(f"SCAN {cursor.decode()} COUNT 5")
        assert isinstance(reply, list)
        cursor = reply[0]
        found += reply[1]
        if cursor == b"0":
            break
    assert sorted(found) == sorted(calls.ctx.db.data)
    assert calls("SCAN 0 COUNT 100 TYPE LIST") == [b"0", [b"list"]]
    assert calls("SCAN 0 COUNT 100 TYPE nothing") == [b"0", []]
    assert calls("SCAN 0 COUNT 100 MATCH key:1") == [b"0", [b"key:1"]]
    assert calls("SCAN x") == b"-ERR invalid cursor"


def test_randomkey_takes_one_that_is_alive() -> None:
    calls = Calls()
    for n in range(20):
        calls(f"SET key:{n} x PX {1 if n else 100}")
    calls.keyspace.clock.now_ms += 50
    assert calls("RANDOMKEY") == b"key:0"
    assert calls("KEYS *") == [b"key:0"]


def zset(*members: bytes) -> ZSetValue:
    value = ZSetValue()
    for member in members:
        value.put(member, 1.0)
    return value


@pytest.mark.parametrize(
    ("value", "old", "new"),
    [
        (b"12", b"int", b"int"),
        (b"x" * 44, b"embstr", b"embstr"),
        (b"x" * 45, b"raw", b"raw"),
        (bytearray(b"x"), b"raw", b"raw"),
        (ShortList([b"1"]), b"quicklist", b"listpack"),
        (ShortList([b"x" * 5000] * 2), b"quicklist", b"quicklist"),
        (SetValue([b"1", b"-2"]), b"intset", b"intset"),
        (SetValue([b"1", b"a"]), b"hashtable", b"listpack"),
        (SetValue([b"x" * 65]), b"hashtable", b"hashtable"),
        (SetValue(b"%d" % n for n in range(513)), b"hashtable", b"hashtable"),
        (HashValue([(b"a", b"b")]), b"ziplist", b"listpack"),
        (HashValue([(b"a", b"x" * 65)]), b"hashtable", b"hashtable"),
        (zset(b"a"), b"ziplist", b"listpack"),
        (zset(b"x" * 65), b"skiplist", b"skiplist"),
        (Stream(), b"stream", b"stream"),
    ],
)
def test_encodings(value: object, old: bytes, new: bytes) -> None:
    assert encoding(value, Style.REDIS_6) == old
    assert encoding(value, Style.REDIS_7) == new


def test_encodings_follow_the_limits() -> None:
    limits = EncodingLimits(hash_entries=0)
    assert encoding(HashValue([(b"a", b"b")]), Style.REDIS_7, limits) == b"hashtable"
    value = HashValue([(b"a", b"b")])
    value.expires = {b"a": 5}
    assert encoding(value, Style.REDIS_7) == b"listpackex"


def test_object() -> None:
    calls = Calls()
    calls("SET a 5")
    calls("SET b 10000")
    assert calls("OBJECT REFCOUNT a") == 2147483647
    assert calls("OBJECT REFCOUNT b") == 1
    assert calls("OBJECT IDLETIME a") == 0
    assert calls("OBJECT ENCODING none") is calls("OBJECT FREQ none") is None
    assert str(calls("OBJECT FREQ a")).startswith("b'-ERR An LFU maxmemory policy is not selected")
    lines = calls("OBJECT HELP")
    assert isinstance(lines, list)
    assert b"ENCODING key" in lines


def test_copies_change_apart() -> None:
    fields = HashValue([(b"a", b"b")])
    fields.expires = {b"a": 5}
    values = [b"x", bytearray(b"x"), ShortList([b"1"]), SetValue([b"1"]), fields, zset(b"a")]
    for value in values:
        copied = copy_value(value)
        assert type_name(copied) == type_name(value)
        assert len(copied) == len(value)  # type: ignore[arg-type]
    copied = copy_value(fields)
    copied.expires.clear()
    assert fields.expires == {b"a": 5}
    module = ModuleValue(0, b"")
    assert copy_value(module) is module
    assert type_name(module) == b"AAAAAAAAA"
