"""What values take in memory, estimated as the interpreter tells it (MEMORY USAGE)."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, islice
from typing import Any

from aoftool.keyspace.packed import PackedList

#: Kinds whose own size is all of it.
_PLAIN = (bytes, bytearray, int, float, str, type(None), bool, PackedList)


def size_of(value: Any, samples: int) -> int:
    """Bytes of a value and all it holds.

    Of a collection ``samples`` items are looked at (0: all), and stand for the others.
    """
    return _Sizes(samples).of(value)


class _Sizes:
    """One look at a value; what it holds twice, or what holds it in turn, is counted once."""

    def __init__(self, samples: int) -> None:
        self._samples = samples
        self._seen: set[int] = set()

    def of(self, value: Any) -> int:
        if isinstance(value, _PLAIN):
            return sys.getsizeof(value)
        if id(value) in self._seen:
            return 0
        self._seen.add(id(value))
        total = sys.getsizeof(value)
        if isinstance(value, dict):
            total += self._sampled(chain.from_iterable(value.items()), len(value), 2)
        elif isinstance(value, Collection):
            total += self._sampled(value, len(value), 1)
        return total + sum(map(self.of, parts_of(value)))

    def _sampled(self, items: Iterable[Any], count: int, width: int) -> int:
        """The size of ``count`` items of ``width`` objects each."""
        looked_at = min(count, self._samples) if self._samples else count
        if not looked_at:
            return 0
        return sum(map(self.of, islice(items, looked_at * width))) * count // looked_at


def parts_of(value: Any) -> Iterator[Any]:
    """What an object holds in its attributes."""
    for kind in type(value).__mro__:
        for name in getattr(kind, "__slots__", ()):
            part = getattr(value, name, None)
            if part is not None and not callable(part):
                yield part
