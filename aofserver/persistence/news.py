"""What a child tells its parent of itself through a pipe (``childinfo.c``): memory and progress."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from aofserver.ports import Clock

#: Seconds between two words of a child, and how much of its time it may spend to look at its memory
#: (``COW_UPDATE``): at most one part in so many.
_EVERY_S, _PART = 1.0, 100
_LINE = 4096


def private_dirty() -> int:
    """Bytes of this process that it shares with none any more (``zmalloc_get_private_dirty``)."""
    try:
        text = Path("/proc/self/smaps_rollup").read_text()
    except OSError:
        return 0
    lines = (line.split() for line in text.splitlines() if line.startswith("Private_Dirty:"))
    return sum(int(words[1]) << 10 for words in lines)


class Reporter:
    """The child's end: tells how many keys it has written, and what memory it has for itself."""

    def __init__(
        self,
        fd: int,
        private: Callable[[], int] = private_dirty,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fd = fd
        self._private = private
        self._clock = clock
        self._keys = 0
        self._next = clock()
        self._next_look = self._next
        self._cow_bytes = 0

    def wrote(self, keys: int) -> None:
        """So many keys more were written. Raises OSError."""
        self._keys += keys
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _EVERY_S
        if now >= self._next_look:
            self._cow_bytes = self._private()
            self._next_look = now + (self._clock() - now) * _PART
        os.write(self._fd, b"%d %d\n" % (self._cow_bytes, self._keys))


def send_memory(fd: int, private: Callable[[], int] = private_dirty) -> None:
    """A child's last word: how much memory it had for itself. Raises OSError."""
    os.write(fd, b"%d\n" % private())


class News:
    """The parent's end.

    Attributes:
        keys, total: keys that the child has written, of so many that were there.
        cow_bytes, peak_bytes: memory that it had for itself when it last told, and at most.
        told_us: when that was, by the monotonic clock; 0: it has told nothing yet.
    """

    def __init__(self, fd: int, total: int, clock: Clock) -> None:
        """``fd``: where it is read, without waiting; closed by ``close``."""
        self.keys = self.cow_bytes = self.peak_bytes = self.told_us = 0
        self.total = total
        self._fd = fd
        self._clock = clock
        self._rest = b""
        os.set_blocking(fd, False)

    def read(self) -> None:
        """Take what has come."""
        try:
            while data := os.read(self._fd, _LINE):
                *lines, self._rest = (self._rest + data).split(b"\n")
                for line in lines:
                    self._take([int(word) for word in line.split()])
        except BlockingIOError:
            return

    def _take(self, numbers: list[int]) -> None:
        self.cow_bytes, *keys = numbers
        self.peak_bytes = max(self.peak_bytes, self.cow_bytes)
        self.told_us = self._clock.monotonic_us()
        if keys:
            self.keys = keys[0]

    @property
    def percent(self) -> float:
        """How much of the keys it has written."""
        return self.keys * 100 / self.total if self.total else 0.0

    def close(self) -> None:
        """The child has ended: take its last word."""
        self.read()
        os.close(self._fd)
