"""What happens by itself, ``hz`` times a second (``serverCron`` in server.c)."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

from aofserver.persistence.writer import FatalAofError

if TYPE_CHECKING:
    from aofserver.server import Server

#: Keys of a database looked at in one round of the expire cycle, and the share of the time between
#: two ticks that all rounds may take (``ACTIVE_EXPIRE_CYCLE_*``).
_SAMPLE, _SHARE = 20, 0.25
#: Seconds between two collections of young garbage; old objects are never walked over.
_COLLECT_S = 10


class Cron:
    """The server's own clockwork.

    Attributes:
        slow_readers: numbers of clients whose transports hold many bytes back.
        expire_actively: whether keys are looked for whose time has come.
        ticks: how many there were.
    """

    def __init__(self, server: Server) -> None:
        self.slow_readers: set[int] = set()
        self.expire_actively = True
        self.ticks = 0
        self._server = server
        self._handle: asyncio.TimerHandle | None = None
        self._collected_s = 0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tick from now on."""
        self._handle = loop.call_later(self._period_s, self._run, loop)

    def stop(self) -> None:
        """Tick no more."""
        if self._handle is not None:
            self._handle.cancel()

    @property
    def _period_s(self) -> float:
        return 1 / self._server.config.number("hz")

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        self._handle = loop.call_later(self._period_s, self._run, loop)
        self.tick()

    def tick(self) -> None:
        """One tick."""
        server = self._server
        self.ticks += 1
        server.keyspace.clock.now_ms = server.clock.unix_ms()
        if self.expire_actively:
            self._expire()
        try:
            server.persistence.tick()
        except FatalAofError:
            server.die(1)
            return
        server.update_special()
        server.turn.arm()
        self._look_at_clients()
        self._collect()

    def _expire(self) -> None:
        """Remove keys whose time has come, a sample of each database at a time."""
        server = self._server
        clock = server.clock
        deadline = clock.monotonic_us() + int(self._period_s * _SHARE * 1_000_000)
        now_ms = server.keyspace.clock.now_ms
        for database in server.keyspace.databases:
            while database.expires:
                gone = [
                    key
                    for key in server.expiry.sample(database, _SAMPLE)
                    if database.expires[key] < now_ms
                ]
                for key in gone:
                    database.get(key)
                if len(gone) * 4 <= _SAMPLE or clock.monotonic_us() > deadline:
                    break
        server.dispatcher.end_of_cycle()

    def _look_at_clients(self) -> None:
        server = self._server
        timeout = server.config.number("timeout")
        if timeout and self.ticks % server.config.number("hz") == 0:
            now = server.clock.monotonic_us() / 1_000_000
            for session in list(server.clients.sessions.values()):
                if now - session.seen_s > timeout and session.transport is not None:
                    session.transport.close()

    def _collect(self) -> None:
        now_s = self._server.clock.unix_ms() // 1000
        if now_s - self._collected_s >= _COLLECT_S:
            self._collected_s = now_s
            gc.collect(1)
