"""What a replay is about: where it stands, what travels, what is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

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


class Unit(ABC):
    """What is sent as a whole, on one connection, with nothing of another unit between.

    Attributes:
        data: the bytes.
        db: the target's database, or None where it works on none.
        end: the place in the source behind it.
        inner: whether it is a transaction.
        done: whether all replies have come.
        bad: indexes of records that failed.
    """

    __slots__ = ("bad", "data", "db", "done", "end", "inner")

    def __init__(self, data: bytes, db: int | None, end: Position, inner: bool = False) -> None:
        self.data = data
        self.db = db
        self.end = end
        self.inner = inner
        self.done = False
        self.bad: set[int] | None = None

    @property
    @abstractmethod
    def replies(self) -> int:
        """How many replies the bytes have."""

    @property
    def records(self) -> int:
        """Commands, or keys in RDB form, of the source that it stands for."""
        return self.replies

    def owner(self, reply: int) -> int:
        """Index of the record that the reply with this index is for."""
        return reply

    @abstractmethod
    def origin(self, index: int) -> Origin:
        """Where the record with this index stands."""

    @abstractmethod
    def words(self) -> Sequence[Argv]:
        """The commands that ``data`` holds."""


class RunUnit(Unit):
    """Commands ``first`` to ``last`` of a batch, sent as the bytes that they are in the file."""

    __slots__ = ("_batch", "_first", "_last")

    def __init__(
        self, batch: Batch, first: int, last: int, data: bytes, db: int | None, end: Position
    ) -> None:
        super().__init__(data, db, end)
        self._batch = batch
        self._first = first
        self._last = last

    @property
    def replies(self) -> int:
        """See Unit."""
        return self._last - self._first

    def origin(self, index: int) -> Origin:
        """See Unit."""
        command = self._batch.command(self._first + index)
        return Origin(command.start, command.record, command.argv)

    def words(self) -> Sequence[Argv]:
        """See Unit."""
        return self._batch.commands[self._first : self._last]


class PlainUnit(Unit):
    """A run of commands that nobody has looked at; only if one fails they are."""

    __slots__ = ("_commands", "_ends", "_run")

    def __init__(self, run: PlainRun, data: bytes, db: int | None, end: Position) -> None:
        super().__init__(data, db, end)
        self._run = run
        self._commands: list[list[bytes]] = []
        self._ends: list[int] = []

    @property
    def replies(self) -> int:
        """See Unit."""
        return self._run.commands

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


class ListedUnit(Unit):
    """Commands that were made one by one; ``owners`` says which record each of them is for."""

    __slots__ = ("_argvs", "_origins", "_owners")

    def __init__(
        self,
        data: bytes,
        db: int | None,
        end: Position,
        argvs: Sequence[Argv],
        origins: Sequence[Origin],
        owners: Sequence[int],
        inner: bool = False,
    ) -> None:
        super().__init__(data, db, end, inner)
        self._argvs = argvs
        self._origins = origins
        self._owners = owners

    @property
    def replies(self) -> int:
        """See Unit."""
        return len(self._argvs)

    @property
    def records(self) -> int:
        """See Unit."""
        return len(self._origins)

    def owner(self, reply: int) -> int:
        """See Unit."""
        return self._owners[reply]

    def origin(self, index: int) -> Origin:
        """See Unit."""
        return self._origins[index]

    def words(self) -> Sequence[Argv]:
        """See Unit."""
        return self._argvs


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
