"""From the events of a source to the units that are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING

from aoftool.errors import AofError
from aoftool.format.aof import (
    Annotation,
    Batch,
    Command,
    Event,
    PlainRun,
    Step,
    timestamp_of,
)
from aoftool.format.rdb import Function, Key, StringKeys
from aoftool.format.resp import encode_command
from aoftool.format.resp.scan import RespScanner
from aoftool.keyspace.catalog import commands
from aoftool.ops.replay.model import (
    Argv,
    ListedUnit,
    Origin,
    PlainUnit,
    Position,
    RunUnit,
    Unit,
)
from aoftool.ops.replay.selection import Choice
from aoftool.ops.replay.target import Facts
from aoftool.ops.replay.translation import Translator
from aoftool.ops.replay.unfit import REASON, UNFIT

if TYPE_CHECKING:
    from aoftool.ops.replay.keyforms import KeyForms

_OPENS = frozenset((b"SELECT", b"MULTI", b"EXEC"))
_name = itemgetter(0)
Raw = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class Passed:
    """Nothing is to be sent for what stands before ``end``."""

    end: Position


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that has no form which the target takes."""

    origin: Origin
    end: Position
    reason: bytes


@dataclass(frozen=True, slots=True)
class Second:
    """What follows was written in this second of Unix time."""

    second: int


Step_ = Unit | Passed | Refused | Second


class Planner:
    """Takes events in order, gives units.

    Args:
        most: most commands of a run.
        overwrite: whether a key in RDB form may replace one that is there.
    """

    def __init__(
        self,
        facts: Facts,
        chooser: Choice,
        translator: Translator,
        start: Position,
        *,
        overwrite: bool,
        most: int,
    ) -> None:
        self._facts = facts
        self._chooser = chooser
        self._translator = translator
        self._overwrite = overwrite
        self._most = most
        self._part = start.part
        self._db = start.db
        self._second: int | None = None
        self._open: list[Command] = []
        self._plain: set[bytes] = set()
        self._sets: set[bytes] = set()
        self._special = translator.concerned | _OPENS | UNFIT

    def begin(self, place: Position) -> Position:
        """The events that follow are of another file, behind this place; its full position.

        In the middle of a rewritten file the database is the one that the old file had selected,
        and a transaction that was open in that one begins again.
        """
        self._part = place.part
        if not place.offset:
            self._db = 0
        self._open.clear()
        return place._replace(db=self._db)

    def take(self, event: Event, raw: Raw) -> Iterator[Step_]:
        """What one event comes to; ``raw`` gives the file's bytes between two offsets."""
        kind = type(event)
        if kind is PlainRun:
            yield self._plain_run(event, raw)  # type: ignore[arg-type]
        elif kind is Batch:
            yield from self._batch(event, raw)  # type: ignore[arg-type]
        elif kind is Command:
            yield from self._command(event)  # type: ignore[arg-type]
        elif kind is StringKeys:
            yield from self._strings(event)  # type: ignore[arg-type]
        elif kind is Key:
            yield self._key(event)  # type: ignore[arg-type]
        elif kind is Annotation:
            yield from self._annotation(event)  # type: ignore[arg-type]
        elif kind is Function:
            yield self._library(event)  # type: ignore[arg-type]

    def plain_scanner(self) -> RespScanner | None:
        """What tells the reader which commands go as they are; None: they must all be seen."""
        if not self._chooser.is_all:
            return None
        scanner = RespScanner()
        for name in commands():
            if name not in self._special:
                # SET goes as it is where it has nothing but a value.
                scanner.learn(name, 3 if name == b"SET" else 0)
        return scanner

    # Commands that go as they are.
    def _plain_run(self, run: PlainRun, raw: Raw) -> Step_:
        place = Position(self._part, run.end, run.record + run.commands - 1, self._db)
        return PlainUnit(run, raw(run.start, run.end), self._db, place)

    def _batch(self, batch: Batch, raw: Raw) -> Iterator[Step_]:
        argvs = batch.commands
        count = len(argvs)
        if not self._chooser.is_all:
            for index in range(count):
                yield from self._command(batch.command(index))
            return
        # Of most batches every command is a plain one: that is known without looking at each.
        names = set(map(_name, argvs))
        first = 0
        if not names <= self._plain or self._has_long_set(names, argvs):
            for index, argv in enumerate(argvs):
                if self._is_plain(argv):
                    continue
                yield from self._run(batch, first, index, raw)
                yield from self._command(batch.command(index))
                first = index + 1
        yield from self._run(batch, first, count, raw)

    def _has_long_set(self, names: set[bytes], argvs: list[list[bytes]]) -> bool:
        sets = names & self._sets
        return bool(sets) and any(len(argv) != 3 and argv[0] in sets for argv in argvs)

    def _is_plain(self, argv: list[bytes]) -> bool:
        name = argv[0]
        if name not in self._plain:
            upper = name.upper()
            if upper in self._special:
                return False
            self._plain.add(name)
            if upper == b"SET":
                self._sets.add(name)
        return name not in self._sets or len(argv) == 3

    def _run(self, batch: Batch, first: int, last: int, raw: Raw) -> Iterator[Step_]:
        for begin in range(first, last, self._most):
            stop = min(begin + self._most, last)
            start = batch.base + batch.ends[begin - 1] if begin else batch.start
            end = batch.base + batch.ends[stop - 1]
            place = Position(self._part, end, batch.record + stop - 1, self._db)
            yield RunUnit(batch, begin, stop, raw(start, end), self._db, place)

    # Commands one by one.
    def _command(self, command: Command) -> Iterator[Step_]:
        step = command.step
        if step is Step.INSIDE or step is Step.MULTI:
            self._open.append(command)
            return
        if step is Step.EXEC:
            yield from self._transaction(command)
            return
        name = command.argv[0].upper()
        end = self._end(command)
        if name == b"SELECT" and self._select(command.argv):
            yield Passed(self._end(command))
            return
        if name in _OPENS:
            return
        sent = self._converted(command, name)
        if not sent:
            yield Passed(end)
            return
        db = self._chooser.database(self._db)
        origin = Origin(command.start, command.record, command.argv)
        if name in UNFIT:
            yield Refused(origin, end, REASON)
            return
        yield _listed(sent, db, end, [origin], [0] * len(sent))

    def _end(self, command: Command) -> Position:
        return Position(self._part, command.end, command.record, self._db)

    def _select(self, argv: list[bytes]) -> bool:
        """Whether this is a SELECT, which is sent when something follows in its database."""
        if len(argv) != 2 or not argv[1].isdigit():
            return False
        self._db = int(argv[1])
        return True

    def _converted(self, command: Command, name: bytes) -> list[Argv]:
        """The commands to send for one, perhaps none."""
        chooser = self._chooser
        argv: Argv | None = command.argv
        if not chooser.is_all:
            outside = chooser.database(self._db) is None
            if outside or not chooser.in_range(command.start, command.record, self._second):
                chooser.skipped += 1
                return []
            argv = chooser.choose(command.argv, name)
        return [] if argv is None else self._translator.translate(argv, name, self._second)

    def _transaction(self, last: Command) -> Iterator[Step_]:
        """MULTI to EXEC as one unit; nothing where nothing of it is wanted.

        One that holds something unfit is refused as a whole: it travels whole or not at all.
        """
        commands, self._open = self._open, []
        origins = [Origin(one.start, one.record, one.argv) for one in (*commands, last)]
        argvs: list[Argv] = [[b"MULTI"]]
        owners = [0]
        first: int | None = None
        current: int | None = None
        fit = True
        for index, command in enumerate(commands[1:], 1):
            name = command.argv[0].upper()
            if name == b"SELECT" and self._select(command.argv):
                continue
            sent = self._converted(command, name)
            db = self._chooser.database(self._db)
            if not sent or db is None:
                continue
            if first is None:
                first = current = db
            elif db != current:
                argvs.append([b"SELECT", b"%d" % db])
                owners.append(index)
                current = db
            fit = fit and name not in UNFIT
            argvs += sent
            owners += [index] * len(sent)
        end = self._end(last)
        if first is None:
            yield Passed(end)
            return
        if not fit:
            yield from (Refused(origin, end, REASON) for origin in origins)
            return
        if current != first:
            # Whoever sends the unit knows only the database that it begins in.
            argvs.append([b"SELECT", b"%d" % first])
            owners.append(len(origins) - 1)
        argvs.append([b"EXEC"])
        owners.append(len(origins) - 1)
        yield _listed(argvs, first, end, origins, owners, inner=True)

    def _annotation(self, note: Annotation) -> Iterator[Step_]:
        second = timestamp_of(note.text)
        if second is not None:
            self._second = second
            yield Second(second)

    # Keys in RDB form.
    def _strings(self, run: StringKeys) -> Iterator[Step_]:
        end = Position(self._part, run.end)
        db = self._chooser.database(run.db)
        argvs: list[Argv] = []
        origins = []
        for key, value in run.pairs:
            name = self._key_name(key, "string", db, run.start)
            if name is not None:
                argvs.append(self._forms.string(name, value))
                origins.append(Origin(run.start, None, (key,)))
        if not argvs:
            yield Passed(end)
            return
        yield _listed(argvs, db, end, origins, range(len(argvs)))

    def _key_name(self, key: bytes, kind: str, db: int | None, start: int) -> bytes | None:
        chooser = self._chooser
        if chooser.is_all:
            return key
        name = None
        if db is not None and chooser.in_range(start, None, None):
            name = chooser.key(key, kind)
        chooser.skipped += name is None
        return name

    def _key(self, key: Key) -> Step_:
        end = Position(self._part, key.end)
        db = self._chooser.database(key.db)
        name = self._key_name(key.key, key.kind, db, key.start)
        if name is None or (not key.value and key.kind not in ("string", "stream")):
            return Passed(end)  # also of empty collections, which servers do not keep
        origin = Origin(key.start, None, (key.key,))
        try:
            argvs = self._forms.key(name, key)
        except AofError as error:
            return Refused(origin, end, b"LOSS " + str(error).encode())
        return _listed(argvs, db, end, [origin], [0] * len(argvs))

    def _library(self, event: Function) -> Step_:
        end = Position(self._part)
        if not self._chooser.wants_library():
            return Passed(end)
        origin = Origin(0, None, (b"FUNCTION",))
        try:
            argv = self._forms.library(event.code)
        except AofError as error:
            return Refused(origin, end, b"LOSS " + str(error).encode())
        return _listed([argv], None, end, [origin], [0])

    @cached_property
    def _forms(self) -> KeyForms:
        # Not needed for a source without a preamble, which is sent sooner without the import.
        from aoftool.ops.replay.keyforms import KeyForms

        return KeyForms(self._facts, self._translator, self._overwrite)


def _listed(
    argvs: list[Argv],
    db: int | None,
    end: Position,
    origins: list[Origin],
    owners: list[int] | range,
    inner: bool = False,
) -> ListedUnit:
    data = b"".join(map(encode_command, argvs))
    return ListedUnit(data, db, end, argvs, origins, owners, inner)
