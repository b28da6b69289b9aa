"""Zipmap: the blob of a small hash before Redis 2.6. Read only; no server writes it any more.

One byte count (254 and more: unknown), then for each field: length, field, length, one byte that
says how many bytes behind the value are unused, value, the unused bytes; at the end 0xFF. A length
is one byte below 254, or 254 and a u32, little-endian (zipmap.c, ``zipmapValidateIntegrity``).
"""

from __future__ import annotations

from aoftool.errors import CorruptError

_BIG = 254
_END = 255


def decode_zipmap(blob: bytes) -> list[bytes]:
    """Field, value, field, value, … Raises CorruptError, its offset one in ``blob``."""
    if len(blob) < 2 or blob[-1] != _END:
        raise CorruptError("zipmap without its end byte", max(len(blob) - 1, 0))
    last = len(blob) - 1
    items: list[bytes] = []
    pos = 1
    while pos < last:
        size, pos = _length(blob, pos, last)
        items.append(blob[pos : pos + size])
        size, pos = _length(blob, pos + size, last)
        if pos >= last:
            raise CorruptError("zipmap ends inside a field", last)
        unused = blob[pos]
        items.append(blob[pos + 1 : pos + 1 + size])
        pos += 1 + size + unused
        if pos > last:
            raise CorruptError("zipmap ends inside a value", last)
    if blob[0] < _BIG and blob[0] * 2 != len(items):
        raise CorruptError("zipmap with a wrong count", 0)
    return items


def _length(blob: bytes, pos: int, last: int) -> tuple[int, int]:
    """A length and the position behind it; the bytes it counts lie before ``last``."""
    if pos >= last:
        raise CorruptError("zipmap ends inside a field", last)
    size, after = blob[pos], pos + 1
    if size == _END:
        raise CorruptError("end byte inside a zipmap", pos)
    if size == _BIG:
        size, after = int.from_bytes(blob[after : after + 4], "little"), after + 4
    if after + size > last:
        raise CorruptError("zipmap element longer than the zipmap", pos)
    return size, after
