"""RDB snapshots: SAVE, BGSAVE and save points (rdb.c)."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aofserver.log import CHILD
from aofserver.persistence.child import Output, snapshot_child, write_snapshot
from aofserver.persistence.dataset import Dataset
from aofserver.persistence.news import News, Reporter
from aofserver.persistence.rewrite import Tools

TITLE = "redis-rdb-bgsave"
#: Seconds to wait after a snapshot that failed (``CONFIG_BGSAVE_RETRY_DELAY``).
RETRY_S = 5
#: How a child ends that somebody has told to, without that being a failure (``checkChildrenDone``).
ENDED_ON_PURPOSE = -signal.SIGUSR1


@dataclass(slots=True)
class SnapshotState:
    """What INFO tells of snapshots.

    Attributes:
        dirty_at_save: changes ever made when the last snapshot was split off.
        last_save_s: Unix time in seconds of the last good one; last_try_s: of the last try.
        last_ok: how the last one ended; last_took_s: seconds, -1: none yet.
        started_s: of the one that runs, or -1.
        saves: good ones so far; cow_bytes: memory that the last child had for itself.
    """

    last_save_s: int
    dirty_at_save: int = 0
    last_try_s: int = 0
    last_ok: bool = True
    last_took_s: int = -1
    started_s: int = -1
    saves: int = 0
    cow_bytes: int = 0


def may_retry(state: SnapshotState, now_s: int) -> bool:
    """Whether the last try went well, or is long enough ago."""
    return state.last_ok or now_s - state.last_try_s > RETRY_S


def is_due(
    points: list[tuple[int, int]], state: SnapshotState, dirty: int, now_s: int
) -> tuple[int, int] | None:
    """The save point whose time has come (``serverCron``), or None.

    ``dirty``: changes since the last snapshot.
    """
    if not may_retry(state, now_s):
        return None
    for seconds, changes in points:
        if dirty >= changes and now_s - state.last_save_s > seconds:
            return seconds, changes
    return None


class Snapshots:
    """Writes snapshots, in this process or in a child.

    Attributes:
        state: see ``SnapshotState``; pid: the child that writes one, or None.
        scheduled: whether BGSAVE SCHEDULE waits for another child to end.
        news: what the child that writes one tells of itself, or None.
    """

    def __init__(self, tools: Tools, dataset: Dataset) -> None:
        self.state = SnapshotState(tools.world.clock.unix_ms() // 1000)
        self.pid: int | None = None
        self.scheduled = False
        self._tools = tools
        self.news: News | None = None
        self._dataset = dataset
        self._folder = Path()
        self._dirty_at_fork = 0

    def save(self, path: Path, incremental: bool, dirty: int) -> None:
        """Write a snapshot now (SAVE); ``dirty``: changes ever made. Raises OSError."""
        temporary = path.parent / f"temp-{os.getpid()}.rdb"
        write_snapshot(
            self._dataset.rdb_chunks(),
            Output(temporary, path, incremental),
            self._tools.world.files,
        )
        state, now_s = self.state, self._now_s()
        state.dirty_at_save, state.last_save_s, state.last_ok = dirty, now_s, True
        state.saves += 1
        self._tools.log.notice("DB saved on disk")

    def start(self, path: Path, incremental: bool, dirty: int, cpus: frozenset[int]) -> None:
        """Split off a child that writes one (BGSAVE). Raises OSError."""
        tools = self._tools
        info, info_in = os.pipe()

        def work() -> int:
            tools.log.role = CHILD
            output = Output(path.parent / f"temp-{os.getpid()}.rdb", path, incremental)
            chunks = self._dataset.rdb_chunks(Reporter(info_in).wrote)
            return snapshot_child(chunks, output, info_in, tools.world.files, tools.log.warning)

        self.state.last_try_s = self._now_s()
        try:
            self.pid = tools.world.children.fork(work, TITLE, (info_in,), cpus)
        except OSError:
            os.close(info)
            self.state.last_ok = False
            raise
        finally:
            os.close(info_in)
        self.scheduled = False
        self.news = News(info, len(self._dataset), tools.world.clock)
        self._folder = path.parent
        self._dirty_at_fork = dirty
        self.state.started_s = self._now_s()
        tools.log.notice(f"Background saving started by pid {self.pid}")

    def poll(self) -> None:
        """Look whether the child has ended, or what it tells."""
        if self.pid is None:
            return
        code = self._tools.world.children.ended(self.pid)
        if code is not None:
            self._ended(code)
        elif self.news is not None:
            self.news.read()

    def _ended(self, code: int) -> None:
        state, log, now_s = self.state, self._tools.log, self._now_s()
        state.cow_bytes = self._close_news()
        state.last_took_s, state.started_s = now_s - state.started_s, -1
        if code == 0:
            log.notice("Background saving terminated with success")
            state.dirty_at_save, state.last_save_s = self._dirty_at_fork, now_s
            state.saves += 1
        elif code > 0:
            log.warning("Background saving error")
        else:
            log.warning(f"Background saving terminated by signal {-code}")
            with suppress(OSError):
                self._tools.world.files.unlink(self._folder / f"temp-{self.pid}.rdb")
        if code != ENDED_ON_PURPOSE:
            state.last_ok = code == 0
        self.pid = None

    def kill(self) -> None:
        """End the child, if there is one, and take away its file."""
        if self.pid is None:
            return
        self._tools.world.children.kill(self.pid)
        with suppress(OSError):
            self._tools.world.files.unlink(self._folder / f"temp-{self.pid}.rdb")
        self._close_news()
        self.pid = None
        self.state.started_s = -1

    def _close_news(self) -> int:
        """Memory that the child had for itself, as it told last."""
        news, self.news = self.news, None
        if news is None:
            return 0
        news.close()
        return news.cow_bytes

    def _now_s(self) -> int:
        return self._tools.world.clock.unix_ms() // 1000
