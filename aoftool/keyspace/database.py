"""Databases: keys, values and expiries, without any command's semantics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from aoftool.format.speed import pick


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
        on_miss: called with (index, key) when a read found nothing, while somebody wants to know.
        on_new: the same when a key came to be.
        hits, misses: how many reads have found a key, or none (``keyspace_hits``).
    """

    __slots__ = (
        "clock",
        "data",
        "expires",
        "hits",
        "index",
        "misses",
        "on_expired",
        "on_fields_expired",
        "on_miss",
        "on_new",
        "on_use",
    )

    def __init__(self, index: int, clock: PureClock) -> None:
        self.index = index
        self.clock = clock
        self.data: dict[bytes, Any] = {}
        self.expires: dict[bytes, int] = {}
        self.on_expired: Callable[[int, bytes], None] | None = None
        self.on_fields_expired: Callable[[int, bytes, list[bytes]], None] | None = None
        self.on_use: Callable[[bytes], None] | None = None
        self.on_miss: Callable[[int, bytes], None] | None = None
        self.on_new: Callable[[int, bytes], None] | None = None
        self.hits = self.misses = 0

    def __len__(self) -> int:
        return len(self.data)

    def get(self, key: bytes) -> Any:
        """The value, or None; a key whose time has come is removed first (``lookupKeyWrite``)."""
        value = self._found(key)
        if self.on_use is not None and value is not None:
            self.on_use(key)
        return value

    def read(self, key: bytes) -> Any:
        """As ``get``, for a command that reads: a hit or a miss is counted (``lookupKeyRead``)."""
        value = self.peek(key)
        if self.on_use is not None and value is not None:
            self.on_use(key)
        return value

    def peek(self, key: bytes) -> Any:
        """As ``read``, but no use of the key (``LOOKUP_NOTOUCH``)."""
        value = self._found(key)
        if value is not None:
            self.hits += 1
            return value
        self.misses += 1
        if self.on_miss is not None:
            self.on_miss(self.index, key)
        return None

    def _found(self, key: bytes) -> Any:
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
        self._store(key, value)
        if self.on_use is not None:
            self.on_use(key)

    def replace(self, key: bytes, value: Any) -> None:
        """Store a value as a new one: without expiry (``setKey`` in db.c)."""
        self._store(key, value)
        if self.on_use is not None:
            self.on_use(key)
        if self.expires:
            self.expires.pop(key, None)

    def _store(self, key: bytes, value: Any) -> None:
        is_new = self.on_new is not None and key not in self.data
        self.data[key] = value
        if is_new and self.on_new is not None:
            self.on_new(self.index, key)

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
    Clock = PureClock
    Database = PureDatabase
else:
    Clock = pick("Clock", PureClock)
    Database = pick("Database", PureDatabase)
