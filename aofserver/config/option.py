"""What is known of an option."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aofserver.config.kinds import Kind

MAX, INT_MAX, UINT_MAX = (1 << 63) - 1, (1 << 31) - 1, (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Attributes:
        name: as redis.conf spells it; aliases: other names of it.
        former: the alias that is its name in Redis 6, and that a file for it must have.
        default: its words where nothing is said, parted by blanks ('' for an empty word).
        doc: what it does, in a line.
        mutable: whether CONFIG SET may change it; protected: in Redis 7 only where
            ``enable-protected-configs`` allows it.
        later: whether CONFIG SET may change it in Redis 7 only.
        settled: whether it cannot be changed while data are loaded (Redis 7; 6 then changes none).
        hidden: only told to who asks for it by its whole name (Redis 7).
        line: only files have it, on as many lines as they like: CONFIG neither tells nor sets it.
        kept: accepted and told, without any effect here.
        join: makes one value of the one before and what a further line of a file says.
        partial: whether CONFIG SET, too, changes only what it names (then by ``join``).
    """

    name: str
    kind: Kind
    default: str
    doc: str
    mutable: bool = True
    aliases: tuple[str, ...] = ()
    former: str = ""
    protected: bool = False
    later: bool = False
    settled: bool = False
    hidden: bool = False
    line: bool = False
    kept: bool = False
    join: Callable[[Any, Any], Any] | None = None
    partial: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """All names that it is known by."""
        return (self.name, *((self.former,) if self.former else ()), *self.aliases)


def fixed(name: str, kind: Kind, default: str, doc: str, *aliases: str) -> Option:
    """An option that holds for the whole life of a server."""
    return Option(name, kind, default, doc, mutable=False, aliases=aliases)
