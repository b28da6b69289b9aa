"""The system calls that change files, behind one small interface.

Everything that must survive a loss of power goes through it, so that tests can record the calls and
cut the power before each of them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol


class FileSystem(Protocol):
    """What is done to files; every method raises OSError as the call of its name does."""

    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        """A descriptor; ``flags`` as of open(2)."""

    def close(self, fd: int) -> None:
        """Give the descriptor back."""

    def write(self, fd: int, data: bytes | memoryview) -> int:
        """Write at the descriptor's place; how many bytes were taken, which may be fewer."""

    def ftruncate(self, fd: int, length: int) -> None:
        """Shorten (or lengthen) the file."""

    def fsync(self, fd: int) -> None:
        """Make the file's bytes durable."""

    def fdatasync(self, fd: int) -> None:
        """The same, without what is not needed to read them again."""

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name in one step; one that had the name loses it."""

    def link(self, old: Path, new: Path) -> None:
        """Give a file a second name."""

    def unlink(self, path: Path) -> None:
        """Take a name away."""

    def sync_directory(self, folder: Path) -> None:
        """Make the names in a folder durable."""


class System:
    """The real calls."""

    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        return os.open(path, flags | os.O_CLOEXEC, mode)

    def close(self, fd: int) -> None:
        os.close(fd)

    def write(self, fd: int, data: bytes | memoryview) -> int:
        return os.write(fd, data)

    def ftruncate(self, fd: int, length: int) -> None:
        os.ftruncate(fd, length)

    def fsync(self, fd: int) -> None:
        os.fsync(fd)

    def fdatasync(self, fd: int) -> None:
        os.fdatasync(fd)

    def rename(self, old: Path, new: Path) -> None:
        old.rename(new)

    def link(self, old: Path, new: Path) -> None:
        new.hardlink_to(old)

    def unlink(self, path: Path) -> None:
        path.unlink()

    def sync_directory(self, folder: Path) -> None:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


#: The file system of this machine.
SYSTEM: FileSystem = System()


def write_all(files: FileSystem, fd: int, data: bytes) -> None:
    """Write all of ``data``. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[files.write(fd, view) :]
