"""Sorted sets and places: what came after 7.0, what RESP3 has, and where keys stand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from aoftool.format.resp.replies import NULL_ARRAY
from aoftool.keyspace.command import find
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.values import ZSetValue
from aoftool.keyspace.zranges import lex_span, parse_members, parse_scores, score_span
from tests.unit.keyspace.calls import Calls

ARITY = b"-ERR wrong number of arguments for '%b' command"


def filled(style: Style = Style.REDIS_7, resp3: bool = False) -> Calls:
    call = Calls(style)
    call("ZADD k 1 a 2 b 2.5 c")
    call("ZADD l 0.5 b 3 x")
    call("GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania")
    call.ctx.resp3 = resp3
    return call


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("ZRANK k b WITHSCORE", [1, 2.0]),
        ("ZREVRANK k c withscore", [0, 2.5]),
        ("ZRANK k none WITHSCORE", NULL_ARRAY),
        ("ZRANK none a WITHSCORE", NULL_ARRAY),
        ("ZRANK k a FOO", b"-ERR syntax error"),
        ("ZRANK k a WITHSCORE x", ARITY % b"zrank"),
        ("BZPOPMIN k inf", b"-ERR timeout is out of range"),
        ("BZPOPMIN k 1e18", b"-ERR timeout is out of range"),
    ],
)
def test_since_7_2(line: str, reply: object) -> None:
    assert filled()(line) == reply


def test_withscore_is_not_known_to_6() -> None:
    assert filled(Style.REDIS_6)("ZREVRANK k b WITHSCORE") == ARITY % b"zrevrank"


PAIRS: list[Any] = [[b"a", 1.0], [b"b", 2.0], [b"c", 2.5]]
FLAT = [part for pair in PAIRS for part in pair]


@pytest.mark.parametrize(
    ("line", "flat", "nested"),
    [
        ("ZRANGE k 0 -1 WITHSCORES", FLAT, PAIRS),
        ("ZRANGEBYSCORE k 0 9 WITHSCORES", FLAT, PAIRS),
        ("ZUNION 1 k WITHSCORES", FLAT, PAIRS),
        ("ZPOPMIN k 5", FLAT, PAIRS),
        ("ZPOPMIN k", FLAT[:2], FLAT[:2]),
        ("BZPOPMIN k 0", [b"k", *FLAT[:2]], [b"k", *FLAT[:2]]),
        ("ZMPOP 1 k MIN", [b"k", PAIRS[:1]], [b"k", PAIRS[:1]]),
        ("ZRANDMEMBER k 5 WITHSCORES", [*FLAT[4:], *FLAT[2:4], *FLAT[:2]], PAIRS[::-1]),
        ("ZRANGE k 0 -1", [b"a", b"b", b"c"], [b"a", b"b", b"c"]),
        (
            "GEOPOS g Palermo none",
            [[b"13.36138933897018433", b"38.11555639549629859"], NULL_ARRAY],
            [[13.361389338970184, 38.1155563954963], NULL_ARRAY],
        ),
        ("GEODIST g Palermo Catania km", b"166.2742", b"166.2742"),
        ("ZSCAN l 0", [b"0", [b"b", b"0.5", b"x", b"3"]], [b"0", [b"b", b"0.5", b"x", b"3"]]),
    ],
)
def test_nested_in_resp3(line: str, flat: object, nested: object) -> None:
    assert filled()(line) == flat
    assert filled(resp3=True)(line) == nested


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        ("ZUNION 2 a b WITHSCORES", ["a", "b"]),
        ("ZUNIONSTORE d 2 a b WEIGHTS 1 2", ["d", "a", "b"]),
        ("ZINTERCARD 1 a", ["a"]),
        ("ZMPOP 2 a b MIN", ["a", "b"]),
        ("BZMPOP 0 2 a b MIN", ["a", "b"]),
        ("BZPOPMIN a b 0", ["a", "b"]),
        ("ZRANGESTORE d a 0 1", ["d", "a"]),
        ("GEORADIUS a 1 1 1 m STORE d", ["a", "d"]),
        ("GEORADIUSBYMEMBER a STORE 1 m storedist d", ["a", "d"]),
        ("GEOSEARCHSTORE d a FROMMEMBER m BYRADIUS 1 m", ["d", "a"]),
    ],
)
def test_keys(line: str, keys: list[str]) -> None:
    argv = line.encode().split()
    row = find(argv)
    assert row.accepts(len(argv))
    assert [argv[at].decode() for at in row.keys.positions(argv)] == keys


def zset(**scores: float) -> ZSetValue:
    value = ZSetValue()
    for member, score in scores.items():
        value.put(member.encode(), score)
    return value


@pytest.mark.parametrize(
    ("low", "high", "span"),
    [
        (b"-inf", b"+inf", (0, 4)), (b"1", b"2", (1, 3)), (b"(1", b"2", (2, 3)),
        (b"1", b"(2", (1, 2)),
        (b"(-inf", b"inf", (1, 4)), (b"(inf", b"inf", (4, 4)), (b"3", b"1", (3, 3)),
        (b"", b"(", (1, 1)),
        (b" 1", b"1\0rest", (1, 2)), (b"-1e400", b"1e400", (0, 4)), (b"0x1", b"2.", (1, 3)),
    ],
)  # fmt: skip
def test_score_spans(low: bytes, high: bytes, span: tuple[int, int]) -> None:
    value = zset(a=-math.inf, b=1, c=2, d=1e308)
    assert score_span(value, *parse_scores(low, high)) == span


@pytest.mark.parametrize("text", [b"x", b"nan", b"1 ", b"((1", b"  ", b"1e", b"[1", b"1_0"])
def test_no_bound_of_scores(text: bytes) -> None:
    with pytest.raises(CommandError, match="min or max is not a float"):
        parse_scores(b"1", text)


@pytest.mark.parametrize(
    ("low", "high", "span"),
    [
        (b"-", b"+", (0, 4)), (b"[b", b"[c", (1, 3)), (b"(b", b"[c", (2, 3)),
        (b"[b", b"(c", (1, 2)),
        (b"[c", b"[b", (0, 0)), (b"+", b"-", (0, 0)), (b"-", b"-", (0, 0)), (b"(", b"[z", (0, 4)),
        (b"[bb", b"+", (2, 4)), (b"-", b"[bb", (0, 2)), (b"(b", b"(b", (0, 0)),
        (b"[x", b"+", (4, 4)),
    ],
)  # fmt: skip
def test_lex_spans(low: bytes, high: bytes, span: tuple[int, int]) -> None:
    value = zset(a=0, b=0, c=0, d=0)
    assert lex_span(value, *parse_members(low, high)) == span
    assert lex_span(value, *parse_members(low, high), reverse=True) == span


def test_lex_spans_where_scores_differ_are_runs() -> None:
    value = zset(c=1, a=2, b=3, d=4)
    low, high = parse_members(b"[b", b"+")
    assert lex_span(value, low, high) == (0, 4)
    assert lex_span(value, low, high, reverse=True) == (2, 4)
    low, high = parse_members(b"[b", b"[c")
    assert lex_span(value, low, high) == (0, 3)
    assert lex_span(value, low, high, reverse=True) == (2, 3)
    low, high = parse_members(b"[e", b"+")
    assert lex_span(value, low, high) == (0, 0)


@pytest.mark.parametrize("text", [b"", b"b", b"++", b"-x"])
def test_no_bound_of_members(text: bytes) -> None:
    with pytest.raises(CommandError, match="min or max not valid string range item"):
        parse_members(b"-", text)
