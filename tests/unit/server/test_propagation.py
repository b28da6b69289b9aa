"""What stands in the AOF after commands of clients, in the style of each release."""

from __future__ import annotations

from pathlib import Path

import pytest

from aofserver.net.requests import Requests
from aofserver.persistence.feed import Feed
from aoftool.format.resp.decode import decode_commands_at
from aoftool.keyspace.context import Style
from tests.fakes.machine import Machine

SIX, SEVEN = "6.0", "7.4"


def words(data: bytes) -> list[str]:
    """The commands of an AOF as lines of words."""
    if not data:
        return []
    commands, ends = decode_commands_at(data, 0, len(data), 1 << 20)
    assert ends[-1] == len(data)
    return [b" ".join(argv).decode("latin-1") for argv in commands]


class Client:
    """Runs lines of words on a machine whose AOF is looked at."""

    def __init__(self, folder: Path, style: str) -> None:
        folder.mkdir()
        self.machine = Machine(folder, compat_version=style, appendfsync="no").boot()

    def __call__(self, *lines: str) -> list[str]:
        """What these lines add to the AOF."""
        before = len(self.machine.aof)
        for line in lines:
            self.machine.run(*line.split())
        return words(self.machine.aof[before:])


@pytest.fixture
def six(tmp_path: Path) -> Client:
    return Client(tmp_path / "six", SIX)


@pytest.fixture
def seven(tmp_path: Path) -> Client:
    return Client(tmp_path / "seven", SEVEN)


# Transactions.
@pytest.mark.parametrize(("lines", "in_six", "in_seven"), [
    (["MULTI", "SET a 1", "EXEC"], ["MULTI", "SET a 1", "EXEC"], ["SET a 1"]),
    (["MULTI", "GET a", "EXEC"], [], []),
    (["MULTI", "DEL none", "EXEC"], ["MULTI", "EXEC"], []),
    (["MULTI", "EXEC"], [], []),
    (["MULTI", "SET a 1", "DISCARD"], [], []),
    (["MULTI", "SET a 1", "NOSUCH", "EXEC"], [], []),
    (["MULTI", "GET a", "SET a 1", "SET b 2", "EXEC"],
     ["MULTI", "SET a 1", "SET b 2", "EXEC"], ["MULTI", "SET a 1", "SET b 2", "EXEC"]),
    (["MULTI", "LPUSH a 1", "EXEC"], ["MULTI", "EXEC"], []),
    (["MULTI", "SET x 1", "LPUSH a 1", "EXEC"], ["MULTI", "SET x 1", "EXEC"], ["SET x 1"]),
])  # fmt: skip
def test_a_transaction(
    six: Client, seven: Client, lines: list[str], in_six: list[str], in_seven: list[str]
) -> None:
    for client, expected in ((six, in_six), (seven, in_seven)):
        client("SET a string")
        assert client(*lines) == expected


def test_select_stands_before_multi_in_six_and_inside_in_seven(six: Client, seven: Client) -> None:
    lines = ("SELECT 2", "MULTI", "SET a 1", "SET b 1", "EXEC")
    assert six(*lines) == ["SELECT 2", "MULTI", "SET a 1", "SET b 1", "EXEC"]
    assert seven(*lines) == ["MULTI", "SELECT 2", "SET a 1", "SET b 1", "EXEC"]


def test_a_transaction_that_selects(six: Client, seven: Client) -> None:
    lines = ("SET z 1", "MULTI", "SELECT 1", "SET a 1", "SELECT 0", "SET b 1", "EXEC", "SET c 1")
    expected = ["MULTI", "SELECT 1", "SET a 1", "SELECT 0", "SET b 1", "EXEC", "SET c 1"]
    for client in (six, seven):
        client("SET y 1")
        assert client(*lines) == ["SET z 1", *expected]


def test_a_watched_key_that_was_changed_leaves_nothing(six: Client) -> None:
    six("SET w 1")
    machine = six.machine
    machine.run("WATCH", "w")
    machine.run("SET", "w", "2", client=2)
    assert six("MULTI", "SET a 1", "EXEC") == []


# Scripts.
@pytest.mark.parametrize(("script", "in_six", "in_seven"), [
    ("redis.call('set','a','1')", ["MULTI", "set a 1", "EXEC"], ["set a 1"]),
    ("return redis.call('get','a')", [], []),
    ("redis.call('set','a','1');redis.call('incr','a')",
     ["MULTI", "set a 1", "incr a", "EXEC"], ["MULTI", "set a 1", "incr a", "EXEC"]),
    ("redis.call('select','3');redis.call('set','a','1')",
     ["MULTI", "SELECT 3", "set a 1", "EXEC"], ["SELECT 3", "set a 1"]),
])  # fmt: skip
def test_a_script_leaves_its_effects(
    six: Client, seven: Client, script: str, in_six: list[str], in_seven: list[str]
) -> None:
    for client, expected in ((six, in_six), (seven, in_seven)):
        client("SET z 1")
        before = len(client.machine.aof)
        client.machine.run("EVAL", script, "0")
        logged = words(client.machine.aof[before:])
        assert [line for line in logged if line != "SELECT 0"] == expected
        # What follows is where it belongs, wherever the script has been.
        client.machine.run("SET", "after", "1")
        client.machine.close()
        again = Machine(client.machine.persistence.places.folder).boot()
        assert again.digest() == client.machine.digest()


def test_scripts_inside_a_transaction_are_not_wrapped_twice(six: Client, seven: Client) -> None:
    for client in (six, seven):
        client("SET z 1")
        machine = client.machine
        before = len(machine.aof)
        machine.run("MULTI")
        machine.run("EVAL", "redis.call('set','a','1');redis.call('incr','a')", "0")
        machine.run("SET", "b", "1")
        machine.run("EXEC")
        assert words(machine.aof[before:]) == ["MULTI", "set a 1", "incr a", "SET b 1", "EXEC"]


def test_script_load_is_logged_by_six_only(six: Client, seven: Client) -> None:
    six("SET z 1")
    assert six("SCRIPT LOAD return") == ["SCRIPT LOAD return"]
    assert seven("SCRIPT LOAD return") == []


# Keys whose time has come.
def expiring(client: Client, *keys: str) -> None:
    client.machine.expiry.active = False
    for key in keys:
        client(f"SET {key} 1 PX 50")
    client.machine.tick(100)


def test_a_read_that_finds_an_expired_key_deletes_it(six: Client, seven: Client) -> None:
    for client in (six, seven):
        expiring(client, "e")
        assert client("GET e") == ["DEL e"]
        assert client("GET e") == []


def test_a_write_that_finds_an_expired_key(six: Client, seven: Client) -> None:
    for client, expected in (
        (six, ["DEL e", "INCR e"]),
        (seven, ["MULTI", "DEL e", "INCR e", "EXEC"]),
    ):
        expiring(client, "e")
        assert client("INCR e") == expected
        assert client("INCR e") == ["INCR e"]


def test_several_expired_keys_of_one_read(six: Client, seven: Client) -> None:
    for client, expected in (
        (six, ["DEL e", "DEL f"]),
        (seven, ["MULTI", "DEL e", "DEL f", "EXEC"]),
    ):
        expiring(client, "e", "f")
        assert client("MGET e f") == expected


def test_an_expired_key_inside_a_transaction(six: Client, seven: Client) -> None:
    for client, expected in (
        (six, ["DEL e", "MULTI", "SET a 1", "DEL f", "EXEC"]),
        (seven, ["MULTI", "DEL e", "SET a 1", "DEL f", "EXEC"]),
    ):
        expiring(client, "e", "f")
        assert client("MULTI", "GET e", "SET a 1", "GET f", "EXEC") == expected


def test_the_cycle_deletes_each_key_by_itself(six: Client, seven: Client) -> None:
    for client in (six, seven):
        client("SELECT 4", "SET e 1 PX 50", "SET f 1 PX 50", "SELECT 0", "SET g 1 PX 50")
        before = len(client.machine.aof)
        client.machine.tick(100)
        assert sorted(words(client.machine.aof[before:])) == [
            "DEL e", "DEL f", "DEL g", "SELECT 4",
        ]  # fmt: skip


def test_fields_of_a_hash(seven: Client) -> None:
    seven.machine.expiry.active = False
    seven("HSET h a 1 b 2 c 3", "HPEXPIRE h 50 FIELDS 2 a b")
    seven.machine.tick(100)
    logged = seven("HGET h a", "HGETALL h")
    assert sorted(line for line in logged if line.startswith("HDEL")) == ["HDEL h a", "HDEL h b"]


# Commands that must or must not be logged.
def test_what_is_forced(six: Client, seven: Client) -> None:
    for client, expected in ((six, ["FLUSHALL"]), (seven, ["FLUSHDB", "FLUSHALL"])):
        client("SET z 1", "DEL z")
        assert client("FLUSHDB", "FLUSHALL") == expected


@pytest.mark.parametrize(
    "line", ["GET a", "TOUCH a", "SET a 1 NX", "DEL none", "EXPIRE none 5", "LPUSH a 1", "PING"]
)
def test_what_changes_nothing_leaves_nothing(six: Client, seven: Client, line: str) -> None:
    for client in (six, seven):
        client("SET a 1")
        assert client(line) == []


def test_several_records_of_one_command(six: Client, seven: Client) -> None:
    for client in (six, seven):
        client("SADD s 1 2 3 4 5 6 7 8 9")
    logged = six("SPOP s 2")
    assert (logged[0], logged[-1], len(logged)) == ("MULTI", "EXEC", 4)
    assert six("SET k v EX 100")[0] == "SET k v"
    (line,) = seven("SPOP s 2")
    assert line.startswith("SREM s ")


def test_inline_and_split_requests_are_logged_as_arrays(six: Client) -> None:
    """The hot loop feeds the bytes that a command came as; these did not come as a record."""
    machine = six.machine

    requests = Requests(512 << 20)
    long = b"x" * 100_000
    whole = b"*3\r\n$6\r\nAPPEND\r\n$1\r\nl\r\n$100000\r\n" + long + b"\r\n"
    for piece in (b"INCR n\r\n", b"INCR n\r\nINCR 'n'\r\n", whole[:40_000], whole[40_000:],
                  whole[:50_000], whole[50_000:]):  # fmt: skip
        batch = requests.feed(piece)
        while batch is not None:
            commands, buf, at, ends = batch
            if commands:
                machine.dispatcher.serve(machine.client(), commands, buf, at, ends)
            batch = requests.feed(b"") if requests.size else None
    machine.loop.run()
    append = "APPEND l " + long.decode()
    assert words(machine.aof) == ["SELECT 0", "INCR n", "INCR n", "INCR n", append, append]


# The feed by itself.
@pytest.mark.parametrize(("style", "expected"), [
    (Style.REDIS_6, "SELECT 0|MULTI|SELECT 1|a|SELECT 2|b|SELECT 3|EXEC"),
    (Style.REDIS_7, "MULTI|SELECT 1|a|SELECT 2|b|EXEC"),
])  # fmt: skip
def test_feed_wraps(style: Style, expected: str) -> None:
    feed = Feed(style)
    taken: list[bytes] = []
    feed.sink = taken.append
    feed.unit([(1, b"*1\r\n$1\r\na\r\n"), (2, b"*1\r\n$1\r\nb\r\n")], True, 0, 3)
    assert len(taken) == 1  # one piece, so that no flush comes between
    assert "|".join(words(taken[0])) == expected
    feed.command(feed.selected, b"x")
    assert taken[1] == b"x"


def test_feed_does_nothing_for_nobody() -> None:
    feed = Feed(Style.REDIS_7)
    feed.command(3, b"x")
    feed.unit([(3, b"x")], True, 3, 3)
    assert feed.selected == -1


def test_feed_of_nothing_is_nothing() -> None:
    feed = Feed(Style.REDIS_7)
    taken: list[bytes] = []
    feed.sink = taken.append
    feed.unit([], False, 3, 3)
    assert not taken
