"""Watched keys: which clients' EXEC a change makes void (multi.c)."""

from __future__ import annotations

from collections.abc import Callable

from aofserver.session import Session
from aoftool.keyspace.database import Database, Keyspace

#: A database's number and a key.
Watched = tuple[int, bytes]


class Watches:
    """All watched keys.

    Attributes:
        on_change: called when the first key begins to be watched, and when the last one ends.
    """

    def __init__(self, keyspace: Keyspace) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._keyspace = keyspace
        self._sessions: dict[Watched, set[Session]] = {}

    def __bool__(self) -> bool:
        return bool(self._sessions)

    def __len__(self) -> int:
        """How many keys are watched."""
        return len(self._sessions)

    def add(self, session: Session, db: int, key: bytes) -> None:
        """``session`` watches a key from now on."""
        watched = (db, key)
        if not self._sessions:
            self._sessions[watched] = set()
            self.on_change()
        self._sessions.setdefault(watched, set()).add(session)
        session.watched.add(watched)

    def remove(self, session: Session) -> None:
        """``session`` watches nothing any more."""
        session.dirty_watch = False
        if not session.watched:
            return
        for watched in session.watched:
            sessions = self._sessions[watched]
            sessions.discard(session)
            if not sessions:
                del self._sessions[watched]
        session.watched.clear()
        if not self._sessions:
            self.on_change()

    def changed(self, key: bytes, database: Database) -> None:
        """A key was changed; the empty key stands for all keys of its database."""
        if key:
            for session in self._sessions.get((database.index, key), ()):
                session.dirty_watch = True
            return
        for (db, _), sessions in self._sessions.items():
            if db == database.index:
                for session in sessions:
                    session.dirty_watch = True

    def any_expired(self, session: Session) -> bool:
        """Whether a key that it watches has expired, seen or not (``isWatchedKeyExpired``)."""
        now_ms = self._keyspace.clock.now_ms
        for db, key in session.watched:
            at_ms = self._keyspace.databases[db].expires.get(key)
            if at_ms is not None and at_ms < now_ms:
                return True
        return False
