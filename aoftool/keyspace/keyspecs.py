"""Where a command's keys stand among its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Argv = Sequence[bytes]


class KeySpec(Protocol):
    """Finds the keys of a call; positions count from the command's name, which is 0."""

    def positions(self, argv: Argv) -> list[int]:
        """Positions of the keys in ``argv``; empty where the call is malformed."""
        ...


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys from ``first`` to ``last`` (negative: counted from the end) in steps of ``step``."""

    first: int
    last: int
    step: int = 1

    def positions(self, argv: Argv) -> list[int]:
        """See KeySpec."""
        last = self.last if self.last >= 0 else len(argv) + self.last
        return list(range(self.first, min(last, len(argv) - 1) + 1, self.step))


@dataclass(frozen=True, slots=True)
class NumKeys:
    """A count at position ``count`` and so many keys behind it; ``also`` holds single keys."""

    count: int
    also: tuple[int, ...] = ()

    def positions(self, argv: Argv) -> list[int]:
        """See KeySpec."""
        if len(argv) <= self.count or not argv[self.count].isdigit():
            return []
        stop = self.count + 1 + int(argv[self.count])
        if stop > len(argv):
            return []
        return [*self.also, *range(self.count + 1, stop)]


@dataclass(frozen=True, slots=True)
class HalfBehind:
    """Keys are the first half of what stands behind a word: STREAMS key... id..."""

    word: bytes

    def positions(self, argv: Argv) -> list[int]:
        """See KeySpec."""
        for at, argument in enumerate(argv):
            if at and argument.upper() == self.word:
                rest = len(argv) - at - 1
                return list(range(at + 1, at + 1 + rest // 2)) if rest % 2 == 0 else []
        return []


@dataclass(frozen=True, slots=True)
class Behind:
    """Fixed keys, and the key behind each of some words: GEORADIUS key ... STORE key."""

    fixed: tuple[int, ...]
    words: frozenset[bytes]
    start: int

    def positions(self, argv: Argv) -> list[int]:
        """See KeySpec."""
        found = list(self.fixed)
        found += [
            at + 1 for at in range(self.start, len(argv) - 1) if argv[at].upper() in self.words
        ]
        return found


class _NoKeys:
    def positions(self, argv: Argv) -> list[int]:
        return []


NO_KEYS: KeySpec = _NoKeys()
