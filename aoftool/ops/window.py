"""A file seen through a window of constant size: how ``check`` reads 90 GB in a few megabytes."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

#: Most bytes read at a time.
WINDOW = 1 << 20
#: First read after a leap: headers and short arguments fit, a long body is not read for nothing.
SMALL = 1 << 13
#: Bytes before the position that stay at hand, to show them and to read small items again.
HISTORY = 1 << 12

Progress = Callable[[int], None]


def no_progress(count: int) -> None:
    """The progress callback of those who want none."""


class Window:
    """The bytes around a moving position of an open file.

    ``view[pos:end]`` are the bytes at file offset ``base + pos`` that have not been used up yet.
    Regular files are read by ``pread`` up to the size they have when the window is opened, so
    that a file that grows meanwhile gives one consistent answer; anything else is read to its end.

    Attributes:
        size: bytes of a regular file, else None.
        at_end: whether nothing follows behind ``end``.
    """

    def __init__(
        self,
        fd: int,
        start: int = 0,
        *,
        read_all: bool = False,
        progress: Progress = no_progress,
    ) -> None:
        status = os.fstat(fd)
        self.size = status.st_size if stat.S_ISREG(status.st_mode) else None
        self.view = memoryview(bytearray(HISTORY + WINDOW))
        self.base = start
        self.pos = self.end = 0
        self.at_end = False
        self._fd = fd
        self._read_all = read_all
        self._progress = progress
        self._chunk = WINDOW

    @property
    def offset(self) -> int:
        """File offset of the next byte."""
        return self.base + self.pos

    def fill(self) -> bool:
        """Read more behind ``end``; False at the end of the file. Raises OSError."""
        drop = self.pos - HISTORY
        if drop > 0 and self.end + self._chunk > len(self.view):
            self.view[: self.end - drop] = self.view[drop : self.end]
            self.base += drop
            self.pos -= drop
            self.end -= drop
        room = self.view[self.end : self.end + self._chunk]
        count = self._read(room)
        self.end += count
        self._chunk = min(self._chunk * 2, WINDOW)
        self.at_end = count == 0
        self._progress(count)
        return count > 0

    def _read(self, room: memoryview) -> int:
        if self.size is None:
            return os.readv(self._fd, [room])
        offset = self.base + self.end
        wanted = room[: max(0, self.size - offset)]
        return os.preadv(self._fd, [wanted], offset) if len(wanted) else 0

    def skip(self, count: int) -> int:
        """Pass over ``count`` bytes without looking at them; fewer only at the end of the file.

        Bytes of a regular file are leapt over unless the window was opened with ``read_all``.
        Raises OSError.
        """
        start = self.offset
        target = start + count
        if self.size is not None and not self._read_all and count - (self.end - self.pos) > SMALL:
            self._leap(min(target, self.size))
            return self.offset - start
        while True:
            self.pos = min(self.end, target - self.base)
            if self.offset == target or not self.fill():
                return self.offset - start

    def _leap(self, offset: int) -> None:
        self._progress(offset - (self.base + self.end))
        self.base = offset
        self.pos = self.end = 0
        self._chunk = SMALL

    def peek(self, offset: int, length: int) -> bytes:
        """Up to ``length`` bytes at file offset ``offset``, as far as they are at hand."""
        first = max(offset - self.base, 0)
        return bytes(self.view[first : max(first, min(offset - self.base + length, self.end))])

    def holds(self, offset: int) -> bool:
        """Whether the byte at file offset ``offset`` is at hand."""
        return self.base <= offset <= self.base + self.end

    def zeros_to_end(self) -> bool:
        """Whether every byte from here to the end of the file is zero; moves to there if so.

        Raises OSError.
        """
        while True:
            rest = bytes(self.view[self.pos : self.end])
            if rest.count(0) != len(rest):
                return False
            self.pos = self.end
            if not self.fill():
                return True
