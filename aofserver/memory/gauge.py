"""How much memory is in use: a figure that falls when data go, which the process's size does not.

Python takes what is up to 512 bytes out of blocks of its own, and everything else from the C
library. The second part is known to the byte (``mallinfo2``). Of the first the number of blocks in
use is known, and the mean size of those that data take is estimated from some keys. Both looks
together take less than a millisecond for a million keys, so they are not taken for every command.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from typing import Any

from aofserver.memory.sizes import parts_of
from aofserver.persistence.dataset import resident_bytes
from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.rounds import Picker

#: Longest object that Python keeps in a block, what lengths are rounded up to, and the mean size of
#: the interpreter's own blocks.
_BLOCK, _STEP, _USUAL = 512, 16, 80.0
#: Keys that an estimate looks at, items of each collection, and the weight of the newest estimate.
_KEYS, _ITEMS, _WEIGHT = 20, 4, 0.2


class _MallInfo(ctypes.Structure):
    """``struct mallinfo2`` of the C library."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
            "fordblks", "keepcost",
        )
    ]  # fmt: skip


def _large_objects() -> Callable[[], int] | None:
    """What tells the bytes in use outside of Python's blocks; None where nothing does."""
    try:
        mallinfo2 = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError):
        return None
    mallinfo2.restype = _MallInfo

    def in_use() -> int:
        told = mallinfo2()
        return int(told.uordblks + told.hblkhd)

    return in_use


class MemoryGauge:
    """Measures the memory in use.

    Attributes:
        keyspace: whose data it is asked about; peak: the most bytes that were measured.
        large_objects: what tells the bytes outside of Python's blocks, if anything does.
    """

    def __init__(self, keyspace: Keyspace, rng: Random) -> None:
        self.peak = 0
        self.keyspace = keyspace
        self._rng = rng
        self._mean = _USUAL
        self._own = sys.getallocatedblocks()
        self._picker = Picker()
        self.large_objects = _large_objects()

    def measure(self) -> int:
        """Bytes in use now; where the C library does not tell, the process's size."""
        if self.large_objects is None:
            found = resident_bytes()
        else:
            self._estimate()
            more = sys.getallocatedblocks() - self._own
            found = self.large_objects() + int(self._own * _USUAL + more * self._mean)
        self.peak = max(self.peak, found)
        return found

    def _estimate(self) -> None:
        """Look at some keys: how large is a block that their data take?"""
        largest = max(self.keyspace.databases, key=len)
        count = total = 0
        for _ in range(min(_KEYS, len(largest))):
            key = self._picker.pick(largest.data, self._rng.random())
            if key is None:
                break
            for size in _small([key, largest.data[key]]):
                count += 1
                total += size
        if count:
            self._mean += (total / count - self._mean) * _WEIGHT


def _small(held: list[Any]) -> Iterator[int]:
    """The sizes of the blocks that some objects, and some of what they hold, take."""
    seen: set[int] = set()  # a consumer knows what is pending, and that knows its consumer
    while held:
        one = held.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        size = sys.getsizeof(one)
        if size <= _BLOCK:
            yield (size + _STEP - 1) // _STEP * _STEP
        if isinstance(one, (bytes, bytearray, int, float, str)):
            continue
        if isinstance(one, dict):
            held += [part for pair in islice(one.items(), _ITEMS) for part in pair]
        elif hasattr(one, "__len__") and hasattr(one, "__iter__"):
            held += islice(one, _ITEMS)
        held += parts_of(one)
