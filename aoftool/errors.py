"""Everything the package raises on purpose: one small tree, each class with its exit code.

Errors carry data (path, offset, record, reason); the command line turns them into text.
"""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit codes of ``aoftool``; with several files the most severe one wins (see ``severity``)."""

    CLEAN = 0
    TRUNCATED = 1
    USAGE = 2
    CORRUPT = 3
    FILE_SET = 4
    UNREADABLE = 5
    NEWER = 6
    REFUSED = 7
    FAILED = 8
    TARGET = 9
    INTERRUPTED = 130


class AofError(Exception):
    """Base of all errors that the package raises for its input or its environment."""

    exit_code: ClassVar[ExitCode] = ExitCode.UNREADABLE


class FormatError(AofError):
    """Bytes that are not what the format says.

    Attributes:
        reason: what is wrong, in one clause.
        offset: byte offset of the wrong byte (for a cut file: of the end of the data).
        start: byte offset where the record (command, RDB item) that holds it begins.
        record: number of that record, counted from 1, or None where nobody counts.
    """

    def __init__(
        self, reason: str, offset: int, start: int | None = None, record: int | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset
        self.start = offset if start is None else start
        self.record = record

    def __str__(self) -> str:
        where = f"at offset {self.offset}"
        if self.record is not None:
            where = f"in record {self.record}, " + where
        return f"{self.reason} ({where})"

    def rebase(self, base: int) -> FormatError:
        """Add ``base`` to both offsets, in place: from buffer positions to file offsets."""
        self.offset += base
        self.start += base
        return self


class TruncatedError(FormatError):
    """The data ends inside a record; ``start`` is where that record begins."""

    exit_code = ExitCode.TRUNCATED


class CorruptError(FormatError):
    """A wrong byte at ``offset``."""

    exit_code = ExitCode.CORRUPT


class NewerFormatError(FormatError):
    """A version, opcode or type number that is newer than this package knows."""

    exit_code = ExitCode.NEWER


class FileSetError(AofError):
    """The files of a multi-part AOF do not make a set (missing, misplaced, cut in the middle)."""

    exit_code = ExitCode.FILE_SET

    def __init__(self, reason: str, path: Path | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


class ManifestError(FileSetError):
    """A manifest line that the server would refuse (``aofLoadManifestFromFile`` in aof.c).

    Attributes:
        line_number: counted from 1; 0 when the file as a whole is wrong.
        line: the offending line without its line feed.
    """

    def __init__(self, reason: str, line_number: int, line: bytes) -> None:
        super().__init__(reason)
        self.line_number = line_number
        self.line = line

    def __str__(self) -> str:
        if not self.line_number:
            return self.reason
        return f"line {self.line_number}: {self.reason}"


class SourceError(AofError):
    """A file that cannot be read or written (missing, permission, I/O error)."""

    def __init__(self, reason: str, path: Path) -> None:
        super().__init__(f"{path}: {reason}")
        self.reason = reason
        self.path = path


class RefusedError(AofError):
    """An operation that was asked for but would not be safe; nothing was touched."""

    exit_code = ExitCode.REFUSED

    def __init__(self, reason: str, path: Path) -> None:
        super().__init__(f"{path}: {reason}")
        self.reason = reason
        self.path = path


class LossError(AofError):
    """Something that the chosen RDB version has no place for; nothing was written.

    Attributes:
        what: what would be lost, in one clause.
        version: the RDB version that was asked for.
        needed: the first version that can carry it.
    """

    exit_code = ExitCode.REFUSED

    def __init__(self, what: str, version: int, needed: int) -> None:
        super().__init__(f"RDB version {version} cannot carry {what}: it takes version {needed}")
        self.what = what
        self.version = version
        self.needed = needed
