"""Applies a selection: finds the keys of commands by the command table."""

from __future__ import annotations

from collections.abc import Callable

from aoftool.keyspace import commands as _declarations
from aoftool.keyspace.command import TABLE
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.glob import compiled
from aoftool.ops.replay.model import Argv
from aoftool.ops.replay.selection import TYPES, Selection

#: Importing the declarations fills the table.
assert _declarations

#: Groups of commands by the type that they work on, where the names differ.
_GROUPS = {"sorted-set": "zset", "geo": "zset", "bitmap": "string", "hyperloglog": "string"}
#: Commands whose keys, with so many arguments each, may be sent apart.
SPLITTABLE = {b"DEL": 1, b"UNLINK": 1, b"TOUCH": 1, b"MSET": 2}
#: Where a database stands among the arguments of commands that work on a second one.
_WHOLE = frozenset((b"FLUSHALL", b"FLUSHDB", b"SWAPDB"))


class Chooser:
    """Applies a selection.

    Attributes:
        skipped: records that were not wanted; partly: records of which only some keys were, and
            that cannot be split (they are not sent).
    """

    def __init__(self, selection: Selection) -> None:
        self.skipped = 0
        self.partly = 0
        self._wanted = selection
        self._match = [compiled(pattern) for pattern in selection.match]
        self._exclude = [compiled(pattern) for pattern in selection.exclude]
        self._by_key = bool(selection.match or selection.exclude)
        self.is_all = selection.is_all

    def database(self, db: int) -> int | None:
        """The target's database for one of the source; None: it is not wanted."""
        return db if self._wanted.dbs is None else self._wanted.dbs.get(db)

    def in_range(self, start: int, record: int | None, second: int | None) -> bool:
        """Whether a record lies between ``since`` and ``until``; None: of RDB data, no time."""
        since, until = self._wanted.since, self._wanted.until
        if since.second is not None and (second is None or second < since.second):
            return False
        if until.second is not None and second is not None and second > until.second:
            return False
        if since.offset is not None and start < since.offset:
            return False
        if until.offset is not None and start > until.offset:
            return False
        if since.record is not None and (record is None or record < since.record):
            return False
        return until.record is None or record is None or record <= until.record

    def key(self, key: bytes, kind: str) -> bytes | None:
        """The name under which a key in RDB form goes; None: it is not wanted."""
        wanted = self._wanted
        if (wanted.types and kind not in wanted.types) or not self._wants_key(key):
            return None
        return self._renamed(key)

    def _wants_key(self, key: bytes) -> bool:
        if self._match and not any(fits(key) for fits in self._match):
            return False
        return not any(fits(key) for fits in self._exclude)

    def _renamed(self, key: bytes) -> bytes:
        for prefix, new in self._wanted.renames:
            if key.startswith(prefix):
                return new + key[len(prefix) :]
        return key

    def wants_library(self) -> bool:
        """Whether function libraries in RDB form are wanted; counts one that is not."""
        if self.is_all or self.choose([b"FUNCTION", b"LOAD", b""], b"FUNCTION") is not None:
            return self.in_range(0, None, None)
        return False

    def choose(self, argv: Argv, name: bytes) -> Argv | None:
        """The command to go for one of the source, counting those that do not."""
        wanted = self._wanted
        if not wanted.names(name):
            return self._skip()
        try:
            row = TABLE.find(argv)
        except CommandError:
            # Nobody knows its keys: it can only go where keys do not matter.
            unknown = self._by_key or wanted.types or wanted.renames
            return self._partly() if unknown else argv
        kind = _GROUPS.get(row.group, row.group)
        if wanted.types and kind in TYPES and kind not in wanted.types:
            return self._skip()
        at = row.keys.positions(argv)
        if not at:
            return self._keyless(argv, name)
        return self._second_database(self._keyed(argv, name, at), name)

    def _skip(self) -> Argv | None:
        self.skipped += 1
        return None

    def _partly(self) -> Argv | None:
        self.partly += 1
        return None

    def _keyless(self, argv: Argv, name: bytes) -> Argv | None:
        wanted = self._wanted
        if self._by_key or wanted.types:
            # It would reach what was not chosen; scripts and functions are no keys at all.
            return self._partly() if name in _WHOLE else self._skip()
        if wanted.dbs is not None and name == b"FLUSHALL":
            return self._partly()
        if wanted.dbs is not None and name == b"SWAPDB" and len(argv) == 3:
            pair = [self._mapped(word) for word in argv[1:]]
            return self._partly() if None in pair else [argv[0], *(word or b"" for word in pair)]
        return argv

    def _mapped(self, word: bytes) -> bytes | None:
        db = self.database(int(word)) if word.isdigit() else None
        return None if db is None else b"%d" % db

    def _keyed(self, argv: Argv, name: bytes, at: list[int]) -> Argv | None:
        chosen = [place for place in at if self._wants_key(argv[place])] if self._by_key else at
        if not chosen:
            return self._skip()
        width = SPLITTABLE.get(name)
        if len(chosen) < len(at) and width is None:
            return self._partly()
        if not self._wanted.renames and len(chosen) == len(at):
            return argv
        words = list(argv)
        for place in chosen:
            words[place] = self._renamed(words[place])
        if len(chosen) == len(at) or width is None:
            return words
        return [words[0], *(word for place in chosen for word in words[place : place + width])]

    def _second_database(self, argv: Argv | None, name: bytes) -> Argv | None:
        """MOVE key db, COPY source destination DB db."""
        if argv is None or self._wanted.dbs is None:
            return argv
        place = _database_place(argv, name)
        if place is None:
            return argv
        mapped = self._mapped(argv[place])
        return self._partly() if mapped is None else [*argv[:place], mapped, *argv[place + 1 :]]


def _database_place(argv: Argv, name: bytes) -> int | None:
    if name == b"MOVE" and len(argv) == 3:
        return 2
    if name == b"COPY":
        words = [word.upper() for word in argv]
        return words.index(b"DB", 3) + 1 if b"DB" in words[3:-1] else None
    return None


def split_keys(argv: Argv, name: bytes, apart: Callable[[bytes], int]) -> list[Argv] | None:
    """A command over several keys as one for each value of ``apart``; None: it cannot be split."""
    width = SPLITTABLE.get(name)
    if width is None:
        return None
    groups: dict[int, list[bytes]] = {}
    for place in range(1, len(argv), width):
        groups.setdefault(apart(argv[place]), [argv[0]]).extend(argv[place : place + width])
    return list(groups.values())
