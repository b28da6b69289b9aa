"""Commands that took long (slowlog.c)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

#: Words of a command that are kept, and bytes of each (``SLOWLOG_ENTRY_MAX_ARGC``, ``_STRING``).
_WORDS, _BYTES = 32, 128


@dataclass(frozen=True, slots=True)
class Entry:
    """One slow command; ``at_s``: Unix time in seconds."""

    number: int
    at_s: int
    took_us: int
    argv: tuple[bytes, ...]
    address: bytes
    client: bytes


class Slowlog:
    """The last slow commands, newest first."""

    def __init__(self, longest: int = 128) -> None:
        self.entries: deque[Entry] = deque(maxlen=longest)
        self._next = 0

    def add(
        self, at_s: int, took_us: int, argv: Sequence[bytes], address: bytes, client: bytes
    ) -> None:
        """Keep a command."""
        self.entries.appendleft(Entry(self._next, at_s, took_us, _shown(argv), address, client))
        self._next += 1

    def resize(self, longest: int) -> None:
        """Keep so many from now on."""
        self.entries = deque(list(self.entries)[:longest], maxlen=longest)


def _shown(argv: Sequence[bytes]) -> tuple[bytes, ...]:
    words = [_cut(word) for word in argv[: _WORDS if len(argv) <= _WORDS else _WORDS - 1]]
    if len(argv) > _WORDS:
        words.append(b"... (%d more arguments)" % (len(argv) - _WORDS + 1))
    return tuple(words)


def _cut(word: bytes) -> bytes:
    if len(word) <= _BYTES:
        return bytes(word)
    return word[:_BYTES] + b"... (%d more bytes)" % (len(word) - _BYTES)
