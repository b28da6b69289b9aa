"""Function libraries, shebangs and read-only scripts beside Redis 7.0."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compat.differential import Ours, Real, Words, assert_converges, assert_same, pair
from tests.compat.servers import RELEASES

_F = "redis.register_function"
#: Sources of libraries whose load fails, and a few that do not; ``{}`` is a fresh name.
BODIES = [
    "", "return 1", "error('x')", "redis.call('PING')", "x=1", "return nosuch", "return _G",
    "redis.setresp(3)", "return string", "redis.LOG_DEBUG=1", "return redis.REDIS_VERSION",
    "return redis.sha1hex", "return redis.REPL_ALL", "return redis.log(1)",
    "local x=('a'):upper() x()", "local x = ", "while", f"return {_F}", f"{_F}()", f"{_F}(1)",
    f"{_F}('a')", f"{_F}('a',1)", f"{_F}('a',function() end,1)", _F + "({})",
    _F + "({function_name='a'})", _F + "({callback=function() end})",
    _F + "({function_name=1,callback=function() end})", _F + "({function_name='a',callback=1})",
    _F + "({function_name='a',callback=function() end,flags=1})",
    _F + "({function_name='a',callback=function() end,flags={'x'}})",
    _F + "({function_name='a',callback=function() end,flags={1}})",
    _F + "({function_name='a',callback=function() end,foo=1})",
    f"{_F}('a-b',function() end)", f"{_F}('',function() end)", f"{_F}(1.5,function() end)",
    f"{_F}('a',function() end) {_F}('a',function() end)", f"{_F}('ka',function() end)",
    "redis.log(redis.LOG_NOTICE,'x')", f"\n\n{_F}('a',function() end)\nx=1",
]  # fmt: skip
HEADS = [
    "", "#!", "#!lua\n", "#! lua name=x\n", "#!lua name=\n", "#!lua name=a-b\n",
    "#!lua name=a name=b\n", "#!lua foo=1\n", "#!lua name=x foo=1\n", "#!js name=x\n",
    "#!lua name=zz", "#!lua name='q\n", "return 1", "#!js name=a-b\n", "#!LUA name=upper\n",
    "#!lua name='quoted'\n",
]  # fmt: skip
LIBRARY = """#!lua name=w
redis.register_function('nw',function() return redis.call('SET','a',1) end)
redis.register_function{function_name='ro',callback=function()
  return redis.call('SET','a',1) end,flags={'no-writes'},description='reads'}
redis.register_function('er',function()
  error('x') end)
redis.register_function('e2',function() error('x',2) end)
redis.register_function('et',function() error({err='x y'}) end)
redis.register_function('rc',function()

  return redis.call('NOSUCH') end)
redis.register_function('reg',function() redis.register_function('a',function() end) end)
redis.register_function('gl',function() x=1 end)
redis.register_function('ng',function() return nosuch end)
redis.register_function('ka',function(k,a) return {k,a} end)
redis.register_function('re',function(k,a) return {err='A'} end)
redis.register_function('re2',function(k,a) return redis.error_reply('A') end)
redis.register_function('K',function(k,a) return KEYS end)
redis.register_function('names',function()
  local r={} for k in pairs(_G) do r[#r+1]=k end table.sort(r) return r end)
redis.register_function('redis',function()
  local r={} for k in pairs(redis) do r[#r+1]=k end table.sort(r) return r end)
redis.register_function{function_name='all',callback=function() return 1 end,
  flags={'allow-cross-slot-keys','no-writes','allow-oom','allow-stale','no-cluster'}}
"""
CALLED = [
    "nw",
    "ro",
    "er",
    "e2",
    "et",
    "rc",
    "reg",
    "gl",
    "ng",
    "ka",
    "re",
    "re2",
    "K",
    "all",
    "nope",
]
CALLS: list[Words] = [
    *(("FCALL", name, "0") for name in [*CALLED, "names", "redis"]),
    *(("FCALL_RO", name, "0") for name in CALLED),
    ("FCALL", "ka", "1", "a", "b", "c"), ("FCALL", "ka", "x"), ("FCALL", "ka", "-1"),
    ("FCALL", "ka", "3", "a"), ("FCALL", "nope", "x"), ("FUNCTION", "DELETE", "nope"),
    ("FUNCTION", "LIST", "LIBRARYNAME"), ("FUNCTION", "LIST", "x"),
    ("FUNCTION", "LIST", "WITHCODE", "WITHCODE"), ("FUNCTION", "LIST", "LIBRARYNAME", "none"),
    ("FUNCTION", "LIST", "LIBRARYNAME", "a", "LIBRARYNAME", "b"), ("FUNCTION", "FLUSH", "x"),
    ("FUNCTION", "FLUSH", "SYNC", "x"), ("FUNCTION", "LOAD"), ("FUNCTION", "LOAD", "x", "y"),
    ("FUNCTION", "KILL"), ("FUNCTION", "KILL", "x"), ("FUNCTION", "STATS"),
    ("FUNCTION", "DUMP", "x"), ("FUNCTION", "NOSUCH"),
]  # fmt: skip
SHEBANGS = [
    "#!lua\nreturn 1", "#!lua flags=no-writes\nreturn redis.call('SET','k',1)",
    "#!lua flags=no-writes,allow-oom\nreturn 1", "#!lua flags=foo\nreturn 1",
    "#!lua flags=\nreturn 1", "#!lua flags\nreturn 1", "#!lua name=x\nreturn 1",
    "#!js\nreturn 1", "#!\nreturn 1", "#!lua", "#! lua\nreturn 1",
    "#!lua flags=no-writes flags=allow-oom\nreturn 1", "#!lua flags=no-writes,\nreturn 1",
    "#!lua flags=,no-writes\nreturn 1", "#!lua\nerror('x')", "#!lua\n\nreturn 1 +",
    "#!lua flags=no-cluster,allow-stale,allow-cross-slot-keys\nreturn 1", "#!LUA\nreturn 2",
    "#!lua flags=NO-WRITES\nreturn 2", "return redis.call('SET','k',1)",
    "return redis.pcall('SET','k',1)", "return redis.call('PFCOUNT','k')",
    "return redis.call('GET','none')",
]  # fmt: skip
ADMIN: list[Words] = [
    ("SCRIPT", "KILL"), ("SCRIPT", "KILL", "x"), ("SCRIPT", "DEBUG", "NO"),
    ("SCRIPT", "DEBUG", "x"), ("SCRIPT", "DEBUG"), ("SCRIPT", "FLUSH", "x"),
    ("SCRIPT", "FLUSH", "SYNC", "x"), ("SCRIPT", "FLUSH", "sync"), ("SCRIPT", "NOSUCH"),
    ("EVALSHA", "f" * 40, "0"), ("EVALSHA", "f" * 40, "x"), ("EVALSHA", "short", "x"),
    ("EVAL", "return 1 +", "x"),
]  # fmt: skip


@pytest.mark.parametrize("release", RELEASES)
def test_the_script_commands(tmp_path: Path, release: str) -> None:
    with pair(release, tmp_path) as (real, ours):
        assert_same(real, ours, ADMIN)


def test_shebangs_and_read_only_scripts(tmp_path: Path) -> None:
    with pair("7.0", tmp_path) as (real, ours):
        for script in SHEBANGS:
            assert_same(real, ours, [("EVAL", script, "0"), ("EVAL_RO", script, "0")])
            assert_same(real, ours, [("SCRIPT", "LOAD", script)])
        assert_converges(ours, "7.0")


def test_libraries(tmp_path: Path) -> None:
    with pair("7.0", tmp_path) as (real, ours):
        assert_same(real, ours, [("FUNCTION", "LOAD", LIBRARY), ("FUNCTION", "LOAD", LIBRARY)])
        loads = [f"#!lua name=e{at}\n{body}" for at, body in enumerate(BODIES)]
        loads += [f"{head}{_F}('h{at}',function() end)" for at, head in enumerate(HEADS)]
        assert_same(real, ours, [("FUNCTION", "LOAD", load) for load in loads])
        assert_same(real, ours, CALLS)
        assert _libraries(real) == _libraries(ours)
        assert_converges(ours, "7.0")


def _libraries(one: Real | Ours) -> dict[bytes, list[object]]:
    """What FUNCTION LIST tells of each library; servers list them in no order."""
    rows = one(("FUNCTION", "LIST", "WITHCODE"))
    return {row[1]: [*row[:5], *sorted(row[5], key=repr), *row[6:]] for row in rows}


def test_libraries_dumped_by_one_are_restored_by_the_other(tmp_path: Path) -> None:
    first, second = (
        f"#!lua name=l{at}\n{_F}('f{at}',function() return {at} end) -- {'x' * 40}" for at in (1, 2)
    )
    with pair("7.0", tmp_path) as (real, ours):
        assert_same(real, ours, [("FUNCTION", "DUMP"), ("FUNCTION", "LOAD", first)])
        assert_same(real, ours, [("FUNCTION", "LOAD", second), ("FCALL", "f2", "0")])
        for dump in (real(("FUNCTION", "DUMP")), ours(("FUNCTION", "DUMP"))):
            clash = f"#!lua name=other\n{_F}('f2',function() end)"
            wrong = dump[:-1] + bytes([dump[-1] ^ 1])
            key = ("SET", "k", "v"), ("FUNCTION", "RESTORE", "xx"), ("FUNCTION", "RESTORE", wrong)
            policies: tuple[list[str], ...] = (
                [],
                ["FLUSH"],
                ["REPLACE"],
                ["x"],
                ["APPEND", "REPLACE"],
            )
            # With one library left, all servers name the same one.
            assert_same(real, ours, [*key, ("FUNCTION", "DELETE", "l1")])
            assert_same(real, ours, [("FUNCTION", "RESTORE", dump, *words) for words in policies])
            assert_same(real, ours, [("FUNCTION", "RESTORE", real(("DUMP", "k")))])
            assert_same(real, ours, [("FUNCTION", "FLUSH"), ("FUNCTION", "RESTORE", dump)])
            assert_same(real, ours, [("FUNCTION", "STATS"), ("FCALL", "f1", "0")])
            assert_same(real, ours, [("FUNCTION", "FLUSH"), ("FUNCTION", "LOAD", clash)])
            again = ("FUNCTION", "RESTORE", dump)
            assert_same(real, ours, [again, (*again, "REPLACE"), ("FCALL", "f2", "0")])
            assert _libraries(real) == _libraries(ours)
            assert_same(real, ours, [(*again, "FLUSH")])
        assert_converges(ours, "7.0")
