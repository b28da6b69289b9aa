"""Listpack: the packed list of Redis 7 and Valkey, and of stream nodes since 5.0.

u32 size of all, u16 count (65535: unknown), entries, 0xFF. An entry is an encoding byte, the bytes
or the integer, and the size of these two in 1 to 5 bytes that can be read from behind (listpack.c,
``lpValidateIntegrity`` and ``lpValidateNext``).
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct

from aoftool.errors import CorruptError
from aoftool.format.rdb.primitives import canonical_int
from aoftool.format.speed import pick

_HEADER = Struct("<IH")
_END = 0xFF
_UNKNOWN_COUNT = 0xFFFF
#: Encoding byte of an integer and the bytes that it takes, in the order they are tried.
_INT_SIZES = {0xF1: 2, 0xF2: 3, 0xF3: 4, 0xF4: 8}
_STRING_32 = 0xF0
_MAX_STRING_6, _MAX_STRING_12 = 0x3F, 0xFFF
_MAX_UINT_7 = 127
_INT_13 = 1 << 12
#: Entry sizes from which on the back length takes 2, 3, 4, 5 bytes; the server's own borders,
#: which from the second on lie one below what the bytes could hold (``lpEncodeBacklen``).
_BACK_BORDERS = (128, 16383, 2097151, 268435455)


def decode_listpack(blob: bytes) -> list[bytes]:
    """The items, integers as decimals. Raises CorruptError, its offset one in ``blob``."""
    return [b"%d" % item if type(item) is int else item for item in read_listpack(blob)]  # type: ignore[misc]


def read_listpack(blob: bytes) -> list[bytes | int]:
    """The items as they are stored: bytes or int. Raises CorruptError, its offset in ``blob``."""
    size = len(blob)
    if size <= _HEADER.size:
        raise CorruptError("listpack shorter than its header", size)
    total, count = _HEADER.unpack_from(blob)
    if total != size:
        raise CorruptError("listpack whose size is not the one it states", 0)
    last = size - 1
    if blob[last] != _END:
        raise CorruptError("listpack without its end byte", last)
    items: list[bytes | int] = []
    pos = _HEADER.size
    while pos < last:
        first = blob[pos]
        if first <= _MAX_UINT_7:
            items.append(first)
            stop = pos + 1
        elif first < 0xC0:
            stop = pos + 1 + (first & 0x3F)
            items.append(blob[pos + 1 : stop])
        else:
            item, stop = _read_item(blob, pos)
            items.append(item)
        if stop >= last:
            raise CorruptError("listpack entry longer than the listpack", pos)
        width = stop - pos
        if width <= _MAX_UINT_7:
            if blob[stop] != width:
                raise CorruptError("listpack entry with a wrong back length", stop)
            pos = stop + 1
        else:
            back = _back_length(width)
            pos = stop + len(back)
            if blob[stop:pos] != back:
                raise CorruptError("listpack entry with a wrong back length", stop)
    if pos != last:
        raise CorruptError("listpack entry longer than the listpack", last)
    if count not in (_UNKNOWN_COUNT, len(items)):
        raise CorruptError("listpack with a wrong count", 4)
    return items


def _read_item(blob: bytes, pos: int) -> tuple[bytes | int, int]:
    """An item other than a small number or short string; its end may lie beyond the blob's."""
    first = blob[pos]
    if first < 0xE0:
        number = (first & 0x1F) << 8 | blob[pos + 1]
        return (number - 2 * _INT_13 if number >= _INT_13 else number), pos + 2
    if first <= _STRING_32:
        if first < _STRING_32:
            size, start = (first & 0x0F) << 8 | blob[pos + 1], pos + 2
        else:
            size, start = int.from_bytes(blob[pos + 1 : pos + 5], "little"), pos + 5
        return blob[start : start + size], start + size
    width = _INT_SIZES.get(first)
    if width is None:
        raise CorruptError(f"listpack entry with unknown encoding 0x{first:02x}", pos)
    stop = pos + 1 + width
    return int.from_bytes(blob[pos + 1 : stop], "little", signed=True), stop


def pure_encode_listpack(items: Iterable[bytes]) -> bytes:
    """The listpack of ``items``, canonical decimals as integers (``lpInsert``)."""
    body = bytearray()
    count = 0
    for item in items:
        entry = _encode_item(item)
        body += entry
        body += _back_length(len(entry))
        count += 1
    header = _HEADER.pack(_HEADER.size + len(body) + 1, min(count, _UNKNOWN_COUNT))
    return header + bytes(body) + bytes((_END,))


encode_listpack = pick("encode_listpack", pure_encode_listpack)


#: Bytes of a listpack without items.
EMPTY_SIZE = _HEADER.size + 1


def int_size(number: int) -> int:
    """Bytes that an integer takes as an item, its back length included."""
    if 0 <= number <= _MAX_UINT_7:
        return 2
    size = len(_encode_int(number))
    return size + len(_back_length(size))


def item_size(item: bytes) -> int:
    """Bytes that an item takes, its back length included."""
    number = canonical_int(item)
    if number is not None:
        return int_size(number)
    size = len(item)
    size += 1 if size <= _MAX_STRING_6 else 2 if size <= _MAX_STRING_12 else 5
    return size + (1 if size < _BACK_BORDERS[0] else len(_back_length(size)))


def _encode_item(item: bytes) -> bytes:
    number = canonical_int(item)
    if number is not None:
        return _encode_int(number)
    size = len(item)
    if size <= _MAX_STRING_6:
        return bytes((0x80 | size,)) + item
    if size <= _MAX_STRING_12:
        return bytes((0xE0 | size >> 8, size & 0xFF)) + item
    return bytes((_STRING_32,)) + size.to_bytes(4, "little") + item


def _encode_int(number: int) -> bytes:
    if 0 <= number <= _MAX_UINT_7:
        return bytes((number,))
    if -_INT_13 <= number < _INT_13:
        number &= 2 * _INT_13 - 1
        return bytes((0xC0 | number >> 8, number & 0xFF))
    first, width = next(
        (first, width)
        for first, width in _INT_SIZES.items()
        if -(1 << 8 * width - 1) <= number < 1 << 8 * width - 1
    )
    return bytes((first,)) + number.to_bytes(width, "little", signed=True)


def _back_length(size: int) -> bytes:
    """``size`` in groups of 7 bits, highest first; all but the first carry the high bit."""
    if size < _BACK_BORDERS[0]:
        return bytes((size,))
    extra = next((n for n, border in enumerate(_BACK_BORDERS) if size < border), 4)
    groups = [size >> 7 * extra]
    groups += [size >> 7 * n & 0x7F | 0x80 for n in range(extra - 1, -1, -1)]
    return bytes(groups)
