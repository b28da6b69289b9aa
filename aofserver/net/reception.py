"""What all connections have in common: where what clients send comes in."""

from __future__ import annotations

from collections.abc import Callable

from aofserver.clients.outputs import Outputs
from aofserver.clients.registry import Clients
from aofserver.clients.session import Session
from aofserver.dispatch import Dispatcher
from aofserver.ground import Ground
from aofserver.log import Log
from aofserver.measures.stats import Stats
from aofserver.net.intake import Intake


class Reception:
    """Begins turns, and knows what a connection needs.

    Attributes:
        dispatcher, stats, log, clients, outputs: those of the server.
        intake: reads plain sockets, once it is there and where it can.
        query_limit: bytes of one request that has not come whole (``client-query-buffer-limit``).
        now_s: monotonic seconds of this turn.
        watch_memory: told, once a turn, of the bytes that have come.
    """

    def __init__(self, ground: Ground, clients: Clients, outputs: Outputs) -> None:
        self.dispatcher: Dispatcher = ground.dispatcher
        self.stats: Stats = ground.stats
        self.log: Log = ground.log
        self.clients = clients
        self.outputs = outputs
        self.intake: Intake | None = None
        self.query_limit = ground.config.number("client-query-buffer-limit")
        self.now_s = 0.0
        self.watch_memory: Callable[[int], None] = lambda size: None
        self._ground = ground

    def begin_turn(self, session: Session, size: int) -> None:
        """A client's bytes have come: what time is it?"""
        ground = self._ground
        if not ground.turn.armed:
            ground.keyspace.clock.now_ms = ground.clock.unix_ms()
            self.now_s = ground.now_s
            self.watch_memory(size)
        session.seen_s = self.now_s
        self.stats.input_bytes += size
        self.stats.reads += 1

    @property
    def max_bulk(self) -> int:
        """Bytes of the longest bulk string that is taken (``proto-max-bulk-len``)."""
        return self._ground.config.number("proto-max-bulk-len")

    def refuse_query(self, session: Session) -> None:
        """A request is longer than ``query_limit`` and has not come whole."""
        shown = self.clients.shown(session)
        self.log.warning(f"Closing client that reached max query buffer length: {shown}")
        self.stats.query_limit_disconnections += 1
