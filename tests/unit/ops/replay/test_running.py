"""running: whole replays into memory and into a sink that only takes notes, on a fake clock."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aoftool.errors import ExitCode, RefusedError, SourceError
from aoftool.format.rdb import RdbEncoder
from aoftool.format.resp import encode_command
from aoftool.keyspace.context import Style
from aoftool.keyspace.digest import keyspace_digest
from aoftool.ops.failures import Failure
from aoftool.ops.loading import LoadOptions, load
from aoftool.ops.replay.checkpoint import place_of, read_checkpoint
from aoftool.ops.replay.choosing import Chooser
from aoftool.ops.replay.ledger import Ledger
from aoftool.ops.replay.memory import MemorySink
from aoftool.ops.replay.model import Expired, Origin, Position, TargetError, Unit, Window
from aoftool.ops.replay.moments import Moments
from aoftool.ops.replay.pacing import Pace
from aoftool.ops.replay.running import Control, Outcome, ReplayOptions, Runner
from aoftool.ops.replay.selection import Bound, Selection
from aoftool.ops.replay.target import Facts, read_facts
from aoftool.ops.source import resolve

SAMPLES = Path(__file__).parents[4] / "samples"
NOW_MS = 1_700_000_000_000
#: Samples that are refused before anything is sent.
DAMAGED = {"damaged.aof"}


class Noting(MemorySink):
    """Memory that remembers what was sent when, and may go away."""

    def __init__(self, facts: Facts | None = None, dies_after: int | None = None) -> None:
        super().__init__(Style.REDIS_7, NOW_MS)
        self.facts = facts or self.facts
        self.now = 0.0
        self.seen: list[tuple[float, int | None, bytes]] = []
        self.units: list[Unit] = []
        self._left = dies_after

    def push(self, unit: Unit) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise TargetError("it went away")
        self.seen += [(self.now, unit.db, b" ".join(argv)) for argv in unit.words()]
        self.units.append(unit)
        super().push(unit)

    def wait(self, seconds: float) -> None:
        self.now += seconds


def play(
    path: Path, options: ReplayOptions | None = None, sink: Noting | None = None, **more: Any
) -> tuple[Outcome, Noting, list[Failure]]:
    sink = sink or Noting()
    failures: list[Failure] = []
    options = options or ReplayOptions()
    choice = None if options.selection.is_all else Chooser(options.selection)
    runner = Runner(
        resolve(path), sink, options, choice=choice, tell=failures.append,
        clock=lambda: sink.now, wait=sink.wait, **more,
    )  # fmt: skip
    return runner.run(), sink, failures


def write(path: Path, *lines: str) -> Path:
    path.write_bytes(b"".join(
        line.encode() + b"\r\n" if line.startswith("#") else encode_command(line.encode().split())
        for line in lines
    ))  # fmt: skip
    return path


def sent(sink: Noting) -> list[str]:
    return [words.decode() for _, _, words in sink.seen]


@pytest.mark.parametrize("name", sorted({path.name for path in SAMPLES.glob("*.aof")} - DAMAGED))
@pytest.mark.parametrize("window", [Window(), Window(commands=3)])
def test_memory_holds_what_a_load_gives(name: str, window: Window) -> None:
    path = SAMPLES / name
    expected = load(resolve(path), LoadOptions(now_ms=NOW_MS, skip_errors=True))
    options = ReplayOptions(window=window, moments=Moments(Expired.KEEP, 0))
    outcome, sink, failures = play(path, options)
    assert keyspace_digest(sink.keyspace) == keyspace_digest(expected.keyspace)
    for ours, theirs in zip(sink.keyspace.databases, expected.keyspace.databases, strict=True):
        assert ours.expires == theirs.expires
    assert len(failures) == outcome.counts.failed == expected.failed


def test_plain_commands_go_as_the_bytes_that_they_are(tmp_path: Path) -> None:
    lines = ["SET a 1", "set b 2", "HSET h f v", "SET c 3 PXAT 1", "DEL a", "SELECT 3", "SET d 4"]
    path = write(tmp_path / "x.aof", *lines)
    _, sink, _ = play(path)
    first, second, third, last = sink.units
    data = path.read_bytes()
    assert (first.data, first.records) == (data[: len(first.data)], 3)
    assert b"PXAT" in second.data
    assert (third.words(), last.words()) == ([[b"DEL", b"a"]], [[b"SET", b"d", b"4"]])
    assert (last.db, last.end) == (3, Position(0, len(data), 7, 3))
    assert data.endswith(last.data)


@pytest.mark.parametrize("commands", [1, 7, 100, 5000])
def test_windows_do_not_change_what_is_sent(commands: int, tmp_path: Path) -> None:
    lines = [f"SET key:{number} {'v' * (number % 50)}x" for number in range(3000)]
    lines[1000:1000] = ["MULTI", "INCR n", "EXEC", "SELECT 1", "PEXPIREAT key:1 4000000000000"]
    path = write(tmp_path / "x.aof", *lines)
    outcome, sink, _ = play(path, ReplayOptions(window=Window(commands=commands)))
    plain = [line for line in lines if not line.startswith(("SELECT", "PEXPIREAT"))]
    assert [line for line in sent(sink) if not line.startswith("PEXPIREAT")] == plain
    assert outcome.position == Position(0, path.stat().st_size, 3005, 1)
    # MULTI, its command and EXEC are one unit of three records.
    assert max(unit.records for unit in sink.units) <= max(commands, 3)
    ends = [unit.end.offset for unit in sink.units]
    assert ends == sorted(ends)


def test_where_a_plain_command_that_failed_stands(tmp_path: Path) -> None:
    lines = [f"SET k{number} {number}" for number in range(500)]
    lines[321] = "LPUSH k3 x"
    path = write(tmp_path / "x.aof", *lines)
    outcome, _, (failure,) = play(path)
    offset = sum(len(encode_command(line.encode().split())) for line in lines[:321])
    assert (failure.offset, failure.record, failure.argv) == (offset, 322, (b"LPUSH", b"k3", b"x"))
    assert (outcome.counts.sent, outcome.counts.acknowledged) == (500, 499)


# How fast, on a clock that moves only while somebody waits.
def test_rate_of_commands(tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", *["SET a 1"] * 100)
    _, sink, _ = play(path, ReplayOptions(pace=Pace(commands=10)))
    assert [at for at, _, _ in sink.seen] == pytest.approx([n / 10 for n in range(100)])


def test_rate_of_bytes(tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", *["SET a 1"] * 50)
    _, sink, _ = play(path, ReplayOptions(pace=Pace(bytes=270)))
    assert [at for at, _, _ in sink.seen] == pytest.approx([n / 10 for n in range(50)])


@pytest.mark.parametrize(("speed", "last"), [(1.0, 25.0), (2.0, 12.5)])
def test_speed_of_the_source(speed: float, last: float, tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.aof", "SET before 1", "#TS:1000", "SET a 1", "#TS:1020", "SET b 1", "SET c 1",
        "#TS:1025", "SET d 1",
    )  # fmt: skip
    _, sink, _ = play(path, ReplayOptions(pace=Pace(speed=speed)))
    times = [at for at, _, _ in sink.seen]
    assert times == pytest.approx([0, 0, 20 / speed, 20 / speed, last])


# Ends.
def test_it_stops_while_it_waits(tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", *["MULTI", "SET a 1", "EXEC"] * 50)
    control = Control()
    sink = Noting()

    def wait(seconds: float) -> None:
        sink.now += seconds
        control.stop = sink.now > 3

    runner = Runner(
        resolve(path), sink, ReplayOptions(pace=Pace(commands=3)), control=control,
        clock=lambda: sink.now, wait=wait,
    )  # fmt: skip
    outcome = runner.run()
    assert outcome.stopped == "interrupted"
    assert outcome.position.record == outcome.counts.acknowledged
    assert outcome.position.record % 3 == 0
    assert 0 < outcome.position.record < 30


def test_a_target_that_goes_away(tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", "SET a 1", "PEXPIREAT a 5", "SET b 1", "PEXPIREAT b 5")
    outcome, _, _ = play(path, sink=Noting(dies_after=3))
    assert isinstance(outcome.error, TargetError)
    assert outcome.error.exit_code is ExitCode.TARGET
    assert (outcome.counts.acknowledged, outcome.position.record) == (3, 3)
    assert outcome.held


def test_damage_ends_it_behind_what_is_sound(tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", "SET a 1", "MULTI", "SET b 1", "EXEC")
    size = path.stat().st_size
    path.write_bytes(path.read_bytes() + b"*2\r\n$x")
    outcome, sink, _ = play(path)
    assert outcome.error is not None
    assert outcome.error.exit_code is ExitCode.CORRUPT
    assert (outcome.position.offset, len(sink.keyspace)) == (size, 2)


def test_a_file_that_is_cut_while_it_is_read(tmp_path: Path) -> None:
    """At the end of a record nothing but its size would tell."""
    path = write(tmp_path / "x.aof", *["SET key 1"] * 100_000)
    size = path.stat().st_size
    cut = size // 100_000 * 60_000

    def progress(count: int) -> None:
        os.truncate(path, cut)

    outcome, _, _ = play(path, progress=progress)
    assert isinstance(outcome.error, SourceError)
    assert "became shorter" in str(outcome.error)
    assert outcome.position.offset == cut


# A file that is replaced while it is followed.
class Late(Noting):
    """Acknowledges nothing before it is drained; ``turns`` happen one by one where it waits."""

    def __init__(self, *turns: Callable[[], None]) -> None:
        super().__init__()
        self._turns = list(turns)
        self._unanswered: list[Unit] = []

    def push(self, unit: Unit) -> None:
        self.seen += [(self.now, unit.db, b" ".join(argv)) for argv in unit.words()]
        self._ledger.sent(unit)
        self._unanswered.append(unit)

    def drain(self) -> None:
        while self._unanswered:
            self._ledger.finished(self._unanswered.pop(0))

    def wait(self, seconds: float) -> None:
        self.now += 2
        self._turns.pop(0)()


def rewritten(path: Path, *lines: str) -> None:
    """Put a file in its place that begins with a preamble."""
    encoder = RdbEncoder()
    encoder.select_db(0)
    fresh = write(path.with_name("temp"), *lines)
    fresh.write_bytes(encoder.end() + fresh.read_bytes())
    fresh.replace(path)


def add(path: Path, *lines: str) -> None:
    with path.open("ab") as file:
        file.write(write(path.with_name("more"), *lines).read_bytes())


def test_a_rewrite_while_replies_are_still_to_come(tmp_path: Path) -> None:
    """A checkpoint tells of the file that has the name, or is not written."""
    path, kept = write(tmp_path / "x.aof", "SELECT 3", "SET a 1"), tmp_path / "k"
    control = Control()
    places = []

    def rewrite() -> None:
        places.append(read_checkpoint(kept))
        add(path, "SELECT 3", "INCR n", "MULTI", "INCR n")  # it ends inside of a transaction
        rewritten(path, "SELECT 3", "INCR n", "MULTI", "INCR n", "INCR n", "EXEC", "INCR m")

    def look() -> None:
        places.append(read_checkpoint(kept))
        control.stop = True

    size = path.stat().st_size
    sink = Late(lambda: None, rewrite, lambda: None, look)
    options = ReplayOptions(follow=True, checkpoint=kept, pace=Pace(commands=1000))
    outcome, _, _ = play(path, options, sink, control=control)
    assert sent(sink) == ["SET a 1", "INCR n", "MULTI", "INCR n", "INCR n", "EXEC", "INCR m"]
    assert {db for _, db, _ in sink.seen} == {3}
    assert (outcome.error, outcome.unkept, outcome.stopped) == (None, None, "interrupted")
    first, second = places
    assert (first.offset, first.record) == (size, 2)
    place = place_of(second, list(resolve(path).parts), path)
    assert (place.offset, place.record, place.db) == (path.stat().st_size, 7, 3)


def test_what_was_sent_of_a_file_that_is_gone_has_no_checkpoint(tmp_path: Path) -> None:
    path, kept, control = write(tmp_path / "x.aof", "SET a 1"), tmp_path / "k", Control()

    def rewrite() -> None:
        add(path, "SELECT 0", "INCR n")
        rewritten(path, "SELECT 0", "INCR n", "INCR n")

    class Stopping(Late):
        def push(self, unit: Unit) -> None:
            super().push(unit)
            control.stop = len(self.seen) == 2

    sink = Stopping(lambda: None, rewrite)
    outcome, _, _ = play(path, ReplayOptions(follow=True, checkpoint=kept), sink, control=control)
    assert (outcome.stopped, len(sink.seen)) == ("interrupted", 2)
    assert "replaced by another file" in str(outcome.unkept)
    with pytest.raises(RefusedError, match="the source has changed"):
        place_of(read_checkpoint(kept), list(resolve(path).parts), path)


def test_selection_by_key_and_place(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.aof", "SET a 1", "MULTI", "SET a 2", "SET b 2", "SELECT 1", "SET a 3", "EXEC",
        "MULTI", "SET b 9", "EXEC", "SET a 4", "DEL a b",
    )  # fmt: skip
    outcome, sink, _ = play(path, ReplayOptions(Selection(match=(b"a",), until=Bound(record=11))))
    assert sent(sink) == ["SET a 1", "MULTI", "SET a 2", "SELECT 1", "SET a 3", "SELECT 0", "EXEC",
                          "SET a 4"]  # fmt: skip
    assert outcome.counts.skipped == 3
    assert [unit.db for unit in sink.units] == [0, 0, 1]


# The books.
class _Unit(Unit):
    """As much of a unit as the ledger looks at."""

    replies = 1

    def __init__(self, end: Position) -> None:
        super().__init__(b"x", None, end)

    def origin(self, index: int) -> Origin:
        raise AssertionError

    def words(self) -> list[list[bytes]]:
        return []


def test_nothing_counts_before_what_is_in_front_of_it() -> None:
    ledger = Ledger(resolve(SAMPLES / "preamble.aof").parts, Position())
    units = [_Unit(Position(0, offset)) for offset in (10, 20, 30)]
    for unit in units:
        ledger.sent(unit)
    ledger.passed(Position(0, 40))
    places = []
    for unit in (units[1], units[0], units[2]):
        ledger.finished(unit)
        places.append(ledger.position.offset)
    assert places == [0, 20, 40]
    assert (ledger.counts.sent, ledger.counts.acknowledged) == (3, 3)


# What a server says of itself.
INFO = """# Server\r
redis_version:%s\r
redis_mode:standalone\r
# Keyspace\r
db0:keys=3,expires=1,avg_ttl=0\r
db7:keys=2,expires=0,avg_ttl=0\r
"""


VERSIONS = [
    ("4.0.14", (4, 0), None),
    ("5.0.14", (5, 0), 9),
    ("6.2.6", (6, 2), 9),
    ("7.0.15", (7, 0), 10),
    ("7.2.4", (7, 2), 11),
    ("8.0.1", (8, 0), 12),
    ("255.255.255", (7, 4), 12),
]


@pytest.mark.parametrize(("text", "version", "rdb"), VERSIONS)
def test_facts(text: str, version: tuple[int, int], rdb: int | None) -> None:
    facts = read_facts((INFO % text).encode(), None)
    assert (facts.version, facts.rdb_version, facts.cluster) == (version, rdb, False)
    assert (facts.keys, facts.expires) == ({0: 3, 7: 2}, {0: 1, 7: 0})


def test_valkey_and_clusters() -> None:
    told = (INFO % "7.2.4").replace("standalone", "cluster") + "valkey_version:8.1.0\r\n"
    facts = read_facts(told.encode(), frozenset((b"GET",)))
    assert (facts.version, facts.rdb_version, facts.cluster) == ((7, 2), 11, True)
    assert (facts.knows(b"GET"), facts.knows(b"SET")) == (True, False)
