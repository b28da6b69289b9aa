"""The streaming AOF decoder: bytes in pieces of any size go in, events with file offsets come out.

decoder = AofDecoder()
decoder.feed(data)                      # as often as there is data
event = decoder.next_event()            # NEED_DATA: feed more, or close() at the end of file

A file that begins with an RDB preamble gives the preamble's events first.
"""

from __future__ import annotations

from collections.abc import Iterator

from aoftool.errors import CorruptError, FormatError, TruncatedError
from aoftool.format.aof.events import Annotation, Batch, Command, PlainRun
from aoftool.format.aof.transactions import TransactionTracker
from aoftool.format.rdb import NEED_DATA, Dialect, End, NeedData, RdbDecoder
from aoftool.format.rdb import Event as RdbEvent
from aoftool.format.resp.decode import decode_annotation_at, decode_commands_at
from aoftool.format.resp.scan import Note, RespScanner, Status

Event = RdbEvent | Command | Annotation | Batch | PlainRun

#: Commands decoded at a time.
_BATCH = 256
#: Bytes of a PlainRun, unless its only command is longer.
_RUN = 1 << 16
_HASH = 0x23
_MAGIC_STARTS = frozenset(dialect.value[0] for dialect in Dialect)


class AofDecoder:
    """Decodes one AOF file, or one file of a multi-part AOF.

    ``next_event`` raises errors of ``aoftool.errors`` and nothing else, with offsets in the file:
    CorruptError at a wrong byte, what RdbDecoder raises for a preamble, and TruncatedError where
    the file ends inside a command or its tail is zeros (``start``: where that command begins) or
    inside a transaction (``start``: where its MULTI begins). After an error every call raises it.

    Args:
        batches: report runs of commands outside of transactions as one Batch each, and runs of
            string keys of a preamble as one StringKeys each.
        plain: has learned the commands of which runs are reported as PlainRun, outside of
            transactions, instead of one by one; each other command it must tell of (not SELECT).
        start: file offset of the first byte that is fed, where reading begins behind a command.
        records: commands that stand before it.

    Attributes:
        good_end: offset up to which the file loads: behind the last command that stands outside of
            an open transaction, or behind the preamble (Redis's own rule forgets the preamble).
    """

    def __init__(
        self,
        *,
        batches: bool = False,
        plain: RespScanner | None = None,
        start: int = 0,
        records: int = 0,
    ) -> None:
        self._batches = batches
        self._scanner = plain
        # Behind a command that is no plain one there may be plain ones again.
        self._at_a_time = _BATCH if plain is None else 1
        self._rdb: RdbDecoder | None = None
        self._buf = b""
        self._chunks: list[bytes] = []
        self._size = 0  # bytes in _buf and _chunks
        self._pos = 0
        self._base = start  # file offset of _buf[0]
        self._want = 1  # the value of _size from which on another attempt makes sense
        self._commands: list[list[bytes]] = []
        self._ends: list[int] = []
        self._next = 0
        self._records = records
        self._transactions = TransactionTracker()
        self._closed = False
        self._started = start > 0
        self._zeros_at: CorruptError | None = None
        self._error: FormatError | None = None
        self.good_end = start

    @property
    def in_preamble(self) -> bool:
        """Whether the RDB part has begun and has not ended."""
        return self._rdb is not None

    def raw(self, start: int, end: int) -> bytes:
        """The file's own bytes of what the last Batch or Command told of, until the next feed."""
        return self._buf[start - self._base : end - self._base]

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Add the next bytes of the file. Raises ValueError after ``close``."""
        if self._closed:
            raise ValueError("feed after close")
        if not data:
            return
        if self._rdb is not None:
            self._rdb.feed(data)
        elif self._zeros_at is not None:
            if bytes(data).count(0) != len(data):
                self._error, self._zeros_at = self._zeros_at, None
        else:
            self._chunks.append(bytes(data))
            self._size += len(data)

    def hurry(self) -> None:
        """Tell that nothing more comes for now: look at what there is, however little."""
        self._want = 0

    def close(self) -> None:
        """Tell that the file ends behind what was fed."""
        self._closed = True
        if self._rdb is not None:
            self._rdb.close()

    def next_event(self) -> Event | NeedData:
        """The next event, or NEED_DATA (after ``close``: the file is at its end and sound)."""
        if self._error is not None:
            raise self._error
        try:
            return self._step()
        except FormatError as error:
            self._error = error
            raise

    def _step(self) -> Event | NeedData:
        if self._next < len(self._commands):
            return self._command()
        if self._size < self._want and not self._closed and self._rdb is None:
            return NEED_DATA
        if not self._started and self._size:
            self._start()
        if self._rdb is not None:
            return self._preamble(self._rdb)
        return self._tail()

    def _start(self) -> None:
        """Find out by the first byte what the file begins with."""
        self._started = True
        self._join()
        if self._buf[0] in _MAGIC_STARTS:
            self._rdb = RdbDecoder(batches=self._batches)
            self._rdb.feed(self._buf)
            self._buf, self._size = b"", 0
            if self._closed:
                self._rdb.close()

    def _preamble(self, rdb: RdbDecoder) -> Event | NeedData:
        event = rdb.next_event()
        if isinstance(event, End):
            self._rdb = None
            self._buf = rdb.unused
            self._size = len(self._buf)
            self._base = self.good_end = event.end
        return event

    def _join(self) -> None:
        rest = self._buf[self._pos :] if self._pos else self._buf
        self._buf = b"".join((rest, *self._chunks)) if self._chunks else rest
        self._chunks.clear()
        self._base += self._pos
        self._want -= self._pos
        self._pos = 0
        self._size = len(self._buf)

    def _tail(self) -> Event | NeedData:
        """Decode the next batch of commands, or an annotation."""
        if self._chunks:
            self._join()
        buf, pos, size = self._buf, self._pos, self._size
        if self._zeros_at is not None:
            return self._wait()
        if pos < size and buf[pos] == _HASH:
            return self._annotation()
        if self._scanner is not None and self._transactions.start is None and pos < size:
            run = self._plain_run(self._scanner)
            if run is not None:
                return run
        try:
            self._commands, self._ends = decode_commands_at(buf, pos, size, self._at_a_time)
        except CorruptError as error:
            return self._wrong(error)
        self._next = 0
        if not self._commands:
            return self._wait()
        return self._batch() if self._batches and self._is_plain() else self._command()

    def _plain_run(self, scanner: RespScanner) -> PlainRun | None:
        """The whole plain commands that come next; None where there are none."""
        base, before = self._base, scanner.records
        start = base + self._pos
        scanner.begin(start)
        status = scanner.scan(self._buf, self._pos, min(self._size, self._pos + _RUN), base)
        end, count = scanner.good_end, scanner.records - before
        if status == Status.NOTE:
            if scanner.note == Note.ANNOTATION:
                end -= len(scanner.word0 or b"") + 2
            else:
                end, count = scanner.record_start, count - 1
        if not count:
            return None
        run = PlainRun(start, end, self._records + 1, count)
        self._records += count
        self._pos = end - base
        self.good_end = end
        return run

    def _is_plain(self) -> bool:
        """Whether what was decoded has nothing to do with a transaction: MULTI is one word."""
        return self._transactions.start is None and 1 not in map(len, self._commands)

    def _batch(self) -> Batch:
        base = self._base
        start, record = base + self._pos, self._records + 1
        commands, ends = self._commands, self._ends
        self._records += len(commands)
        self._pos = ends[-1]
        self._commands, self._next = [], 0
        self.good_end = base + ends[-1]
        return Batch(commands, ends, base, start, record)

    def _annotation(self) -> Event | NeedData:
        try:
            found = decode_annotation_at(self._buf, self._pos, self._size)
        except CorruptError as error:
            raise error.rebase(self._base) from None
        if found is None:
            return self._wait()
        start = self._base + self._pos
        text, self._pos = found
        end = self._base + self._pos
        if self._transactions.start is None:
            self.good_end = end
        return Annotation(text, start, end)

    def _command(self) -> Command:
        argv, end = self._commands[self._next], self._base + self._ends[self._next]
        self._next += 1
        start = self._base + self._pos
        self._pos = end - self._base
        self._records += 1
        step = self._transactions.see(argv[0], start, self._records)
        if self._transactions.start is None:
            self.good_end = end
        return Command(argv, start, end, self._records, step)

    def _wrong(self, error: CorruptError) -> NeedData:
        """A wrong byte; where only zeros follow it so far, wait: they may be a crash's tail."""
        position = error.offset
        error.record = self._records + 1
        error.rebase(self._base)
        rest = self._buf[position:]
        if rest.count(0) != len(rest):
            raise error
        self._zeros_at = error
        self._buf = b""  # nothing of it is needed any more: zeros may go on for gigabytes
        return self._wait()

    def _wait(self) -> NeedData:
        """Stop until there is twice as much, or, at the end of the file, judge how it ends."""
        if not self._closed:
            self._want = self._pos + max(2 * (self._size - self._pos), 1)
            return NEED_DATA
        if self._zeros_at is not None:
            at = self._zeros_at
            raise TruncatedError("zeros to the end of the file", at.offset, at.start, at.record)
        start, end = self._base + self._pos, self._base + self._size
        if start < end:
            reason, record = "the file ends inside a command", self._records + 1
            raise TruncatedError(reason, end, start, record)
        open_at = self._transactions.start
        if open_at is not None:
            reason = "the file ends inside a transaction"
            raise TruncatedError(reason, end, open_at, self._transactions.record)
        return NEED_DATA


def decode_aof(data: bytes | bytearray | memoryview) -> Iterator[Event]:
    """All events of a whole AOF. Raises as AofDecoder does."""
    decoder = AofDecoder()
    decoder.feed(data)
    decoder.close()
    while not isinstance(event := decoder.next_event(), NeedData):
        yield event
