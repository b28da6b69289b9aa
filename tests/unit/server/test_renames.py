"""Commands under other names."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from aofserver.commands import SERVER_TABLE
from aofserver.config import ConfigError
from aofserver.persistence.loader import LoadFailure
from aofserver.persistence.loads import Loads
from aofserver.renames import Renames
from aoftool.format.resp import encode_command
from aoftool.keyspace.command import Call
from aoftool.keyspace.context import Context
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspace import Keyspace
from tests.fakes.machine import Machine


def renames(*lines: str) -> Renames:
    return Renames(SERVER_TABLE, [line.split(" ") for line in lines])


def logged(found: Renames, text: str) -> list[bytes]:
    """What the AOF holds of a call of a fresh keyspace with the key ``k``."""
    argv = text.encode().split()
    ctx = Context(Keyspace(), Random(1))
    ctx.keyspace.clock.now_ms = 1_000_000
    ctx.db.put(b"k", b"1")
    command = found.table.find(argv)
    reply = command.handler(ctx, argv)
    return [b" ".join(words) for words in command.propagate(Call(ctx, argv, reply))]


def test_nothing_is_renamed() -> None:
    found = renames()
    assert found.table is SERVER_TABLE
    assert found.own == {}


def test_a_new_name_is_the_only_one() -> None:
    found = renames("get Fetch", "config cfg", "flushall ")
    assert found.table.find([b"fetch", b"k"]).name == b"GET"
    assert found.table.find([b"CFG", b"get", b"x"]).name == b"CONFIG GET"
    for words in ([b"get", b"k"], [b"config", b"get", b"x"], [b"flushall"]):
        with pytest.raises(CommandError, match="unknown command"):
            found.table.find(words)
    with pytest.raises(CommandError, match="wrong number of arguments for 'get'"):
        found.table.find([b"fetch"])
    assert SERVER_TABLE.find([b"get", b"k"]).name == b"GET"


def test_names_change_places() -> None:
    found = renames("get x", "set get", "x set")
    assert found.table.find([b"get", b"k", b"v"]).name == b"SET"
    assert found.table.find([b"set", b"k"]).name == b"GET"
    assert found.translated([b"set", b"k"]) == [b"GET", b"k"]
    assert found.translated([b"Get", b"k", b"v"]) == [b"SET", b"k", b"v"]
    assert found.translated([b"x", b"k"]) is None
    assert found.translated([b"del", b"k"]) == [b"del", b"k"]


def test_the_aof_has_what_was_called_or_what_stands_for_it() -> None:
    found = renames("append add", "pexpireat pxa", "expire ex", "incrbyfloat incf")
    assert logged(found, "Add k 1") == [b"Add k 1"]
    assert logged(found, "pxa k 2000000") == [b"pxa k 2000000"]
    assert logged(found, "ex k 1") == [b"PEXPIREAT k 1001000"]
    assert logged(found, "incf k 1") == [b"SET k 2 KEEPTTL"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nosuch x", "No such command in rename-command"),
        ("get set", "Target command name already exists"),
        ("get", "Bad directive or wrong number of arguments"),
        ("get a b", "Bad directive or wrong number of arguments"),
    ],
)
def test_what_cannot_be_renamed_so(line: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        renames(line)


def test_a_name_is_gone_for_good() -> None:
    with pytest.raises(ConfigError, match="No such command"):
        renames("get ", "get x")


def test_the_aof_is_loaded_by_the_names_of_today(tmp_path: Path) -> None:
    def machine(*lines: str) -> Machine:
        found = Machine(tmp_path, appendfsync="no")
        renames = Renames(SERVER_TABLE, [line.split(" ") for line in lines])
        found.loads = Loads(found.ground, found.persistence, renames, lambda: None)
        return found

    names = ("set put", "lpush ", "incr up")
    aof = tmp_path / "appendonly.aof"
    commands = (b"put a 1", b"MULTI", b"UP a", b"Put b 2", b"EXEC", b"append b 3")
    aof.write_bytes(b"".join(encode_command(line.split()) for line in commands))
    loaded = machine(*names).boot()
    assert loaded.keyspace.databases[0].data == {b"a": b"2", b"b": b"23"}
    loaded.close()
    for line, name in ((b"set a 1", "set"), (b"LPUSH l 1", "LPUSH"), (b"nosuch", "nosuch")):
        aof.write_bytes(encode_command(line.split()))
        with pytest.raises(LoadFailure, match=f"Unknown command '{name}'.*record 1 at offset 0"):
            machine(*names).boot()
