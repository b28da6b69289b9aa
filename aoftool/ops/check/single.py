"""Checks one file: finds out what it holds, and hands its parts to those who know them."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from aoftool.errors import CorruptError, NewerFormatError
from aoftool.format.rdb.header import read_header
from aoftool.format.rdb.opcodes import HEADER_SIZE, Dialect
from aoftool.ops.check.collector import Collector
from aoftool.ops.check.options import CheckOptions
from aoftool.ops.check.rdb_part import RdbPart
from aoftool.ops.check.report import FileKind, FileReport, Severity, Verdict
from aoftool.ops.check.resp_part import RespPart
from aoftool.ops.source import STDIN, Part, Role
from aoftool.ops.window import Progress, Window

_MAGICS = [dialect.value for dialect in Dialect]


def check_file(part: Part, options: CheckOptions, progress: Progress) -> FileReport:
    """Check one file from its first byte to its last; whatever is wrong is in the report."""
    report = FileReport(str(part.path), part.role.value)
    try:
        fd = _open(part.path)
        try:
            _check(fd, part, report, options, progress)
        finally:
            if part.path != STDIN:
                os.close(fd)
    except OSError as error:
        report.add_unreadable(error.strerror or str(error))
    return report


def _open(path: Path) -> int:
    if path == STDIN:
        return sys.stdin.fileno()
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _check(
    fd: int, part: Part, report: FileReport, options: CheckOptions, progress: Progress
) -> None:
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        raise IsADirectoryError(None, "is a directory, not a file")
    window = Window(fd, read_all=options.read_all, progress=progress)
    while window.end < HEADER_SIZE and window.fill():
        pass
    if window.end == 0:
        report.kind = FileKind.EMPTY
        Collector(window, fd, report).add("empty", Severity.NOTICE, "the file is empty")
    elif _begins_as_rdb(window.peek(0, HEADER_SIZE)):
        _check_rdb(fd, part, window, report, options)
    else:
        report.kind = FileKind.AOF
        RespPart(window, fd, report, options).run()
    report.size = window.size if window.size is not None else window.base + window.end
    _look_for_change(fd, window, report)


def _begins_as_rdb(head: bytes) -> bool:
    """Whether the file begins with a magic, or is so short that it could have."""
    return any(head.startswith(magic) or magic.startswith(head) for magic in _MAGICS)


def _check_rdb(
    fd: int, part: Part, window: Window, report: FileReport, options: CheckOptions
) -> None:
    report.kind = FileKind.RDB
    collector = Collector(window, fd, report)
    if part.role is Role.INCR:
        text = "RDB data in an INCR file, where a server reads commands only"
        collector.add("rdb-in-incr", Severity.ERROR, text, 0, verdict=Verdict.CORRUPT)
    try:
        header = read_header(window.view, window.pos, window.end)
    except NewerFormatError as error:
        collector.add(
            "rdb-newer", Severity.ERROR, error.reason, error.offset, verdict=Verdict.NEWER
        )
        return
    except CorruptError as error:
        collector.add(
            "rdb-wrong-byte", Severity.ERROR, error.reason, error.offset, verdict=Verdict.CORRUPT
        )
        return
    if header is None:
        text = "the file ends inside the RDB header; nothing can be cut to mend that"
        collector.add("rdb-cut-short", Severity.ERROR, text, window.end, verdict=Verdict.CORRUPT)
        return
    dialect, version, _ = header
    whole = RdbPart(window, fd, report, options, dialect, version).run()
    if _is_preamble(report):
        report.kind = FileKind.AOF_PREAMBLE
    if not whole:
        return
    report.valid_up_to = window.offset
    if window.pos < window.end or window.fill():
        report.kind = FileKind.AOF_PREAMBLE
        RespPart(window, fd, report, options).run()


def _is_preamble(report: FileReport) -> bool:
    """Whether the writer meant commands to follow (Redis 4 to 6; a BASE of 7 ends with its RDB)."""
    return report.writer.get("aof-preamble") == "1"


def _look_for_change(fd: int, window: Window, report: FileReport) -> None:
    """A file that a server is writing: say so, rather than give an answer that is out of date."""
    if window.size is None:
        return
    now = os.fstat(fd).st_size
    collector = Collector(window, fd, report)
    if now > window.size:
        text = f"the file grew by {now - window.size} bytes meanwhile; they were not looked at"
        collector.add("grew", Severity.NOTICE, text)
    elif now < window.size:
        raise OSError(None, f"the file shrank from {window.size} to {now} bytes while it was read")
