"""Which commands and keys of the source are wanted, and under which names they go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aoftool.ops.replay.model import Argv

TYPES = ("string", "list", "set", "zset", "hash", "stream")


@dataclass(frozen=True, slots=True)
class Bound:
    """An end of a range of the source; what is None does not bound.

    Attributes:
        second: Unix time in seconds, compared with ``#TS:`` annotations.
        offset, record: in a single file.
    """

    second: int | None = None
    offset: int | None = None
    record: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether it bounds nothing."""
        return self == Bound()


@dataclass(frozen=True, slots=True)
class Selection:
    """What is wanted; everything, where nothing is given.

    Attributes:
        match, exclude: glob patterns of keys.
        dbs: database of the target by that of the source; None: all, as they are.
        commands, skip: names in upper case.
        types: of ``TYPES``.
        since, until: the first record that is wanted, and the last.
        renames: (prefix, new prefix) of keys.
    """

    match: tuple[bytes, ...] = ()
    exclude: tuple[bytes, ...] = ()
    dbs: Mapping[int, int] | None = None
    commands: frozenset[bytes] = frozenset()
    skip: frozenset[bytes] = frozenset()
    types: frozenset[str] = frozenset()
    since: Bound = field(default_factory=Bound)
    until: Bound = field(default_factory=Bound)
    renames: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def is_all(self) -> bool:
        """Whether everything goes as it is."""
        return self == Selection()

    def names(self, name: bytes) -> bool:
        """Whether commands of this name (upper case) are wanted at all."""
        return name not in self.skip and (not self.commands or name in self.commands)

    def database(self, db: int) -> int | None:
        """The target's database for one of the source; None: it is not wanted."""
        return db if self.dbs is None else self.dbs.get(db)


class Choice(Protocol):
    """Applies a selection.

    Attributes:
        is_all: whether everything goes as it is, so that nobody need be asked.
        skipped: records that were not wanted; partly: records of which only some keys were, and
            that cannot be split (they are not sent).
    """

    is_all: bool
    skipped: int
    partly: int

    def database(self, db: int) -> int | None:
        """The target's database for one of the source; None: it is not wanted."""
        ...

    def in_range(self, start: int, record: int | None, second: int | None) -> bool:
        """Whether a record lies between ``since`` and ``until``; None: of RDB data, no time."""
        ...

    def key(self, key: bytes, kind: str) -> bytes | None:
        """The name under which a key in RDB form goes; None: it is not wanted."""
        ...

    def wants_library(self) -> bool:
        """Whether function libraries in RDB form are wanted; counts one that is not."""
        ...

    def choose(self, argv: Argv, name: bytes) -> Argv | None:
        """The command to go for one of the source, counting those that do not."""
        ...


class Everything:
    """The choice of those who want everything: it needs no table of commands."""

    is_all = True

    def __init__(self) -> None:
        self.skipped = self.partly = 0

    def database(self, db: int) -> int | None:
        """See Choice."""
        return db

    def in_range(self, start: int, record: int | None, second: int | None) -> bool:
        """See Choice."""
        return True

    def key(self, key: bytes, kind: str) -> bytes | None:
        """See Choice."""
        return key

    def wants_library(self) -> bool:
        """See Choice."""
        return True

    def choose(self, argv: Argv, name: bytes) -> Argv | None:
        """See Choice."""
        return argv
