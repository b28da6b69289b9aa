"""Keys, and fields of hashes, that go when their time has come (``activeExpireCycle``, expire.c).

Redis looks at keys by chance and goes on while it finds many that are past. Here the tables are
gone over in order, which costs so little that a table of a million keys is gone over in about a
second: nothing stays much longer than that. Much work is done in slices with pauses between them,
in which clients are served; they are to Redis's slow cycle and its fast ones what the pauses
between those are.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aofserver.clients.pauses import Pauses
from aofserver.ground import Ground
from aoftool.keyspace.database import Database
from aoftool.keyspace.fields import expire_fields
from aoftool.keyspace.rounds import Rounds
from aoftool.keyspace.values import HashValue

#: Microseconds of a slice, and how much ``active-expire-effort`` adds for each step above 1
#: (``ACTIVE_EXPIRE_CYCLE_FAST_DURATION``).
_SLICE_US, _SLICE_STEP_US = 1000, 250
#: Percent of all time that slices may take (``ACTIVE_EXPIRE_CYCLE_SLOW_TIME_PERC``), and percent of
#: keys past their time with which a tick may end (``..._ACCEPTABLE_STALE``).
_SHARE, _SHARE_STEP = 25, 2
_ACCEPTABLE = 10
#: Keys between two looks at the clock: few where they go, more and more where they stay.
_FEW, _MANY = 100, 3200
#: Microseconds for hashes while none was met that has fields that expire.
_TRICKLE_US = 100


class ActiveExpiry:
    """Removes what is past while nobody asks for it.

    Attributes:
        active: whether it does (DEBUG SET-ACTIVE-EXPIRE).
        working: whether it does at this moment, and no command runs.
    """

    def __init__(self, ground: Ground, pauses: Pauses) -> None:
        self.active = True
        self.working = False
        self._ground = ground
        self._pauses = pauses
        self._tours = [_Tour(database) for database in ground.keyspace.databases]
        self._first = 0
        self._budget_us = 0
        self._timer: asyncio.TimerHandle | None = None

    def tick(self, period_s: float) -> None:
        """The cron ticks, every ``period_s`` seconds."""
        effort = self._effort
        self._budget_us = int(period_s * 1_000_000 * (_SHARE + _SHARE_STEP * effort) / 100)
        if self._timer is None:
            self._slice()

    def stop(self) -> None:
        """Do nothing that was still to be done."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def _effort(self) -> int:
        return self._ground.config.number("active-expire-effort") - 1

    def _slice(self) -> None:
        self._timer = None
        ground = self._ground
        if not self.active or self._pauses or ground.is_busy():
            return
        clock, effort = ground.clock, self._effort
        ground.keyspace.clock.now_ms = clock.unix_ms()
        began = clock.monotonic_us()
        length = _SLICE_US + _SLICE_STEP_US * effort
        self.working = True
        past, met = self._work(began + length)
        self.working = False
        took = clock.monotonic_us() - began
        ground.stats.expiry_us += took
        self._budget_us -= took
        ground.latency.add("expire-cycle", took // 1000)
        if past:
            ground.dispatcher.propagation.end_of_cycle()
            ground.turn.arm()
        if met:
            ground.stats.expired_stale = 0.05 * past / met + 0.95 * ground.stats.expired_stale
        if took < length or past * 100 <= met * (_ACCEPTABLE - effort):
            return
        if self._budget_us <= 0:
            ground.stats.expiry_capped += 1
            return
        share = (_SHARE + _SHARE_STEP * effort) / 100
        rest_s = took / 1_000_000 * (1 - share) / share
        self._timer = ground.turn.after(rest_s, self._slice)

    def _work(self, until_us: int) -> tuple[int, int]:
        """Go over all databases, or as far as the time reaches: how many were past, and met."""
        past = met = 0
        clock, count = self._ground.clock, len(self._tours)
        for step in range(count):
            tour = self._tours[(self._first + step) % count]
            for part in (tour.keys, tour.fields):
                gone, seen = part(clock.monotonic_us, until_us)
                past += gone
                met += seen
            if clock.monotonic_us() >= until_us:
                # The next slice goes on here; an idle server's ends at the last database.
                self._first = (self._first + step) % count
                break
        return past, met


class _Tour:
    """How far the keys of one database were gone over."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys = Rounds()
        self._hashes = Rounds()
        self._fields_met = 0
        self._fields_last = 0

    def keys(self, now_us: Any, until_us: int) -> tuple[int, int]:
        """Remove keys that are past, once around or until the time is up."""
        database, past, met = self._database, 0, 0
        laps, at_once = self._keys.laps, _FEW
        while database.expires and self._keys.laps == laps and now_us() < until_us:
            due, seen = self._keys.due(database.expires, at_once, database.clock.now_ms)
            for key in due:
                database.get(key)
            past += len(due)
            met += seen
            at_once = _FEW if due else min(2 * at_once, _MANY)
        return past, met

    def fields(self, now_us: Any, until_us: int) -> tuple[int, int]:
        """Remove fields that are past: how many hashes had some, and how many could have."""
        database, past, met = self._database, 0, 0
        laps = self._hashes.laps
        if not self._fields_last:
            until_us = min(until_us, now_us() + _TRICKLE_US)
        while database.data and self._hashes.laps == laps and now_us() < until_us:
            found, _ = self._hashes.of_kind(database.data, _MANY, HashValue)
            for key in found:
                value = database.data.get(key)
                if value is not None and value.expires:
                    met += 1
                    past += value.soonest < database.clock.now_ms
                    expire_fields(database, key, value)
                    if met % _FEW == 0 and now_us() >= until_us:
                        break
        self._fields_met += met
        if self._hashes.laps != laps:
            self._fields_last, self._fields_met = self._fields_met, 0
        elif met:
            self._fields_last = max(1, self._fields_last)
        return past, met
