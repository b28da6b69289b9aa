"""CLIENT PAUSE: clients wait, and go on where they were (networking.c)."""

from __future__ import annotations

import asyncio

from aofserver.clients.session import Session, peer_of
from aofserver.ground import Ground
from aoftool.keyspace.command import Command, Flags, Table
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspecs import Argv

_CHANGES = Flags.WRITE | Flags.MAY_REPLICATE


class Pauses:
    """Whether clients are paused, and who waits.

    Attributes:
        until_ms: Unix time in ms of the end; 0: there is no pause.
        all_commands: whether every command waits, or only those that may change something.
    """

    def __init__(self, ground: Ground, table: Table) -> None:
        self.until_ms = 0
        self.all_commands = False
        self._ground = ground
        self._table = table
        self._waiting: dict[int, Session] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __bool__(self) -> bool:
        return bool(self.until_ms)

    def start(self, until_ms: int, all_commands: bool) -> None:
        """Pause; of two pauses the longer one and the stricter one count."""
        ground = self._ground
        self.until_ms = max(self.until_ms, until_ms)
        self.all_commands = self.all_commands or all_commands
        ground.dispatcher.waits = self.waits
        ground.refresh()
        if self._timer is not None:
            self._timer.cancel()
        seconds = max(0, self.until_ms - ground.clock.unix_ms()) / 1000
        self._timer = ground.turn.after(seconds, self.end)

    def end(self) -> None:
        """Let everybody go on."""
        self.until_ms, self.all_commands = 0, False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._ground.dispatcher.waits = None
        self._ground.refresh()
        waiting, self._waiting = self._waiting, {}
        for session in waiting.values():
            if session.transport is not None:
                peer_of(session).go_on()

    def waits(self, session: Session, argv: Argv) -> bool:
        """Whether a client must wait with this command."""
        if not (self.all_commands or self._may_change(session, argv)):
            return False
        self._waiting[session.id] = session
        return True

    def _may_change(self, session: Session, argv: Argv) -> bool:
        try:
            command = self._table.find(argv, self._ground.ctx.options.style)
        except CommandError:  # it will be refused
            return False
        if command.name == b"EXEC" and session.transaction is not None:
            return any(_changes(queued) for queued, _, _ in session.transaction.queue)
        return _changes(command)

    def forget(self, session: Session) -> None:
        """A client has gone."""
        self._waiting.pop(session.id, None)


def _changes(command: Command) -> bool:
    return bool(command.flags & _CHANGES)
