"""A script that runs for too long, and what others may do meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.machine import QUICK, Machine, Now
from tests.unit.server.test_propagation import words

FOREVER = "while true do end"
WRITES = "redis.call('set','w','1') while true do end"


class Hurrying(Now):
    """A clock on which every look takes a second."""

    seconds = 0

    def monotonic_us(self) -> int:
        self.seconds += 1
        return self.seconds * 1_000_000


class Busy:
    """A server, and what a second client does while a script of the first one runs."""

    def __init__(self, folder: Path, style: str) -> None:
        folder.mkdir()
        self.machine = Machine(folder, QUICK, Hurrying(), compat_version=style).boot()
        self.said: list[bytes] = []
        self.machine.run("SET", "a", "1")
        self.machine.client(2)

    def meanwhile(self, *lines: str) -> None:
        """Have the second client say a line each time that the server looks after clients."""
        left = list(lines)

        def pump() -> bool:
            if left:
                self.said.append(self.machine.run(*left.pop(0).split(), client=2))
            return True

        self.machine.scripts.pump = pump


@pytest.fixture(params=["6.0", "7.4"])
def busy(request: pytest.FixtureRequest, tmp_path: Path) -> Busy:
    return Busy(tmp_path / "data", request.param)


def test_others_are_told_until_somebody_kills_the_script(busy: Busy) -> None:
    busy.meanwhile("GET a", "MULTI", "GET a", "DISCARD", "SHUTDOWN", "SCRIPT KILL")
    reply = busy.machine.run("EVAL", FOREVER, 0)
    refused = b"-BUSY Redis is busy running a script."
    assert [each.startswith(refused) for each in busy.said] == [
        True, False, True, False, True, False,
    ]  # fmt: skip
    assert busy.said[-1] == b"+OK\r\n"
    assert b"Script killed by user with SCRIPT KILL" in reply
    assert busy.machine.run("GET", "a", client=2) == b"$1\r\n1\r\n"
    assert busy.machine.run("SCRIPT", "KILL").startswith(b"-NOTBUSY")
    assert busy.machine.logged("still in execution after") == 1


def test_a_script_that_has_written_cannot_be_killed(busy: Busy) -> None:
    busy.meanwhile("SCRIPT KILL", "SHUTDOWN NOSAVE")
    machine = busy.machine
    machine.scripts.ended = machine.ending.event.is_set
    before = len(machine.aof)
    machine.serve("EVAL", WRITES, 0)
    assert busy.said[0].startswith(b"-UNKILLABLE")
    assert machine.ending.event.is_set()
    machine.loop.run()
    machine.persistence.aof.close()
    assert words(machine.aof[before:]) == []


def test_a_function_is_killed_as_one(tmp_path: Path) -> None:
    busy = Busy(tmp_path / "data", "7.4")
    code = "#!lua name=l\nredis.register_function('f', function() while true do end end)"
    assert busy.machine.run("FUNCTION", "LOAD", code) == b"$1\r\nl\r\n"
    busy.meanwhile("SCRIPT KILL", "FUNCTION STATS", "FUNCTION KILL")
    busy.machine.run("FCALL", "f", 0)
    assert busy.said[0].startswith(b"-BUSY")
    assert b"running_script" in busy.said[1]
    assert busy.said[2] == b"+OK\r\n"


def test_nothing_expires_and_no_unit_is_torn_apart_meanwhile(busy: Busy) -> None:
    machine = busy.machine
    machine.run("SET", "e", "1", "PX", "50")
    machine.run("SET", "late", "1", "PX", "100000")
    machine.clock.ms += 100
    left = [3]

    def pump() -> bool:
        machine.cron._run()
        machine.run("GET", "a", client=2)
        left[0] -= 1
        if not left[0]:
            machine.run("SCRIPT", "KILL", client=2)
        return True

    machine.scripts.pump = pump
    before = len(machine.aof)
    script = "redis.call('get','e') while true do end"
    machine.run("EVAL", script, 0)
    assert words(machine.aof[before:]) == ["DEL e"]


def test_a_limit_of_zero_tells_nobody(busy: Busy) -> None:
    machine = busy.machine
    assert machine.run("CONFIG", "SET", "lua-time-limit", "0") == b"+OK\r\n"
    busy.meanwhile("GET a")
    machine.run("EVAL", "for i=1,1000000 do end return 1", 0)
    assert busy.said == []


def test_what_a_script_logs_stands_in_the_log(busy: Busy) -> None:
    busy.machine.run("EVAL", "redis.log(redis.LOG_WARNING, 'a line of a script')", 0)
    assert busy.machine.logged("# a line of a script") == 1


def test_a_transaction_goes_on_behind_its_script(busy: Busy) -> None:
    machine = busy.machine
    before = len(machine.aof)
    busy.meanwhile("GET a", "SCRIPT KILL")
    for line in (["MULTI"], ["SET", "b", "1"], ["EVAL", FOREVER, "0"], ["INCR", "b"]):
        machine.run(*line)
    reply = machine.run("EXEC")
    assert reply.startswith(b"*3\r\n+OK\r\n-ERR ")
    assert reply.endswith(b":2\r\n")
    assert words(machine.aof[before:]) == ["MULTI", "SET b 1", "INCR b", "EXEC"]
    assert busy.said[0].startswith(b"-BUSY")
    assert machine.run("GET", "b", client=2) == b"$1\r\n2\r\n"


def test_the_caller_is_not_read_meanwhile(busy: Busy) -> None:
    machine, seen = busy.machine, []
    line = machine.client().transport

    def pump() -> bool:
        seen.append(line.reading)  # type: ignore[union-attr]
        machine.run("SCRIPT", "KILL", client=2)
        return True

    machine.scripts.pump = pump
    machine.run("EVAL", FOREVER, 0)
    assert seen == [False]
    assert line.reading  # type: ignore[union-attr]
