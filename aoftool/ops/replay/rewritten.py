"""Where to go on in the file by which Redis 4 to 6 replaced one that was being followed.

The new file begins with a snapshot, an RDB preamble; behind it stand the commands that came while
it was written (the rewrite buffer of aof.c), byte for byte as they were appended to the old file
too, from a SELECT on. So the old file ends with what stands behind the preamble, as far as it got.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from aoftool.errors import FileSetError, FormatError
from aoftool.format.aof import Annotation, AofDecoder, Batch, Command
from aoftool.format.rdb import Aux, End, NeedData

_CHUNK = 1 << 20
#: The first command of a rewrite buffer, SELECT, and an annotation before it, are shorter.
_FIRST = 64


def find_continuation(old: int, size: int, new: int, path: Path) -> tuple[int, int]:
    """Offset in the new file behind what the old one holds, and the commands before it.

    ``old``: descriptor of the old file, of which ``size`` bytes are whole and which gets no more;
    ``new``: of the one that is called ``path`` now. Raises OSError, and FileSetError where nobody
    can tell: without a preamble, or where there was a file between these two. Raises FormatError
    where the commands in both are no such.
    """
    end, began = _preamble(new, path)
    if began > int(os.fstat(old).st_ctime):  # which told of the loss of its name
        raise file_between(path)
    behind = os.fstat(new).st_size - end
    first = _first(new, end)
    if first:
        # The first place is that of the longest common part.
        for start in _places(old, first, max(0, size - behind), size):
            if _is_same(old, start, new, end, size - start):
                return end + size - start, _commands(new, end, size - start)
    return end, 0


def file_between(path: Path) -> FileSetError:
    """What is said where the file of this name is not the next one after the one that was read."""
    return FileSetError(
        "the server has rewritten it more than once since it was read last, and what stood "
        "only in the files between is gone; replay it with --flush",
        path,
    )


def _preamble(fd: int, path: Path) -> tuple[int, int]:
    """Where it ends, and the second of Unix time in which it was begun."""
    decoder, offset, began = AofDecoder(batches=True), 0, 0
    try:
        while chunk := os.pread(fd, _CHUNK, offset):
            decoder.feed(chunk)
            offset += len(chunk)
            while not isinstance(event := decoder.next_event(), NeedData):
                if isinstance(event, End):
                    return event.end, began
                if not decoder.in_preamble:
                    raise _without_preamble(path)
                if isinstance(event, Aux) and event.key == b"ctime":
                    began = int(event.value)
    except (FormatError, ValueError) as error:
        raise _without_preamble(path) from error
    raise _without_preamble(path)


def _without_preamble(path: Path) -> FileSetError:
    return FileSetError(
        "the server has rewritten it into a file without preamble, in which nobody can "
        "tell where to go on; replay that one with --flush",
        path,
    )


def _first(fd: int, start: int) -> bytes:
    """The command (or annotation) that begins there; empty where it is not whole."""
    head = os.pread(fd, _FIRST, start)
    decoder = AofDecoder(start=start)
    decoder.feed(head)
    event = decoder.next_event()
    return head[: event.end - start] if isinstance(event, Command | Annotation) else b""


def _places(fd: int, needle: bytes, start: int, end: int) -> Iterator[int]:
    """Offsets between two at which the needle begins."""
    while window := os.pread(fd, min(_CHUNK, end - start), start):
        at = window.find(needle)
        while at >= 0:
            yield start + at
            at = window.find(needle, at + 1)
        if len(window) < len(needle) or start + len(window) >= end:
            return
        start += len(window) - len(needle) + 1


def _is_same(one: int, at: int, other: int, there: int, size: int) -> bool:
    done = 0
    while done < size:
        count = min(_CHUNK, size - done)
        if os.pread(one, count, at + done) != os.pread(other, count, there + done):
            return False
        done += count
    return True


def _commands(fd: int, start: int, size: int) -> int:
    """How many there are in these bytes, which end behind one."""
    decoder, count, end = AofDecoder(batches=True, start=start), 0, start + size
    while start < end:
        chunk = os.pread(fd, min(_CHUNK, end - start), start)
        start += len(chunk)
        decoder.feed(chunk)
        decoder.hurry()
        while not isinstance(event := decoder.next_event(), NeedData):
            if isinstance(event, Batch):
                count += len(event.commands)
            elif isinstance(event, Command):
                count += 1
    return count
