"""Small lists in one piece of memory.

Half of a list of short elements is the interpreter's bookkeeping of them. So what a loader reads
stays packed until a command wants to work with it: ``Context.typed`` unpacks it then, for good.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from aoftool.format.speed import pick

#: Most elements, and most bytes of one, of a list that is packed.
MOST_PACKED, LONGEST_PACKED = 512, 64


def may_be_packed(elements: list[bytes]) -> bool:
    """Whether all of them fit in one packed list."""
    return len(elements) <= MOST_PACKED and max(map(len, elements), default=0) <= LONGEST_PACKED


class PurePackedList:
    """The elements of a list, each behind a byte that tells its length."""

    __slots__ = ("_count", "_data")

    def __init__(self, elements: Iterable[bytes] = ()) -> None:
        self._data = bytearray()
        self._count = 0
        for element in elements:
            self.append(element)

    def append(self, element: bytes) -> bool:
        """Put an element behind the last one; False, and nothing, where it does not fit."""
        if self._count >= MOST_PACKED or len(element) > LONGEST_PACKED:
            return False
        self._data.append(len(element))
        self._data += element
        self._count += 1
        return True

    def unpack(self) -> list[bytes]:
        """The elements."""
        data, at, elements = self._data, 0, []
        while at < len(data):
            behind = at + 1 + data[at]
            elements.append(bytes(data[at + 1 : behind]))
            at = behind
        return elements

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.unpack())

    def __sizeof__(self) -> int:
        return object.__sizeof__(self) + self._data.__sizeof__()


if TYPE_CHECKING:
    PackedList = PurePackedList
else:
    PackedList = pick("PackedList", PurePackedList)
