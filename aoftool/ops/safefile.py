"""The ways in which files are changed: synced, renamed into place, never written over."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from aoftool.ops.filesystem import SYSTEM, FileSystem, write_all

_COPY_CHUNK = 1 << 20
#: After so many bytes a new file is synced, so that the last sync has little left to do
#: (``REDIS_AUTOSYNC_BYTES`` of Redis 6).
_SYNC_BYTES = 32 << 20
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


def save_range(fd: int, start: int, end: int, target: Path, files: FileSystem = SYSTEM) -> Path:
    """Copy bytes ``start`` to ``end`` of an open file to a new file, durably.

    Where ``target`` exists already, a number is added to its name: nothing is ever written over.
    Returns the path that was made. On any failure nothing is left behind. Raises OSError.
    """
    out, made = _create_new(target, os.fstat(fd).st_mode & 0o777, files)
    try:
        try:
            _copy(fd, start, end, out, files)
            files.fsync(out)
        finally:
            files.close(out)
    except BaseException:
        files.unlink(made)
        raise
    finally:
        files.sync_directory(target.parent)
    return made


def _create_new(target: Path, mode: int, files: FileSystem) -> tuple[int, Path]:
    """Open ``target`` for writing, or the first of its numbered names that is free."""
    number = 0
    while True:
        path = target if not number else target.with_name(f"{target.name}.{number}")
        try:
            return files.open(path, _NEW, mode), path
        except FileExistsError:
            number += 1


def _copy(fd: int, start: int, end: int, out: int, files: FileSystem) -> None:
    at = start
    while at < end:
        chunk = os.pread(fd, min(_COPY_CHUNK, end - at), at)
        if not chunk:
            raise OSError(None, f"the file ended at {at}, before {end}")
        write_all(files, out, chunk)
        at += len(chunk)


def cut_file(fd: int, length: int, folder: Path, files: FileSystem = SYSTEM) -> None:
    """Shorten an open file to ``length`` bytes, durably. Raises OSError."""
    files.ftruncate(fd, length)
    files.fsync(fd)
    files.sync_directory(folder)


def create_empty(path: Path, files: FileSystem = SYSTEM) -> None:
    """Make an empty file, durably. Raises FileExistsError, OSError."""
    fd = files.open(path, _NEW)
    try:
        files.fsync(fd)
    finally:
        files.close(fd)
    files.sync_directory(path.parent)


class NewFile:
    """A file that is either there as a whole, durably, or not at all.

    Written under a temporary name in the folder of ``target``; ``put_in_place`` gives it its name.
    Leaving the ``with`` block without that removes it. Methods raise OSError.

    Attributes:
        temporary: where it is until then; size: bytes written so far.
    """

    def __init__(self, target: Path, files: FileSystem = SYSTEM) -> None:
        self._target = target.resolve()
        self._files = files
        self.temporary = self._target.with_name(f".{target.name}.{os.getpid()}.tmp")
        self.size = 0
        self._unsynced = 0
        self._fd = -1

    def __enter__(self) -> Self:
        self._fd = self._files.open(self.temporary, _NEW, self._mode())
        return self

    def _mode(self) -> int:
        """Whoever could read the file that is replaced can read the new one."""
        try:
            return self._target.stat().st_mode & 0o777
        except FileNotFoundError:
            return 0o644

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.close(self._fd)
        if self.temporary.exists():
            self._files.unlink(self.temporary)

    def write(self, data: bytes) -> None:
        """Add bytes; every 32 MB they are synced."""
        write_all(self._files, self._fd, data)
        self.size += len(data)
        self._unsynced += len(data)
        if self._unsynced >= _SYNC_BYTES:
            self.sync()

    def sync(self) -> None:
        """Make what was written durable."""
        self._files.fsync(self._fd)
        self._unsynced = 0

    def put_in_place(self, *, replace: bool, keep_old: bool) -> Path | None:
        """Give the file its name in one step; where the old one is kept, or None.

        Without ``replace`` a file that has come to stand there meanwhile is not written over:
        FileExistsError.
        """
        self.sync()
        kept = _keep_old(self._target, self._files) if replace and keep_old else None
        if replace:
            self._files.rename(self.temporary, self._target)
        else:
            self._files.link(self.temporary, self._target)
            self._files.unlink(self.temporary)
        self._files.sync_directory(self._target.parent)
        return kept


def _keep_old(path: Path, files: FileSystem) -> Path:
    """A second name for a file that is about to be replaced."""
    number = 0
    while True:
        suffix = f".{number}" if number else ""
        kept = path.with_name(f"{path.name}.before-rewrite{suffix}")
        try:
            files.link(path, kept)
        except FileExistsError:
            number += 1
        else:
            return kept
