"""The ways in which files are changed: synced, renamed into place, never written over."""

from __future__ import annotations

import os
from pathlib import Path

_COPY_CHUNK = 1 << 20


def sync_directory(folder: Path) -> None:
    """Make the folder's entries durable. Raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def save_range(fd: int, start: int, end: int, target: Path) -> Path:
    """Copy bytes ``start`` to ``end`` of an open file to a new file, durably.

    Where ``target`` exists already, a number is added to its name: nothing is ever written over.
    Returns the path that was made. On any failure nothing is left behind. Raises OSError.
    """
    out, made = _create_new(target, os.fstat(fd).st_mode & 0o777)
    try:
        try:
            _copy(fd, start, end, out)
            os.fsync(out)
        finally:
            os.close(out)
    except BaseException:
        made.unlink()
        raise
    finally:
        sync_directory(target.parent)
    return made


def _create_new(target: Path, mode: int) -> tuple[int, Path]:
    """Open ``target`` for writing, or the first of its numbered names that is free."""
    number = 0
    while True:
        path = target if not number else target.with_name(f"{target.name}.{number}")
        try:
            return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), path
        except FileExistsError:
            number += 1


def _copy(fd: int, start: int, end: int, out: int) -> None:
    at = start
    while at < end:
        chunk = os.pread(fd, min(_COPY_CHUNK, end - at), at)
        if not chunk:
            raise OSError(None, f"the file ended at {at}, before {end}")
        view = memoryview(chunk)
        while view:
            view = view[os.write(out, view) :]
        at += len(chunk)


def cut_file(fd: int, length: int, folder: Path) -> None:
    """Shorten an open file to ``length`` bytes, durably. Raises OSError."""
    os.ftruncate(fd, length)
    os.fsync(fd)
    sync_directory(folder)
