"""Everything that keeps the data: the AOF that is in force, its rewrites, the snapshots.

Decisions are those of ``policy``, ``schedule`` and ``snapshots.is_due``; ``aof``, ``rewrites`` and
``snapshots`` carry them out; here is what concerns all of them.
"""

from __future__ import annotations

import os

from aofserver.config import Config
from aofserver.measures.stats import Stats
from aofserver.persistence.aof import LiveAof
from aofserver.persistence.dataset import Dataset
from aofserver.persistence.feed import Feed
from aofserver.persistence.news import News
from aofserver.persistence.places import Places
from aofserver.persistence.rewrite import Tools
from aofserver.persistence.rewrites import Rewrites, tell_forked
from aofserver.persistence.schedule import Answer, Mode
from aofserver.persistence.snapshots import Snapshots, is_due, may_retry
from aofserver.persistence.writer import AofWriter
from aofserver.system.children import cpu_numbers
from aoftool.keyspace.context import Context

_NO_SNAPSHOT = (
    b"MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist "
    b"on disk. Commands that may modify the data set are disabled, because this instance is "
    b"configured to report errors during writes if RDB snapshotting fails "
    b"(stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB "
    b"error."
)


class Persistence:
    """The AOF and the snapshots of one server.

    Attributes:
        places, aof, rewrites, snapshots: see there.
    """

    def __init__(
        self,
        ctx: Context,
        config: Config,
        feed: Feed,
        writer: AofWriter,
        tools: Tools,
        stats: Stats,
    ) -> None:
        self.places = places = Places(config)
        self._dataset = dataset = Dataset(ctx, config, tools.world.clock)
        self.snapshots = Snapshots(tools, dataset)
        self.rewrites = Rewrites(config, places, dataset, feed, writer, tools, stats)
        self.aof = LiveAof(config, places, feed, writer, self.rewrites, tools)
        self._ctx = ctx
        self._config = config
        self._tools = tools
        self._stats = stats
        writer.child_running = lambda: self.child_running

    # What others ask.
    @property
    def child_running(self) -> bool:
        """Whether any child runs."""
        return self.rewrites.running is not None or self.snapshots.pid is not None

    @property
    def news(self) -> News | None:
        """What the child that runs tells of itself, or None."""
        rewrite = self.rewrites.running
        return self.snapshots.news if rewrite is None else rewrite.news

    @property
    def refusal(self) -> bytes | None:
        """The error that writes get while the AOF or the last snapshot could not be written."""
        error = self.aof.error
        if error is not None:
            return b"MISCONF Errors writing to the AOF file: %b" % os.strerror(error).encode()
        config = self._config
        watched = config.flag("stop-writes-on-bgsave-error") and bool(config["save"])
        return _NO_SNAPSHOT if watched and not self.snapshots.state.last_ok else None

    @property
    def dirty(self) -> int:
        """Changes since the last snapshot."""
        return self._ctx.dirty - self.snapshots.state.dirty_at_save

    # The cron.
    def tick(self) -> None:
        """What the cron does of it, ``hz`` times a second. Raises FatalAofError."""
        rewrites, snapshots = self.rewrites, self.snapshots
        snapshots.poll()
        rewrites.poll()
        if rewrites.schedule.scheduled:
            rewrites.start_if_due(self.child_running)
        now_s = self._tools.world.clock.unix_ms() // 1000
        if not self.child_running:
            self._maybe_save(now_s)
        rewrites.start_if_due(self.child_running)
        if not self.child_running and snapshots.scheduled and may_retry(snapshots.state, now_s):
            self.start_snapshot()
        self.aof.retry()

    def _maybe_save(self, now_s: int) -> None:
        point = is_due(self._config["save"], self.snapshots.state, self.dirty, now_s)
        if point is not None:
            self._tools.log.notice(f"{point[1]} changes in {point[0]} seconds. Saving...")
            self.start_snapshot()

    # The AOF.
    def write_first(self) -> None:
        """Make the first AOF of what was loaded from a snapshot. Raises OSError."""
        self.aof.write_first(self._dataset)

    def turn_on(self) -> None:
        """CONFIG SET appendonly yes. Raises OSError."""
        self.aof.turn_on(self.snapshots.pid is not None)

    def request_rewrite(self) -> Answer | None:
        """BGREWRITEAOF; None: it could not be started, and the log says why."""
        answer = self.rewrites.schedule.request(self.snapshots.pid is not None)
        if answer is Answer.STARTED and not self.rewrites.start():
            return None
        return answer

    # Snapshots.
    def start_snapshot(self) -> bool:
        """Split off a child that writes a snapshot; False where that cannot be."""
        started = self._tools.world.clock.monotonic_us()
        config = self._config
        try:
            self.snapshots.start(
                self.places.rdb,
                config.flag("rdb-save-incremental-fsync"),
                self._ctx.dirty,
                cpu_numbers(config.text("bgsave_cpulist")),
            )
        except OSError as error:
            self._tools.log.warning(f"Can't save in background: fork: {error.strerror}")
            return False
        tell_forked(self._tools, self._stats, started)
        return True

    def save(self) -> None:
        """SAVE. Raises OSError."""
        incremental = self._config.flag("rdb-save-incremental-fsync")
        self.snapshots.save(self.places.rdb, incremental, self._ctx.dirty)

    # The end.
    def shutdown_refused(self) -> bool:
        """Whether nothing would be left if the server ended now (the first AOF is written)."""
        return self.aof.mode is Mode.WAIT_FIRST

    def shutdown(self, save: bool | None) -> None:
        """Kill children, make the AOF durable, and save where asked or configured.

        ``save`` None: as the save points say. Raises FatalAofError, OSError: something would be
        lost that was acknowledged.
        """
        self.rewrites.kill()
        self.snapshots.kill()
        self.aof.end()
        if save or (save is None and self._config["save"]):
            self._tools.log.notice("Saving the final RDB snapshot before exiting.")
            self.save()

    def remove_temporary(self) -> None:
        """Take away files that dead children have left. Raises OSError."""
        for path in self.places.left_behind():
            self._tools.log.notice(f"Removing {path.name}, left by a child that has ended")
            self._tools.world.files.unlink(path)
