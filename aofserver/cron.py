"""What happens by itself, ``hz`` times a second (``serverCron`` in server.c)."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

from aofserver.info.rates import Rates
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
        expire_actively: whether keys are looked for whose time has come.
        paused: whether it rests (DEBUG PAUSE-CRON).
        ticks: how many there were.
        rates: commands, bytes read and bytes written a second.
    """

    def __init__(self, server: Server) -> None:
        self.expire_actively = True
        self.ticks = 0
        self.paused = False
        self.rates = Rates(3)
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
        if not self.paused:
            self.tick()

    def tick(self) -> None:
        """One tick."""
        server = self._server
        self.ticks += 1
        server.keyspace.clock.now_ms = server.clock.unix_ms()
        if self.expire_actively and not server.pauses:
            started_us = server.clock.monotonic_us()
            self._expire()
            took_ms = (server.clock.monotonic_us() - started_us) // 1000
            server.latency.add("expire-cycle", took_ms)
        try:
            server.persistence.tick()
        except FatalAofError:
            server.die(1)
            return
        server.update_special()
        server.turn.arm()
        self._look_at_clients()
        self._sample_rates()
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
        server.outputs.tick()
        timeout = server.config.number("timeout")
        if timeout and self.ticks % server.config.number("hz") == 0:
            now = server.clock.monotonic_us() / 1_000_000
            for session in list(server.clients.sessions.values()):
                if now - session.seen_s > timeout and not session.monitoring:
                    server.log.verbose("Closing idle client")
                    server.clients.close(session)

    def _sample_rates(self) -> None:
        now_ms, stats = self._server.clock.unix_ms(), self._server.stats
        if self.rates.due(now_ms):
            self.rates.sample(now_ms, stats.processed, stats.input_bytes, stats.output_bytes)

    def _collect(self) -> None:
        now_s = self._server.clock.unix_ms() // 1000
        if now_s - self._collected_s >= _COLLECT_S:
            self._collected_s = now_s
            gc.collect(1)
