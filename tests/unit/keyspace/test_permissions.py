"""Commands that ask what their caller may do: scripts, and SORT."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from aoftool.keyspace.command import Command
from aoftool.keyspace.context import Context, Options, Style
from aoftool.keyspace.engine import run
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspace import Keyspace


class OnlyGet:
    """Lets scripts call GET, and reads no other keys than those that are named."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def refusal_in_script(self, command: Command, argv: Sequence[bytes]) -> bytes | None:
        self.asked.append(command.name)
        return None if command.name == b"GET" else b"not this one"

    def may_call(self, command: Command, argv: Sequence[bytes]) -> bool:
        return command.name == b"GET"

    def may_read_all(self, name: bytes, argv: Sequence[bytes]) -> bool:
        self.asked.append(name)
        return False


@pytest.fixture(params=list(Style), ids=lambda style: style.value)
def ctx(request: Any) -> Context:
    options = Options(style=request.param, permissions=OnlyGet())
    return Context(Keyspace(), Random(1), options)


def call(ctx: Context, *words: str) -> Any:
    return run(ctx, [word.encode() for word in words])


def test_scripts(ctx: Context) -> None:
    assert call(ctx, "eval", "return redis.call('get', 'k')", "0") is None
    with pytest.raises(CommandError, match="not this one"):
        call(ctx, "eval", "return redis.call('set', 'k', 1)", "0")
    with pytest.raises(CommandError, match="not this one"):
        call(ctx, "eval", "return redis.pcall('set', 'k', 1)", "0")
    # What no script may call is refused for that.
    with pytest.raises(CommandError, match="not allowed from script"):
        call(ctx, "eval", "return redis.call('eval', 'return 1', 0)", "0")
    permissions = ctx.options.permissions
    assert isinstance(permissions, OnlyGet)
    assert permissions.asked == [b"GET", b"SET", b"SET"]
    assert not ctx.db.data


def test_scripts_that_ask(ctx: Context) -> None:
    if ctx.options.style is Style.REDIS_6:
        pytest.skip("they cannot before 7.0")
    text = "return {redis.acl_check_cmd('get', 'k'), redis.acl_check_cmd('set', 'k', 1)}"
    assert call(ctx, "eval", text, "0") == [1, None]
    ctx.trusted = True
    assert call(ctx, "eval", text, "0") == [1, 1]


def test_files_may_do_everything(ctx: Context) -> None:
    ctx.trusted = True
    call(ctx, "eval", "return redis.call('set', 'k', 1)", "0")
    assert call(ctx, "sort", "l", "by", "w_*", "get", "w_*") == []
    assert call(ctx, "get", "k") == b"1"


@pytest.mark.parametrize("name", ["sort", "sort_ro"])
def test_sort_reads_no_keys_that_are_not_named(ctx: Context, name: str) -> None:
    call(ctx, "rpush", "l", "2", "1")
    with pytest.raises(CommandError, match="ERR BY option of SORT denied"):
        call(ctx, name, "l", "by", "w_*")
    with pytest.raises(CommandError, match="ERR GET option of SORT denied"):
        call(ctx, name, "l", "get", "#")
    assert call(ctx, name, "l", "by", "nosort") == [b"2", b"1"]
    assert call(ctx, name, "l") == [b"1", b"2"]
    permissions = ctx.options.permissions
    assert isinstance(permissions, OnlyGet)
    assert set(permissions.asked) == {name.upper().encode()}
