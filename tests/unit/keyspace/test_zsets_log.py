"""Sorted sets and places: what the AOF holds."""

from __future__ import annotations

import pytest

from aoftool.keyspace.context import Style
from tests.unit.keyspace.calls import STYLES, Calls

both = pytest.mark.parametrize("style", STYLES)

SICILY = "GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania"


def filled(style: Style) -> Calls:
    call = Calls(style)
    for line in ("ZADD k 1 a 2 b 3 c 4 d", "ZADD l 0 a 0 b", "SADD set a x", "SET s x", SICILY):
        call(line)
    return call


@both
@pytest.mark.parametrize(
    "words",
    [
        "ZADD k 1 new", "zadd k 9 a", "ZADD k GT CH 9 a", "ZADD k NX 1 a 1 new", "ZADD k INCR 1 a",
        "ZINCRBY k 1 a", "ZREM k a none", "ZPOPMIN k", "ZPOPMAX k 2", "ZREMRANGEBYRANK k 0 1",
        "ZREMRANGEBYSCORE k 1 (3", "ZREMRANGEBYLEX l - +", "ZRANGESTORE d k 0 -1",
        "ZRANGESTORE k none 0 -1", "ZUNIONSTORE d 2 k set WEIGHTS 1 2", "ZINTERSTORE d 2 k set",
        "ZDIFFSTORE d 2 k set", "ZINTERSTORE k 2 k none", "GEORADIUS g 15 37 200 km STORE d",
        "GEORADIUS g 15 37 1 m STORE k", "GEORADIUSBYMEMBER g Palermo 200 km STOREDIST d",
        "GEOSEARCHSTORE d g FROMMEMBER Palermo BYRADIUS 200 km",
    ],
)  # fmt: skip
def test_logged_as_it_came(style: Style, words: str) -> None:
    assert filled(style).logged(words) == [words]


@both
@pytest.mark.parametrize(
    "words",
    [
        "ZADD k 1 a", "ZADD k XX 1 new", "ZADD k GT 0 a", "ZADD none XX 1 a", "ZADD k NX INCR 1 a",
        "ZINCRBY k 0 a", "ZREM k none", "ZREM none a", "ZPOPMIN none", "ZPOPMIN k 0",
        "ZADD k 1 x y",
        "BZPOPMIN none 0", "ZMPOP 1 none MIN", "BZMPOP 0 1 none MAX", "ZREMRANGEBYRANK k 9 9",
        "ZREMRANGEBYSCORE none 1 2", "ZRANGESTORE none none 0 -1", "ZINTERSTORE none 2 k none",
        "ZRANGE k 0 -1", "ZRANDMEMBER k 2", "ZSCAN k 0", "ZUNION 1 k", "ZADD s 1 a", "ZSCORE k a",
        "GEORADIUS g 15 37 200 km", "GEORADIUS none 15 37 200 km STORE none", "GEODIST g a b",
        "GEOADD g XX 1 1 none",
    ],
)  # fmt: skip
def test_not_logged(style: Style, words: str) -> None:
    assert filled(style).logged(words) == []


@both
@pytest.mark.parametrize(
    ("words", "logged"),
    [
        ("BZPOPMIN none k 0", "ZPOPMIN k"),
        ("bzpopmax k l 0", "ZPOPMAX k"),
        ("ZMPOP 2 none k MIN", "ZPOPMIN k 1"),
        ("ZMPOP 1 k max COUNT 3", "ZPOPMAX k 3"),
        ("ZMPOP 1 k MAX COUNT 100", "ZPOPMAX k 4"),
        ("BZMPOP 0 2 none k MIN COUNT 2", "ZPOPMIN k 2"),
        ("GEOADD new 13.361389 38.115556 Palermo", "zadd new 3479099956230698 Palermo"),
        (
            "GEOADD g ch XX 2.34 48.85 Palermo 1 1 none",
            "zadd g ch XX 3663832743340458 Palermo 3377822707026402 none",
        ),
    ],
)
def test_logged_in_other_words(style: Style, words: str, logged: str) -> None:
    assert filled(style).logged(words) == [logged]


@both
def test_what_was_taken_is_gone_after_a_replay(style: Style) -> None:
    call, again = filled(style), Calls(style)
    for line in ("BZPOPMAX k 0", "ZMPOP 1 k MIN COUNT 2", "ZRANGESTORE d k 0 -1", "ZPOPMIN k"):
        call(line)
    for line in call.log:
        again(line)
    assert call("ZRANGE d 0 -1 WITHSCORES") == again("ZRANGE d 0 -1 WITHSCORES") == [b"c", 3.0]
    assert call("EXISTS k") == again("EXISTS k") == 0
