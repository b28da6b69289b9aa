"""Replies into scripts and out of them, in both protocols, on a real server and on ours."""

from __future__ import annotations

import pytest

from tests.compat.face import Pair
from tests.compat.wire import Wire

SETUP = (
    "flushall", "hset h f v", "sadd s a", "zadd z 1.5 a", "geoadd g 13 38 a", "xadd x 1-1 f v",
)  # fmt: skip
#: Calls whose replies have another form in RESP3.
CALLS = (
    "'hgetall','h'", "'smembers','s'", "'zscore','z','a'", "'zscore','z','none'",
    "'zrange','z','0','-1','withscores'", "'zrevrange','z','0','-1','withscores'",
    "'zrangebyscore','z','0','9','withscores'", "'zrandmember','z','1','withscores'",
    "'hrandfield','h','1','withvalues'", "'xread','streams','x','0'",
    "'xread','streams','none','0'", "'get','none'", "'mget','none'", "'zpopmin','none'",
    "'zmscore','z','a','b'", "'zinter','1','z','withscores'", "'xinfo','stream','x'",
)  # fmt: skip
TEXTS = (
    *(f"return redis.call({call})" for call in CALLS),
    *(f"redis.setresp(3) return redis.call({call})" for call in CALLS),
    "redis.setresp(3) redis.setresp(2) return redis.call('hgetall','h')",
    "redis.setresp(3) return redis.call('zrange','z','0','-1','withscores')[1][2].double",
    "return redis.call('zrange','z','0','-1','withscores')[2]",
    "return {true,false,1.9,-1.9,'x'}", "redis.setresp(3) return {true,false}",
    "return {map={a={set={b=true}}}}", "return {double=1.5}",
    "return {verbatim_string={format='t',string='abc'}}",
    "return {verbatim_string={format='long',string='a\\nb'}}",
)  # fmt: skip
ONLY_7 = (
    "return {big_number='123'}", "return {{big_number='-1'}}", "return #redis.call('command')",
)  # fmt: skip


@pytest.mark.parametrize("release_7", [False, True])
def test_replies(pair: Pair, release_7: bool) -> None:
    if release_7 and pair.release != "7.0":
        pytest.skip("not there before 7.0")
    for line in SETUP:
        pair.both(line)
    for text in ONLY_7 if release_7 else TEXTS:
        replies = [wire(["eval", text, "0"]) for wire in (pair.real, pair.ours)]
        if text.startswith("return #"):  # there are more commands in one of them
            replies = [(mark, b"") for mark, _ in replies]
        assert replies[1] == replies[0], text


def _load(name: str, *functions: str) -> list[str]:
    lines = (f"redis.register_function('{word}',function() return 1 end)" for word in functions)
    return ["function", "load", "\n".join((f"#!lua name={name}", *lines))]


def test_names_of_functions_are_the_same_in_any_case(pair: Pair) -> None:
    if pair.release != "7.0":
        pytest.skip("there are no functions")
    calls: list[list[str]] = [
        ["function", "flush"],
        _load("one", "Look"),
        _load("two", "lOOK"),
        _load("One", "other"),
        *(["fcall", name, "0"] for name in ("look", "LOOK", "Look", "loo")),
        ["function", "delete", "one"],
        _load("two", "lOOK"),
        ["fcall", "look", "0"],
        ["function", "flush"],
    ]
    for call in calls:
        real, ours = (wire(call) for wire in (pair.real, pair.ours))
        assert ours == real, call


def test_flags_of_functions_are_simple_strings(pair: Pair) -> None:
    if pair.release != "7.0":
        pytest.skip("there are no functions")
    source = (
        "#!lua name=one\nredis.register_function{function_name='f',"
        "callback=function() end,flags={'no-writes','allow-oom'}}"
    )
    replies = []
    for wire in (pair.real, pair.ours):
        wire(["function", "flush"])
        wire(["function", "load", source])
        replies.append(_sorted_flags(wire))
        wire(["function", "flush"])
    assert replies[1] == replies[0]
    assert replies[0][1][0][0] == "+"


def _sorted_flags(wire: Wire) -> tuple[str, list[tuple[str, bytes]]]:
    library = wire(["function", "list"])[1][0][1]
    mark, flags = library[5][1][0][1][5]
    return mark, sorted(flags)
