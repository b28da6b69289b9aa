"""Reads a source from a position on, event by event, and waits for more where it is followed."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from aoftool.errors import AofError, FileSetError, FormatError, SourceError, TruncatedError
from aoftool.format.aof import AofDecoder, Event
from aoftool.format.rdb import Key, NeedData, StringKeys
from aoftool.format.resp.scan import RespScanner
from aoftool.ops.failures import DamagedError
from aoftool.ops.replay.model import Position
from aoftool.ops.replay.rewritten import file_between, find_continuation
from aoftool.ops.source import STDIN, Identity, Part, Role, Source, identity_of, resolve
from aoftool.ops.window import Progress

_CHUNK = 1 << 20


class Reader:
    """The events of a source, in order, from ``start`` on.

    Args:
        truncated, follow: see ReplayOptions; batches, plain: see AofDecoder.

    Attributes:
        parts: its files; grows while it is followed.
        part: index of the file that is being read; start: where in it reading began.
        cut: (path, offset, reason) of a tail that was left out, or None.
    """

    def __init__(
        self,
        source: Source,
        start: Position,
        *,
        truncated: bool,
        follow: bool,
        batches: bool,
        progress: Progress,
        plain: Callable[[], RespScanner | None] = lambda: None,
    ) -> None:
        self.parts: list[Part] = list(source.parts)
        self.part = start.part
        self.cut: tuple[str, int, str] | None = None
        self._source = source
        self.start = start
        self._successor: Position | None = None
        self._identities: dict[int, Identity] = {}
        self._truncated = truncated
        self._follow = follow
        self._batches = batches
        self._plain = plain
        self._progress = progress
        self._is_replaced = False
        self._decoder = AofDecoder()

    def raw(self, start: int, end: int) -> bytes:
        """The file's bytes of the event at hand."""
        return self._decoder.raw(start, end)

    def events(self) -> Generator[Event | None, None, None]:
        """Events; None where a source that is followed has nothing more for now.

        Raises DamagedError, FileSetError, SourceError.
        """
        while self.part < len(self.parts):
            yield from self._file(self.parts[self.part])
            self.part += 1
            self.start = self._successor or Position(self.part)
            self._successor = None

    def _file(self, part: Part) -> Iterator[Event | None]:
        path = part.path
        try:
            fd = sys.stdin.fileno() if path == STDIN else os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                self._identify(fd, path)
                yield from self._read(fd, path)
            finally:
                if path != STDIN:
                    os.close(fd)
        except TruncatedError as error:
            last = self.part == len(self.parts) - 1
            if not (last and self._truncated) or self._decoder.in_preamble:
                raise _damaged(part, error) from error
            self.cut = (str(path), self._decoder.good_end, error.reason)
        except FormatError as error:
            raise _damaged(part, error) from error
        except OSError as error:
            raise SourceError(error.strerror or str(error), path) from error

    def _identify(self, fd: int, path: Path) -> None:
        """Remember which file this is; in one that replaced another the place is known already."""
        found = identity_of(os.fstat(fd))
        if self._identities.setdefault(self.part, found) != found:
            raise file_between(path)

    def _read(self, fd: int, path: Path) -> Iterator[Event | None]:
        begin = self.start
        offset = begin.offset if begin.record else 0
        self._decoder = AofDecoder(
            batches=self._batches, plain=self._plain(), start=offset, records=begin.record
        )
        if offset:
            os.lseek(fd, offset, os.SEEK_SET)
        for chunk in self._chunks(fd, path, offset):
            if chunk is None:
                self._decoder.hurry()
                yield from self._events(begin.offset)
                yield None
                continue
            self._decoder.feed(chunk)
            yield from self._events(begin.offset)
            self._progress(len(chunk))
        if self._is_replaced:
            # It may end in the middle of a record, or of a transaction, which is in the new one.
            self._decoder.hurry()
            yield from self._events(begin.offset)
            self._go_on_in(fd, path, self._decoder.good_end)
            return
        self._decoder.close()
        yield from self._events(begin.offset)

    def _events(self, behind: int) -> Iterator[Event]:
        """What was decoded; without keys in RDB form that end at or before ``behind``."""
        while not isinstance(event := self._decoder.next_event(), NeedData):
            if behind and isinstance(event, Key | StringKeys) and event.end <= behind:
                continue
            yield event

    def _chunks(self, fd: int, path: Path, offset: int) -> Iterator[bytes | None]:
        status = os.fstat(fd)
        regular = stat.S_ISREG(status.st_mode)
        # A file that grows meanwhile is read as far as it went at first, unless it is followed.
        left = status.st_size - offset if regular and not self._follow else None
        while left is None or left > 0:
            chunk = os.read(fd, _CHUNK if left is None else min(_CHUNK, left))
            if chunk:
                offset += len(chunk)
                left = None if left is None else left - len(chunk)
                yield chunk
            elif left is not None:
                raise SourceError("it became shorter while it was read", path)
            elif not self._follow or not regular:
                return
            elif self._is_superseded(fd, path, offset):
                # What was written between the last look and the change.
                while chunk := os.read(fd, _CHUNK):
                    offset += len(chunk)
                    yield chunk
                self._is_replaced = self._source.manifest_path is None
                return
            else:
                yield None

    def _is_superseded(self, fd: int, path: Path, offset: int) -> bool:
        """At the end of a followed file: whether the server writes to another one by now."""
        if self.part < len(self.parts) - 1:
            return True
        if os.fstat(fd).st_size < offset:
            raise SourceError("it became shorter while it was followed", path)
        if self._source.manifest_path is None:
            # One that is not there is between two names, or gone for good: wait.
            try:
                return identity_of(path.stat()) != self._identities[self.part]
            except FileNotFoundError:
                return False
        return self._take_successors(path)

    def identity(self, part: int) -> Identity | None:
        """Which file was read as this part; None before it was."""
        return self._identities.get(part)

    def _go_on_in(self, fd: int, path: Path, size: int) -> None:
        """The server has rewritten a single file: go on in the new one, behind what was read."""
        following = len(self.parts)
        with path.open("rb", buffering=0) as file:
            self._identities[following] = identity_of(os.fstat(file.fileno()))
            found = find_continuation(fd, size, file.fileno(), path)
        self._successor = Position(following, *found)
        self.parts.append(self.parts[self.part])
        self._is_replaced = False

    def _take_successors(self, path: Path) -> bool:
        try:
            now = resolve(self._source.path).parts
        except AofError:
            return False  # the manifest is being replaced
        incr = [part for part in now if part.role is Role.INCR]
        names = [part.path.name for part in incr]
        if path.name in names:
            fresh = incr[names.index(path.name) + 1 :]
        elif self.parts[self.part].role is Role.BASE:
            fresh = incr
        else:
            fresh = self._next_in_line(path, incr)
        self.parts += fresh
        return bool(fresh)

    def _next_in_line(self, path: Path, incr: list[Part]) -> list[Part]:
        """A rewrite has replaced the file at hand: its successor must still be there."""
        numbers = [_sequence(part.path.name) for part in incr]
        mine = _sequence(path.name)
        if mine is None or mine + 1 not in numbers:
            raise FileSetError(
                "the server has rewritten the set, and removed files that were not read yet", path
            )
        return incr[numbers.index(mine + 1) :]


def _sequence(name: str) -> int | None:
    """The number of an INCR file, from the name that servers give it."""
    words = name.split(".")
    number = words[-3] if len(words) > 3 else ""
    return int(number) if number.isdigit() else None


def _damaged(part: Part, error: FormatError) -> AofError:
    if isinstance(error, TruncatedError) and part.role is not Role.SINGLE:
        return FileSetError(f"{part.path}: {error}", part.path)
    return DamagedError(part.path, error)
