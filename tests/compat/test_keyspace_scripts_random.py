"""Scripts out of a grammar, on real servers and here: replies, errors and what is logged."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.compat.differential import assert_converges, assert_same, pair
from tests.compat.servers import RELEASES

SCRIPTS = 400
_COMMANDS = [
    "'SET',{key},{value}", "'GET',{key}", "'INCR',{key}", "'INCRBY',{key},{number}",
    "'APPEND',{key},{value}", "'LPUSH',{key},{value},{value}", "'RPUSH',{key},{value}",
    "'LRANGE',{key},0,-1", "'LPOP',{key}", "'HSET',{key},{value},{value}", "'HLEN',{key}",
    "'SADD',{key},{value}", "'SCARD',{key}", "'ZADD',{key},{number},{value}",
    "'ZRANGE',{key},0,-1,'WITHSCORES'", "'ZINCRBY',{key},{number},{value}", "'DEL',{key}",
    "'EXISTS',{key},{key}", "'TYPE',{key}", "'STRLEN',{key}", "'RENAME',{key},{key}",
    "'GETSET',{key},{value}", "'NOSUCH',{key}", "'GET'", "'SETNX',{key},{value}", "'SELECT',1",
    "'EXPIRE',{key},1000", "'PERSIST',{key}", "'HGET',{key},{value}", "'INCRBYFLOAT',{key},0.5",
]  # fmt: skip
_EXPRESSIONS = [
    "{number}", "{value}", "{call}", "{pcall}", "#({value})", "tostring(type({inner}))",
    "tonumber({inner})", "type({inner})", "({number}+{number})", "({number}*{number})",
    "({number}..{value})", "{{{inner},{inner}}}", "cjson.encode({inner})", "redis.sha1hex({value})",
    "string.rep({value},3)", "({inner}) == ({inner})", "select('#',{inner})", "{{err={value}}}",
    "cjson.decode('[1,{{\"a\":2}}]')[2].a", "string.format('%s|%5.2f',{value},{number})",
    "table.concat({{{number},{value}}},'-')", "cmsgpack.unpack(cmsgpack.pack({inner}))",
    "math.floor({number}/3)", "({value}):upper()", "{{ok={value}}}", "KEYS[1]", "ARGV[{number}]",
    "bit.band({number},7)", "struct.pack('>I2',({number})%100)", "math.max({number},{number})",
]  # fmt: skip
_STATEMENTS = [
    "local v{at} = {inner}", "{call}", "if {inner} then {call} else {pcall} end",
    "for i=1,3 do {call} end", "local ok, e = pcall(function() return {inner} end)",
    "local t = {{}} for i=1,4 do t[i] = i*{number} end {call}", "local s = {inner} .. {inner}",
    "local f = function(a)\n return {inner}\n end {pcall}\n f({inner})",
    "local n = ({inner}) + 1", "redis.log(redis.LOG_DEBUG,{inner})",
    "local w = coroutine.wrap(function() coroutine.yield({inner}) end)()",
]  # fmt: skip


class Scripts:
    """Writes scripts; the same seed writes the same."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)
        self._at = 0

    def _filled(self, form: str, depth: int) -> str:
        rng = self._rng
        self._at += 1
        parts = {
            "key": lambda: f"'k{rng.randrange(6)}'",
            "value": lambda: rng.choice(["'a'", "'b'", "'10'", "'1.5'", "'x y'", "''"]),
            "number": lambda: rng.choice(["0", "1", "7", "-3", "2.5", "1e10"]),
            "call": lambda: "redis.call(" + self._filled(rng.choice(_COMMANDS), depth + 1) + ")",
            "pcall": lambda: "redis.pcall(" + self._filled(rng.choice(_COMMANDS), depth + 1) + ")",
            "inner": lambda: self.expression(depth + 1),
            "at": lambda: str(self._at),
        }
        out, rest = "", form
        while "{" in rest or "}" in rest:
            at = min(found for found in (rest.find("{"), rest.find("}")) if found >= 0)
            out, rest = out + rest[:at], rest[at:]
            if rest[:2] in ("{{", "}}"):
                out, rest = out + rest[0], rest[2:]
            else:
                name, _, rest = rest[1:].partition("}")
                out += parts[name]()
        return out + rest

    def expression(self, depth: int = 0) -> str:
        """Something that has a value."""
        simple = _EXPRESSIONS[:4] if depth > 2 else _EXPRESSIONS
        return self._filled(self._rng.choice(simple), depth)

    def script(self) -> str:
        """A script that returns something; a newline stands between its statements, or none."""
        count = self._rng.randrange(5)
        lines = [self._filled(self._rng.choice(_STATEMENTS), 0) for _ in range(count)]
        return self._rng.choice(["\n", " "]).join([*lines, f"return {self.expression()}"])


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("release", RELEASES)
def test_random_scripts(tmp_path: Path, release: str, seed: int) -> None:
    scripts = Scripts(seed)
    with pair(release, tmp_path) as (real, ours):
        for _ in range(SCRIPTS):
            assert_same(real, ours, [("EVAL", scripts.script(), "1", "k1", "5", "x")])
        assert_converges(ours, release)
