"""Clients that are told every command (MONITOR; ``replicationFeedMonitors`` in replication.c)."""

from __future__ import annotations

from collections.abc import Callable

from aofserver.clients.session import Session
from aofserver.ground import Ground
from aofserver.redaction import redacted
from aoftool.format.resp.inline import quote
from aoftool.keyspace.command import Command, Flags
from aoftool.keyspace.context import Style
from aoftool.keyspace.describe import flags_of
from aoftool.keyspace.keyspecs import Argv

#: Who calls what a script does.
_LUA = b"lua"


class Monitors:
    """Those who watch; false while there is nobody.

    Attributes:
        on_change: called when the first one comes, and when the last one goes.
    """

    def __init__(self, ground: Ground) -> None:
        self.on_change: Callable[[], None] = lambda: None
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
        self.on_change()
        self._ground.refresh()

    def remove(self, session: Session) -> None:
        """``session`` is told no more."""
        if not session.monitoring:
            return
        session.monitoring = False
        self._sessions.pop(session.id, None)
        if not self._sessions:
            self._ground.dispatcher.on_call.remove(self.tell)
            self.on_change()
            self._ground.refresh()

    def tell(self, caller: Session, command: Command, argv: Argv) -> None:
        """A client has called a command; it may have gone into another database by that."""
        if self._is_secret(command):
            return
        place = b"unix:" + caller.address.rpartition(b":")[0] if caller.is_unix else caller.address
        self._show(place, command, argv)

    def script_called(self, command: Command, argv: Argv) -> None:
        """A script has called a command."""
        if not self._is_secret(command):
            self._show(_LUA, command, argv)

    def _is_secret(self, command: Command) -> bool:
        """Redis 6 knows no flags of sub-commands: they have all those of their container.

        Nor is QUIT a command there (``processCommand``).
        """
        ctx = self._ground.ctx
        if Flags.ADMIN in command.flags:
            return True
        if ctx.options.style is Style.REDIS_7:
            return False
        table = ctx.options.table
        if b" " not in command.name or table is None:
            return command.name == b"QUIT"
        home = table.rows.get(command.name.partition(b" ")[0])
        return home is not None and Flags.ADMIN in flags_of(home, Style.REDIS_6)

    def _show(self, place: bytes, command: Command, argv: Argv) -> None:
        now_us = self._ground.clock.unix_ms() * 1000
        line = b"+%d.%06d [%d %b] %b\r\n" % (
            now_us // 1_000_000,
            now_us % 1_000_000,
            self._ground.ctx.db.index,
            place,
            b" ".join(quote(word) for word in redacted(argv, command.name)),
        )
        for session in self._sessions.values():
            session.send(line)
