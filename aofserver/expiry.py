"""Which keys the expire cycle looks at next (expire.c takes them by chance; this goes round)."""

from __future__ import annotations

from aoftool.keyspace.database import Database


class ExpiryRounds:
    """Walks over all keys with an expiry, a few at a time, and begins again at the end."""

    def __init__(self) -> None:
        self._waiting: dict[int, list[bytes]] = {}

    def sample(self, database: Database, count: int) -> list[bytes]:
        """The next keys of a database that has some with an expiry."""
        expires = database.expires
        waiting = self._waiting.get(database.index)
        if not waiting:
            waiting = self._waiting[database.index] = list(expires)
        taken, waiting[-count:] = waiting[-count:], []
        return [key for key in taken if key in expires]
