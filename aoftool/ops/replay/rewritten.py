"""Where to go on in the file by which Redis 4 to 6 replaced one that was being followed.

The new file begins with a snapshot, an RDB preamble; behind it stand the commands that came while
it was written (the rewrite buffer of aof.c), byte for byte as they were appended to the old file
too, from a SELECT on. So the old file ends with what stands behind the preamble, as far as it got.
"""

from __future__ import annotations

import os
from pathlib import Path

from aoftool.errors import FormatError
from aoftool.format.aof import AofDecoder
from aoftool.format.rdb import End, NeedData
from aoftool.format.resp import decode_commands_at

_CHUNK = 1 << 20
#: Most bytes behind the preamble that are looked at.
_MOST = 256 << 20
_ALL = 1 << 30


def find_continuation(old: int, size: int, path: Path) -> tuple[int, int] | None:
    """Offset in the new file behind what the old one holds, and the commands before it.

    ``old``: descriptor of the old file, which has ``size`` bytes and gets no more. None: the new
    file has no preamble, or none that can be read. Raises OSError.
    """
    with path.open("rb", buffering=0) as file:
        end = _preamble_end(file.fileno())
        if end is None:
            return None
        behind = os.pread(file.fileno(), _MOST, end)
    tail = os.pread(old, min(size, len(behind)), max(0, size - len(behind)))
    try:
        _, ends = decode_commands_at(behind, 0, len(behind), _ALL) if behind else ([], [])
    except FormatError:
        return None
    for records in range(len(ends), 0, -1):
        length = ends[records - 1]
        if length <= len(tail) and tail.endswith(behind[:length]):
            return end + length, records
    return end, 0


def _preamble_end(fd: int) -> int | None:
    decoder, offset = AofDecoder(batches=True), 0
    try:
        while chunk := os.pread(fd, _CHUNK, offset):
            decoder.feed(chunk)
            offset += len(chunk)
            while not isinstance(event := decoder.next_event(), NeedData):
                if isinstance(event, End):
                    return event.end
                if not decoder.in_preamble:
                    return None
    except FormatError:
        return None
    return None
