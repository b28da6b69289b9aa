"""What a replay is about: where it stands, what travels, what is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol

from aoftool.errors import AofError, ExitCode
from aoftool.format.aof import Batch, PlainRun
from aoftool.format.resp import decode_commands_at

Argv = Sequence[bytes]


class TargetError(AofError):
    """The target cannot be reached, went away, or does not serve."""

    exit_code = ExitCode.TARGET


class Position(NamedTuple):
    """A place between two records, outside of any transaction.

    Attributes:
        part: index of the file in its source.
        offset: in that file; record: commands of that file before it.
        db: the database that the source has selected there.
    """

    part: int = 0
    offset: int = 0
    record: int = 0
    db: int = 0


class Origin(NamedTuple):
    """Where a command stands in the source.

    Attributes:
        start: its offset; record: its number, None for a key in RDB form.
        argv: its words; of a key in RDB form its name.
    """

    start: int
    record: int | None
    argv: Argv


class Unit(Protocol):
    """What is sent as a whole, on one connection, with nothing of another unit between.

    Attributes:
        data: the bytes; replies: how many replies they have.
        records: commands, or keys in RDB form, of the source that it stands for.
        db: the target's database, or None where it works on none.
        end: the place in the source behind it.
        done: whether all replies have come.
        bad: indexes of records that failed.
    """

    data: bytes
    db: int | None
    end: Position
    done: bool
    bad: set[int] | None

    @property
    def replies(self) -> int: ...

    @property
    def records(self) -> int: ...

    @property
    def inner(self) -> bool:
        """Whether it is a transaction."""
        ...

    def owner(self, reply: int) -> int:
        """Index of the record that the reply with this index is for."""
        ...

    def origin(self, index: int) -> Origin:
        """Where the record with this index stands."""
        ...

    def words(self) -> Sequence[Argv]:
        """The commands that ``data`` holds."""
        ...


class RunUnit:
    """Commands ``first`` to ``last`` of a batch, sent as the bytes that they are in the file."""

    __slots__ = ("_batch", "_first", "_last", "bad", "data", "db", "done", "end")

    inner = False

    def __init__(
        self, batch: Batch, first: int, last: int, data: bytes, db: int, end: Position
    ) -> None:
        self._batch = batch
        self._first = first
        self._last = last
        self.data = data
        self.db: int | None = db
        self.end = end
        self.done = False
        self.bad: set[int] | None = None

    @property
    def replies(self) -> int:
        """See Unit."""
        return self._last - self._first

    records = replies

    def owner(self, reply: int) -> int:
        """See Unit."""
        return reply

    def origin(self, index: int) -> Origin:
        """See Unit."""
        command = self._batch.command(self._first + index)
        return Origin(command.start, command.record, command.argv)

    def words(self) -> Sequence[Argv]:
        """See Unit."""
        return self._batch.commands[self._first : self._last]


class PlainUnit:
    """A run of commands that nobody has looked at; only if one fails they are."""

    __slots__ = ("_commands", "_ends", "_run", "bad", "data", "db", "done", "end")

    inner = False

    def __init__(self, run: PlainRun, data: bytes, db: int, end: Position) -> None:
        self._run = run
        self._commands: list[list[bytes]] = []
        self._ends: list[int] = []
        self.data = data
        self.db: int | None = db
        self.end = end
        self.done = False
        self.bad: set[int] | None = None

    @property
    def replies(self) -> int:
        """See Unit."""
        return self._run.commands

    records = replies

    def owner(self, reply: int) -> int:
        """See Unit."""
        return reply

    def origin(self, index: int) -> Origin:
        """See Unit."""
        argv = self.words()[index]
        start = self._run.start + (self._ends[index - 1] if index else 0)
        return Origin(start, self._run.record + index, argv)

    def words(self) -> Sequence[Argv]:
        """See Unit."""
        if not self._commands:
            found = decode_commands_at(self.data, 0, len(self.data), self._run.commands)
            self._commands, self._ends = found
        return self._commands


@dataclass(slots=True)
class ListedUnit:
    """Commands that were made one by one; ``owners`` says which record each of them is for."""

    data: bytes
    db: int | None
    end: Position
    argvs: Sequence[Argv]
    origins: Sequence[Origin]
    owners: Sequence[int]
    inner: bool = False
    done: bool = False
    bad: set[int] | None = None

    @property
    def replies(self) -> int:
        """See Unit."""
        return len(self.argvs)

    @property
    def records(self) -> int:
        """See Unit."""
        return len(self.origins)

    def owner(self, reply: int) -> int:
        """See Unit."""
        return self.owners[reply]

    def origin(self, index: int) -> Origin:
        """See Unit."""
        return self.origins[index]

    def words(self) -> Sequence[Argv]:
        """See Unit."""
        return self.argvs


class Expired(Enum):
    """What becomes of keys whose time has come at the moment of ``--now``."""

    #: They stay, and expire no more.
    KEEP = "keep"
    #: They go, as they would from a server that loads the file.
    DROP = "drop"
    #: All times move on by what has passed since that moment: nothing is older than it was then.
    SHIFT = "shift"


@dataclass(frozen=True, slots=True)
class Window:
    """How much may be on its way without a reply."""

    commands: int = 10_000
    bytes: int = 8 << 20


@dataclass(slots=True)
class Counts:
    """What became of the records of the source; a key in RDB form counts as one.

    Attributes:
        sent, acknowledged, failed: acknowledged ones answered without an error.
        kinds: failed ones by the first word of the error.
        skipped: records that were not chosen; partly: those whose keys were chosen in part only,
            which cannot be split.
    """

    sent: int = 0
    acknowledged: int = 0
    failed: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    skipped: int = 0
    partly: int = 0
