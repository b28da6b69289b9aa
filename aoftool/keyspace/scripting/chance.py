"""The random numbers of scripts: the same everywhere (``redisLrand48`` in rand.c)."""

from __future__ import annotations

_FACTOR, _STEP, _MASK = 0x5DEECE66D, 0xB, (1 << 48) - 1
_MAX = (1 << 31) - 1
#: Where the sequence begins if nothing seeds it, and the low bits of every seed.
_START, _LOW = 0x1234ABCD330E, 0x330E


class Chance:
    """The generator behind ``math.random``: 48 bits, of which 31 are given."""

    def __init__(self) -> None:
        self._state = _START

    def seed(self, seed: float) -> None:
        """Begin the sequence of a seed, of which 32 bits count (``redisSrand48``)."""
        whole = int(seed) if abs(seed) < 2.0**63 else -(1 << 63)
        self._state = (whole & 0xFFFFFFFF) << 16 | _LOW

    def random(self) -> float:
        """The next number from 0 up to, not including, 1 (``redis_math_random``)."""
        self._state = (self._state * _FACTOR + _STEP) & _MASK
        return (self._state >> 17) % _MAX / _MAX
