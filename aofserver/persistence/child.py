"""What a child does: it writes the keyspace, as it was when it was split off, to a file."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aofserver.persistence.news import send_memory
from aoftool.ops.filesystem import FileSystem, write_all

#: Bytes between two syncs of a file that is written (``REDIS_AUTOSYNC_BYTES``).
AUTOSYNC = 32 << 20
#: How long the child goes on reading the diff, how many waits of 1 ms without any end that, and
#: how long it waits for the parent's last word (``rewriteAppendOnlyFile``).
_READ_S, _SILENT_WAITS, _ACK_S = 1.0, 20, 5.0
_PIPE_CHUNK = 64 << 10
ACK = b"!"
#: Writes a line to the log.
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ChildPipes:
    """The child's ends: the diff, its word to the parent, the parent's word, its memory."""

    diff: int
    to_parent: int
    from_parent: int
    info: int

    def all(self) -> tuple[int, ...]:
        """Every descriptor."""
        return self.diff, self.to_parent, self.from_parent, self.info


@dataclass(frozen=True, slots=True)
class Output:
    """How the file is written.

    Attributes:
        temporary: its name while it is written; final: its name when it is whole.
        incremental: sync every 32 MB.
    """

    temporary: Path
    final: Path
    incremental: bool


class _File:
    """The file that is written, synced as it grows."""

    def __init__(self, output: Output, files: FileSystem) -> None:
        self._files = files
        self._incremental = output.incremental
        self._unsynced = 0
        self._fd = files.open(output.temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def write(self, data: bytes) -> None:
        write_all(self._files, self._fd, data)
        self._unsynced += len(data)
        if self._incremental and self._unsynced >= AUTOSYNC:
            self.sync()

    def sync(self) -> None:
        self._files.fdatasync(self._fd)
        self._unsynced = 0

    def close(self) -> None:
        self._files.close(self._fd)


class _Diff:
    """What the parent sends, kept until the snapshot is written."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.parts: list[bytes] = []

    def read(self) -> bool:
        """Take what has come; whether it was anything."""
        came = False
        while True:
            try:
                data = os.read(self._fd, _PIPE_CHUNK)
            except BlockingIOError:
                return came
            if not data:
                return came
            self.parts.append(data)
            came = True

    def wait(self) -> bool:
        """Wait up to 1 ms for more; whether some came."""
        return bool(select.select([self._fd], [], [], 0.001)[0]) and self.read()


def rewrite_child(
    chunks: Iterator[bytes], output: Output, pipes: ChildPipes, files: FileSystem, tell: Tell
) -> int:
    """Write an AOF while reading what is written meanwhile; 0, or 1 where that failed.

    On failure ``tell`` is told why and the temporary file is gone. The caller ends the process with
    this code.
    """
    try:
        diff = _Diff(pipes.diff)
        file = _File(output, files)
        for chunk in chunks:
            file.write(chunk)
            diff.read()
        file.sync()  # while the parent goes on sending, so that the last sync has little to do
        _read_on(diff)
        _agree(pipes)
        diff.read()
        for part in diff.parts:
            file.write(part)
        file.sync()
        file.close()
        files.rename(output.temporary, output.final)
        send_memory(pipes.info)
    except (OSError, ValueError, MemoryError) as error:
        tell(f"Write error writing append only file on disk: {error}")
        _remove(output.temporary, files)
        return 1
    return 0


def _read_on(diff: _Diff) -> None:
    deadline = time.monotonic() + _READ_S
    silent = 0
    while silent < _SILENT_WAITS and time.monotonic() < deadline:
        silent = 0 if diff.wait() else silent + 1


def _agree(pipes: ChildPipes) -> None:
    """Ask the parent to send no more, and wait until it says so. Raises TimeoutError, OSError."""
    os.write(pipes.to_parent, ACK)
    if not select.select([pipes.from_parent], [], [], _ACK_S)[0]:
        raise TimeoutError("the parent did not answer")
    if os.read(pipes.from_parent, 1) != ACK:
        raise TimeoutError("the parent has gone")


def snapshot_child(
    chunks: Iterator[bytes], output: Output, info: int, files: FileSystem, tell: Tell
) -> int:
    """Write a file and give it its name, durably; 0, or 1 where that failed: ``tell`` says why."""
    try:
        write_snapshot(chunks, output, files)
        send_memory(info)
    except (OSError, ValueError, MemoryError) as error:
        tell(f"Write error saving DB on disk: {error}")
        return 1
    return 0


def write_snapshot(chunks: Iterator[bytes], output: Output, files: FileSystem) -> None:
    """Write a file and give it its name, durably. Raises OSError; nothing is left then."""
    try:
        file = _File(output, files)
        try:
            for chunk in chunks:
                file.write(chunk)
            file.sync()
        finally:
            file.close()
        files.rename(output.temporary, output.final)
        files.sync_directory(output.final.parent)
    except BaseException:
        _remove(output.temporary, files)
        raise


def _remove(path: Path, files: FileSystem) -> None:
    with suppress(OSError):
        files.unlink(path)
