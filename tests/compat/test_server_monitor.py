"""MONITOR on a real server and on ours: which calls are shown, in which order, and whose."""

from __future__ import annotations

import re

from tests.compat.face import Pair
from tests.compat.wire import Wire, plain

LIBRARY = """#!lua name=q
redis.register_function('f', function(keys)
  redis.call('set', keys[1], 1)
  return redis.pcall('get', keys[1])
end)"""
CALLS: list[list[str] | str] = [
    "set k v",
    "get",
    "nosuch",
    [
        "eval",
        "redis.call('set',KEYS[1],'x') redis.pcall('get','k','z') redis.call('select','3') "
        "redis.call('ping') return redis.pcall('nosuch')",
        "1",
        "k",
    ],
    ["eval", "return redis.pcall('config','get','x')", "0"],
    ["eval", "return redis.pcall('lpush',KEYS[1],'a')", "1", "k"],
    "eval syntax( 0",
    "eval x",
    "evalsha 0000000000000000000000000000000000000000 0",
    "multi",
    "set k 1",
    ["eval", "redis.call('incr','k')", "0"],
    "select 3",
    "get k",
    "exec",
    "select 0",
    "multi",
    "set k",
    "exec",
    "exec",
    "multi",
    "discard",
    "watch k",
    "client list",
    "client getname",
    "acl whoami",
    "acl cat",
    "script exists x",
    "slowlog len",
    "config get x",
    "hello 2",
    "auth x y",
]
ONLY_7: list[list[str] | str] = [
    ["function", "load", "replace", LIBRARY],
    "fcall f 1 kk",
    "fcall nosuch 0",
    ["eval_ro", "return redis.call('get','k')", "0"],
    "function flush",
]


def shown(watcher: Wire, caller: Wire, calls: list[list[str] | str]) -> list[bytes]:
    """What the watcher is told of these calls, without times and addresses."""
    watcher(["monitor"])
    for call in calls:
        caller(call.split() if isinstance(call, str) else call)
    caller(["ping", "last"])
    lines: list[bytes] = []
    while not lines or not lines[-1].endswith(b'"last"'):
        told = re.fullmatch(rb"\d+\.\d{6} \[(\d+) (lua|unix:[^]]+)\] (.*)", plain(watcher.reply()))
        assert told
        db, place, words = told.groups()
        lines.append(b"%b %b %b" % (db, place[:4], words))
    return lines


def test_calls_of_clients_and_of_scripts(servers: Pair) -> None:
    watcher, caller = servers.again(), servers.again()
    calls = CALLS + (ONLY_7 if servers.release == "7.0" else [])
    real = shown(watcher.real, caller.real, calls)
    assert shown(watcher.ours, caller.ours, calls) == real
    assert b'0 lua "set" "k" "x"' in real


def test_nobody_is_told_of_scripts_any_more(servers: Pair) -> None:
    watcher, caller = servers.again(), servers.again()
    watcher.ours(["monitor"])
    watcher.ours(["reset"])
    caller.ours(["eval", "return redis.call('set','k','v')", "0"])
    watcher.ours.send(["echo", "first"])
    assert plain(watcher.ours.reply()) == b"first"
