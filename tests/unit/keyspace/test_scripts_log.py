"""What scripts leave in the AOF, in both styles."""

from __future__ import annotations

import pytest

from aoftool.format.resp.replies import ErrorReply
from aoftool.keyspace.context import Style
from tests.unit.keyspace.calls import NOW, STYLES, Calls


class Scripts(Calls):
    """Runs scripts, which may hold blanks."""

    def eval(self, script: str, *words: str) -> list[str]:
        """Run a script; what the AOF holds of it, and the transaction mark in ``wraps``."""
        before = len(self.log)
        self.reply = self(" ".join(["EVAL", script.replace(" ", "\t"), *(words or ("0",))]))
        return self.log[before:]


@pytest.mark.parametrize("style", STYLES)
def test_effects_are_logged_and_not_the_script(style: Style) -> None:
    calls = Scripts(style)
    assert calls.eval("redis.call('set',KEYS[1],ARGV[1])", "1", "k", "v") == ["set k v"]
    assert calls.eval("redis.call('SADD','s','a','b') redis.call('DEL','k')") == [
        "SADD s a b", "DEL k",
    ]  # fmt: skip
    assert calls.wraps
    assert calls.eval("return redis.call('GET','k')") == []
    assert calls.eval("return redis.call('DEL','nothing')") == []


@pytest.mark.parametrize("style", STYLES)
def test_effects_are_what_each_command_logs(style: Style) -> None:
    calls = Scripts(style)
    expiry = f"PEXPIREAT k {NOW + 5000}"
    calls("SET k v")
    assert calls.eval("redis.call('EXPIRE','k',5)") == [expiry]
    calls("SADD one m")
    assert calls.eval("redis.call('SPOP','one')") == ["SREM one m"]
    assert calls.eval("redis.call('INCRBYFLOAT','f',1.5)") == ["SET f 1.5 KEEPTTL"]
    expected = ["SET k v", expiry] if style is Style.REDIS_6 else [f"SET k v PXAT {NOW + 5000}"]
    assert calls.eval("redis.call('SET','k','v','EX',5)") == expected


@pytest.mark.parametrize("style", STYLES)
def test_a_selected_database_stands_before_its_effects_and_ends_with_the_script(
    style: Style,
) -> None:
    calls = Scripts(style)
    script = "redis.call('SELECT',3) redis.call('SET','a',1) redis.call('SELECT',0) "
    assert calls.eval(script + "redis.call('SET','b',2)") == [
        "SELECT 3", "SET a 1", "SELECT 0", "SET b 2",
    ]  # fmt: skip
    assert calls.eval("redis.call('SELECT',3) redis.call('SET','a',1)") == [
        "SELECT 3", "SET a 1", "SELECT 0",
    ]  # fmt: skip
    assert calls("GET a") is None


@pytest.mark.parametrize("style", STYLES)
def test_what_was_done_before_an_error_is_logged(style: Style) -> None:
    calls = Scripts(style)
    assert calls.eval("redis.call('SET','k','v') redis.call('INCR','k')") == ["SET k v"]
    assert isinstance(calls.reply, ErrorReply)
    assert b"not an integer" in calls.reply.text
    assert calls.eval("redis.call('SET','x','y') error('later')") == ["SET x y"]
    assert calls.eval("redis.call('SET','x','y') return {err='MYOWN'}") == ["SET x y"]
    assert calls.reply == ErrorReply(b"MYOWN")
    assert calls.eval("redis.call('INCR','k')") == []


@pytest.mark.parametrize("style", STYLES)
def test_set_repl_decides_what_the_aof_gets(style: Style) -> None:
    calls = Scripts(style)
    script = (
        "redis.set_repl(redis.REPL_NONE) redis.call('SET','a',1) "
        "redis.set_repl(redis.REPL_REPLICA) redis.call('SET','b',1) "
        "redis.set_repl(redis.REPL_AOF) redis.call('SET','c',1)"
    )
    assert calls.eval(script) == ["SET c 1"]
    assert calls.eval("redis.call('SET','d',1)") == ["SET d 1"]


def test_only_redis_6_logs_which_scripts_are_known() -> None:
    old, new = Calls(Style.REDIS_6), Calls(Style.REDIS_7)
    assert old.logged("SCRIPT LOAD return", "SCRIPT FLUSH") == [
        "SCRIPT LOAD return",
        "SCRIPT FLUSH",
    ]
    assert new.logged("SCRIPT LOAD return", "SCRIPT FLUSH") == []
    assert old.logged("SCRIPT LOAD =") == []


def test_libraries_are_logged_as_they_came_and_calls_as_effects() -> None:
    calls = Calls()
    code = "#!lua\tname=l\nredis.register_function('f',function(k,a)redis.call('SET',k[1],a[1])end)"
    assert calls.logged(f"FUNCTION LOAD {code}") == [f"FUNCTION LOAD {code}"]
    assert calls.logged("FCALL f 1 k v") == ["SET k v"]
    assert calls.logged(f"FUNCTION LOAD {code}") == []
    assert calls.logged("FUNCTION DELETE l") == ["FUNCTION DELETE l"]
    assert calls.logged("FUNCTION FLUSH") == ["FUNCTION FLUSH"]
