"""The manifest of a multi-part AOF (Redis 7.0 and later): which files make up the set, in order.

Read as ``aofLoadManifestFromFile`` in aof.c reads it, with the same refusals; written as
``getAofManifestAsString`` writes it. Keys that this package does not know are kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from aoftool.errors import ManifestError
from aoftool.format.resp.inline import needs_quotes, quote, split_args

#: Longest line a server reads, its line feed included.
MAX_LINE = 1024

# Only a line feed ends a line; splitlines() would also end one at a carriage return.
_LINE = re.compile(rb"[^\n]*\n|[^\n]+\Z")
_NUMBER = re.compile(rb"\s*([+-]?\d+)")


class FileType(Enum):
    """The ``type`` letter of a file."""

    BASE = b"b"
    HISTORY = b"h"
    INCR = b"i"


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One line of a manifest.

    Attributes:
        name: file name without any directory.
        seq: sequence number, from 1 up.
        type: BASE, HISTORY or INCR.
        start_offset, end_offset: replication offsets (Redis 8.0 and later), where given.
        extra: unknown keys and their values in file order, kept as they were.
        line_number: where it stood, from 1 up; 0 for one that was not read from a file.
    """

    name: bytes
    seq: int
    type: FileType
    start_offset: int | None = None
    end_offset: int | None = None
    extra: tuple[tuple[bytes, bytes], ...] = ()
    line_number: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """A file set: at most one BASE, the INCR files in the order they are loaded, HISTORY files."""

    base: ManifestFile | None = None
    history: tuple[ManifestFile, ...] = ()
    incr: tuple[ManifestFile, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def load_order(self) -> tuple[ManifestFile, ...]:
        """The files a server loads: BASE, then INCR by INCR."""
        return ((self.base,) if self.base else ()) + self.incr

    def encode(self) -> bytes:
        """The manifest's bytes: BASE first, then HISTORY, then INCR."""
        files = ((self.base,) if self.base else ()) + self.history + self.incr
        return b"".join(_encode_line(file) for file in files)


def looks_like_manifest(head: bytes) -> bool:
    """Whether a file that begins with ``head`` is a manifest (``fileIsManifest``)."""
    for line in head.split(b"\n"):
        if line.startswith(b"#"):
            continue
        return line.startswith(b"file")
    return False


def parse_manifest(data: bytes) -> Manifest:
    """Read a whole manifest. Raises ManifestError with the number of the line."""
    if not data:
        raise ManifestError("Found an empty AOF manifest", 0, b"")
    builder = _Builder()
    for number, line in enumerate(_LINE.findall(data), 1):
        _check_line(line, number)
        if not line.startswith(b"#"):
            builder.add(_parse_line(line, number))
    return builder.finish()


def _check_line(line: bytes, number: int) -> None:
    if len(line) > MAX_LINE or not line.endswith(b"\n"):
        reason = "The AOF manifest file contains too long line"
        if not line.endswith(b"\n"):
            reason += " (or one without a line feed at its end)"
        raise ManifestError(reason, number, line)


def _parse_line(line: bytes, number: int) -> ManifestFile:
    text = line.rstrip(b"\n")
    invalid = ManifestError("Invalid AOF manifest file format", number, text)
    words = split_args(line.strip(b" \t\r\n"))
    if words is None or len(words) < 6 or len(words) % 2:
        raise invalid
    values: dict[bytes, bytes] = {}
    extra: list[tuple[bytes, bytes]] = []
    for key, value in zip(words[::2], words[1::2], strict=True):
        if key.lower() in (b"file", b"seq", b"type", b"startoffset", b"endoffset"):
            values[key.lower()] = value
        else:
            extra.append((key, value))
    name, seq, letter = values.get(b"file"), _number(values.get(b"seq")), values.get(b"type")
    if name is not None and (b"/" in name or b"\\" in name):
        raise ManifestError("File can't be a path, just a filename", number, text)
    if not name or b"\0" in name or not seq or not letter:
        raise invalid
    try:
        file_type = FileType(letter[:1])
    except ValueError:
        raise ManifestError("Unknown AOF file type", number, text) from None
    start, end = _number(values.get(b"startoffset")), _number(values.get(b"endoffset"))
    return ManifestFile(name, seq, file_type, start, end, tuple(extra), number)


def _number(text: bytes | None) -> int | None:
    """A number as ``atoll`` reads it: leading digits count, anything else is 0."""
    if text is None:
        return None
    match = _NUMBER.match(text)
    return int(match[1]) if match else 0


class _Builder:
    """Collects the lines of one manifest and holds the rules between them."""

    def __init__(self) -> None:
        self._base: ManifestFile | None = None
        self._history: list[ManifestFile] = []
        self._incr: list[ManifestFile] = []
        self._notes: list[str] = []
        self._names: set[bytes] = set()

    def add(self, file: ManifestFile) -> None:
        if file.name in self._names:
            self._note(file, "names a file that another line names already")
        self._names.add(file.name)
        if file.type is FileType.BASE:
            self._add_base(file)
        elif file.type is FileType.HISTORY:
            self._history.append(file)
        else:
            self._add_incr(file)

    def _add_base(self, file: ManifestFile) -> None:
        if self._base is not None:
            raise self._refusal("Found duplicate base file information", file)
        if self._incr:
            self._note(file, "names the BASE file behind an INCR file; it is loaded first")
        self._base = file

    def _add_incr(self, file: ManifestFile) -> None:
        if self._incr:
            last = self._incr[-1].seq
            if file.seq <= last:
                raise self._refusal("Found a non-monotonic sequence number", file)
            if file.seq != last + 1:
                self._note(file, f"jumps from INCR {last} to {file.seq}: is a file missing?")
        self._incr.append(file)

    def _note(self, file: ManifestFile, text: str) -> None:
        self._notes.append(f"line {file.line_number} {text}")

    def _refusal(self, reason: str, file: ManifestFile) -> ManifestError:
        return ManifestError(reason, file.line_number, _encode_line(file).rstrip(b"\n"))

    def finish(self) -> Manifest:
        if self._base is None and not self._incr and not self._history:
            self._notes.append("names no file")
        return Manifest(self._base, tuple(self._history), tuple(self._incr), tuple(self._notes))


def _encode_line(file: ManifestFile) -> bytes:
    pairs = [(b"file", file.name), (b"seq", b"%d" % file.seq), (b"type", file.type.value)]
    for key, offset in ((b"startoffset", file.start_offset), (b"endoffset", file.end_offset)):
        if offset is not None:
            pairs.append((key, b"%d" % offset))
    pairs += file.extra
    words = [quote(word) if needs_quotes(word) else word for pair in pairs for word in pair]
    return b" ".join(words) + b"\n"
