"""What the cron does, in this order."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence

from aofserver.clients.session import Session
from aofserver.parts import Parts
from aofserver.persistence.writer import FatalAofError

#: Young garbage is collected after so many seconds, or new objects: many would take long to walk
#: over. Each object is walked over once; old ones never are.
_COLLECT_S, _COLLECT_OBJECTS = 10, 5000


class Chores:
    """All of them, for one server."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._collected_s = 0

    def in_order(self) -> Sequence[Callable[[], bool | None]]:
        """What the cron is given."""
        parts = self._parts
        return (
            lambda: parts.expiry.tick(parts.cron.period_s),
            parts.eviction.tick,
            self._measure,
            self._keep_files,
            parts.refresh,
            parts.turn.arm,
            parts.outputs.tick,
            self._close_idle,
            self._sample_rates,
            self._collect,
        )

    def _measure(self) -> None:
        if self._parts.cron.is_second:
            self._parts.gauge.measure()  # for its peak

    def _keep_files(self) -> bool:
        try:
            self._parts.persistence.tick()
        except FatalAofError:
            self._parts.ending.die(1)
            return False
        return True

    def _close_idle(self) -> None:
        parts = self._parts
        timeout = parts.config.number("timeout")
        if timeout and parts.cron.is_second:
            now_s = parts.ground.now_s
            for session in list(parts.clients.sessions.values()):
                if now_s - session.seen_s > timeout and not _may_be_silent(session):
                    parts.log.verbose("Closing idle client")
                    parts.clients.close(session)

    def _sample_rates(self) -> None:
        parts = self._parts
        now_ms, stats, rates = parts.clock.unix_ms(), parts.stats, parts.rates
        if rates.due(now_ms):
            busy_us = time.thread_time_ns() // 1000
            counts = stats.processed, stats.input_bytes, stats.output_bytes, stats.cycles, busy_us
            rates.sample(now_ms, *counts)

    def _collect(self) -> None:
        now_s = self._parts.clock.unix_ms() // 1000
        if now_s - self._collected_s >= _COLLECT_S or gc.get_count()[0] > _COLLECT_OBJECTS:
            self._collected_s = now_s
            gc.collect(1)


def _may_be_silent(session: Session) -> bool:
    """Whether ``timeout`` is not for a client: it waits for something by its nature."""
    return session.monitoring or session.blocked is not None or bool(session.subscriptions)
