"""Strings as rows of bits, the highest bit of the first byte first (bitops.c in Redis).

Functions that change bits have two forms: on bytes, and ``..._in`` on a bytearray, in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import and_, or_, xor

_FOLDS: dict[bytes, Callable[[int, int], int]] = {b"AND": and_, b"OR": or_, b"XOR": xor}


def get_bit(data: bytes | bytearray, offset: int) -> int:
    """The bit at ``offset`` (0 or more), 0 beyond the end (``getbitCommand``)."""
    at = offset >> 3
    return data[at] >> (7 - (offset & 7)) & 1 if at < len(data) else 0


def set_bit(data: bytes, offset: int, bit: int) -> tuple[bytes, int]:
    """``data`` with the bit at ``offset`` set, grown with zeros as far as needed; the old bit."""
    buffer = bytearray(data)
    old = set_bit_in(buffer, offset, bit)
    return bytes(buffer), old


def set_bit_in(buffer: bytearray, offset: int, bit: int) -> int:
    """As ``set_bit``, in place; returns the old bit (``setbitCommand``)."""
    at, mask = offset >> 3, 0x80 >> (offset & 7)
    grow(buffer, at + 1)
    old = buffer[at]
    buffer[at] = old | mask if bit else old & ~mask
    return int(bool(old & mask))


def grow(buffer: bytearray, size: int) -> None:
    """Append zeros up to ``size`` bytes."""
    if len(buffer) < size:
        buffer.extend(bytes(size - len(buffer)))


def bitcount(data: bytes | bytearray, start: int = 0, end: int = -1, *, bits: bool = False) -> int:
    """How many bits are 1 from ``start`` to ``end``, both inclusive (``bitcountCommand``).

    Positions are bytes, with ``bits`` bits; negative ones count from the end.
    """
    if start < 0 and end < 0 and start > end:
        return 0
    piece, _ = _piece(data, start, end, bits, fill=0)
    return int.from_bytes(piece, "big").bit_count()


def bitpos(
    data: bytes | bytearray, bit: int, start: int = 0, end: int | None = None, *, bits: bool = False
) -> int:
    """The position of the first bit that is ``bit``, counted from the start of ``data``; else -1.

    (``bitposCommand``.) Positions are bytes, with ``bits`` bits. Without ``end`` the zeros behind
    the last byte count: a search for 0 in ones alone gives the length in bits. A missing key is not
    the empty string: for it Redis answers -1 for 1 and 0 for 0.
    """
    piece, at = _piece(data, start, -1 if end is None else end, bits, fill=1 - bit)
    if not piece:
        return -1
    skipped = len(piece) - len(piece.lstrip(b"\0" if bit else b"\xff"))
    if skipped == len(piece):
        return -1 if bit or end is not None else (at + skipped) << 3
    byte = piece[skipped] if bit else piece[skipped] ^ 0xFF
    return ((at + skipped) << 3) + 8 - byte.bit_length()


def bitop(operation: bytes, sources: Sequence[bytes | bytearray]) -> bytes:
    """The sources combined bit by bit, shorter ones filled up with zeros (``bitopCommand``).

    ``operation``: ``AND``, ``OR``, ``XOR``, or ``NOT`` with a single source. A missing key is
    ``b""``; where the result is empty Redis deletes the destination.
    """
    size = max(map(len, sources), default=0)
    if operation == b"NOT":
        return (int.from_bytes(sources[0], "little") ^ (1 << 8 * size) - 1).to_bytes(size, "little")
    numbers: Iterable[int] = (int.from_bytes(one, "little") for one in sources)
    return reduce(_FOLDS[operation], numbers).to_bytes(size, "little")


def _piece(
    data: bytes | bytearray, start: int, end: int, bits: bool, fill: int
) -> tuple[bytes | bytearray, int]:
    """The bytes of a range; bits in its first and last byte that are outside are set to ``fill``.

    Returns also the position of the first byte.
    """
    total = len(data) << 3 if bits else len(data)
    start = max(start + total, 0) if start < 0 else start
    end = max(end + total, 0) if end < 0 else end
    end = min(end, total - 1)
    if start > end:
        return b"", 0
    if not bits:
        return data[start : end + 1], start
    piece = bytearray(data[start >> 3 : (end >> 3) + 1])
    before, after = 0xFF00 >> (start & 7) & 0xFF, 0x7F >> (end & 7)
    if fill:
        piece[0] |= before
        piece[-1] |= after
    else:
        piece[0] &= ~before
        piece[-1] &= ~after
    return piece, start >> 3
