"""Where a command's keys stand among its arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Argv = Sequence[bytes]
#: First key, last key and step, as COMMAND tells them: zeros where there is no such range.
Range = tuple[int, int, int]
_NOWHERE: Range = (0, 0, 0)
#: A count as C's ``atoi`` reads it, which the finders of keys use: what is behind it is not seen.
_NUMBER = re.compile(rb"\s*\+?[0-9]+")
_MAX_DIGITS = 10


class KeySpec(Protocol):
    """Finds the keys of a call; positions count from the command's name, which is 0.

    Attributes:
        range: what COMMAND says of the keys in three numbers.
        movable: whether it takes more than those numbers to find them (``movablekeys``).
    """

    @property
    def range(self) -> Range:
        """First, last, step."""
        ...

    @property
    def movable(self) -> bool:
        """Whether ``range`` does not say all."""
        ...

    def positions(self, argv: Argv) -> list[int]:
        """Positions of the keys in ``argv``; empty where the call is malformed."""
        ...


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys from ``first`` to ``last`` (negative: counted from the end) in steps of ``step``."""

    first: int
    last: int
    step: int = 1

    @property
    def range(self) -> Range:
        """See KeySpec."""
        return self.first, self.last, self.step

    @property
    def movable(self) -> bool:
        """See KeySpec."""
        return False

    def positions(self, argv: Argv) -> list[int]:
        """See KeySpec."""
        last = self.last if self.last >= 0 else len(argv) + self.last
        return list(range(self.first, min(last, len(argv) - 1) + 1, self.step))


class _Movable:
    """What is common to keys that no range can tell; ``fixed`` are those that stand still."""

    fixed: tuple[int, ...]

    @property
    def range(self) -> Range:
        """See KeySpec."""
        return (self.fixed[0], self.fixed[-1], 1) if self.fixed else _NOWHERE

    @property
    def movable(self) -> bool:
        """See KeySpec."""
        return True


@dataclass(frozen=True)
class NumKeys(_Movable):
    """A count at position ``count``, and ``step`` arguments for each key behind it.

    ``fixed`` are keys that stand apart from the counted ones.
    """

    count: int
    fixed: tuple[int, ...] = ()
    step: int = 1

    def positions(self, argv: Argv) -> list[int]:
        """See KeySpec."""
        digits = _NUMBER.match(argv[self.count]) if len(argv) > self.count else None
        first = self.count + 1
        if digits is None or len(digits[0]) > _MAX_DIGITS:
            return []
        number = int(digits[0])
        if number > (len(argv) - first) // self.step:
            return []
        return [*self.fixed, *range(first, first + number * self.step, self.step)]


@dataclass(frozen=True)
class HalfBehind(_Movable):
    """Keys are the first half of what stands behind a word: STREAMS key... id...

    ``takes``: how many arguments the words before it have, by word; any other word is an error.
    ``start``: from where clients are to look for the word.
    """

    word: bytes
    takes: Mapping[bytes, int]
    fixed: tuple[int, ...] = ()
    start: int = 1

    def positions(self, argv: Argv) -> list[int]:
        """See KeySpec."""
        at = 1
        while at < len(argv):
            word = argv[at].upper()
            if word == self.word:
                rest = len(argv) - at - 1
                return list(range(at + 1, at + 1 + rest // 2)) if rest % 2 == 0 else []
            if word not in self.takes:
                return []
            at += 1 + self.takes[word]
        return []


@dataclass(frozen=True)
class Behind(_Movable):
    """Fixed keys, and the key behind the last of some words: GEORADIUS key ... STORE key.

    ``takes``: how many arguments other words have, by word, which are not to be taken for words.
    """

    fixed: tuple[int, ...]
    words: frozenset[bytes]
    start: int
    takes: Mapping[bytes, int] = field(default_factory=dict)

    def positions(self, argv: Argv) -> list[int]:
        """See KeySpec."""
        target: list[int] = []
        at = self.start
        while at < len(argv):
            word = argv[at].upper()
            if word in self.words and at + 1 < len(argv):
                target = [at + 1]
            at += 1 + self.takes.get(word, 0)
        return [*self.fixed, *target]


@dataclass(frozen=True)
class NamedKeys(_Movable):
    """Keys behind a word that is looked for from ``start`` on: ``count`` of them, or all the rest.

    With ``fixed`` the one key there is the key, unless it is empty and the word is found.
    ``takes``: how many arguments other words have, by word.
    """

    word: bytes
    start: int
    count: int | None = None
    fixed: tuple[int, ...] = ()
    takes: Mapping[bytes, int] = field(default_factory=dict)

    def positions(self, argv: Argv) -> list[int]:
        """See KeySpec."""
        if any(at >= len(argv) or argv[at] for at in self.fixed):
            return [at for at in self.fixed if at < len(argv)]
        at = self.start
        while at < len(argv):
            word = argv[at].upper()
            if word == self.word:
                stop = len(argv) if self.count is None else at + 1 + self.count
                return list(range(at + 1, stop)) if stop <= len(argv) else []
            at += 1 + self.takes.get(word, 0)
        return list(self.fixed)


class _NoKeys:
    @property
    def range(self) -> Range:
        return _NOWHERE

    @property
    def movable(self) -> bool:
        return False

    def positions(self, argv: Argv) -> list[int]:
        return []


NO_KEYS: KeySpec = _NoKeys()
