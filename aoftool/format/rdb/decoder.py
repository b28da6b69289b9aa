"""The streaming decoder: bytes in pieces of any size go in, events with file offsets come out.

decoder = RdbDecoder()
decoder.feed(data)                      # as often as there is data
event = decoder.next_event()            # NEED_DATA: feed more, or close() at the end of file
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Final

from aoftool.errors import CorruptError, FormatError
from aoftool.format.rdb import events, read
from aoftool.format.rdb.build import BUILDERS, Build
from aoftool.format.rdb.header import find_row, read_header
from aoftool.format.rdb.opcodes import (
    CRC_SINCE,
    HEADER_SIZE,
    TRAILER_SIZE,
    TYPES,
    Dialect,
    Opcode,
    Type,
    logical_type,
)
from aoftool.format.rdb.primitives import MODULE_UINT, read_string, string_extent, string_keys_at
from aoftool.format.rdb.shapes import Program
from aoftool.format.rdb.values import Kind
from aoftool.format.rdb.window import Window


class NeedData(Enum):
    """The type of ``NEED_DATA``."""

    NEED_DATA = "NEED_DATA"


#: Nothing more can be said before more bytes, or the end of the file, are there.
NEED_DATA: Final = NeedData.NEED_DATA

#: Servers keep database numbers in an ``int``.
_MAX_DB = (1 << 31) - 1
_SHOWN_KEY = 64
#: String keys read at a time.
_BATCH = 512

#: What is known of a value type when its byte turns up.
_TypeRow = tuple[Program, Build, Kind, str]


def _type_rows(dialect: Dialect) -> dict[int, _TypeRow]:
    builders = BUILDERS[dialect]
    rows = TYPES[dialect]
    return {
        number: (rows[number].program, build, logical_type(rows[number]), rows[number].name)  # type: ignore[misc]
        for number, build in builders.items()
    }


_TYPE_ROWS = {dialect: _type_rows(dialect) for dialect in Dialect}


class RdbDecoder:
    """Decodes one RDB file, or the RDB preamble of an AOF.

    The first event is Header, the last one End. ``next_event`` raises errors of ``aoftool.errors``
    and nothing else, with offsets in the file: CorruptError at a wrong byte (also for a wrong
    checksum), NewerFormatError, FormatError for what only its writer could read, and, after
    ``close``, TruncatedError whose ``start`` is that of the item that the file ends in. After an
    error every call raises it again.

    Args:
        offset: file offset of the first byte that will be fed.
        batches: report runs of string keys as one StringKeys each.
    """

    def __init__(self, offset: int = 0, *, batches: bool = False) -> None:
        self._batches = batches
        self._window = Window(offset)
        self._ended = False
        self._error: FormatError | None = None
        self._version = 0
        self._dialect = Dialect.REDIS
        self._types: dict[int, _TypeRow] = {}
        self._db = 0
        # What came before the key that it belongs to.
        self._expire_at_ms: int | None = None
        self._idle_s: int | None = None
        self._freq: int | None = None

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Add the next bytes of the file. Raises ValueError after ``close``."""
        self._window.feed(data)

    def close(self) -> None:
        """Tell that the file ends behind what was fed."""
        self._window.closed = True

    @property
    def ended(self) -> bool:
        """Whether End has been reported; ``next_event`` then only says NEED_DATA."""
        return self._ended

    @property
    def offset(self) -> int:
        """File offset behind the last event (behind a key's expiry and the like, if those came)."""
        return self._window.base + self._window.pos

    @property
    def unused(self) -> bytes:
        """The bytes that were fed and belong to no event: after End, what follows the RDB."""
        return self._window.rest

    def next_event(self) -> events.Event | NeedData:
        """The next event, or NEED_DATA."""
        if self._error is not None:
            raise self._error
        window = self._window
        if self._ended or not window.ready():
            return NEED_DATA
        try:
            event = self._step() if self._version else self._header()
            while event is None:
                event = self._step()
        except FormatError as error:
            error.start = min(window.record, error.offset)
            self._error = error.rebase(window.base)
            raise
        return event

    def _wait(self, want: int, exact: bool = True) -> NeedData:
        self._window.wait(want, exact)
        return NEED_DATA

    def _header(self) -> events.Event | NeedData:
        window = self._window
        found = read_header(window.buf, 0, window.end)
        if found is None:
            return self._wait(HEADER_SIZE)
        self._dialect, self._version, window.pos = found
        self._types = _TYPE_ROWS[self._dialect]
        return events.Header(self._dialect, self._version)

    def _step(self) -> events.Event | NeedData | None:
        """Read one item; None where it was a prefix of a key and there is nothing to report."""
        window = self._window
        if window.pos >= window.end:
            return self._wait(window.pos + 1)
        number = window.buf[window.pos]
        if self._batches and number == Type.STRING and window.record == window.pos:
            run = self._string_keys()
            if run is not None:
                return run
        row = self._types.get(number)
        return self._key(number, row) if row is not None else self._opcode(number)

    def _string_keys(self) -> events.StringKeys | None:
        """String keys without expiry, as many as are there; None where the first is not whole."""
        window = self._window
        pos = window.pos
        pairs, after = string_keys_at(window.buf, pos, window.end, _BATCH)
        if not pairs:
            return None
        window.pos = after
        return events.StringKeys(self._db, pairs, window.base + pos, window.base + after)

    def _key(self, number: int, type_row: _TypeRow) -> events.Key | NeedData:
        window = self._window
        buf, end = window.buf, window.end
        program, build, kind, name = type_row
        pos = window.pos + 1
        found = read_string(buf, pos, end)
        if found is None:
            extent = string_extent(buf, pos, end)
            return self._wait(end + 1 if extent is None else extent[2])
        key, value_pos = found
        value_found = read.read_shape(program, buf, value_pos, end)
        if value_found is None:
            return self._wait(*read.needed(program, buf, value_pos, end))
        fields, after = value_found
        try:
            value = build(fields)
        except CorruptError as error:
            shown = key[:_SHOWN_KEY]
            where = f" (at byte {error.offset} of its {name})" if error.offset else f" ({name})"
            raise CorruptError(f"key {shown!r}: {error.reason}{where}", value_pos) from None
        start, base = window.record, window.base
        expire_at_ms, idle_s, freq = self._expire_at_ms, self._idle_s, self._freq
        window.pos = after
        if window.start >= 0:
            window.start = -1
            self._expire_at_ms = self._idle_s = self._freq = None
        return events.Key(
            self._db,
            key,
            kind,
            value,
            expire_at_ms,
            idle_s,
            freq,
            number,
            base + start,
            base + after,
        )

    def _opcode(self, number: int) -> events.Event | NeedData | None:
        window = self._window
        start = window.pos
        row, _ = find_row(self._dialect, number, start)
        prefix = _PREFIXES[self._dialect].get(number)
        if window.start >= 0 and prefix is None:
            raise CorruptError(f"{row.name} where a key belongs", start)
        if number == Opcode.EOF:
            return self._eof()
        found = read.read_shape(row.program, window.buf, start + 1, window.end)
        if found is None:
            return self._wait(*read.needed(row.program, window.buf, start + 1, window.end))
        fields, after = found
        event = (prefix or _HANDLERS[number])(self, fields)
        window.pos = after
        if prefix is not None:
            window.start = window.start if window.start >= 0 else start
        return event

    def _eof(self) -> events.Event | NeedData:
        window = self._window
        after = window.pos + 1
        stored = 0
        if self._version >= CRC_SINCE:
            trailer, after = after, after + TRAILER_SIZE
            if after > window.end:
                return self._wait(after)
            stored = int.from_bytes(window.buf[trailer:after], "little")
            computed = window.checksum(trailer)
            if stored not in (0, computed):
                reason = f"checksum is {stored:016x}, the bytes make {computed:016x}"
                raise CorruptError(reason, trailer)
        window.pos = after
        self._ended = True
        return events.End(stored or None, self.offset)

    # Handlers of opcodes: they get the fields and give an event, or None for nothing to report.

    def _on_select_db(self, fields: list[Any]) -> events.Event:
        if fields[0] > _MAX_DB:
            raise CorruptError(f"database number {fields[0]}", self._window.pos + 1)
        self._db = fields[0]
        return events.SelectDb(self._db)

    def _on_module_aux(self, fields: list[Any]) -> events.Event:
        module_id, when_opcode, when, payload = fields
        if when_opcode != MODULE_UINT:
            reason = f"module field with wrong sub-opcode {when_opcode}"
            raise CorruptError(reason, self._window.pos)
        return events.ModuleAux(module_id, when, payload)

    def _on_expire_s(self, fields: list[Any]) -> None:
        self._expire_at_ms = fields[0] * 1000

    def _on_expire_ms(self, fields: list[Any]) -> None:
        # Before version 9 in the byte order of the writing host: little-endian wherever it runs.
        self._expire_at_ms = fields[0]

    def _on_idle(self, fields: list[Any]) -> None:
        self._idle_s = fields[0]

    def _on_freq(self, fields: list[Any]) -> None:
        self._freq = fields[0]


_Handler = Callable[[RdbDecoder, list[Any]], events.Event | None]


def _report(event: Callable[..., events.Event]) -> _Handler:
    """The handler of an item whose fields are those of its event."""
    return lambda _decoder, fields: event(*fields)


#: Items that belong to the key that follows them.
_COMMON_PREFIXES: dict[int, _Handler] = {
    Opcode.IDLE: RdbDecoder._on_idle,
    Opcode.FREQ: RdbDecoder._on_freq,
    Opcode.EXPIRETIME_MS: RdbDecoder._on_expire_ms,
    Opcode.EXPIRETIME: RdbDecoder._on_expire_s,
}
_PREFIXES: dict[Dialect, dict[int, _Handler]] = {
    Dialect.REDIS: _COMMON_PREFIXES | {Opcode.KEY_META: _report(events.KeyMeta)},
    Dialect.VALKEY: _COMMON_PREFIXES,
}
#: Items that stand for themselves; what has number 243 does so in Valkey only.
_HANDLERS: dict[int, _Handler] = {
    Opcode.KEY_META: _report(events.SlotImport),
    Opcode.SLOT_INFO: _report(events.SlotInfo),
    Opcode.FUNCTION2: _report(events.Function),
    Opcode.MODULE_AUX: RdbDecoder._on_module_aux,
    Opcode.AUX: _report(events.Aux),
    Opcode.RESIZEDB: _report(events.ResizeDb),
    Opcode.SELECTDB: RdbDecoder._on_select_db,
}


def decode_events(data: bytes | bytearray | memoryview) -> Iterator[events.Event]:
    """All events of a whole RDB file; what follows its end is left alone. Raises as RdbDecoder."""
    decoder = RdbDecoder()
    decoder.feed(data)
    decoder.close()
    while not decoder.ended:
        event = decoder.next_event()
        # After close there is an event or an error: NEED_DATA can only be said before.
        if not isinstance(event, NeedData):
            yield event
