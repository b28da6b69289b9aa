"""Bitmaps and HyperLogLogs: what the AOF holds, and what came after 7.0."""

from __future__ import annotations

import pytest

from aoftool.keyspace.context import Style
from tests.unit.keyspace.calls import STYLES, Calls

both = pytest.mark.parametrize("style", STYLES)


def filled(style: Style) -> Calls:
    call = Calls(style)
    for line in ("SET k abc", "RPUSH l x", "PFADD h a b", "PFADD h2 c", "PFCOUNT h2"):
        call(line)
    return call


@both
@pytest.mark.parametrize(
    "words",
    [
        "SETBIT k 0 1", "SETBIT k 100 0", "setbit new 0 0", "BITOP AND d k k", "BITOP NOT d k",
        "BITOP OR k none", "BITFIELD k SET u8 0 5", "BITFIELD k GET u8 0 INCRBY i5 #1 3",
        "BITFIELD new SET u8 0 0", "PFADD h c", "PFADD new", "PFMERGE d h h2", "PFMERGE h",
        "PFCOUNT h", "PFDEBUG TODENSE h", "PFDEBUG GETREG h",
    ],
)  # fmt: skip
def test_logged_as_it_came(style: Style, words: str) -> None:
    assert filled(style).logged(words) == [words]


@both
@pytest.mark.parametrize(
    "words",
    [
        "GETBIT k 0", "BITCOUNT k", "BITPOS k 1", "BITOP OR none none", "BITFIELD k GET u8 0",
        "BITFIELD_RO k GET u8 0", "BITFIELD k", "SETBIT l 0 1", "PFADD h a", "PFADD h",
        "PFCOUNT h2",
        "PFCOUNT h h2", "PFCOUNT none", "PFDEBUG ENCODING h", "PFDEBUG DECODE h", "PFADD k x",
    ],
)  # fmt: skip
def test_not_logged(style: Style, words: str) -> None:
    assert filled(style).logged(words) == []


@pytest.mark.parametrize(
    "words",
    ["SETBIT k 0 0", "BITFIELD k SET u8 0 97", "BITFIELD k INCRBY u8 0 0",
     "BITFIELD k OVERFLOW FAIL SET u8 0 500", "BITFIELD new OVERFLOW FAIL SET u8 0 500"],
)  # fmt: skip
def test_bits_that_stay_as_they_are_are_logged_by_6_only(words: str) -> None:
    assert filled(Style.REDIS_6).logged(words) == [words]
    assert filled(Style.REDIS_7).logged(words) == []


def test_a_valid_estimate_is_logged_once() -> None:
    call = filled(Style.REDIS_7)
    assert call.logged("PFCOUNT h", "PFCOUNT h", "PFADD h z", "PFCOUNT h") == [
        "PFCOUNT h", "PFADD h z", "PFCOUNT h",
    ]  # fmt: skip
    assert call.heard("PFADD h y") == [("pfadd", "h")]
    assert call.heard("PFCOUNT h") == []


@pytest.mark.parametrize(
    ("line", "in_6", "in_7"),
    [
        ("BITCOUNT none 0", 0, b"-ERR syntax error"),
        ("BITCOUNT none 0 x", 0, b"-ERR value is not an integer or out of range"),
        ("BITCOUNT l x x", None, b"-ERR value is not an integer or out of range"),
        ("BITCOUNT k -1 -2 FOO", b"-ERR syntax error", b"-ERR syntax error"),
        ("BITCOUNT k 0 7 BIT", b"-ERR syntax error", 3),
        ("BITPOS none 1 x", -1, b"-ERR value is not an integer or out of range"),
        ("BITPOS none 1 0 -1 BIT x", -1, b"-ERR syntax error"),
        ("BITPOS none 1 0 -1 FOO", -1, b"-ERR syntax error"),
    ],
)
def test_arguments_come_before_the_key_since_7_2(line: str, in_6: object, in_7: object) -> None:
    wrong = b"-WRONGTYPE Operation against a key holding the wrong kind of value"
    assert filled(Style.REDIS_6)(line) == (wrong if in_6 is None else in_6)
    assert filled(Style.REDIS_7)(line) == in_7


def test_a_file_may_go_beyond_the_limit_for_clients_since_7_0() -> None:
    for style, reply in ((Style.REDIS_6, None), (Style.REDIS_7, 0)):
        call = filled(style)
        call.ctx.options.max_bulk = 16
        refused = call("SETBIT k 128 1")
        assert refused == b"-ERR bit offset is not an integer or out of range"
        call.ctx.trusted = True
        assert call("SETBIT k 128 1") == (refused if reply is None else reply)


def test_self_test() -> None:
    assert filled(Style.REDIS_7)("PFSELFTEST") == b"OK"
