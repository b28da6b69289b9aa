"""Intset: the blob of a small set of integers.

u32 width (2, 4 or 8), u32 count, then the members in ascending order, all little-endian and as
wide as the widest one needs (intset.c, checked as ``intsetValidateIntegrity`` does).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from operator import lt
from struct import Struct, pack, unpack_from

from aoftool.errors import CorruptError

_HEADER = Struct("<II")
_LETTERS = {2: "h", 4: "i", 8: "q"}


def decode_intset(blob: bytes) -> list[bytes]:
    """The members as decimals, ascending. Raises CorruptError, its offset one in ``blob``."""
    size = len(blob)
    if size < _HEADER.size:
        raise CorruptError("intset shorter than its header", size)
    width, count = _HEADER.unpack_from(blob)
    if width not in _LETTERS:
        raise CorruptError(f"intset with elements of {width} bytes", 0)
    if size != _HEADER.size + width * count:
        raise CorruptError("intset whose count does not fit its size", 4)
    numbers = unpack_from(f"<{count}{_LETTERS[width]}", blob, _HEADER.size)
    if not all(map(lt, numbers, numbers[1:])):
        wrong = next(i for i, (a, b) in enumerate(pairwise(numbers)) if a >= b)
        raise CorruptError("intset out of order", _HEADER.size + width * (wrong + 1))
    return [b"%d" % number for number in numbers]


def encode_intset(items: Iterable[bytes]) -> bytes:
    """The intset of ``items``, which are decimals of 64-bit integers in any order."""
    numbers = sorted(map(int, items))
    low, high = (numbers[0], numbers[-1]) if numbers else (0, 0)
    width = next(w for w in _LETTERS if -(1 << 8 * w - 1) <= low and high < 1 << 8 * w - 1)
    header = _HEADER.pack(width, len(numbers))
    return header + pack(f"<{len(numbers)}{_LETTERS[width]}", *numbers)
