"""The sandbox of scripts: what hostile scripts cannot do, and that scripts can be stopped."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aoftool.format.resp.replies import ErrorReply, MapReply, Reply, SetReply, Verbatim
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.scripting.conversion import Refusal
from aoftool.keyspace.scripting.runtime import LOAD_TIMEOUT, Runtime, ScriptFailed, ScriptKilled
from tests.unit.keyspace.calls import STYLES, Calls

Caller = Callable[[list[bytes]], "Reply | Refusal"]


def run(
    script: bytes, runtime: Runtime | None = None, caller: Caller = lambda argv: b"OK"
) -> Reply:
    """Run a script whose commands all answer OK."""
    runtime = runtime or Runtime(Style.REDIS_7)
    return runtime.run(runtime.compile(script), [], [], caller)


def stopping() -> Runtime:
    """A runtime whose scripts are killed at their first look."""
    runtime = Runtime(Style.REDIS_7)

    def stop() -> None:
        raise ScriptKilled(b"ERR stopped")

    runtime.on_long_run = stop
    return runtime


@pytest.mark.parametrize(
    "name",
    [
        "io", "os", "require", "package", "python", "newproxy", "dofile", "loadfile", "module",
        "debug", "lua",
    ],
)  # fmt: skip
def test_a_script_does_not_see_what_reaches_outside(name: str) -> None:
    with pytest.raises(ScriptFailed, match="nonexistent global variable"):
        run(b"return %b" % name.encode())


#: Visits all that a script can reach; gives the names of userdata and of what only a host has.
REACH = b"""
    local odd, seen, waiting = {}, {}, {{"_G", _G}}
    local function visit(name, value)
        local kind = type(value)
        if kind == "userdata" and value ~= cjson.null then odd[#odd + 1] = name end
        if kind == "thread" then odd[#odd + 1] = name end
        if (kind == "table" or kind == "string") and not seen[value] then
            seen[value] = true
            waiting[#waiting + 1] = {name, value}
        end
    end
    while #waiting > 0 do
        local name, value = unpack(table.remove(waiting))
        visit(name .. "~", getmetatable(value))
        if type(value) == "table" then
            for key, held in pairs(value) do visit(name .. "." .. tostring(key), held) end
        end
    end
    for _, call in ipairs({pcall, next, pairs, redis.call, cjson.encode, string.rep}) do
        if getfenv and getfenv(call) ~= _G then odd[#odd + 1] = "environment" end
    end
    return odd
"""


@pytest.mark.parametrize("style", STYLES)
def test_no_object_of_the_host_can_be_reached(style: Style) -> None:
    runtime = Runtime(style)
    assert run(REACH.replace(b"getfenv and", b"" if style is Style.REDIS_6 else b"false and")
               .replace(b"getfenv(call) ~=", b"getfenv(call) ~=" if style is Style.REDIS_6
                        else b"_G ~="), runtime) == []  # fmt: skip
    assert run(b"return getmetatable(cjson.null) == nil and 1 or 0", runtime) == 1
    assert run(b"return {pcall(function() return cjson.null.x end)}", runtime) != [1]


@pytest.mark.parametrize(
    "attack",
    [
        b"string.rep = nil", b"rawset(string, 'rep', 1)", b"table.insert(string, 1)",
        b"getmetatable('').__index = nil", b"rawset(getmetatable(''), '__index', 1)",
        b"getmetatable(_G).__index = nil", b"setmetatable(_G, nil)", b"cjson.encode = nil",
        b"local _, held = pairs(math) held.pi = 3", b"redis.call = nil", b"_G.KEYS = nil",
    ],
)  # fmt: skip
@pytest.mark.parametrize("style", STYLES)
def test_what_scripts_share_stays_as_it_is(style: Style, attack: bytes) -> None:
    runtime = Runtime(style)
    with pytest.raises(ScriptFailed, match="Attempt to modify a readonly table"):
        run(attack, runtime)
    check = b"return {('x'):rep(2), math.floor(math.pi), cjson.encode(1), redis.call('PING')}"
    assert run(check, runtime) == [b"xx", 3, b"1", b"OK"]


def test_compiled_code_is_not_loaded() -> None:
    assert run(b"return loadstring(string.dump(function() end)) == nil and 1 or 0") == 1
    assert (
        run(
            b"local parts = {'Lua', '\\27'} "
            b"return load(function() return table.remove(parts) end) == nil and 1 or 0"
        )
        == 1
    )
    assert run(b"local f = loadstring('return 1', '=sandbox') return f()") == 1


def test_configuration_of_json() -> None:
    runtime = Runtime(Style.REDIS_6)
    assert run(b"cjson.encode_sparse_array(true) return cjson.encode({[99]=1})", runtime) == (
        b'{"99":1}'
    )
    assert run(b"cjson.encode_invalid_numbers('null') return cjson.encode(1/0)", runtime) == (
        b"null"
    )


@pytest.mark.parametrize(
    "script",
    [
        b"while true do end", b"while true do pcall(function() while true do end end) end",
        b"coroutine.wrap(function() while true do end end)()",
        b"while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
        b"while true do xpcall(error, function() while true do end end) end",
        b"loadstring('while true do end', '=sandbox')()", b"load(function() return ' ' end)",
        b"setmetatable({}, {__index = function(t, k) while true do end end}).x = nil "
        b"local t = setmetatable({}, {__index = function() while true do end end}) return t.x",
        b"local function f() return pcall(f) end while true do f() end",
    ],
)  # fmt: skip
def test_every_endless_script_can_be_stopped(script: bytes) -> None:
    with pytest.raises(ScriptFailed, match="stopped"):
        run(script, stopping())


def test_a_runtime_lives_on_when_a_script_was_stopped() -> None:
    runtime = stopping()
    with pytest.raises(ScriptFailed, match="stopped"):
        run(b"while true do end", runtime)
    runtime.on_long_run = lambda: None
    assert run(b"local n = 0 for i = 1, 300000 do n = n + 1 end return n", runtime) == 300000


def test_an_error_of_the_host_stops_the_script_and_comes_out() -> None:
    def broken(argv: list[bytes]) -> Reply:
        raise KeyError("a fault of ours")

    runtime = Runtime()
    with pytest.raises(KeyError, match="a fault of ours"):
        run(b"while true do pcall(redis.call, 'GET', 'k') end", runtime, broken)
    assert run(b"return 1", runtime) == 1


@pytest.mark.parametrize(
    "bomb",
    [
        b"return string.rep('x', 1e12)", b"local s = 'x' while true do s = s .. s end",
        b"local t = {} while true do t[#t + 1] = {} end",
        b"local t = {} t[1] = t t[2] = t return t", b"return ('x'):rep(9e6) .. ('y'):rep(9e6)",
        b"return cjson.encode(('x'):rep(1e8))",
    ],
)  # fmt: skip
def test_memory_bombs_end_in_an_error(bomb: bytes) -> None:
    runtime = Runtime(max_memory=16 << 20)
    with pytest.raises(ScriptFailed, match="not enough memory"):
        run(bomb, runtime)
    assert run(b"return #('x'):rep(1000000)", runtime) == 1000000


def test_a_memory_bomb_may_be_caught() -> None:
    runtime = Runtime(max_memory=16 << 20)
    script = b"local ok, e = pcall(function() local s = 'x' while true do s = s .. s end end) "
    assert run(script + b"return e", runtime) == b"not enough memory"
    big = b"x" * (40 << 20)
    assert run(b"return #redis.call('GET', 'k')", runtime, lambda argv: big) == len(big)


def test_replies_that_nest_too_deep() -> None:
    for script in (b"local t = {} t[1] = t return t", b"local t = {} t.map = {a = t} return t"):
        reply, depth = run(script), 0
        while isinstance(reply, list):
            reply, depth = reply[-1], depth + 1
        assert reply == ErrorReply(b"ERR reached lua stack limit")
        assert depth in (7995, 2665)


def test_resp3_values_both_ways() -> None:
    def answer(argv: list[bytes]) -> Reply:
        answers: dict[bytes, Reply] = {
            b"map": MapReply([b"k", 1]), b"set": SetReply([b"m"]), b"double": 1.5, b"null": None,
            b"true": True, b"text": Verbatim(b"words", b"mkd"),
        }  # fmt: skip
        return answers[argv[0]]

    three = b"redis.setresp(3) local r = redis.call(%b) return %b"
    rows: list[tuple[bytes, bytes, Reply]] = [
        (b"'map'", b"r", MapReply([b"k", 1])), (b"'map'", b"r.map.k", 1),
        (b"'set'", b"r", SetReply([b"m"])), (b"'set'", b"r.set.m", True), (b"'double'", b"r", 1.5),
        (b"'double'", b"r.double * 2", 3), (b"'null'", b"r == nil", True), (b"'true'", b"r", True),
        (b"'text'", b"r", Verbatim(b"words", b"mkd")), (b"'true'", b"not r", False),
    ]  # fmt: skip
    for call, shown, expected in rows:
        reply = run(three % (call, shown), None, answer)
        assert (type(reply), reply) == (type(expected), expected)
    two = b"local r = redis.call(%b) return r"
    for call, plain in ((b"'map'", [b"k", 1]), (b"'double'", b"1.5"), (b"'true'", 1)):
        assert run(two % call, None, answer) == plain


def test_redis_log_is_heard() -> None:
    heard: list[tuple[int, bytes]] = []
    runtime = Runtime()
    runtime.on_log = lambda level, text: heard.append((level, text))
    run(b"redis.log(redis.LOG_WARNING, 'a', 1, {}, 'b')", runtime)
    assert heard == [(3, b"a 1 b")]


LOOP = "EVAL while\ttrue\tdo\tend 0"
LIBRARY = (
    "#!lua\tname=l\nredis.register_function('loop',function()while\ttrue\tdo\tend\tend)\n"
    "redis.register_function('wrote',function()redis.call('SET','k',1)\n"
    "for\ti=1,300000\tdo\tend\tend)"
)


def while_running(calls: Calls, line: str, *asked: str) -> tuple[Reply, list[Reply]]:
    """Run a line; at its first look other clients send lines, and then it is stopped."""
    answers: list[Reply] = []
    calls("SCRIPT EXISTS x")
    runtime = calls.keyspace.lua

    def look() -> None:
        if not answers:
            calls.keyspace.clock.now_ms += 5
            answers.extend([calls(one) for one in asked])

    runtime.on_long_run = look
    return calls(line), answers


def test_script_kill() -> None:
    calls = Calls()
    reply, asked = while_running(calls, LOOP, "FUNCTION KILL", "FUNCTION STATS", "SCRIPT KILL")
    busy = (
        b"-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
    )
    assert asked == [busy, busy, b"OK"]
    assert isinstance(reply, bytes)
    assert reply.startswith(b"-ERR Script killed by user with SCRIPT KILL... script: ")
    assert calls("SCRIPT KILL") == b"-NOTBUSY No scripts in execution right now."
    assert calls("EVAL return\t1 0") == 1


def test_a_script_that_has_written_is_not_killed() -> None:
    calls = Calls()
    line = "EVAL redis.call('SET','k',1)for\ti=1,300000\tdo\tend\treturn\t'done' 0"
    reply, asked = while_running(calls, line, "SCRIPT KILL")
    assert isinstance(asked[0], bytes)
    assert asked[0].startswith(b"-UNKILLABLE Sorry the script already executed write commands")
    assert reply == b"done"


def test_function_kill_and_stats() -> None:
    calls = Calls()
    calls(f"FUNCTION LOAD {LIBRARY}")
    asked = ["SCRIPT KILL", "FUNCTION STATS", "EVAL return\t1 0", "FUNCTION KILL"]
    reply, answers = while_running(calls, "FCALL loop 0", *asked)
    busy = (
        b"-BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."
    )
    now = [b"name", b"loop", b"command", [b"FCALL", b"loop", b"0"], b"duration_ms", 5]
    counts = [b"libraries_count", 1, b"functions_count", 2]
    stats = [b"running_script", now, b"engines", [b"LUA", counts]]
    assert answers == [busy, stats, busy, b"OK"]
    assert reply == (
        b"-ERR Script killed by user with SCRIPT KILL... script: loop, on @user_function:2."
    )
    _, (unkillable,) = while_running(calls, "FCALL wrote 0", "FUNCTION KILL")
    assert isinstance(unkillable, bytes)
    assert unkillable.startswith(b"-UNKILLABLE")


def test_a_library_that_does_not_end_loading() -> None:
    runtime = Runtime()

    def stop() -> None:
        raise ScriptKilled(LOAD_TIMEOUT)

    runtime.on_long_run = stop
    with pytest.raises(
        CommandError, match="ERR Error registering functions: ERR FUNCTION LOAD timeout"
    ):
        runtime.load_library(b"l", b"\nwhile true do end")


def test_help() -> None:
    calls = Calls()
    for name in ("SCRIPT", "FUNCTION"):
        lines = calls(f"{name} HELP")
        assert isinstance(lines, list)
        assert b"KILL" in lines
