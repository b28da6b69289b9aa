"""What happens by itself, ``hz`` times a second (``serverCron`` in server.c)."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

from aofserver.info.rates import Rates
from aofserver.persistence.writer import FatalAofError

if TYPE_CHECKING:
    from aofserver.server import Server
    from aofserver.session import Session

#: Young garbage is collected after so many seconds, or new objects: many would take long to walk
#: over. Each object is walked over once; old ones never are.
_COLLECT_S, _COLLECT_OBJECTS = 10, 5000


def _may_be_silent(session: Session) -> bool:
    """Whether ``timeout`` is not for a client: it waits for something by its nature."""
    return session.monitoring or session.blocked is not None or bool(session.subscriptions)


class Cron:
    """The server's own clockwork.

    Attributes:
        paused: whether it rests (DEBUG PAUSE-CRON).
        ticks: how many there were.
        rates: commands, bytes read and bytes written a second.
    """

    def __init__(self, server: Server) -> None:
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
        self._server.expiry.stop()

    @property
    def _period_s(self) -> float:
        return 1 / self._server.config.number("hz")

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        self._handle = loop.call_later(self._period_s, self._run, loop)
        # While a script runs its data are not to be touched, nor written by a child.
        if not self.paused and self._server.scripts.refusal is None:
            self.tick()

    def tick(self) -> None:
        """One tick."""
        server = self._server
        self.ticks += 1
        server.keyspace.clock.now_ms = server.clock.unix_ms()
        server.expiry.tick(self._period_s)
        server.eviction.tick()
        if self.ticks % server.config.number("hz") == 0:
            server.gauge.measure()  # for its peak
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

    def _look_at_clients(self) -> None:
        server = self._server
        server.outputs.tick()
        timeout = server.config.number("timeout")
        if timeout and self.ticks % server.config.number("hz") == 0:
            now = server.clock.monotonic_us() / 1_000_000
            for session in list(server.clients.sessions.values()):
                if now - session.seen_s > timeout and not _may_be_silent(session):
                    server.log.verbose("Closing idle client")
                    server.clients.close(session)

    def _sample_rates(self) -> None:
        now_ms, stats = self._server.clock.unix_ms(), self._server.stats
        if self.rates.due(now_ms):
            self.rates.sample(now_ms, stats.processed, stats.input_bytes, stats.output_bytes)

    def _collect(self) -> None:
        now_s = self._server.clock.unix_ms() // 1000
        if now_s - self._collected_s >= _COLLECT_S or gc.get_count()[0] > _COLLECT_OBJECTS:
            self._collected_s = now_s
            gc.collect(1)
