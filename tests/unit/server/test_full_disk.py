"""What clients are told while the disk does not take the AOF, and how that ends."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from tests.fakes.machine import Machine, Quick

MISCONF = b"MISCONF Errors writing to the AOF file: No space left on device"


class Disk(Quick):
    """Full while ``full``."""

    def __init__(self) -> None:
        self.full = False

    def write(self, fd: int, data: bytes | memoryview) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(fd, data)


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture(params=["6.0", "7.4"])
def machine(request: pytest.FixtureRequest, tmp_path: Path, disk: Disk) -> Machine:
    """A server whose disk has become full: one write was acknowledged since, as everysec may."""
    folder = tmp_path / "data"
    folder.mkdir()
    machine = Machine(folder, disk, compat_version=request.param).boot()
    machine.run("SET", "a", "1")
    machine.run("MULTI", client=2)
    machine.run("SET", "queued", "1", client=2)
    disk.full = True
    assert machine.run("SET", "a", "2") == b"+OK\r\n"
    return machine


@pytest.mark.parametrize("words", [["SET", "a", "3"], ["DEL", "a"], ["PING"], ["FLUSHALL"]])
def test_writes_and_ping_are_refused(machine: Machine, words: list[str]) -> None:
    assert machine.run(*words) == b"-" + MISCONF + b"\r\n"
    assert machine.run("GET", "a") == b"$1\r\n2\r\n"


def test_what_was_queued_before_is_refused_as_a_whole(machine: Machine) -> None:
    reply = machine.run("EXEC", client=2)
    assert reply == b"-EXECABORT Transaction discarded because of: " + MISCONF + b"\r\n"
    assert machine.run("EXISTS", "queued") == b":0\r\n"
    machine.run("MULTI")
    machine.run("GET", "a")
    assert machine.run("EXEC") == b"*1\r\n$1\r\n2\r\n"
    machine.run("MULTI")
    assert MISCONF in machine.run("SET", "a", "3")
    assert machine.run("EXEC").startswith(b"-EXECABORT")


def test_scripts_may_read_and_not_write(machine: Machine) -> None:
    assert machine.run("EVAL", "return redis.call('get','a')", 0) == b"$1\r\n2\r\n"
    assert MISCONF in machine.run("EVAL", "return redis.call('set','b','1')", 0)
    assert MISCONF in machine.run("EVAL", "return redis.pcall('set','b','1')", 0)
    assert machine.run("EXISTS", "b") == b":0\r\n"


def test_it_is_tried_again_once_a_second_and_ends_by_itself(machine: Machine, disk: Disk) -> None:
    before = machine.aof
    machine.tick(100)
    disk.full = False
    machine.tick(900)
    machine.tick(100)
    assert machine.logged("AOF write error looks solved, Redis can write again.") == 1
    assert machine.run("SET", "c", "1") == b"+OK\r\n"
    machine.tick(1000)
    assert machine.aof.startswith(before)
    machine.close()
    again = Machine(machine.persistence.places.folder).boot()
    assert again.digest() == machine.digest()
    assert again.run("MGET", "a", "c") == b"*2\r\n$1\r\n2\r\n$1\r\n1\r\n"


def test_the_end_is_refused_while_something_is_not_written(machine: Machine, disk: Disk) -> None:
    assert machine.run("SHUTDOWN") == b"-ERR Errors trying to SHUTDOWN. Check logs.\r\n"
    assert machine.logged("can't exit: the AOF was not written: No space left on device") == 1
    disk.full = False
    assert machine.run("SHUTDOWN") == b""
    machine.close()
    assert Machine(machine.persistence.places.folder).boot().run("GET", "a") == b"$1\r\n2\r\n"


def test_data_are_not_thrown_away_for_a_file_that_lacks_them(machine: Machine) -> None:
    assert machine.run("DEBUG", "LOADAOF").startswith(b"-ERR Error trying to load the AOF files")
    assert machine.run("GET", "a") == b"$1\r\n2\r\n"


def test_the_aof_can_be_turned_off(machine: Machine) -> None:
    assert machine.run("CONFIG", "SET", "appendonly", "no") == b"+OK\r\n"
    assert machine.run("SET", "a", "3") == b"+OK\r\n"


def test_under_always_no_reply_leaves_and_the_server_ends(tmp_path: Path, disk: Disk) -> None:
    machine = Machine(tmp_path, disk, appendfsync="always").boot()
    assert machine.run("SET", "a", "1") == b"+OK\r\n"
    disk.full = True
    machine.serve("SET", "a", "2")
    machine.serve("GET", "a", client=2)
    assert machine.replies() == b""
    assert machine.replies(2) == b""
    assert machine.ending.code == 1
    assert machine.logged("Can't recover from AOF write error when the AOF fsync policy") == 1
