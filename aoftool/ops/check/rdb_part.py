"""Checks the RDB part of a file: a whole RDB file, or the preamble of an AOF."""

from __future__ import annotations

from anycrc import Model

from aoftool.format.rdb.opcodes import (
    CRC_SINCE,
    HEADER_SIZE,
    NEWEST,
    OPCODES,
    TRAILER_SIZE,
    TYPES,
    Dialect,
    Opcode,
    logical_type,
)
from aoftool.format.rdb.read import read_shape
from aoftool.format.rdb.walk import TEXT, RdbWalker, Wrong, plan_for
from aoftool.format.resp.scan import Status
from aoftool.ops.check.collector import Collector
from aoftool.ops.check.databases import check_database_range
from aoftool.ops.check.options import CheckOptions
from aoftool.ops.check.report import FileReport, Severity, Verdict
from aoftool.ops.window import Window

_CRC = Model("CRC64-REDIS")
#: Up to this Redis version every opcode and type is known, so an unknown number is damage.
_FULLY_KNOWN = {Dialect.REDIS: 12, Dialect.VALKEY: 0}


class RdbPart:
    """One pass over the RDB items of one file, filling in its report."""

    def __init__(
        self,
        window: Window,
        fd: int,
        report: FileReport,
        options: CheckOptions,
        dialect: Dialect,
        version: int,
    ) -> None:
        self._window = window
        self._report = report
        self._dialect = dialect
        self._version = version
        self._walker = RdbWalker(plan_for(dialect))
        self._collector = Collector(window, fd, report)
        self._crc = 0
        self._db = 0
        self._db_keys = 0
        self._options = options
        self._greatest_db = 0

    def run(self) -> bool:
        """Walk to the end of the RDB part; True where it is whole. Raises OSError."""
        window, report = self._window, self._report
        report.rdb_version = f"{self._dialect.value.decode()} {self._version}"
        self._use(window.pos + HEADER_SIZE)
        self._walker.begin(window.offset)
        reached_end = self._walk()
        self._collect()
        return reached_end and self._check_crc()

    def _use(self, pos: int) -> None:
        """Move to buffer position ``pos``; all bytes on the way go into the checksum."""
        window = self._window
        self._crc = _CRC.calc(window.view[window.pos : pos], self._crc)
        window.pos = pos

    def _walk(self) -> bool:
        """Walk item by item to the EOF opcode; False where the file is at fault before it."""
        walker, window = self._walker, self._window
        while True:
            status = walker.scan(window.view, window.pos, window.end, window.base)
            self._use(walker.pos)
            if status == Status.NOTE:
                if walker.item == Opcode.EOF:
                    return True
                self._noted()
            elif status == Status.BAD:
                self._wrong_byte()
                return False
            elif not self._more(walker.skip):
                self._cut_short("inside the RDB data")
                return False

    def _more(self, skip: int) -> bool:
        """Pass over ``skip`` bytes, all of which the checksum must see, or read on."""
        walker, window = self._walker, self._window
        if not skip:
            return window.fill()
        left = skip
        while left and window.fill():
            step = min(left, window.end - window.pos)
            self._use(window.pos + step)
            left -= step
        walker.skipped(skip - left)
        return not left

    def _noted(self) -> None:
        """An item that is not a key: its fields, where they are short enough to be at hand."""
        walker, window, report = self._walker, self._window, self._report
        item = walker.item
        if item == Opcode.FUNCTION2:
            report.functions += 1
        if item not in (Opcode.AUX, Opcode.SELECTDB) or not window.holds(walker.item_start):
            return
        begin = walker.item_start - window.base + 1
        shape = read_shape(
            OPCODES[self._dialect][item].program,
            bytes(window.view[begin : window.pos]),
            0,
            window.pos - begin,
        )
        if shape is None:
            return
        fields = shape[0]
        if item == Opcode.SELECTDB:
            self._close_database(int(fields[0]))
        else:
            name, value = (bytes(field).decode("utf-8", "backslashreplace") for field in fields)
            if len(report.writer) < 100:
                report.writer[name] = value

    def _close_database(self, db: int) -> None:
        count = self._walker.keys - self._db_keys
        if count:
            self._report.databases[self._db] = self._report.databases.get(self._db, 0) + count
        self._db, self._db_keys = db, self._walker.keys
        self._greatest_db = max(self._greatest_db, db)

    def _collect(self) -> None:
        walker, report = self._walker, self._report
        self._close_database(self._db)
        report.keys, report.expires = walker.keys, walker.expires
        for number, count in walker.type_counts().items():
            name = logical_type(TYPES[self._dialect][number])
            report.types[name] = report.types.get(name, 0) + count
        check_database_range(
            self._collector, "rdb-database-range", self._greatest_db, self._options
        )

    def _check_crc(self) -> bool:
        """Compare the checksum behind the EOF opcode; it is 0 where the server wrote none."""
        window, report = self._window, self._report
        if self._version >= CRC_SINCE:
            while window.end - window.pos < TRAILER_SIZE:
                if not window.fill():
                    self._cut_short("inside its checksum")
                    return False
            stored = int.from_bytes(window.view[window.pos : window.pos + TRAILER_SIZE], "little")
            if stored and stored != self._crc:
                text = f"the checksum is {stored:016x}, the bytes give {self._crc:016x}"
                self._add("rdb-checksum", text, window.offset, Verdict.CORRUPT)
                return False
            if not stored:
                self._collector.add(
                    "rdb-no-checksum",
                    Severity.NOTICE,
                    "the RDB data carries no checksum",
                    window.offset,
                )
            window.pos += TRAILER_SIZE
        report.preamble_end = window.offset
        return True

    def _wrong_byte(self) -> None:
        walker = self._walker
        reason, offset = Wrong(walker.bad_reason), walker.bad_offset
        known = _FULLY_KNOWN[self._dialect] >= self._version
        if reason is Wrong.ITEM and not known:
            text = (
                f"opcode or value type {walker.item} is not known here: the file is version "
                f"{self._version}, this program reads up to {NEWEST[self._dialect]}"
            )
            self._add("rdb-newer", text, offset, Verdict.NEWER)
            return
        text = TEXT[reason] + (f" ({walker.item})" if reason is Wrong.ITEM else "")
        self._add("rdb-wrong-byte", text, offset, Verdict.CORRUPT)

    def _cut_short(self, where: str) -> None:
        text = f"the file ends {where}; nothing can be cut to mend that"
        self._add("rdb-cut-short", text, self._window.base + self._window.end, Verdict.CORRUPT)

    def _add(self, code: str, reason: str, offset: int, verdict: Verdict) -> None:
        walker = self._walker
        self._collector.add(
            code,
            Severity.ERROR,
            reason,
            offset,
            start=walker.key_start,
            record=walker.keys + 1,
            verdict=verdict,
        )
