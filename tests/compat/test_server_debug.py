"""DEBUG against real servers, where its aids have a meaning here."""

from __future__ import annotations

import re

import pytest

from aofserver.commands import SERVER_TABLE
from tests.compat.face import Pair, assert_same
from tests.compat.wire import plain


def test_payloads_with_a_wrong_checksum(servers: Pair) -> None:
    pair = servers.again()
    for wire in (pair.real, pair.ours):
        wire(["del", "k", "copy"])
        wire(["rpush", "k", "a", "b"])
        payload = plain(wire(["dump", "k"]))
        spoilt = payload[:-1] + bytes([payload[-1] ^ 1])
        call = ["restore", "copy", "0", spoilt]
        assert wire(call) == ("-", b"ERR DUMP payload version or checksum are wrong")
        assert wire(["debug", "set-skip-checksum-validation", "1"]) == ("+", b"OK")
        assert wire(call) == ("+", b"OK")
        assert plain(wire(["lrange", "copy", "0", "-1"])) == [b"a", b"b"]
        wire(["debug", "set-skip-checksum-validation", "0"])
        assert wire([*call, "replace"])[0] == "-"


def test_scripts_that_may_call_everything(servers: Pair) -> None:
    if servers.release == "6.2":
        pytest.skip("has it not")
    assert_same(
        servers.again(),
        """
        eval return{redis.pcall('config','get','port').err~=nil} 0
        eval return#redis.pcall('latency','latest') 0
        eval return(redis.pcall('debug','sleep','0')) 0
        debug set-disable-deny-scripts 1
        eval return(redis.pcall('debug','sleep','0')) 0
        eval return(redis.pcall('role')[1]) 0
        debug set-disable-deny-scripts 0
        eval return(redis.pcall('role')[1]) 0
        """,
    )


def test_strings(servers: Pair) -> None:
    pair = servers.again()
    for wire in (pair.real, pair.ours):
        for words in (["set", "key", "value"], ["set", "n", "5"], ["rpush", "l", "a"]):
            wire(words)
        text = plain(wire(["debug", "sdslen", "key"])).decode()
        assert re.fullmatch(
            r"key_sds_len:3, key_sds_avail:0, key_zmalloc: \d+, "
            r"val_sds_len:5, val_sds_avail:0, val_zmalloc: \d+",
            text,
        )
    assert_same(pair, "debug sdslen n\ndebug sdslen l\ndebug sdslen nosuch")


def test_structures(servers: Pair) -> None:
    texts = [plain(reply).decode() for reply in servers.again().both("debug structsize")]
    names = [[part.partition(":")[0] for part in text.split()] for text in texts]
    assert names[1] == names[0]
    assert texts[1].startswith("bits:64 ")


def test_clients_that_take_much(servers: Pair) -> None:
    if servers.release == "6.2":
        pytest.skip("has it not")
    pair = servers.again()
    assert_same(pair, "debug client-eviction")
    pair.both("config set maxmemory-clients 10mb")
    try:
        shown = plain(pair.ours(["debug", "client-eviction"])).decode()
        number = plain(pair.ours(["client", "id"])).decode()
        assert shown.startswith(f"limit={10 << 20} total=")
        assert f"id={number} " in shown
    finally:
        pair.both("config set maxmemory-clients 0")


def test_what_has_come_of_a_command(servers: Pair) -> None:
    """Bytes of a command that is not whole are told, and counted."""
    pair, other = servers.again(), servers.again()
    for wire, sender in ((pair.real, other.real), (pair.ours, other.ours)):
        number = plain(sender(["client", "id"])).decode()
        assert _told(plain(wire(["client", "list", "id", number])), "qbuf") == 0
        before = _told(plain(wire(["client", "list", "id", number])), "tot-mem")
        sender.send_bytes(b"*3\r\n$3\r\nset\r\n$1\r\nk\r\n$30000\r\n" + b"x" * 20_000)
        while not _told(plain(wire(["client", "list", "id", number])), "qbuf"):
            pass
        line = plain(wire(["client", "list", "id", number]))
        assert _told(line, "qbuf") >= 20_000
        assert _told(line, "tot-mem") > before
        sender.send_bytes(b"x" * 10_000 + b"\r\n")
        assert sender.reply() == ("+", b"OK")
        assert _told(plain(wire(["client", "list", "id", number])), "qbuf") == 0


def _told(line: bytes, name: str) -> int:
    found = re.search(rf" {name}=(\d+)".encode(), line)
    assert found, line
    return int(found[1])


def test_commands_that_come_in_part_count_against_the_limit_of_clients(servers: Pair) -> None:
    if servers.release == "6.2":
        pytest.skip("has no limit")
    pair, other = servers.again(), servers.again()
    for wire, sender in ((pair.real, other.real), (pair.ours, other.ours)):
        wire(["config", "set", "maxmemory-clients", "3mb"])
        try:
            with pytest.raises(OSError):
                sender.send_bytes(b"*2\r\n$3\r\nget\r\n$9000000\r\n" + b"x" * 8_000_000)
                sender.reply()
            assert wire(["ping"]) == ("+", b"PONG")
        finally:
            wire(["config", "set", "maxmemory-clients", "0"])


def test_every_container_tells_of_its_subcommands(servers: Pair) -> None:
    wire = servers.again().ours
    containers = {
        name: row
        for name, row in SERVER_TABLE.rows.items()
        if row.subcommands and name != b"CLUSTER"
    }
    assert len(containers) > 12
    for name, row in containers.items():
        lines = plain(wire([name, "help"]))
        assert lines[0].startswith(name + b" <subcommand> ")
        told = {line.partition(b" ")[0] for line in lines[1:] if not line.startswith(b"    ")}
        assert told == set(row.subcommands), name
