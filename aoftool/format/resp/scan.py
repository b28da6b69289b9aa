"""The boundary scanner: how far bytes are well-formed commands, and what commands they are.

It looks at every header, every terminator and every command name, and passes over the other bytes,
so that ``check`` runs at the speed of memory. It is fed windows of a file and remembers where it
stands inside a record, so no record has to fit into a window. ``RespScanner`` is the compiled twin
of ``PureRespScanner`` where it was built, else that class itself.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING

from aoftool.format.resp.limits import MAX_ANNOTATION, MAX_DIGITS, MAX_HEADER, MAX_WORD
from aoftool.format.resp.reasons import Wrong
from aoftool.format.speed import pick

Buffer = bytes | bytearray | memoryview


class Status(IntEnum):
    """Why ``scan`` came back."""

    MORE = 0  #: the window is used up to ``pos``; after it, ``skip`` bytes need not be looked at
    BAD = 1  #: a wrong byte at ``bad_offset``, for the reason ``bad_reason``
    NOTE = (
        2  #: a whole record that the caller wants to see: ``note``, ``argc``, ``word0``, ``word1``
    )


class Note(IntEnum):
    """What there is to see about the record that ``scan`` stopped behind."""

    NONE = 0
    ANNOTATION = 1  #: a ``#`` line: ``word0`` is its text without CR LF
    UNKNOWN = 2  #: a name that was not learned
    ARITY = 3  #: an argument count that does not fit the learned arity
    SELECT = 4  #: SELECT without a plain number
    NESTED_MULTI = 5
    LONE_EXEC = 6
    CONTAINER = 7  #: a command with sub-commands: ``word1`` is the sub-command


class Kind(IntEnum):
    """How the scanner treats a learned command."""

    PLAIN = 0
    SELECT = 1
    MULTI = 2
    EXEC = 3
    CONTAINER = 4


class _Stage(IntEnum):
    RECORD = 0
    BULK = 1
    BODY = 2
    END = 3


_HEAD = re.compile(rb"\*([1-9]\d{0,%d})\r\n\$([1-9]\d?)\r\n" % (MAX_DIGITS - 1))
_LENGTH = re.compile(rb"\$(0|[1-9]\d{0,%d})\r\n" % (MAX_DIGITS - 1))
_CACHED_LINES = 4096


def arity_fits(arity: int, argc: int) -> bool:
    """Redis's rule: a positive arity is exact, a negative one a minimum, 0 here means any."""
    return argc == arity if arity > 0 else argc >= -arity


class PureRespScanner:
    """State of one pass over commands.

    Attributes (offsets count from the start of the file, see ``scan``):
        pos: buffer position behind what the last ``scan`` used up.
        skip: after MORE, bytes from ``pos`` on that need not be looked at (see ``skipped``).
        records: complete commands so far; transactions: MULTI..EXEC blocks so far.
        record_start: where the record at hand begins.
        good_end: end of the last complete record or annotation.
        tx_start: where the open MULTI begins, or -1; tx_records: complete records before it.
        db: the selected database.
        loose_exec: an EXEC without MULTI is nothing to report (the scan began in mid-file).
    """

    def __init__(self) -> None:
        self._slots: dict[bytes, int] = {}
        self._names: list[bytes] = []
        self._arities: list[int] = []
        self._kinds: list[int] = []
        self._counts: list[int] = []
        self._databases: dict[int, int] = {}
        self._lines: dict[bytes, int] = {}
        self._head = b""
        self._head_left = 0
        self._head_slot = 0
        self.db = 0
        self._db_records = 0
        self.records = self.transactions = 0
        self.nameless = 0
        self.bad_offset, self.bad_reason = -1, 0
        self.note, self.argc = int(Note.NONE), 0
        self.word0: bytes | None = None
        self.word1: bytes | None = None
        self.loose_exec = False
        self.begin(0)

    def learn(self, name: bytes, arity: int, kind: int = Kind.PLAIN, count: int = 0) -> None:
        """Make a command known: ``name`` in upper case, its ``arity`` (0: any), seen ``count``."""
        if not 0 < len(name) <= MAX_WORD:
            raise ValueError(f"a command name has 1 to {MAX_WORD} bytes")
        self._slots[name] = len(self._names)
        self._names.append(name)
        self._arities.append(arity)
        self._kinds.append(int(kind))
        self._counts.append(count)
        self._head = b""

    def begin(self, offset: int) -> None:
        """Expect a record at file offset ``offset``, outside any transaction."""
        self._stage = _Stage.RECORD
        self._args_left = self._index = 0
        self._slot = -1
        self._body_left = 0
        self.pos = self.skip = 0
        self.record_start = self.good_end = offset
        self.tx_start, self.tx_records = -1, 0

    @property
    def inside(self) -> bool:
        """Whether the scan stands inside a command (its header line has been read)."""
        return self._stage != _Stage.RECORD

    @property
    def missing(self) -> tuple[int, int]:
        """Inside a command: arguments not complete yet, and bytes its open argument still lacks."""
        return self._args_left, self._body_left

    def counts(self) -> dict[bytes, int]:
        """Records by command name (upper case), only names that occurred."""
        return {name: n for name, n in zip(self._names, self._counts, strict=True) if n}

    def databases(self) -> dict[int, int]:
        """Records by the database that was selected, SELECT and MULTI/EXEC left out."""
        self._close_database(self.db)
        return dict(self._databases)

    def skipped(self, count: int) -> None:
        """Tell that ``count`` of the ``skip`` bytes have been passed over."""
        self._body_left -= count
        self.skip = 0

    def scan(self, buf: Buffer, pos: int, end: int, base: int) -> int:
        """Go on at ``buf[pos]``, which is file offset ``base + pos``, up to ``end`` at most.

        Returns a Status. Nothing before ``self.pos`` is needed again.
        """
        data = bytes(buf[pos:end])
        origin = base + pos
        at, size = 0, len(data)
        self.skip = 0
        self.note = Note.NONE
        while True:
            if self._stage == _Stage.RECORD:
                at = self._fast(data, at, origin)
                status, at = self._record(data, at, size, origin)
            elif self._stage == _Stage.BULK:
                status, at = self._bulk(data, at, size, origin)
            elif self._stage == _Stage.BODY:
                status, at = self._body(at, size)
            else:
                status, at = self._bulk_end(data, at, size, origin)
            if status is not None:
                self.pos = pos + at
                return status

    # The fast loop: whole records of plain commands. Whatever else there is, it leaves to the
    # stages below, which know how to stop and how to name a wrong byte.
    def _fast(self, data: bytes, at: int, origin: int) -> int:
        find, starts, lines = data.find, data.startswith, self._lines
        head, head_size, left = self._head, len(self._head), self._head_left
        run = 0
        while True:
            pos = at
            if head_size and starts(head, pos):
                pos += head_size
            else:
                self._flush_run(run, origin + at)
                run = 0
                pos = self._learn_head(data, pos)
                if pos < 0:
                    return at
                head, head_size, left = self._head, len(self._head), self._head_left
            for _ in range(left):
                feed = find(b"\n", pos, pos + MAX_HEADER) + 1
                length = lines.get(data[pos:feed], -1)
                if length < 0:
                    length = self._learn_line(data, pos)
                    if length < 0:
                        break
                pos = feed + length + 2
                if data[pos - 2 : pos] != b"\r\n":
                    break
            else:
                run += 1
                at = pos
                continue
            self._flush_run(run, origin + at)
            return at

    def _learn_head(self, data: bytes, pos: int) -> int:
        """Take the bytes up to the end of a plain command's name as the head to expect."""
        match = _HEAD.match(data, pos)
        if match is None:
            return -1
        stop = match.end() + int(match[2])
        slot = self._slots.get(data[match.end() : stop].upper(), -1)
        if slot < 0 or self._kinds[slot] or data[stop : stop + 2] != b"\r\n":
            return -1
        if not arity_fits(self._arities[slot], int(match[1])):
            return -1
        self._head, self._head_left = data[pos : stop + 2], int(match[1]) - 1
        self._head_slot = slot
        return stop + 2

    def _learn_line(self, data: bytes, pos: int) -> int:
        match = _LENGTH.match(data, pos)
        if match is None:
            return -1
        if len(self._lines) < _CACHED_LINES:
            self._lines[match[0]] = int(match[1])
        return int(match[1])

    def _flush_run(self, run: int, good_end: int) -> None:
        if run:
            self._counts[self._head_slot] += run
            self.records += run
            self._db_records += run
            self.good_end = good_end

    # The stages: each returns (status or None to go on, position).
    def _record(self, data: bytes, at: int, size: int, origin: int) -> tuple[int | None, int]:
        self.record_start = origin + at
        if at == size:
            return Status.MORE, at
        if data[at] == 0x23:
            return self._annotation(data, at, size, origin)
        if data[at] != 0x2A:
            return self._bad(Wrong.RECORD_TYPE, origin + at), at
        count, after, ok = self._number(data, at + 1, size, origin, Wrong.ARRAY_COUNT)
        if not ok:
            return self._unfinished(after), at
        if count == 0:
            return self._bad(Wrong.NO_ARGUMENTS, origin + at + 1), at
        self.argc = self._args_left = count
        self._index = 0
        self._slot = -1
        self.word0 = self.word1 = None
        self._stage = _Stage.BULK
        return None, after

    def _annotation(self, data: bytes, at: int, size: int, origin: int) -> tuple[int | None, int]:
        stop = data.find(b"\n", at, at + MAX_ANNOTATION)
        if stop < 0:
            if size - at < MAX_ANNOTATION:
                return Status.MORE, at
            return self._bad(Wrong.ANNOTATION, origin + at + MAX_ANNOTATION - 1), at
        if data[stop - 1] != 0x0D:
            return self._bad(Wrong.ANNOTATION, origin + stop), at
        self.word0 = data[at : stop - 1]
        self.note = Note.ANNOTATION
        self.good_end = origin + stop + 1
        return Status.NOTE, stop + 1

    def _bulk(self, data: bytes, at: int, size: int, origin: int) -> tuple[int | None, int]:
        if at == size:
            return Status.MORE, at
        if data[at] != 0x24:
            return self._bad(Wrong.BULK_TYPE, origin + at), at
        length, body, ok = self._number(data, at + 1, size, origin, Wrong.BULK_LENGTH)
        if not ok:
            return self._unfinished(body), at
        if self._index < 2 and length <= MAX_WORD:
            if size - body < length + 2:
                # The word is kept whole; but a terminator that is already wrong is wrong now.
                wrong_end = self._wrong_end(data, body + length, size, origin)
                return (Status.MORE if wrong_end is None else wrong_end), at
            self._keep_word(data[body : body + length])
        self._body_left = length
        self._stage = _Stage.BODY
        return None, body

    def _keep_word(self, word: bytes) -> None:
        if self._index == 0:
            self.word0 = word
            self._slot = self._slots.get(word.upper(), -1)
        else:
            self.word1 = word

    def _body(self, at: int, size: int) -> tuple[int | None, int]:
        step = min(self._body_left, size - at)
        self._body_left -= step
        if self._body_left:
            self.skip = self._body_left
            return Status.MORE, at + step
        self._stage = _Stage.END
        return None, at + step

    def _bulk_end(self, data: bytes, at: int, size: int, origin: int) -> tuple[int | None, int]:
        wrong_end = self._wrong_end(data, at, size, origin)
        if wrong_end is not None:
            return wrong_end, at
        if size - at < 2:
            return Status.MORE, at
        self._index += 1
        self._args_left -= 1
        if self._args_left:
            self._stage = _Stage.BULK
            return None, at + 2
        self._stage = _Stage.RECORD
        return self._finish(origin + at + 2), at + 2

    def _wrong_end(self, data: bytes, at: int, size: int, origin: int) -> int | None:
        if at < size and data[at] != 0x0D:
            return self._bad(Wrong.BULK_END, origin + at)
        if at + 1 < size and data[at + 1] != 0x0A:
            return self._bad(Wrong.BULK_END, origin + at + 1)
        return None

    def _number(
        self, data: bytes, at: int, size: int, origin: int, reason: int
    ) -> tuple[int, int, bool]:
        """(number, position behind the line, True), or (0, -1 for bad / 0 for more, False)."""
        stop, first, number = at, at, 0
        while stop < size and 0x30 <= data[stop] <= 0x39:
            if stop - first >= MAX_DIGITS or (stop > first and number == 0):
                self._bad(reason, origin + stop)
                return 0, -1, False
            number = number * 10 + data[stop] - 0x30
            stop += 1
        if stop < size and stop == first:
            self._bad(reason, origin + stop)
            return 0, -1, False
        for index, byte in enumerate(b"\r\n", stop):
            if index >= size:
                return 0, 0, False
            if data[index] != byte:
                self._bad(Wrong.LINE_END, origin + index)
                return 0, -1, False
        return number, stop + 2, True

    def _unfinished(self, outcome: int) -> int:
        return Status.BAD if outcome < 0 else Status.MORE

    def _bad(self, reason: int, offset: int) -> int:
        self.bad_reason, self.bad_offset = int(reason), offset
        return Status.BAD

    def _finish(self, end_offset: int) -> int | None:
        """Count the record that ended at ``end_offset``; a Status where the caller must see it."""
        self.records += 1
        self.good_end = end_offset
        slot = self._slot
        if slot < 0:
            self._db_records += 1
            if self.word0 is None:
                self.nameless += 1
            return self._noted(Note.UNKNOWN)
        self._counts[slot] += 1
        status = self._effect(self._kinds[slot])
        if arity_fits(self._arities[slot], self.argc):
            return status
        # A loader does not look at the arity: a MULTI with an argument opens a transaction.
        return self._noted(Note.ARITY)

    def _effect(self, kind: int) -> int | None:
        if kind == Kind.SELECT:
            return self._select()
        if kind == Kind.MULTI:
            return self._multi()
        if kind == Kind.EXEC:
            return self._exec()
        self._db_records += 1
        return self._noted(Note.CONTAINER) if kind == Kind.CONTAINER else None

    def _noted(self, note: int) -> int:
        self.note = int(note)
        return Status.NOTE

    def _select(self) -> int | None:
        word = self.word1 or b""
        if not word.isdigit() or len(word) > 9 or (word[0] == 0x30 and len(word) > 1):
            return self._noted(Note.SELECT)
        self._close_database(int(word))
        return None

    def _close_database(self, db: int) -> None:
        seen = self._databases.get(self.db)
        if self._db_records or seen is not None:
            self._databases[self.db] = (seen or 0) + self._db_records
        self.db, self._db_records = db, 0

    def _multi(self) -> int | None:
        if self.tx_start >= 0:
            return self._noted(Note.NESTED_MULTI)
        self.tx_start, self.tx_records = self.record_start, self.records - 1
        return None

    def _exec(self) -> int | None:
        if self.tx_start < 0:
            return None if self.loose_exec else self._noted(Note.LONE_EXEC)
        self.transactions += 1
        self.tx_start = -1
        return None


if TYPE_CHECKING:
    RespScanner = PureRespScanner
else:
    RespScanner = pick("RespScanner", PureRespScanner)
