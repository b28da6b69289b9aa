"""The one reader for all layouts: runs a compiled shape over a buffer and gives plain data."""

from __future__ import annotations

from typing import Any

from aoftool.format.rdb.primitives import (
    NUMBER_FORMS,
    Buffer,
    module_end,
    read_count,
    read_length,
    read_string,
    read_zdouble,
    string_extent,
)
from aoftool.format.rdb.shapes import (
    OP_END,
    OP_LEN,
    OP_LOOP,
    OP_MODULE,
    OP_RAW,
    OP_STOP,
    OP_STR,
    OP_ZDOUBLE,
    Program,
)


def read_shape(program: Program, buf: Buffer, pos: int, end: int) -> tuple[list[Any], int] | None:
    """Read what ``program`` describes at ``buf[pos:end]``: ``(fields, next)``.

    Fields are what ``shapes`` says for each letter: bytes, int, float, or a list for a loop (of
    bare items, or of tuples). None where the bytes end before the item does. Nothing is allocated
    for a loop's count: no element is smaller than a byte, so a count beyond the bytes at hand
    means that bytes are missing. Raises CorruptError, its offset a position in ``buf``.
    """
    row: list[Any] = []
    # One frame for each loop that is open: (the row outside, its elements so far, how many to go).
    frames: list[tuple[list[Any], list[Any], int]] = []
    at = 0
    while True:
        code, arg, letter = program[at]
        at += 1
        found: tuple[Any, int] | None
        if code == OP_STR:
            found = read_string(buf, pos, end)
        elif code == OP_END:
            outer, items, left = frames.pop()
            items.append(row[0] if len(row) == 1 else tuple(row))
            row = outer
            if left > 1:
                frames.append((outer, items, left - 1))
                row = []
                at = arg
            continue
        elif code == OP_LOOP:
            found = read_count(buf, pos, end)
            if found is None or found[0] > end - found[1]:
                return None
            count, pos = found
            items = []
            row.append(items)
            if count:
                frames.append((row, items, count))
                row = []
            else:
                at = arg
            continue
        elif code == OP_STOP:
            return row, pos
        else:
            found = _READERS[code](buf, pos, end, arg, letter)
        if found is None:
            return None
        row.append(found[0])
        pos = found[1]


def _read_len(buf: Buffer, pos: int, end: int, _size: int, _letter: str) -> tuple[int, int] | None:
    return read_count(buf, pos, end)


def _read_raw(buf: Buffer, pos: int, end: int, size: int, letter: str) -> tuple[Any, int] | None:
    stop = pos + size
    if stop > end:
        return None
    form = NUMBER_FORMS.get(letter)
    return (bytes(buf[pos:stop]) if form is None else form.unpack_from(buf, pos)[0]), stop


def _read_zdouble(
    buf: Buffer, pos: int, end: int, _size: int, _letter: str
) -> tuple[float, int] | None:
    return read_zdouble(buf, pos, end)


def _read_module(
    buf: Buffer, pos: int, end: int, _size: int, _letter: str
) -> tuple[bytes, int] | None:
    stop = module_end(buf, pos, end)
    return None if stop is None else (bytes(buf[pos:stop]), stop)


_READERS = {
    OP_LEN: _read_len,
    OP_RAW: _read_raw,
    OP_ZDOUBLE: _read_zdouble,
    OP_MODULE: _read_module,
}


def needed(program: Program, buf: Buffer, pos: int, end: int) -> tuple[int, bool]:
    """After ``read_shape`` found too little: ``(least end that could do, whether that is all)``.

    The second is False from the first loop or module payload on: there the least end says little,
    and whoever waits should let the buffer grow by a good part of the item before trying again.
    """
    for code, size, _letter in program:
        stop: int | None
        if code == OP_STR:
            extent = string_extent(buf, pos, end)
            stop = None if extent is None else extent[2]
        elif code == OP_LEN:
            head = read_length(buf, pos, end)
            stop = None if head is None else head[2]
        elif code == OP_RAW:
            stop = pos + size
        elif code == OP_LOOP:
            found = read_count(buf, pos, end)
            return (end + 1, False) if found is None else (max(end + 1, sum(found)), False)
        else:
            return end + 1, False
        if stop is None:
            return end + 1, True
        if stop > end:
            return stop, True
        pos = stop
    return end + 1, True
