"""A file system that records what is done to a folder, and tells what may be left of it.

``Recording`` does every call for real, but for syncs, and keeps a journal. ``crash_states`` then
cuts the power before each operation of the journal: of a file the bytes that were synced are there,
and any prefix of what was appended behind them; a name made, taken away or moved since the folder
was last synced may or may not be so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aoftool.ops.filesystem import SYSTEM

#: Contents of a folder: bytes by name.
State = dict[str, bytes]


@dataclass(slots=True)
class _Inode:
    data: bytes = b""
    durable: bytes = b""

    def left(self) -> Iterator[bytes]:
        """What may be found of it: no tail, all of it, half of it."""
        yield self.durable
        if self.data == self.durable:
            return
        yield self.data
        if self.data.startswith(self.durable):
            yield self.data[: (len(self.durable) + len(self.data)) // 2]


@dataclass(slots=True)
class Recording:
    """The real file system below ``folder``; ``journal`` holds every change, in order."""

    folder: Path
    journal: list[tuple[object, ...]] = field(default_factory=list)
    _open: dict[int, str] = field(default_factory=dict)

    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        fresh = not path.exists()
        fd = SYSTEM.open(path, flags, mode)
        self._open[fd] = path.name
        if fresh:
            self.journal.append(("create", path.name))
        elif flags & os.O_TRUNC:
            self.journal.append(("truncate", path.name, 0))
        return fd

    def close(self, fd: int) -> None:
        self._open.pop(fd, None)
        SYSTEM.close(fd)

    def write(self, fd: int, data: bytes | memoryview) -> int:
        count = SYSTEM.write(fd, data)
        self.journal.append(("append", self._open[fd], bytes(data[:count])))
        return count

    def ftruncate(self, fd: int, length: int) -> None:
        SYSTEM.ftruncate(fd, length)
        self.journal.append(("truncate", self._open[fd], length))

    def fsync(self, fd: int) -> None:
        self.journal.append(("sync", self._open[fd]))

    def fdatasync(self, fd: int) -> None:
        self.journal.append(("sync", self._open[fd]))

    def rename(self, old: Path, new: Path) -> None:
        SYSTEM.rename(old, new)
        self.journal.append(("rename", old.name, new.name))
        self._open = {fd: new.name if name == old.name else name for fd, name in self._open.items()}

    def link(self, old: Path, new: Path) -> None:
        SYSTEM.link(old, new)
        self.journal.append(("link", old.name, new.name))

    def unlink(self, path: Path) -> None:
        SYSTEM.unlink(path)
        self.journal.append(("unlink", path.name))

    def sync_directory(self, folder: Path) -> None:
        self.journal.append(("sync_directory",))


def contents(folder: Path) -> State:
    """What a folder holds now."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def crash_states(before: State, journal: list[tuple[object, ...]]) -> Iterator[tuple[int, State]]:
    """(operations done, what is there) for every moment at which the power may go.

    ``before``: what was there, durably, when the journal began.
    """
    for done in range(len(journal) + 1):
        disk = _Disk({name: _Inode(data, data) for name, data in before.items()})
        for entry in journal[:done]:
            disk.apply(entry)
        seen: list[State] = []
        for state in disk.left():
            if state not in seen:
                seen.append(state)
                yield done, state


class _Disk:
    def __init__(self, names: dict[str, _Inode]) -> None:
        self._names = names
        self._durable = dict(names)

    def apply(self, entry: tuple[object, ...]) -> None:
        """Do what one entry of the journal says."""
        match entry:
            case ("create", str(name)):
                self._names[name] = _Inode()
            case ("append", str(name), bytes(data)):
                self._names[name].data += data
            case ("truncate", str(name), int(length)):
                self._names[name].data = self._names[name].data[:length]
            case ("sync", str(name)):
                self._names[name].durable = self._names[name].data
            case ("rename", str(old), str(new)):
                self._names[new] = self._names.pop(old)
            case ("link", str(old), str(new)):
                self._names[new] = self._names[old]
            case ("unlink", str(name)):
                del self._names[name]
            case ("sync_directory",):
                self._durable = dict(self._names)
            case _:
                raise AssertionError(entry)

    def left(self) -> Iterator[State]:
        """The names as they were last synced, or as they are; each file with what is left of it.

        All files lose the same share of their tails: what matters is which ones were synced.
        """
        for names in (self._durable, self._names):
            for share in range(3):
                yield {name: _share(inode, share) for name, inode in names.items()}


def _share(inode: _Inode, share: int) -> bytes:
    left = list(inode.left())
    return left[min(share, len(left) - 1)]
