"""Big values that are freed a little at a time, while clients are served (lazyfree.c).

Redis has a thread for that; in Python a thread that frees holds the others up as well. A value of a
million elements takes 10 to 40 ms to free, a database of as many keys longer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sortedcontainers import SortedList

from aofserver.ground import Ground
from aoftool.keyspace.values import HashValue, LongList, SetValue, ShortList, ZSetValue

#: Up to so many elements a value is freed at once (``LAZYFREE_THRESHOLD``).
_SMALL = 64
#: Microseconds of a slice, seconds between two, and elements between two looks at the clock.
_SLICE_US, _REST_S, _AT_ONCE = 1000, 0.003, 500


class LazyFree:
    """Takes values apart that nobody needs any more.

    Attributes:
        freed: how many there were.
    """

    def __init__(self, ground: Ground) -> None:
        self.freed = 0
        self._ground = ground
        self._pending: list[Any] = []
        self._armed = False

    def __len__(self) -> int:
        return len(self._pending)

    def later(self, value: Any) -> None:
        """Free a value in slices, or at once if it is small."""
        self._keep(value)
        if self._pending and not self._armed:
            self._armed = True
            self._ground.turn.after(_REST_S, self._slice)

    def _keep(self, value: Any) -> None:
        """Have a value wait if it is big."""
        for part in value.parts() if isinstance(value, ZSetValue) else (value,):
            if type(part) in _TAKERS and len(part) > _SMALL:
                self._pending.append(part)

    def _slice(self) -> None:
        self._armed = False
        clock = self._ground.clock
        until = clock.monotonic_us() + _SLICE_US
        while self._pending and clock.monotonic_us() < until:
            value = self._pending.pop()
            take = _TAKERS[type(value)]
            for _ in range(_AT_ONCE):
                if not value:
                    break
                self._keep(take(value))
            if value:
                self._pending.append(value)
            else:
                self.freed += 1
        if self._pending:
            self._armed = True
            self._ground.turn.after(_REST_S, self._slice)


def _entry(table: dict[Any, Any]) -> Any:
    return table.popitem()[1]


#: What takes something out of a container; what it returns may be big itself.
_TAKERS: dict[type, Callable[[Any], Any]] = {
    dict: _entry,
    HashValue: _entry,
    SetValue: _entry,
    ShortList: ShortList.pop,
    LongList: LongList.pop,
    SortedList: SortedList.pop,
}
