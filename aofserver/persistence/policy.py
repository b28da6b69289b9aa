"""When the AOF is written and synced: decisions only (``flushAppendOnlyFile`` in aof.c)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

#: Seconds for which a write waits for a sync that runs before it is made all the same.
POSTPONE_S = 2


class Fsync(Enum):
    """``appendfsync``."""

    ALWAYS = "always"
    EVERYSEC = "everysec"
    NO = "no"


class Sync(Enum):
    """What is to be synced now, and where."""

    NONE = "none"
    INLINE = "inline"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Moment:
    """What a decision is made from.

    Attributes:
        now_s: Unix time in seconds.
        pending: whether bytes wait to be written; unsynced: whether written ones wait for a sync.
        sync_running: whether the background thread syncs; child_running: whether any child runs.
        force: write whatever else is going on (at shutdown).
    """

    now_s: int
    pending: bool
    unsynced: bool
    sync_running: bool = False
    child_running: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What to do: write the buffer or not; ``delayed``: although a sync has run for too long."""

    write: bool
    delayed: bool = False


_WAIT, _WRITE, _LATE = Step(False), Step(True), Step(True, delayed=True)


class FlushPolicy:
    """Decides, and remembers since when a write is postponed and when the last sync was.

    Attributes:
        fsync: ``appendfsync``.
        spare_children: ``no-appendfsync-on-rewrite``.
        postponed_since: Unix time in seconds, or None.
        last_fsync: Unix time in seconds.
    """

    def __init__(self, fsync: Fsync = Fsync.EVERYSEC, spare_children: bool = False) -> None:
        self.fsync = fsync
        self.spare_children = spare_children
        self.postponed_since: int | None = None
        self.last_fsync = 0

    def write(self, moment: Moment) -> Step:
        """Whether to write the buffer now."""
        if not moment.pending:
            return _WAIT
        if self.fsync is not Fsync.EVERYSEC or not moment.sync_running or moment.force:
            self.postponed_since = None
            return _WRITE
        if self.postponed_since is None:
            self.postponed_since = moment.now_s
            return _WAIT
        if moment.now_s - self.postponed_since < POSTPONE_S:
            return _WAIT
        self.postponed_since = None
        return _LATE

    def sync(self, moment: Moment, wrote: bool) -> Sync:
        """What to sync, after a write or, so that the tail of a burst is synced, without one."""
        if not wrote and not self._idle_tail(moment):
            return Sync.NONE
        if self.spare_children and moment.child_running:
            return Sync.NONE
        if self.fsync is Fsync.ALWAYS:
            self.last_fsync = moment.now_s
            return Sync.INLINE
        if self.fsync is Fsync.EVERYSEC and moment.now_s > self.last_fsync:
            self.last_fsync = moment.now_s
            return Sync.NONE if moment.sync_running else Sync.BACKGROUND
        return Sync.NONE

    def _idle_tail(self, moment: Moment) -> bool:
        return (
            not moment.pending
            and self.fsync is Fsync.EVERYSEC
            and moment.unsynced
            and moment.now_s > self.last_fsync
            and not moment.sync_running
        )
