"""Who has a file open for writing: a server that runs must not have its AOF cut under it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Writer:
    """A process that has the file open for writing."""

    pid: int
    name: str


def find_writers(fd: int) -> list[Writer]:
    """Other processes that have the file of ``fd`` open for writing, as far as /proc tells.

    Empty where there is no /proc; processes of other users are seen only by root.
    """
    target = os.fstat(fd)
    found: list[Writer] = []
    if not _PROC.is_dir():
        return found
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid() and _writes(entry, target):
            found.append(Writer(int(entry.name), _name(entry)))
    return found


def _writes(process: Path, target: os.stat_result) -> bool:
    try:
        for link in (process / "fd").iterdir():
            if os.path.samestat(link.stat(), target) and _open_for_writing(process, link.name):
                return True
    except OSError:  # the process ended meanwhile, or it is another user's
        return False
    return False


def _open_for_writing(process: Path, fd: str) -> bool:
    for line in (process / "fdinfo" / fd).read_text().splitlines():
        if line.startswith("flags:"):
            return int(line.split()[1], 8) & os.O_ACCMODE != os.O_RDONLY
    return False


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return "?"
