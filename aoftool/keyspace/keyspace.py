"""All databases of one server or one file."""

from __future__ import annotations

from typing import Any

from aoftool.errors import AofError
from aoftool.keyspace.database import Clock, Database
from aoftool.keyspace.uses import Uses
from aoftool.keyspace.walk import Scans

#: ``databases`` of a server whose configuration does not say otherwise.
DEFAULT_DATABASES = 16


class NoSuchDatabase(AofError):
    """A database number beyond those there are."""


class Keyspace:
    """All databases, and the libraries of functions, of one server or one file."""

    def __init__(self, databases: int = DEFAULT_DATABASES, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.databases = [Database(index, self.clock) for index in range(databases)]
        #: Source of each function library by its name, in the order in which they were loaded.
        self.functions: dict[bytes, bytes] = {}
        #: The Lua of its scripts, made when the first one comes (``scripting.runtime.Runtime``).
        self.lua: Any = None
        #: When or how often keys were used, once somebody wants to know.
        self.uses: Uses | None = None
        #: Walks of SCAN and its kin that are under way.
        self.scans = Scans()

    def database(self, index: int) -> Database:
        """The database of this number. Raises NoSuchDatabase."""
        if not 0 <= index < len(self.databases):
            raise NoSuchDatabase(f"database {index} of {len(self.databases)}")
        return self.databases[index]

    @property
    def lookups(self) -> tuple[int, int]:
        """How many reads have found a key, and how many have not."""
        rows = [(database.hits, database.misses) for database in self.databases]
        return sum(hits for hits, _ in rows), sum(misses for _, misses in rows)

    def forget_lookups(self) -> None:
        """Count them from zero again."""
        for database in self.databases:
            database.hits = database.misses = 0

    def swap(self, first: int, second: int) -> None:
        """Exchange the contents of two databases (``dbSwapDatabases``)."""
        one, two = self.database(first), self.database(second)
        one.data, two.data = two.data, one.data
        one.expires, two.expires = two.expires, one.expires

    def __len__(self) -> int:
        return sum(len(database) for database in self.databases)
