"""Clients that wait: what tests over sockets cannot fix, and what only newer releases do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.machine import Machine
from tests.unit.server.test_propagation import words

RELEASES = ["6.0", "7.4"]


@pytest.fixture(params=RELEASES)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    return booted(tmp_path, request.param)


def booted(folder: Path, style: str) -> Machine:
    (folder / "data").mkdir()
    return Machine(folder / "data", compat_version=style, appendfsync="no").boot()


def test_an_answer_comes_after_what_gave_it(machine: Machine) -> None:
    assert machine.run("BLPOP", "k", 0, client=1) == b""
    before = len(machine.aof)
    assert machine.run("RPUSH", "k", "a", "b", client=2) == b":2\r\n"
    assert machine.replies(1) == b"*2\r\n$1\r\nk\r\n$1\r\na\r\n"
    assert words(machine.aof[before:])[-2:] == ["RPUSH k a b", "LPOP k"]


def test_a_pipeline_is_served_in_between(machine: Machine) -> None:
    """The loop feeds commands of a pipeline together; what they serve must not fall behind."""
    machine.run("BLPOP", "k", 0, client=1)
    machine.run("SET", "x", 1, client=2)
    calls = [[b"SET", b"x", b"2"], [b"RPUSH", b"k", b"a"], [b"SET", b"x", b"3"], [b"GET", b"k"]]
    raws = [b"*%d\r\n" % len(call) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in call)
            for call in calls]  # fmt: skip
    ends = [sum(map(len, raws[: n + 1])) for n in range(len(raws))]
    machine.run("RPUSH", "warm", 1, client=2)
    machine.run("GET", "warm2", client=2)
    before = len(machine.aof)
    session = machine.client(2)
    machine.reception.begin_turn(session, ends[-1])
    machine.dispatcher.serve(session, calls, b"".join(raws), 0, ends)
    assert machine.replies(2) == b"+OK\r\n:1\r\n+OK\r\n$-1\r\n"
    assert words(machine.aof[before:]) == ["SET x 2", "RPUSH k a", "LPOP k", "SET x 3"]


def test_the_database_of_who_waits(machine: Machine) -> None:
    machine.run("SELECT", 3, client=1)
    machine.run("BLPOP", "k", 0, client=1)
    machine.run("RPUSH", "k", "wrong", client=2)
    assert machine.replies(1) == b""
    machine.run("SELECT", 3, client=2)
    machine.run("RPUSH", "k", "right", client=2)
    assert b"right" in machine.replies(1)
    assert machine.run("GET", "s", client=2) == b"$-1\r\n"
    assert machine.client(2).db.index == 3


def test_timeouts_are_given_in_seconds(machine: Machine) -> None:
    machine.run("BLPOP", "k", "0.25")
    ((seconds, ring),) = machine.loop.later[-1:]
    assert seconds == 0.25
    ring()
    assert machine.replies() == b"*-1\r\n"
    assert machine.run("PING") == b"+PONG\r\n"
    machine.run("XREAD", "BLOCK", 1500, "STREAMS", "s", "$")
    assert machine.loop.later[-1][0] == 1.5
    later = len(machine.loop.later)
    machine.run("BLPOP", "k", 0, client=2)
    assert len(machine.loop.later) == later


def test_what_comes_behind_waits_too(machine: Machine) -> None:
    machine.run("BLPOP", "k", 0)
    assert machine.run("SET", "x", 1) == b""
    assert machine.run("BLPOP", "k", 0) == b""
    assert machine.run("GET", "x") == b""
    assert machine.run("GET", "x", client=2) == b"$-1\r\n"
    machine.run("RPUSH", "k", "a", client=2)
    assert machine.replies() == b"*2\r\n$1\r\nk\r\n$1\r\na\r\n+OK\r\n"
    machine.run("RPUSH", "k", "b", client=2)
    assert machine.replies() == b"*2\r\n$1\r\nk\r\n$1\r\nb\r\n$1\r\n1\r\n"


def test_a_key_that_expires_by_itself_ends_the_wait_of_a_group(tmp_path: Path) -> None:
    machine = booted(tmp_path, "7.4")
    machine.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM", client=2)
    machine.run("PEXPIRE", "s", 50, client=2)
    machine.run("XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">")
    assert machine.replies() == b""
    machine.tick(100)
    machine.tick(100)
    assert machine.replies().startswith(b"-NOGROUP No such key 's'")


@pytest.mark.parametrize(("style", "taken"), [("6.0", b"late"), ("7.4", b"early")])
def test_which_of_two_keys(tmp_path: Path, style: str, taken: bytes) -> None:
    """Since 7.2 the command is run again as it was given; before, for the key that was ready."""
    machine = booted(tmp_path, style)
    machine.run("BLPOP", "early", "late", 0)
    machine.run("MULTI", client=2)
    machine.run("RPUSH", "late", 1, client=2)
    machine.run("RPUSH", "early", 1, client=2)
    machine.run("EXEC", client=2)
    assert taken in machine.replies()


def test_who_has_gone_holds_nothing(machine: Machine) -> None:
    machine.run("BLPOP", "k", "l", 5)
    assert (len(machine.blocking), machine.blocking.keys, machine.blocking.timed) == (1, 2, 0)
    machine.clients.leave(machine.client())
    assert (len(machine.blocking), machine.blocking.keys) == (0, 0)
    assert machine.ctx.listener is None
    assert machine.run("RPUSH", "k", 1, client=2) == b":1\r\n"
    assert machine.run("LLEN", "k", client=2) == b":1\r\n"


def test_nobody_listens_to_changes_without_need(machine: Machine) -> None:
    listening = [machine.ctx.listener is not None]
    for client, call in ((1, "BLPOP k 0"), (2, "RPUSH k 1")):
        machine.run(*call.split(), client=client)
        listening.append(machine.ctx.listener is not None)
    assert listening == [False, True, False]


def test_shutdown_while_clients_wait(machine: Machine) -> None:
    machine.run("BLPOP", "k", 0)
    assert machine.shutdown()
    assert machine.replies() == b""


def test_who_waits_may_be_silent(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    machine = Machine(tmp_path / "data", timeout="1", hz="10").boot()
    for number, call in enumerate(("BLPOP k 0", "SUBSCRIBE c", "PING"), 1):
        machine.run(*call.split(), client=number)
    for _ in range(40):
        machine.tick(100)
    closed = [machine.client(number).closing for number in (1, 2, 3)]
    assert closed == [False, False, True]


def test_who_is_served_passes_the_gates_again(machine: Machine) -> None:
    """What was allowed when the wait began may not be when it ends; Redis 6 does not look again."""
    machine.run("RPUSH", "other", "a", client=2)
    machine.run("BLMOVE", "k", "l", "LEFT", "LEFT", 0, client=1)
    machine.run("CONFIG", "SET", "maxmemory", 1, client=2)
    machine.loop.run()
    assert machine.run("RPUSH", "k", "x", client=2).startswith(b"-OOM")
    assert machine.run("RENAME", "other", "k", client=2) == b"+OK\r\n"
    seven = machine.config.text("compat-version") == "7.4"
    reply = machine.replies(1)
    assert reply.startswith(b"-OOM") if seven else reply == b"$1\r\na\r\n"
    assert machine.run("EXISTS", "k", client=2) == (b":1\r\n" if seven else b":0\r\n")
