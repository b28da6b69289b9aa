"""How a server ends: as it was asked to, or because the disk does not take what was promised."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aofserver.clients.registry import Clients
from aofserver.ground import Ground
from aofserver.persistence.manager import Persistence
from aofserver.persistence.writer import FatalAofError


class Ending:
    """Whether it is to end.

    Attributes:
        event: set when it is.
        code: what the process ends with.
        again: has the process begin anew after so many seconds; None: it is not the server's own.
    """

    def __init__(self, ground: Ground, clients: Clients, persistence: Persistence) -> None:
        self.event = asyncio.Event()
        self.code = 0
        self.again: Callable[[float], None] | None = None
        self._ground = ground
        self._clients = clients
        self._persistence = persistence

    def die(self, code: int) -> None:
        """End at once; no reply that waits may leave."""
        self.code = code
        for session in self._clients.sessions.values():
            session.out.clear()
            if session.transport is not None:
                session.transport.abort()
        self.event.set()

    def shutdown(self, save: bool | None = None, force: bool = False) -> bool:
        """Make everything durable and end (``prepareForShutdown``); False where that is refused."""
        log = self._ground.log
        log.warning("User requested shutdown...")
        if self._ground.loading is not None:  # what is there yet is not what the file holds
            save = False
        if self._persistence.shutdown_refused() and not force:
            log.warning("Writing initial AOF, can't exit.")
            return False
        try:
            self._persistence.shutdown(save)
        except FatalAofError:
            self.die(1)
            return True
        except OSError as error:
            log.warning(f"Error trying to save the DB, can't exit: {error.strerror}")
            if not force:
                return False
        self._ground.turn.end()
        log.warning("Redis is now ready to exit, bye bye...")
        self.event.set()
        return True
