"""Ziplist: the packed list of Redis up to 6.2, for small lists, hashes and sorted sets.

u32 size of all, u32 offset of the last entry, u16 count (65535: unknown), entries, 0xFF. An entry
is the size of the one before it (1 byte; 0xFE and u32 from 254 on, or where it once was as long),
an encoding byte, and the bytes or the integer (ziplist.c, ``ziplistValidateIntegrity``).
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct

from aoftool.errors import CorruptError
from aoftool.format.rdb.primitives import canonical_int
from aoftool.format.speed import pick

_HEADER = Struct("<IIH")
_END = 0xFF
_UNKNOWN_COUNT = 0xFFFF
_LONG_PREVIOUS = 0xFE
_MAX_STRING_6, _MAX_STRING_14 = 0x3F, 0x3FFF
#: Encoding byte of an integer and the bytes that it takes, in the order they are tried.
_INT_SIZES = {0xFE: 1, 0xC0: 2, 0xF0: 3, 0xD0: 4, 0xE0: 8}
#: Encoding bytes that hold 0 to 12 themselves.
_IMMEDIATE, _MAX_IMMEDIATE = 0xF1, 12
#: Longer strings are never tried as integers (``zipTryEncoding``).
_MAX_INT_TEXT = 31


def decode_ziplist(blob: bytes) -> list[bytes]:
    """The items, integers as decimals. Raises CorruptError, its offset one in ``blob``."""
    size = len(blob)
    if size <= _HEADER.size:
        raise CorruptError("ziplist shorter than its header", size)
    total, tail, count = _HEADER.unpack_from(blob)
    if total != size:
        raise CorruptError("ziplist whose size is not the one it states", 0)
    last = size - 1
    if blob[last] != _END:
        raise CorruptError("ziplist without its end byte", last)
    items: list[bytes] = []
    start = pos = _HEADER.size
    stated = 0  # what the next entry must give as the size of the one before it
    while pos < last:
        start = pos
        back = blob[pos]
        pos += 1
        if back == _LONG_PREVIOUS:
            back = int.from_bytes(blob[pos : pos + 4], "little")
            pos += 4
        elif back == _END:
            raise CorruptError("end byte inside a ziplist", start)
        if back != stated:
            raise CorruptError("ziplist entry with a wrong size of the one before it", start)
        if pos >= last:
            raise CorruptError("ziplist ends inside an entry", last)
        first = blob[pos]
        if first <= _MAX_STRING_6:
            pos += 1 + first
            items.append(blob[pos - first : pos])
        else:
            item, pos = _read_item(blob, pos, last)
            items.append(item)
        if pos > last:
            raise CorruptError("ziplist entry longer than the ziplist", start)
        stated = pos - start
    if tail != start:
        raise CorruptError("ziplist whose offset of the last entry is wrong", 4)
    if count not in (_UNKNOWN_COUNT, len(items)):
        raise CorruptError("ziplist with a wrong count", 8)
    return items


def _read_item(blob: bytes, pos: int, last: int) -> tuple[bytes, int]:
    """An item other than a short string; the position behind it may lie beyond ``last``."""
    first = blob[pos]
    if first < 0xC0:
        if first < 0x80:
            size, start = (first & 0x3F) << 8 | blob[pos + 1], pos + 2
        else:
            size, start = int.from_bytes(blob[pos + 1 : pos + 5], "big"), pos + 5
        return blob[start : start + size], start + size
    if _IMMEDIATE <= first <= _IMMEDIATE + _MAX_IMMEDIATE:
        return b"%d" % (first - _IMMEDIATE), pos + 1
    width = _INT_SIZES.get(first)
    if width is None:
        raise CorruptError(f"ziplist entry with unknown encoding 0x{first:02x}", pos)
    stop = pos + 1 + width
    return b"%d" % int.from_bytes(blob[pos + 1 : stop], "little", signed=True), stop


def pure_encode_ziplist(items: Iterable[bytes]) -> bytes:
    """The ziplist of ``items``, canonical decimals as integers (``ziplistInsert``)."""
    body = bytearray()
    count = start = previous = 0
    for item in items:
        start = len(body)
        if previous < _LONG_PREVIOUS:
            body.append(previous)
        else:
            body.append(_LONG_PREVIOUS)
            body += previous.to_bytes(4, "little")
        body += _encode_item(item)
        previous = len(body) - start
        count += 1
    header = _HEADER.pack(
        _HEADER.size + len(body) + 1, _HEADER.size + start, min(count, _UNKNOWN_COUNT)
    )
    return header + bytes(body) + bytes((_END,))


encode_ziplist = pick("encode_ziplist", pure_encode_ziplist)


def _encode_item(item: bytes) -> bytes:
    size = len(item)
    number = canonical_int(item) if size <= _MAX_INT_TEXT else None
    if number is not None:
        return _encode_int(number)
    if size <= _MAX_STRING_6:
        return bytes((size,)) + item
    if size <= _MAX_STRING_14:
        return bytes((0x40 | size >> 8, size & 0xFF)) + item
    return b"\x80" + size.to_bytes(4, "big") + item


def _encode_int(number: int) -> bytes:
    if 0 <= number <= _MAX_IMMEDIATE:
        return bytes((_IMMEDIATE + number,))
    first, width = next(
        (first, width)
        for first, width in _INT_SIZES.items()
        if -(1 << 8 * width - 1) <= number < 1 << 8 * width - 1
    )
    return bytes((first,)) + number.to_bytes(width, "little", signed=True)
