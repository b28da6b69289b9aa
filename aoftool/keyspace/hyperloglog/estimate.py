"""From an element to its register, and from all registers to the estimate (hyperloglog.c)."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from aoftool.format.speed import pick

#: Bits of the hash that choose the register, and bits whose zeros are counted.
P, Q = 14, 50
REGISTERS = 1 << P
#: Values that a register of 6 bits can hold.
VALUES = 64

_ALPHA = 0.721347520444481703680
_MASK = (1 << 64) - 1
_SEED = 0xADC83B19
_MULTIPLIER = 0xC6A4A7935BD1E995
_SHIFT = 47
#: What C makes of an estimate that is too great for a 64-bit integer.
_TOO_GREAT = -(1 << 63)


def pure_place(element: bytes) -> tuple[int, int]:
    """The register of an element, and the value it asks for: 1 to 51 (``hllPatLen``)."""
    hashed = murmur64a(element)
    zeros = hashed >> P | 1 << Q
    return hashed & (REGISTERS - 1), (zeros & -zeros).bit_length()


place = pick("place", pure_place)


def murmur64a(data: bytes) -> int:
    """MurmurHash64A with Redis's seed, as on a little-endian machine (``MurmurHash64A``)."""
    size = len(data)
    blocks = size >> 3
    hashed = _SEED ^ (size * _MULTIPLIER & _MASK)
    for block in struct.unpack_from(f"<{blocks}Q", data):
        block = block * _MULTIPLIER & _MASK
        block = (block ^ block >> _SHIFT) * _MULTIPLIER & _MASK
        hashed = (hashed ^ block) * _MULTIPLIER & _MASK
    if size & 7:
        tail = int.from_bytes(data[blocks << 3 :], "little")
        hashed = (hashed ^ tail) * _MULTIPLIER & _MASK
    hashed = (hashed ^ hashed >> _SHIFT) * _MULTIPLIER & _MASK
    return hashed ^ hashed >> _SHIFT


def estimate(histogram: Sequence[int]) -> int:
    """How many elements there were, from how many registers have each value (``hllCount``).

    The estimator of Ertl ("New cardinality estimation algorithms for HyperLogLog sketches", 2017).
    """
    m = float(REGISTERS)
    z = m * _tau((m - histogram[Q + 1]) / m)
    for value in range(Q, 0, -1):
        z = (z + histogram[value]) * 0.5
    z += m * _sigma(histogram[0] / m)
    found = _ALPHA * m * m / z if z else math.inf
    if found >= 2.0**63:
        return _TOO_GREAT
    # llroundl: halves away from zero.
    return math.floor(found) + (found - math.floor(found) >= 0.5)


def _sigma(x: float) -> float:
    if x == 1:
        return math.inf
    y, z = 1.0, x
    while True:
        x *= x
        before = z
        z += x * y
        y += y
        if z == before:
            return z


def _tau(x: float) -> float:
    if x in (0.0, 1.0):
        return 0.0
    y, z = 1.0, 1 - x
    while True:
        x = math.sqrt(x)
        before = z
        y *= 0.5
        z -= (1 - x) ** 2 * y
        if z == before:
            return z / 3
