"""Clients that are told every command (MONITOR; ``replicationFeedMonitors`` in replication.c)."""

from __future__ import annotations

from aofserver.ground import Ground
from aofserver.redaction import redacted
from aofserver.session import Session
from aoftool.format.resp.inline import quote
from aoftool.keyspace.command import Command, Flags
from aoftool.keyspace.keyspecs import Argv

#: Commands that monitors are not told of.
_SECRET = Flags.ADMIN | Flags.SKIP_MONITOR


class Monitors:
    """Those who watch; false while there is nobody."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._sessions: dict[int, Session] = {}

    def __bool__(self) -> bool:
        return bool(self._sessions)

    def add(self, session: Session) -> None:
        """``session`` is told every command from now on."""
        session.monitoring = True
        if not self._sessions:
            self._ground.dispatcher.on_call.append(self.tell)
        self._sessions[session.id] = session
        self._ground.refresh()

    def remove(self, session: Session) -> None:
        """``session`` is told no more."""
        if not session.monitoring:
            return
        session.monitoring = False
        self._sessions.pop(session.id, None)
        if not self._sessions:
            self._ground.dispatcher.on_call.remove(self.tell)
            self._ground.refresh()

    def tell(self, caller: Session, command: Command, argv: Argv) -> None:
        """A command is about to run."""
        if command.flags & _SECRET:
            return
        now_us = self._ground.clock.unix_ms() * 1000
        address = (
            b"unix:" + caller.address.rpartition(b":")[0] if caller.is_unix else caller.address
        )
        line = b"+%d.%06d [%d %b] %b\r\n" % (
            now_us // 1_000_000,
            now_us % 1_000_000,
            caller.db.index,
            address,
            b" ".join(quote(word) for word in redacted(argv, command.name)),
        )
        for session in self._sessions.values():
            session.send(line)
