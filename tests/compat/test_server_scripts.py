"""Scripts on the live server against real servers: what is logged, what is refused, and BUSY."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.compat.differential import Real, logging
from tests.compat.face import OPTIONS, Pair
from tests.compat.test_server_aof import STYLES, records
from tests.compat.wire import Wire, plain
from tests.fakes.machine import QUICK, Machine, Now

Row = tuple[Sequence[str], ...]

FUNCTION = """#!lua name=lib
redis.register_function('put', function(keys, argv)
  redis.call('set', keys[1], argv[1])
  return redis.call('incr', 'n')
end)
redis.register_function{function_name='look', callback=function(keys)
  return redis.call('get', keys[1])
end, flags={'no-writes'}}"""


def script(text: str, *words: str) -> list[str]:
    return ["EVAL", text, *(words or ("0",))]


BOTH: list[Row] = [
    (script("redis.replicate_commands() redis.call('set','a','1')"),),
    (script("redis.set_repl(redis.REPL_NONE) redis.call('set','a','1') "
            "redis.set_repl(redis.REPL_ALL) redis.call('set','b','1')"),),
    (script("redis.set_repl(redis.REPL_REPLICA) redis.call('set','a','1')"),),
    (script("redis.set_repl(redis.REPL_AOF) redis.call('set','a','1') redis.call('incr','b')"),),
    (script("redis.call('select','3') redis.call('set','a','1') redis.call('select','4') "
            "redis.call('incr','b')"), ["SET", "after", "1"]),
    (script("redis.call('sadd','s','1','2') return redis.call('scard','s')"),),
    (script("redis.call('set','a','1') error('later')"),),
    (script("redis.call('set','a','1') redis.call('lpush','a','1')"),),
    (script("redis.pcall('lpush','none') redis.call('set','a','1')"),),
    (script("return redis.call('del','none')"),),
    (["SET", "e", "1"], ["PEXPIRE", "e", "1"], ["SLEEP"], script("return redis.call('get','e')")),
    (["SET", "e", "1"], ["PEXPIRE", "e", "1"], ["SLEEP"],
     script("redis.call('get','e') redis.call('set','a','1') redis.call('incr','b')")),
    (["MULTI"], script("redis.call('set','a','1') redis.call('incr','b')"), ["INCR", "c"],
     ["EXEC"]),
    (script("redis.call('expire','none','10') redis.call('set','a','1')"),),
    (script("redis.call('rpush','l','1','2','3') redis.call('lpop','l') "
            "redis.call('rpoplpush','l','m')"),),
    (script("redis.call('flushall') redis.call('set','a','1')"),),
]  # fmt: skip
ONLY_7: list[Row] = [
    (["MULTI"], script("return 1"), ["EXEC"]),
    (["FUNCTION", "LOAD", FUNCTION], ["FCALL", "put", "1", "k", "v"], ["FCALL", "look", "1", "k"],
     ["FCALL_RO", "look", "1", "k"], ["FUNCTION", "LOAD", "REPLACE", FUNCTION],
     ["FUNCTION", "DELETE", "lib"]),
    (["FUNCTION", "LOAD", FUNCTION], ["FUNCTION", "FLUSH"]),
    (script("#!lua flags=no-writes\nreturn redis.call('set','a','1')"),
     script("#!lua flags=allow-oom\nreturn redis.call('set','a','1')")),
    (["SCRIPT", "FLUSH", "ASYNC"], ["EVAL_RO", "return redis.call('get','a')", "0"]),
]  # fmt: skip
CASES = [(release, row) for release in STYLES for row in BOTH] + [("7.0", row) for row in ONLY_7]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Real, Path]]]:
    """A connection to each server, and its AOF."""
    with logging(tmp_path_factory.mktemp("aof"), {"7.0": OPTIONS["7.0"]}) as servers:
        for server, _ in servers.values():
            assert server(["DEBUG", "SET-ACTIVE-EXPIRE", "0"]) == b"OK"
        yield servers


@pytest.mark.parametrize(("release", "row"), CASES, ids=lambda value: str(value)[:70])
def test_what_a_script_leaves(
    tmp_path: Path, real: dict[str, tuple[Real, Path]], release: str, row: Row
) -> None:
    client, path = real[release]
    for line in ("SELECT 0", "FLUSHALL", "SET mark 1", "DEL mark"):
        client(line.split())
    before = path.stat().st_size
    now = Now(time.time_ns() // 1_000_000)
    machine = Machine(tmp_path, QUICK, now, compat_version=STYLES[release]).boot()
    machine.expiry.active = False
    machine.run("SET", "mark", "1")
    machine.run("DEL", "mark")
    mark = len(machine.aof)
    for words in row:
        if words == ["SLEEP"]:
            time.sleep(0.003)
            now.ms += 3
            continue
        client(words)
        machine.run(*words)
    assert records(machine.aof[mark:]) == records(path.read_bytes()[before:])


REFUSED = [
    "return redis.call('config','get','port')",
    "return redis.call('subscribe','c')",
    "return redis.call('multi')",
    "return redis.call('shutdown')",
    "return redis.call('eval','return 1','0')",
    "return redis.call('debug','sleep','0')",
    "return redis.call('save')",
    "return redis.call('client','id')",
    "return redis.call('info')",
    "return redis.call('script','load','x')",
    "return redis.call('auth','x')",
    "return redis.call('lastsave')",
    "return redis.call('ping')",
    "return redis.call('time')[3]",
    "return redis.pcall('object','freq','none')",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_a_script_may_not_call(pair: Pair, text: str) -> None:
    marks = []
    for wire in (pair.real, pair.ours):
        reply = wire(["EVAL", text, "0"])
        marks.append(reply if reply[0] == "-" else reply[0])
    assert marks[1] == marks[0]


# BUSY.
def until_busy(wire: Wire) -> None:
    deadline = time.monotonic() + 10
    while (plain(wire(["GET", "a"])) or b"")[:4] != b"BUSY":
        assert time.monotonic() < deadline


MEANWHILE = [
    "GET a", "SET a 1", "PING", "EVAL return(1) 0", "SCRIPT EXISTS x", "SCRIPT LOAD x",
    "CONFIG GET x", "MULTI", "GET a", "EXEC", "MULTI", "DISCARD", "WATCH a", "UNWATCH", "HELLO",
    "SHUTDOWN", "SHUTDOWN SAVE", "INFO", "NOSUCH", "GET",
]  # fmt: skip


@pytest.mark.parametrize(("text", "kills"), [
    ("while true do end", True),
    ("redis.call('get','a') while true do redis.pcall('get','a') end", True),
    ("redis.call('set','a','1') local n = 0 while n < 3e7 do n = n + 1 end return 'done'", False),
])  # fmt: skip
def test_busy(servers: Pair, text: str, kills: bool) -> None:
    runner, other = servers.again(), servers.again()
    seen: list[list[Any]] = []
    for run, look in ((runner.real, other.real), (runner.ours, other.ours)):
        look(["CONFIG", "SET", "lua-time-limit", "50"])
        look(["SCRIPT", "FLUSH"])
        run.send(["EVAL", text, "0"])
        until_busy(look)
        found: list[Any] = []
        for line in MEANWHILE:
            reply = look(line.split())
            found.append(reply[0] if line == "HELLO" else reply)
        if servers.release == "7.0":
            found += [look(["FUNCTION", "KILL"]), look(["FUNCTION", "STATS"])]
        found.append(killed := look(["SCRIPT", "KILL"]))
        assert (killed == ("+", b"OK")) is kills
        mark, value = run.reply()
        found.append((mark, value.replace(b"user_script:1: ", b"user_script: ")))
        found += [look(["SCRIPT", "KILL"]), look(["GET", "a"])]
        look(["DEL", "a"])
        seen.append(found)
    assert seen[1] == seen[0]


def test_who_comes_while_a_script_runs_is_told_too(servers: Pair) -> None:
    runner = servers.again()
    runner.ours(["CONFIG", "SET", "lua-time-limit", "50"])
    runner.ours.send(["EVAL", "while true do end", "0"], ["PING"], ["SET", "b", "2"])
    time.sleep(0.15)
    late = servers.again()
    assert plain(late.ours(["GET", "a"])).startswith(b"BUSY")
    assert late.ours(["SCRIPT", "KILL"]) == ("+", b"OK")
    # What its caller has sent behind it is served in its order.
    assert runner.ours.reply()[0] == "-"
    assert runner.ours.reply() == ("+", b"PONG")
    assert runner.ours.reply() == ("+", b"OK")
    assert late.ours(["GET", "b"]) == ("$", b"2")
