"""Databases: keys, values and expiries, without any command's semantics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from aoftool.errors import AofError
from aoftool.format.speed import pick
from aoftool.keyspace.walk import Scans

#: ``databases`` of a server whose configuration does not say otherwise.
DEFAULT_DATABASES = 16


class PureClock:
    """What the time is, for whoever looks at expiries.

    Attributes:
        now_ms: Unix time in ms; set from outside, once per command.
        paused: while a file is loaded nothing expires (``keyIsExpired`` in db.c).
    """

    __slots__ = ("now_ms", "paused")

    def __init__(self, now_ms: int = 0, paused: bool = False) -> None:
        self.now_ms = now_ms
        self.paused = paused


class PureDatabase:
    """One numbered database.

    Attributes:
        index: its number.
        data: values by key (``values`` says what they are); use the methods to change it.
        expires: Unix times in ms by key; every key of it is in ``data``.
        on_expired: called with (index, key) when ``get`` removed a key that had expired.
        on_fields_expired: called with (index, key, fields) when fields of a hash had expired and
            were removed, with the key if they were its last: each is an HDEL in the AOF.
        on_use: called with every key that is read or stored, while notes are taken (``uses``).
    """

    __slots__ = ("clock", "data", "expires", "index", "on_expired", "on_fields_expired", "on_use")

    def __init__(self, index: int, clock: PureClock) -> None:
        self.index = index
        self.clock = clock
        self.data: dict[bytes, Any] = {}
        self.expires: dict[bytes, int] = {}
        self.on_expired: Callable[[int, bytes], None] | None = None
        self.on_fields_expired: Callable[[int, bytes, list[bytes]], None] | None = None
        self.on_use: Callable[[bytes], None] | None = None

    def __len__(self) -> int:
        return len(self.data)

    def get(self, key: bytes) -> Any:
        """The value, or None; a key whose time has come is removed first."""
        value = self.peek(key)
        if self.on_use is not None and value is not None:
            self.on_use(key)
        return value

    def peek(self, key: bytes) -> Any:
        """As ``get``, but no use of the key (``LOOKUP_NOTOUCH``)."""
        # A paused clock is that of a load: it saves a look into a table of millions of keys.
        if not self.clock.paused and self.expires and key in self.expires:
            self._expire(key)
        return self.data.get(key)

    def _expire(self, key: bytes) -> None:
        if self.clock.now_ms <= self.expires[key]:
            return
        self.delete(key)
        if self.on_expired is not None:
            self.on_expired(self.index, key)

    def put(self, key: bytes, value: Any) -> None:
        """Store a value; an expiry that the key has stays."""
        self.data[key] = value
        if self.on_use is not None:
            self.on_use(key)

    def replace(self, key: bytes, value: Any) -> None:
        """Store a value as a new one: without expiry (``setKey`` in db.c)."""
        self.data[key] = value
        if self.on_use is not None:
            self.on_use(key)
        if self.expires:
            self.expires.pop(key, None)

    def replace_all(self, keys: Sequence[bytes], values: Sequence[Any]) -> None:
        """Store several values as new ones."""
        for key, value in zip(keys, values, strict=True):
            self.replace(key, value)

    def delete(self, key: bytes) -> bool:
        """Remove a key with its expiry; whether it was there. Does not look at the time."""
        if self.expires:
            self.expires.pop(key, None)
        return self.data.pop(key, None) is not None

    def expire_at(self, key: bytes) -> int | None:
        """The key's expiry as Unix time in ms, or None."""
        return self.expires.get(key)

    def set_expire(self, key: bytes, at_ms: int) -> None:
        """Give a key that exists an expiry."""
        self.expires[key] = at_ms

    def persist(self, key: bytes) -> bool:
        """Take a key's expiry away; whether it had one."""
        return self.expires.pop(key, None) is not None

    def clear(self) -> int:
        """Remove everything; how many keys there were."""
        count = len(self.data)
        self.data = {}
        self.expires = {}
        return count


if TYPE_CHECKING:
    from aoftool.keyspace.uses import Uses

    Clock = PureClock
    Database = PureDatabase
else:
    Clock = pick("Clock", PureClock)
    Database = pick("Database", PureDatabase)


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

    def swap(self, first: int, second: int) -> None:
        """Exchange the contents of two databases (``dbSwapDatabases``)."""
        one, two = self.database(first), self.database(second)
        one.data, two.data = two.data, one.data
        one.expires, two.expires = two.expires, one.expires

    def __len__(self) -> int:
        return sum(len(database) for database in self.databases)
