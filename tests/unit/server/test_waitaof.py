"""WAITAOF: who is answered when, by what the disk has."""

from __future__ import annotations

from pathlib import Path

import pytest

from aofserver.persistence.marks import Marks
from tests.fakes.machine import Machine

RELEASES = ["6.0", "7.4"]
_DONE, _NOT_YET = b"*2\r\n:1\r\n:0\r\n", b"*2\r\n:0\r\n:0\r\n"


def booted(folder: Path, fsync: str, style: str = "7.4", appendonly: str = "yes") -> Machine:
    (folder / "data").mkdir()
    options = {"compat_version": style, "appendfsync": fsync, "appendonly": appendonly}
    return Machine(folder / "data", **options).boot()


@pytest.mark.parametrize("style", RELEASES)
def test_under_always_the_answer_comes_in_the_same_turn(tmp_path: Path, style: str) -> None:
    machine = booted(tmp_path, "always", style)
    machine.serve("SET", "k", 1)
    assert machine.run("WAITAOF", 1, 0, 0) == b"+OK\r\n" + _DONE


@pytest.mark.parametrize("style", RELEASES)
def test_it_waits_for_the_sync(tmp_path: Path, style: str) -> None:
    machine = booted(tmp_path, "everysec", style)
    machine.syncer.end_at_once = False
    machine.run("SET", "k", 1)
    assert machine.run("WAITAOF", 0, 0, 0) == _NOT_YET
    assert machine.run("WAITAOF", 1, 0, 0) == b""
    machine.run("SET", "k", 2, client=2)
    assert machine.replies(1) == b""
    machine.syncer.end()
    machine.loop.run()
    assert machine.replies(1) == _DONE
    assert machine.run("WAITAOF", 0, 0, 0) == _DONE  # only the other one's change is not
    assert machine.run("WAITAOF", 0, 0, 0, client=2) == _NOT_YET
    assert machine.run("WAITAOF", 1, 0, 0, client=3) == _DONE  # it has changed nothing


def test_what_is_served_to_one_who_waits_is_its_own(tmp_path: Path) -> None:
    machine = booted(tmp_path, "everysec")
    machine.syncer.end_at_once = False
    machine.run("BLPOP", "k", 0)
    machine.run("RPUSH", "k", "a", "b", client=2)
    machine.replies(1)
    assert machine.run("WAITAOF", 0, 0, 0) == _NOT_YET
    assert machine.run("WAITAOF", 0, 0, 0, client=3) == _DONE


class TestMarks:
    """Many turns, of which each has written one byte, and none is synced but by hand."""

    def written(self, tmp_path: Path, turns: int) -> tuple[Machine, Marks]:
        machine = booted(tmp_path, "no")
        marks = Marks(machine.persistence.aof.writer)
        for number in range(turns):
            machine.persistence.aof.writer.state.size += 1
            marks.end_turn(number)
        return machine, marks

    def test_each_turn_waits_for_its_own_bytes(self, tmp_path: Path) -> None:
        machine, marks = self.written(tmp_path, 10)
        state = machine.persistence.aof.writer.state
        state.durable = state.size - 5
        assert [marks.covers(number, 10) for number in range(10)] == [True] * 5 + [False] * 5
        marks.end_turn(10)
        assert [marks.covers(number, 11) for number in range(10)] == [True] * 5 + [False] * 5

    def test_however_many_there_are_no_turn_is_durable_too_early(self, tmp_path: Path) -> None:
        machine, marks = self.written(tmp_path, 5000)
        state = machine.persistence.aof.writer.state
        assert not any(marks.covers(number, 5000) for number in range(5000))
        state.durable = state.size - 1
        assert not marks.covers(4999, 5000)
        state.durable = state.size
        assert all(marks.covers(number, 5000) for number in range(5000))

    def test_what_could_not_be_written_is_not_durable(self, tmp_path: Path) -> None:
        machine, marks = self.written(tmp_path, 1)
        state = machine.persistence.aof.writer.state
        state.durable = state.size
        state.pending.append(b"x")
        marks.end_turn(1)
        assert not marks.covers(1, 2)
        assert marks.covers(-1, 2)


def test_time_runs_out(tmp_path: Path) -> None:
    machine = booted(tmp_path, "no")
    machine.run("SET", "k", 1)
    assert machine.run("WAITAOF", 1, 0, 100) == b""
    seconds, call = machine.loop.later[-1]
    assert seconds == 0.1
    call()
    machine.turn.run()
    assert machine.replies(1) == _NOT_YET


def test_there_are_no_replicas_to_wait_for(tmp_path: Path) -> None:
    machine = booted(tmp_path, "always")
    machine.run("SET", "k", 1)
    assert machine.run("WAITAOF", 1, 1, 100) == b""
    machine.loop.later[-1][1]()
    machine.turn.run()
    assert machine.replies(1) == _DONE


def test_nobody_waits_in_a_transaction(tmp_path: Path) -> None:
    machine = booted(tmp_path, "no")
    machine.run("SET", "k", 1)
    machine.run("MULTI")
    machine.run("WAITAOF", 1, 0, 0)
    assert machine.run("EXEC") == b"*1\r\n" + _NOT_YET


def test_nor_in_a_script(tmp_path: Path) -> None:
    machine = booted(tmp_path, "no")
    machine.run("SET", "k", 1)
    for call in ("'WAITAOF', 1, 0, 0", "'WAIT', 1, 0"):
        reply = machine.run("EVAL", f"return redis.call({call})", 0)
        assert reply == (_NOT_YET if "AOF" in call else b":0\r\n")


def test_the_aof_is_turned_off_meanwhile(tmp_path: Path) -> None:
    machine = booted(tmp_path, "no")
    machine.run("SET", "k", 1)
    machine.run("WAITAOF", 1, 0, 0)
    machine.run("CONFIG", "SET", "appendonly", "no", client=2)
    assert machine.replies(1).startswith(b"-ERR WAITAOF cannot be used when numlocal is set but")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ((2, 0, 0), b"-ERR value is out of range, value must between 0 and 1\r\n"),
        (("x", 0, 0), b"-ERR value is not an integer or out of range\r\n"),
        ((0, -1, 0), b"-ERR value is out of range, must be positive\r\n"),
        ((0, 0, -1), b"-ERR timeout is negative\r\n"),
        ((0, 0, "x"), b"-ERR timeout is not an integer or out of range\r\n"),
        (
            (1, 0, 0),
            b"-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n",
        ),
        ((0, 0, 0), _NOT_YET),
    ],
)
def test_words(tmp_path: Path, words: tuple[int | str, ...], error: bytes) -> None:
    assert booted(tmp_path, "no", appendonly="no").run("WAITAOF", *words) == error
