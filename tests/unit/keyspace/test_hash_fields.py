"""Hash fields that expire: replies as Redis 7.4 and 8.0 document them, and what the AOF holds."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from aoftool.keyspace.fields import MAX_FIELD_EXPIRE
from aoftool.keyspace.values import copy_value
from tests.unit.keyspace.calls import NOW, Calls

MATCH = b"-ERR The `numfields` parameter must match the number of arguments"
MISSING = b"-ERR Mandatory argument FIELDS is missing or not at the right position"
NOT_POSITIVE = b"-ERR Number of fields must be a positive integer"
NOT_AN_INTEGER = b"-ERR value is not an integer or out of range"
WRONG_TYPE = b"-WRONGTYPE Operation against a key holding the wrong kind of value"


def filled() -> Calls:
    call = Calls()
    call("HSET h a 1 b 2 c 3")
    call("SET s x")
    return call


# HEXPIRE and its kin.
@pytest.mark.parametrize(
    ("words", "at_ms"),
    [
        ("HEXPIRE h 100 FIELDS 2 a none", NOW + 100_000),
        ("HPEXPIRE h 100 FIELDS 2 a none", NOW + 100),
        (f"HEXPIREAT h {NOW // 1000 + 7} fields 2 a none", NOW + 7000),
        (f"HPEXPIREAT h {NOW + 5} FIELDS 2 a none", NOW + 5),
    ],
)
def test_an_expiry_is_set(words: str, at_ms: int) -> None:
    call = filled()
    assert call.heard(words) == [("hexpire", "h")]
    assert call.ctx.db.data[b"h"].expires == {b"a": at_ms}
    assert call.log[-1] == f"HPEXPIREAT h {at_ms} FIELDS 1 a"
    assert call("HPEXPIRETIME h FIELDS 3 a b none") == [at_ms, -1, -2]
    assert call("HEXPIRETIME h FIELDS 3 a b none") == [-(-at_ms // 1000), -1, -2]
    assert call("HPTTL h FIELDS 3 a b none") == [at_ms - NOW, -1, -2]
    assert call("HTTL h FIELDS 3 a b none") == [-(-(at_ms - NOW) // 1000), -1, -2]


@pytest.mark.parametrize(
    ("condition", "reply"),
    [
        # The field has none; expires earlier; at the same time; later.
        ("NX", [1, 0, 0, 0]), ("XX", [0, 1, 1, 1]), ("GT", [0, 1, 0, 0]), ("lt", [1, 0, 0, 1]),
    ],
)  # fmt: skip
def test_conditions(condition: str, reply: list[int]) -> None:
    call = Calls()
    call("HSET h none 1 early 2 same 3 late 4")
    for name, seconds in (("early", 50), ("same", 100), ("late", 200)):
        call(f"HEXPIRE h {seconds} FIELDS 1 {name}")
    logged = call.logged(f"HEXPIRE h 100 {condition} FIELDS 5 none early same late absent")
    done = [name for name, one in zip(("none", "early", "same", "late"), reply, strict=True) if one]
    assert logged == [
        f"HPEXPIREAT h {NOW + 100_000} {condition} FIELDS {len(done)} {' '.join(done)}"
    ]
    assert call(f"HEXPIRE h 100 {condition} FIELDS 1 absent") == [-2]


def test_a_time_that_is_past_removes() -> None:
    call = filled()
    assert call("HEXPIRE h 0 FIELDS 3 a none a") == [2, -2, -2]
    assert call.log[-1] == "HDEL h a"
    assert call.logged(f"HPEXPIREAT h {NOW} NX FIELDS 1 b") == ["HDEL h b"]
    assert call.heard("HPEXPIREAT h 1 FIELDS 1 c") == [("hdel", "h"), ("del", "h")]
    assert b"h" not in call.ctx.db.data
    assert call("HEXPIRE h 0 FIELDS 2 a b") == [-2, -2]


def test_a_condition_comes_before_a_time_that_is_past() -> None:
    call = filled()
    assert call("HEXPIRE h 0 XX FIELDS 1 a") == [0]
    assert call("HEXPIRE h 0 GT FIELDS 1 a") == [0]
    assert call("HLEN h") == 3


def test_a_file_that_is_loaded_keeps_what_is_past() -> None:
    call = filled()
    call.ctx.trusted = call.keyspace.clock.paused = True
    assert call("HPEXPIREAT h 1 FIELDS 1 a") == [1]
    assert call("HGET h a") == b"1"
    call.ctx.trusted = call.keyspace.clock.paused = False
    assert call("HGET h a") is None


def test_nothing_is_logged_where_nothing_was_set() -> None:
    call = filled()
    assert call.logged("HEXPIRE h 10 FIELDS 1 none") == []
    assert call.logged("HEXPIRE h 10 XX FIELDS 1 a") == []
    assert call.logged("HPERSIST h FIELDS 1 a") == []
    assert call.logged("HTTL h FIELDS 1 a") == []
    assert call.events[-1] != ("hexpire", "h")


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        ("HEXPIRE none 10 FIELDS 2 a b", [-2, -2]),
        ("HEXPIRE s 10 FIELDS 1 a", WRONG_TYPE),
        ("HEXPIRE s x FIELDS 1 a", WRONG_TYPE),
        ("HEXPIRE h x FIELDS 1 a", NOT_AN_INTEGER),
        ("HEXPIRE h -1 FIELDS 1 a", b"-ERR invalid expire time, must be >= 0"),
        ("HEXPIRE h 10 FIELD 1 a", MISSING),
        ("HEXPIRE h 10 NX 1 a b", MISSING),
        ("HEXPIRE h 10 AA FIELDS 1 a", MISSING),
        ("HEXPIRE h 10 FIELDS 2 a", MATCH),
        ("HEXPIRE h 10 FIELDS 1 a b", MATCH),
        ("HEXPIRE h 10 NX FIELDS 1", MATCH),
        ("HEXPIRE h 10 FIELDS 0 a", b"-ERR Parameter `numFields` should be greater than 0"),
        ("HEXPIRE h 10 FIELDS x a", b"-ERR Parameter `numFields` should be greater than 0"),
        ("HEXPIRE h 10 FIELDS 1", b"-ERR wrong number of arguments for 'hexpire' command"),
        (
            f"HEXPIRE h {MAX_FIELD_EXPIRE // 1000} FIELDS 1 a",
            b"-ERR invalid expire time in 'hexpire' command",
        ),
        (
            f"HPEXPIREAT h {MAX_FIELD_EXPIRE + 1} FIELDS 1 a",
            b"-ERR invalid expire time in 'hpexpireat' command",
        ),
        (f"HPEXPIREAT h {MAX_FIELD_EXPIRE} FIELDS 1 a", [1]),
        ("HTTL none FIELDS 2 a b", [-2, -2]),
        ("HTTL s FIELDS 1 a", WRONG_TYPE),
        ("HTTL h FIELDS 0 a", NOT_POSITIVE),
        ("HTTL h FIELDS x a", NOT_POSITIVE),
        ("HTTL h FIELDS 2 a", MATCH),
        ("HTTL h FIELD 1 a", MISSING),
        ("HTTL h FIELDS 1", b"-ERR wrong number of arguments for 'httl' command"),
        ("HPERSIST none FIELDS 2 a b", [-2, -2]),
        ("HPERSIST h FIELDS 2 a none", [-1, -2]),
        ("HPERSIST s FIELDS 1 a", WRONG_TYPE),
        ("HPERSIST h FIELDS 2 a", MATCH),
    ],
)
def test_replies(words: str, reply: Any) -> None:
    assert filled()(words) == reply


def test_persisting() -> None:
    call = filled()
    call("HEXPIRE h 10 FIELDS 2 a b")
    assert call("HPERSIST h FIELDS 3 a c none") == [1, -1, -2]
    assert call.log[-1] == "HPERSIST h FIELDS 3 a c none"
    assert call.events[-1] == ("hpersist", "h")
    assert call("HTTL h FIELDS 2 a b") == [-1, 10]
    call("HPERSIST h FIELDS 1 b")
    assert call.ctx.db.data[b"h"].expires is None


# What other commands do to expiries.
@pytest.mark.parametrize(
    ("words", "stays"),
    [
        ("HSET h a 5", False), ("HMSET h a 5 b 6", False), ("HINCRBY h a 1", True),
        ("HINCRBYFLOAT h a 1", True), ("HSETNX h a 9", True), ("HDEL h b", True),
    ],
)  # fmt: skip
def test_whether_an_expiry_stays(words: str, stays: bool) -> None:
    call = filled()
    call("HEXPIRE h 10 FIELDS 1 a")
    call(words)
    assert call("HTTL h FIELDS 1 a") == [10 if stays else -1]


def test_a_removed_field_takes_its_expiry_along() -> None:
    call = filled()
    call("HEXPIRE h 10 FIELDS 2 a b")
    call("HDEL h a")
    call("HSET h a 1")
    assert call("HTTL h FIELDS 2 a b") == [-1, 10]


def test_a_sum_with_a_fraction_keeps_the_expiry_in_the_aof() -> None:
    call = filled()
    call("HPEXPIRE h 10 FIELDS 1 a")
    assert call.logged("HINCRBYFLOAT h a 0.5") == [
        "HSET h a 1.5", f"HPEXPIREAT h {NOW + 10} FIELDS 1 a"
    ]  # fmt: skip


# Expiring.
@pytest.mark.parametrize(
    ("words", "reply"),
    [
        ("HGET h a", None), ("HMGET h a b", [None, b"2"]), ("HEXISTS h a", 0), ("HLEN h", 2),
        ("HGETALL h", [b"b", b"2", b"c", b"3"]), ("HKEYS h", [b"b", b"c"]), ("HSTRLEN h a", 0),
        ("HVALS h", [b"2", b"3"]), ("HRANDFIELD h 5", [b"b", b"c"]), ("HDEL h a", 0),
        ("HSCAN h 0", [b"0", [b"b", b"2", b"c", b"3"]]), ("HSETNX h a 9", 1), ("HINCRBY h a 5", 5),
        ("HINCRBYFLOAT h a 5", b"5"), ("HSET h a 5", 1), ("HTTL h FIELDS 1 a", [-2]),
        ("HPERSIST h FIELDS 1 a", [-2]), ("HEXPIRE h 10 FIELDS 1 a", [-2]),
    ],
)  # fmt: skip
def test_a_field_is_gone_after_its_time(words: str, reply: Any) -> None:
    call = filled()
    call("HPEXPIRE h 10 FIELDS 1 a")
    call.pass_ms(10)
    assert call("HGET h a") == b"1"
    call.pass_ms(1)
    before = len(call.log)
    assert call(words) == reply
    assert call.expired == [("h", ["a"])]
    assert call.log[before] == "HDEL h a"


def test_the_last_field_takes_the_key_along() -> None:
    call = filled()
    call("HPEXPIRE h 10 FIELDS 3 a b c")
    call.pass_ms(11)
    assert call("HGETALL h") == []
    assert call.expired == [("h", ["a", "b", "c"])]
    assert b"h" not in call.ctx.db.data


def test_fields_expire_one_after_the_other() -> None:
    call = filled()
    for name, duration_ms in (("a", 30), ("b", 10), ("c", 20)):
        call(f"HPEXPIRE h {duration_ms} FIELDS 1 {name}")
    for _ in range(40):
        call.pass_ms(1)
        call("HLEN h")
    assert call.expired == [("h", ["b"]), ("h", ["c"]), ("h", ["a"])]


def test_a_copy_expires_too() -> None:
    call = filled()
    call("HPEXPIRE h 10 FIELDS 1 a")
    call.ctx.db.put(b"copy", copy_value(call.ctx.db.data[b"h"]))
    call.pass_ms(11)
    assert call("HLEN copy") == 2


# 8.0.
def test_hgetdel() -> None:
    call = filled()
    call("HEXPIRE h 10 FIELDS 1 a")
    assert call("HGETDEL h FIELDS 3 a none a") == [b"1", None, None]
    assert call.log[-1] == "HDEL h a none a"
    assert call.ctx.db.data[b"h"].expires is None
    assert call.heard("HGETDEL h FIELDS 2 b c") == [("hdel", "h"), ("del", "h")]
    assert call("HGETDEL h FIELDS 2 b c") == [None, None]
    assert call.logged("HGETDEL h FIELDS 1 b") == []


def test_hgetex() -> None:
    call = filled()
    assert call("HGETEX h FIELDS 2 a none") == [b"1", None]
    assert call.logged("HGETEX h FIELDS 1 a") == []
    assert call("HGETEX h EX 10 FIELDS 2 a none") == [b"1", None]
    assert call.log[-1] == f"HPEXPIREAT h {NOW + 10_000} FIELDS 1 a"
    assert call.logged("HGETEX h PERSIST FIELDS 2 b a") == ["HPERSIST h FIELDS 1 a"]
    assert call.events[-1] == ("hpersist", "h")
    assert call.logged("HGETEX h PERSIST FIELDS 1 a") == []
    assert call.logged("HGETEX h PXAT 1 FIELDS 1 a") == ["HDEL h a"]
    assert call("HGETEX none PX 10 FIELDS 1 a") == [None]


def test_hsetex() -> None:
    call = filled()
    assert call("HSETEX h FIELDS 1 a 9") == 1
    assert call("HSETEX h FNX FIELDS 2 a 9 new 1") == 0
    assert call("HSETEX h FXX FIELDS 2 a 9 new 1") == 0
    assert call("HSETEX none FXX FIELDS 1 a 9") == 0
    assert b"none" not in call.ctx.db.data
    assert call.logged("HSETEX h FXX EX 10 FIELDS 1 a 8") == [
        f"HSETEX h FXX PXAT {NOW + 10_000} FIELDS 1 a 8"
    ]
    assert call.logged("HSETEX h KEEPTTL FIELDS 1 a 7") == ["HSETEX h KEEPTTL FIELDS 1 a 7"]
    assert call("HTTL h FIELDS 1 a") == [10]
    assert call("HSETEX h FIELDS 1 a 6") == 1
    assert call("HTTL h FIELDS 1 a") == [-1]
    assert call.logged("HSETEX h PXAT 1 FIELDS 2 a 6 z 1") == ["HDEL h a", "HDEL h z"]
    assert call.heard("HSETEX new PX 5 FIELDS 1 a 6") == [("hset", "new"), ("hexpire", "new")]
    assert call.heard("HSETEX tmp PXAT 5 FIELDS 1 a 6") == [
        ("hset", "tmp"), ("hdel", "tmp"), ("del", "tmp")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        ("HSETEX h FIELDS 2 a 1", b"-ERR wrong number of arguments for 'hsetex' command"),
        ("HSETEX h FIELDS 1 a 1 b", b"-ERR wrong number of arguments for 'hsetex' command"),
        ("HSETEX h EX 10 FNX KEEPTTL", b"-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments "
         b"can be specified"),
        ("HSETEX h FNX FXX FIELDS 1 a", b"-ERR Only one of FXX or FNX arguments can be specified"),
        ("HSETEX h FOO FIELDS 1 a 1", b"-ERR unknown argument: FOO"),
        ("HSETEX h FNX FIELDS x a 1", b"-ERR invalid number of fields"),
        ("HSETEX h FNX KEEPTTL FNX EX", b"-ERR Only one of FXX or FNX arguments can be specified"),
        ("HSETEX h FNX FIELDS a", b"-ERR wrong number of arguments for 'hsetex' command"),
        ("HSETEX s FIELDS 1 a 1", WRONG_TYPE),
        ("HGETEX h EX 10 FIELDS", b"-ERR wrong number of arguments for 'hgetex' command"),
        ("HGETEX h EX x FIELDS 1 a", NOT_AN_INTEGER),
        ("HGETEX h FOO FIELDS 1 a", MISSING),
        ("HGETEX h FIELDS 0 a", NOT_POSITIVE),
        ("HGETDEL h FIELDS 2 a", MATCH),
        ("HGETDEL s FIELDS 1 a", WRONG_TYPE),
    ],
)  # fmt: skip
def test_errors_of_8_0(words: str, reply: bytes) -> None:
    assert filled()(words) == reply


# All together.
def _words(rng: Random) -> str:
    key, name = rng.choice("hk"), rng.choice("abcde")
    some = " ".join(rng.choices("abcde", k=2))
    duration_ms = rng.choice([0, 5, 20, 1000])
    condition = rng.choice(["", "NX ", "XX ", "GT ", "LT "])
    return rng.choice(
        [
            f"HSET {key} {name} 1", f"HDEL {key} {some}", f"HINCRBY {key} {name} 1",
            f"HINCRBYFLOAT {key} {name} 0.5", f"HSETNX {key} {name} 1", f"HGETALL {key}",
            f"HPEXPIRE {key} {duration_ms} {condition}FIELDS 2 {some}", f"HLEN {key}",
            f"HEXPIRE {key} 1 {condition}FIELDS 2 {some}", f"HPERSIST {key} FIELDS 2 {some}",
            f"HPEXPIREAT {key} {NOW + 300} {condition}FIELDS 2 {some}", f"HMGET {key} {some}",
            f"HGETDEL {key} FIELDS 1 {name}", f"HGETEX {key} PX {duration_ms} FIELDS 2 {some}",
            f"HGETEX {key} PERSIST FIELDS 2 {some}", f"HSETEX {key} KEEPTTL FIELDS 1 {name} 3",
            f"HSETEX {key} FNX PX {duration_ms} FIELDS 1 {name} 3", f"DEL {key}",
            f"HSETEX {key} PXAT {NOW + 200} FIELDS 2 {name} 3 x 1", f"HVALS {key}",
        ]
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(10))
def test_what_the_aof_holds_rebuilds_the_hashes(seed: int) -> None:
    rng = Random(seed)
    call = Calls()
    for _ in range(600):
        words = _words(rng)
        reply = call(words)
        if isinstance(reply, bytes) and reply.startswith(b"-"):
            assert reply == b"-ERR hash value is not an integer", words
        call.pass_ms(rng.choice([0, 0, 1, 7]))
    again = Calls()
    again.ctx.trusted = again.keyspace.clock.paused = True
    for line in call.log:
        again(line)
    for key in (b"h", b"k"):
        one, other = call.ctx.db.data.get(key), again.ctx.db.data.get(key)
        assert one == other
        assert getattr(one, "expires", None) == getattr(other, "expires", None)
