"""The server's log: lines as Redis writes them (``serverLogRaw`` in server.c)."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from pathlib import Path


class Level(IntEnum):
    """How much a line matters; the value orders them."""

    DEBUG = 0
    VERBOSE = 1
    NOTICE = 2
    WARNING = 3


_MARKS = {Level.DEBUG: ".", Level.VERBOSE: "-", Level.NOTICE: "*", Level.WARNING: "#"}
#: Letters of the process's role: a child writes another one than its parent.
PRIMARY, CHILD = "M", "C"


class Log:
    """Writes lines to a file, which is opened anew for each (so it may be moved), or to stdout.

    One write(2) a line and no lock: a child that was forked at any moment can use it.

    Attributes:
        also: gets the level and the text of each line, too.
    """

    def __init__(
        self,
        path: Path | None = None,
        level: Level = Level.NOTICE,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.path = path
        self.level = level
        self.role = PRIMARY
        self.also: Callable[[int, str], None] | None = None
        self._now = now

    def __call__(self, level: Level, text: str) -> None:
        """Write a line if its level is high enough; a log that cannot be written stops nobody."""
        if level < self.level:
            return
        if self.also is not None:
            self.also(level, text)
        now = self._now()
        moment = time.strftime("%d %b %Y %H:%M:%S", time.localtime(now))
        line = f"{os.getpid()}:{self.role} {moment}.{int(now * 1000) % 1000:03d} {_MARKS[level]} "
        data = (line + text + "\n").encode("utf-8", "backslashreplace")
        with suppress(OSError):
            self._write(data)

    def _write(self, data: bytes) -> None:
        if self.path is None:
            os.write(sys.__stdout__.fileno() if sys.__stdout__ else 1, data)
            return
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            os.write(fd, data)
        finally:
            os.close(fd)

    def debug(self, text: str) -> None:
        """A line for developers."""
        self(Level.DEBUG, text)

    def verbose(self, text: str) -> None:
        """A line with details."""
        self(Level.VERBOSE, text)

    def notice(self, text: str) -> None:
        """A line worth knowing."""
        self(Level.NOTICE, text)

    def warning(self, text: str) -> None:
        """A line that an operator must see."""
        self(Level.WARNING, text)
