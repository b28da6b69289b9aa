"""Commands that came after 7.4, and MIGRATE: replies, and what the AOF holds of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from aoftool.format.resp.replies import OK, ErrorReply, Reply, Status
from tests.unit.keyspace.calls import NOW, Calls


def filled(*lines: str) -> Calls:
    calls = Calls()
    for line in ("SET k v", "RPUSH l x", *lines):
        calls(line)
    return calls


@pytest.mark.parametrize(
    ("line", "reply", "logged"),
    [
        ("DELEX k", 1, ["DEL k"]),
        ("DELEX l", 1, ["DEL l"]),
        ("DELEX none", 0, []),
        ("DELEX k IFEQ v", 1, ["DEL k"]),
        ("DELEX k ifeq w", 0, []),
        ("DELEX k IFNE w", 1, ["DEL k"]),
        ("DELEX k IFNE v", 0, []),
        ("DELEX none IFNE v", 0, []),
        ("DELEX k IFEQ", b"-ERR wrong number of arguments for 'delex' command", []),
        ("DELEX k FOO v", b"-ERR syntax error", []),
        ("DELIFEQ k v", 1, ["DEL k"]),
        ("DELIFEQ k w", 0, []),
        ("DELIFEQ none v", 0, []),
    ],
)
def test_deleting_under_a_condition(line: str, reply: Reply, logged: list[str]) -> None:
    calls = filled()
    before = len(calls.log)
    assert calls(line) == reply
    assert calls.log[before:] == logged


@pytest.mark.parametrize("line", ["DELEX l IFEQ x", "DELIFEQ l x"])
def test_only_strings_have_conditions(line: str) -> None:
    assert filled()(line).startswith(b"-WRONGTYPE")


@pytest.mark.parametrize(
    ("line", "reply", "logged"),
    [
        ("MSETEX 2 a 1 b 2", 1, ["MSETEX 2 a 1 b 2"]),
        ("MSETEX 2 a 1 b 2 NX EX 10", 1, [f"MSETEX 2 a 1 b 2 NX PXAT {NOW + 10_000}"]),
        ("MSETEX 1 k 2 PX 10 XX", 1, [f"MSETEX 1 k 2 PXAT {NOW + 10} XX"]),
        ("MSETEX 2 a 1 k 2 NX", 0, []),
        ("MSETEX 2 a 1 k 2 XX", 0, []),
        ("MSETEX 1 k 2 KEEPTTL", 1, ["MSETEX 1 k 2 KEEPTTL"]),
        ("MSETEX 1 k 2 EX 1 KEEPTTL", b"-ERR syntax error", []),
        ("MSETEX 1 k 2 NX XX", b"-ERR syntax error", []),
        ("MSETEX 1 k 2 EX 0", b"-ERR invalid expire time in 'msetex' command", []),
        ("MSETEX 2 k 2", b"-ERR wrong number of arguments for 'msetex' command", []),
    ],
)
def test_msetex(line: str, reply: Reply, logged: list[str]) -> None:
    calls = filled()
    before = len(calls.log)
    assert calls(line) == reply
    assert calls.log[before:] == logged


def stream() -> Calls:
    """Entries 1-0 to 3-0; g has read the first two, k none."""
    return filled(
        *(f"XADD s {n}-0 f v" for n in (1, 2, 3)),
        "XGROUP CREATE s g 0",
        "XGROUP CREATE s k 0",
        "XREADGROUP GROUP g ann COUNT 2 STREAMS s >",
    )


@pytest.mark.parametrize(
    ("line", "reply", "left", "pending"),
    [
        ("XDELEX s IDS 2 1-0 9-0", [1, -1], 2, 2),
        ("XDELEX s DELREF IDS 1 1-0", [1], 2, 1),
        ("XDELEX s IDS 1 1-0 DELREF", [1], 2, 1),
        ("XDELEX s ACKED IDS 3 1-0 3-0 9-0", [2, 2, -1], 3, 2),
        ("XDELEX none IDS 1 1-0", [-1], 3, 2),
        ("XACKDEL s g IDS 2 1-0 3-0", [1, -1], 2, 1),
        ("XACKDEL s g ACKED IDS 1 1-0", [2], 3, 1),
        ("XACKDEL s g DELREF IDS 1 2-0", [1], 2, 1),
        ("XACKDEL s none IDS 1 1-0", [-1], 3, 2),
    ],
)
def test_entries_go_with_their_references(
    line: str, reply: list[int], left: int, pending: int
) -> None:
    calls = stream()
    before = len(calls.log)
    assert calls(line) == reply
    assert calls.log[before:] == ([line] if (left, pending) != (3, 2) else [])
    assert calls("XLEN s") == left
    assert calls("XPENDING s g")[0] == pending


def test_acked_by_all_groups() -> None:
    calls = stream()
    calls("XREADGROUP GROUP k bob STREAMS s >")
    assert calls("XACK s g 1-0") == calls("XACK s k 1-0") == 1
    assert calls("XDELEX s ACKED IDS 2 1-0 2-0") == [1, 2]


def test_references_to_entries_that_are_gone_are_dropped_in_the_aof_too() -> None:
    calls = stream()
    calls("XDEL s 1-0")
    assert calls.logged("XDELEX s DELREF IDS 1 1-0") == ["XDELEX s DELREF IDS 1 1-0"]
    assert calls.logged("XDELEX s DELREF IDS 1 1-0") == []


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("XDELEX s IDS 0 1-0", b"-ERR Number of IDs must be a positive integer"),
        ("XDELEX s IDS 3 1-0", b"-ERR The `numids` parameter must match the number of arguments"),
        ("XDELEX s FOO IDS 1 1-0", b"-ERR syntax error"),
        ("XDELEX s IDS 1 1-0 FOO", b"-ERR syntax error"),
        ("XACKDEL s g KEEPREF ACKED IDS 1 1-0", b"-ERR syntax error"),
        ("XDELEX s IDS 1 x", b"-ERR Invalid stream ID specified as stream command argument"),
    ],
)
def test_malformed(line: str, error: bytes) -> None:
    assert stream()(line) == error


class Target:
    """Another server; ``replies`` are those to RESTORE, ``sent`` what it was sent."""

    def __init__(self, *replies: Reply, opening: Reply = OK) -> None:
        self.replies = replies
        self.opening = opening
        self.sent: list[list[bytes]] = []

    def __call__(
        self, host: bytes, port: bytes, timeout_ms: int, commands: Sequence[Sequence[bytes]]
    ) -> Sequence[Reply]:
        self.sent = [list(command) for command in commands]
        count = len(commands) - len(self.replies)
        return [*[self.opening] * count, *self.replies]


def test_migrate_deletes_what_was_taken() -> None:
    calls = filled("SET e v PX 5000")
    target = calls.ctx.options.send = Target(OK, OK)
    assert calls("MIGRATE host 1  3 100 REPLACE AUTH2 u p KEYS k none e") == OK
    assert [words[0] for words in target.sent] == [b"AUTH", b"SELECT", b"RESTORE", b"RESTORE"]
    assert target.sent[2][1:3] == [b"k", b"0"]
    assert target.sent[3][1:3] == [b"e", b"5000"]
    assert target.sent[3][-1] == b"REPLACE"
    assert calls.log[-1] == "DEL k e"
    assert calls("EXISTS k e") == 0


def test_migrate_keeps_what_was_refused_or_copied() -> None:
    calls = filled("SET e v")
    calls.ctx.options.send = Target(ErrorReply(b"BUSYKEY Target key name already exists."), OK)
    reply = calls("MIGRATE host 1  0 100 KEYS k e")
    assert reply.text == (
        b"ERR Target instance replied with error: BUSYKEY Target key name already exists."
    )
    assert calls.log[-1] == "DEL e"
    calls.ctx.options.send = Target(OK)
    assert calls.logged("MIGRATE host 1 k 0 100 COPY") == []
    assert calls("MIGRATE host 1 none 0 100") == Status(b"NOKEY")


def test_migrate_keeps_all_where_it_is_not_let_in() -> None:
    calls = filled()
    calls.ctx.options.send = Target(opening=ErrorReply(b"NOAUTH"))
    assert calls("MIGRATE host 1 k 0 100").text.endswith(b"NOAUTH")
    assert calls("EXISTS k") == 1


def test_migrate_without_a_way_to_others() -> None:
    assert filled()("MIGRATE host 1 k 0 100").startswith(b"-IOERR error or timeout connecting")
