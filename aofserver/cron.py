"""What happens by itself, ``hz`` times a second (``serverCron`` in server.c)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from aofserver.ground import Ground


class Cron:
    """The server's own clockwork.

    Attributes:
        paused: whether it rests (DEBUG PAUSE-CRON).
        ticks: how many there were.
        chores: what is done with each of them; each says whether the rest of them follow.
    """

    def __init__(self, ground: Ground) -> None:
        self.ticks = 0
        self.paused = False
        self.chores: Sequence[Callable[[], bool | None]] = ()
        self._ground = ground
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Tick from now on."""
        self._handle = self._ground.turn.after(self.period_s, self._run)

    def stop(self) -> None:
        """Tick no more."""
        if self._handle is not None:
            self._handle.cancel()

    @property
    def period_s(self) -> float:
        """Seconds from one tick to the next."""
        return 1 / self._ground.config.number("hz")

    @property
    def is_second(self) -> bool:
        """Whether about a second has gone since this was last so."""
        return self.ticks % self._ground.config.number("hz") == 0

    def _run(self) -> None:
        self.start()
        # While a script runs its data are not to be touched, nor written by a child.
        if not self.paused and not self._ground.is_busy():
            stats, started = self._ground.stats, self._ground.clock.monotonic_us()
            self.tick()
            took_us = self._ground.clock.monotonic_us() - started
            stats.cron_us += took_us
            stats.longest_us = max(stats.longest_us, took_us)

    def tick(self) -> None:
        """One tick."""
        ground = self._ground
        self.ticks += 1
        ground.keyspace.clock.now_ms = ground.clock.unix_ms()
        for chore in self.chores:
            if chore() is False:
                break
