"""Watched keys: which clients' EXEC a change makes void (multi.c)."""

from __future__ import annotations

from collections.abc import Callable

from aofserver.clients.session import Found, Session
from aoftool.keyspace.context import NO_EVENT, Style
from aoftool.keyspace.database import Database
from aoftool.keyspace.keyspace import Keyspace

#: A database's number and a key.
Watched = tuple[int, bytes]


class Watches:
    """All watched keys.

    Attributes:
        on_change: called when the first key begins to be watched, and when the last one ends.
    """

    def __init__(self, keyspace: Keyspace, style: Style) -> None:
        self._style = style
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
        session.watched.setdefault(watched, self._found(watched))

    def _found(self, watched: Watched) -> Found:
        database = self._keyspace.databases[watched[0]]
        if watched[1] not in database.data:
            return Found.NOTHING
        # Redis 6 does not look.
        expired = self._style is Style.REDIS_7 and self._is_expired(watched)
        return Found.EXPIRED if expired else Found.VALUE

    def _is_expired(self, watched: Watched) -> bool:
        at_ms = self._keyspace.databases[watched[0]].expires.get(watched[1])
        return at_ms is not None and at_ms < self._keyspace.clock.now_ms

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

    def end_transaction(self, session: Session) -> None:
        """No queue and no watched keys any more (``discardTransaction``)."""
        session.transaction = None
        session.update_special()
        self.remove(session)

    def changed(self, event: bytes, key: bytes, database: Database) -> None:
        """A key was changed, or, without event and key, a whole database."""
        if key or event is not NO_EVENT:
            self._touch((database.index, key), database, True)
            return
        for watched in self._sessions:
            if watched[0] == database.index:
                self._touch(watched, database, watched[1] in database.data)

    def _touch(self, watched: Watched, database: Database, is_other: bool) -> None:
        """A key was changed, or may be gone with all others (``touchWatchedKey``)."""
        for session in self._sessions.get(watched, ()):
            found = session.watched[watched]
            if found is Found.EXPIRED and watched[1] not in database.data:
                session.watched[watched] = Found.NOTHING  # which changes nothing
            # What was found is still so, or the session is dirty already.
            elif is_other or found is not Found.NOTHING:
                session.dirty_watch = True

    def any_expired(self, session: Session) -> bool:
        """Whether a key that it watches has expired, seen or not (``isWatchedKeyExpired``)."""
        return any(
            found is not Found.EXPIRED and self._is_expired(watched)
            for watched, found in session.watched.items()
        )
