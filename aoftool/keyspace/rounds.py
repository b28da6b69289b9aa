"""Ways through a dict that is used meanwhile: round and round, and by chance.

An iterator of Python's ends when its dict changes, and a list of all keys costs as long as there
are keys. The compiled twins go over the dict's own entries, by their place; the pure ones keep a
list, made anew once a round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aoftool.format.speed import pick

#: Draws in a row that may hit what is gone, before the list of keys is made anew.
_MISSES = 8


class PureRounds:
    """Goes over the keys of a dict, a few at a time, and begins again at the end.

    A key that is there throughout is met at least once in two rounds, whatever comes and goes.

    Attributes:
        laps: how often the end was reached.
    """

    def __init__(self) -> None:
        self.laps = 0
        self._waiting: list[bytes] = []

    def due(self, table: dict[bytes, int], count: int, before: int) -> tuple[list[bytes], int]:
        """Of the next ``count`` keys those whose number is below ``before``, and how many were met.

        A call ends at the dict's end: fewer were met then.
        """
        keys = self._next(table, count)
        return [key for key in keys if table[key] < before], len(keys)

    def of_kind(self, table: dict[bytes, Any], count: int, kind: type) -> tuple[list[bytes], int]:
        """Of the next ``count`` keys those whose value is of a class, and how many were met."""
        keys = self._next(table, count)
        return [key for key in keys if type(table[key]) is kind], len(keys)

    def keys(self, table: dict[bytes, Any], count: int) -> list[bytes]:
        """The next ``count`` keys."""
        return self._next(table, count)

    def _next(self, table: dict[bytes, Any], count: int) -> list[bytes]:
        if not self._waiting:
            self._waiting = list(table)
        taken, self._waiting[-count:] = self._waiting[-count:], []
        if not self._waiting:
            self.laps += 1
        return [key for key in taken if key in table]


class PurePicker:
    """Draws keys of a dict by chance, each in about the same time however many there are."""

    def __init__(self) -> None:
        self._keys: list[bytes] = []

    def pick(self, table: dict[bytes, Any], chance: float) -> bytes | None:
        """A key for a number from 0 up to 1, or None of an empty dict."""
        if not table:
            return None
        keys = self._keys
        for step in range(_MISSES):
            if not keys or not len(table) // 2 <= len(keys) <= 2 * len(table):
                break
            key = keys[int((chance + step / _MISSES) % 1 * len(keys))]
            if key in table:
                return key
        self._keys = keys = list(table)
        return keys[int(chance * len(keys))]


if TYPE_CHECKING:
    Rounds = PureRounds
    Picker = PurePicker
else:
    Rounds = pick("Rounds", PureRounds)
    Picker = pick("Picker", PurePicker)
