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
    total = sys.getsizeof(value)
    if isinstance(value, _PLAIN):
        return total
    if isinstance(value, dict):
        total += _sampled(chain.from_iterable(value.items()), 2 * len(value), 2 * samples)
    elif isinstance(value, Collection):
        total += _sampled(value, len(value), samples)
    return total + sum(size_of(part, samples) for part in _parts(value))


def _sampled(items: Iterable[Any], count: int, samples: int) -> int:
    looked_at = min(count, samples) if samples else count
    if not looked_at:
        return 0
    return sum(size_of(item, samples) for item in islice(items, looked_at)) * count // looked_at


def _parts(value: Any) -> Iterator[Any]:
    """What an object holds in its attributes."""
    for kind in type(value).__mro__:
        for name in getattr(kind, "__slots__", ()):
            part = getattr(value, name, None)
            if part is not None and not callable(part):
                yield part
