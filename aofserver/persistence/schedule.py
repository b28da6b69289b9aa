"""When a rewrite starts, and what becomes of one: decisions only (aof.c, ``serverCron``)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

#: Seconds to wait after the third failure in a row; doubled with each further one, up to an hour
#: (``aofRewriteLimited`` of Redis 7).
_FIRST_BACK_OFF_S, _LONGEST_BACK_OFF_S, _FAILURES_FREE = 60, 3600, 3


class Mode(Enum):
    """``aof_state``: WAIT_FIRST: nothing is in force before the first rewrite has ended well."""

    OFF = auto()
    ON = auto()
    WAIT_FIRST = auto()


class Answer(Enum):
    """What BGREWRITEAOF says."""

    STARTED = auto()
    SCHEDULED = auto()
    RUNNING = auto()


class Outcome(Enum):
    """What the end of a child means."""

    INSTALL = auto()
    DISCARD = auto()


@dataclass(frozen=True, slots=True)
class Growth:
    """The file now, and ``auto-aof-rewrite-percentage`` and ``-min-size``."""

    size: int
    base_size: int
    percentage: int
    min_size: int

    @property
    def percent(self) -> int:
        """By how much it has grown since the last rewrite."""
        return self.size * 100 // (self.base_size or 1) - 100

    @property
    def is_due(self) -> bool:
        """Whether it has grown enough."""
        return bool(
            self.percentage and self.size > self.min_size and self.percent >= self.percentage
        )


class RewriteSchedule:
    """The state of rewriting; every method says what to do, and does nothing.

    Attributes:
        mode: see ``Mode``.
        running: whether a child rewrites; scheduled: whether one is to start when it can.
        last_ok: how the last one ended; failures: how many have failed in a row.
        started_s, last_took_s: Unix time in seconds of the start; seconds the last one took, or -1.
        rewrites: how many have been started.
    """

    def __init__(self) -> None:
        self.mode = Mode.OFF
        self.running = False
        self.scheduled = False
        self.last_ok = True
        self.failures = 0
        self.started_s = -1
        self.last_took_s = -1
        self.rewrites = 0
        self._not_before_s = 0

    def request(self, other_child: bool) -> Answer:
        """BGREWRITEAOF; STARTED means: start now."""
        if self.running:
            return Answer.RUNNING
        if other_child:
            self.scheduled = True
            return Answer.SCHEDULED
        return Answer.STARTED

    def due(self, now_s: int, other_child: bool, growth: Growth) -> bool:
        """Whether the cron must start one now."""
        if self.running or other_child or now_s < self._not_before_s:
            return False
        return self.scheduled or (self.mode is Mode.ON and growth.is_due)

    def started(self, now_s: int) -> None:
        """A child was split off."""
        self.running, self.scheduled = True, False
        self.started_s = now_s
        self.rewrites += 1

    def could_not_start(self, now_s: int) -> None:
        """No child could be split off."""
        self._fail(now_s)

    def ended(self, ok: bool, now_s: int) -> Outcome:
        """The child has ended; where INSTALL fails after all, call ``install_failed``."""
        self.running = False
        self.last_took_s = now_s - self.started_s
        self.started_s = -1
        if not ok:
            self._fail(now_s)
            return Outcome.DISCARD
        return Outcome.INSTALL

    def installed(self) -> None:
        """The new file is in force."""
        self.last_ok, self.failures, self._not_before_s = True, 0, 0
        if self.mode is Mode.WAIT_FIRST:
            self.mode = Mode.ON

    def install_failed(self, now_s: int) -> None:
        """The child did well, but its file could not be put in force."""
        self._fail(now_s)

    def killed(self) -> None:
        """A child was ended on purpose: nobody's failure, but the first AOF is still wanted."""
        self.running = False
        self.started_s = -1
        if self.mode is Mode.WAIT_FIRST:
            self.scheduled = True

    def _fail(self, now_s: int) -> None:
        self.last_ok = False
        self.failures += 1
        late = self.failures - _FAILURES_FREE
        if late >= 0:
            wait_s = min(_FIRST_BACK_OFF_S << min(late, 10), _LONGEST_BACK_OFF_S)
            self._not_before_s = now_s + wait_s
        if self.mode is Mode.WAIT_FIRST:
            self.scheduled = True

    def turn_on(self, other_child: bool) -> Answer:
        """CONFIG SET appendonly yes. RUNNING: kill that one, it does not hold the new state."""
        self.mode = Mode.WAIT_FIRST
        return self.request(other_child)

    def turn_off(self) -> None:
        """CONFIG SET appendonly no."""
        self.mode = Mode.OFF
        self.scheduled = False
