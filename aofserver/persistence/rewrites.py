"""The rewrites of an AOF: when one starts, what becomes of it, and its file put in force."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from aofserver.config import Config
from aofserver.measures.stats import Stats
from aofserver.persistence.dataset import Dataset
from aofserver.persistence.feed import Feed
from aofserver.persistence.places import Places
from aofserver.persistence.rewrite import RunningRewrite, Tools
from aofserver.persistence.schedule import Growth, Mode, Outcome, RewriteSchedule
from aofserver.persistence.snapshots import ENDED_ON_PURPOSE
from aofserver.persistence.writer import AofWriter
from aofserver.system.children import cpu_numbers


class Rewrites:
    """Rewrites the AOF of one server; at most one at a time.

    Attributes:
        schedule: whether and when; running: the one that runs, or None.
        cow_bytes: memory that the last one's child had for itself.
        on_change: told when one begins or ends.
    """

    def __init__(
        self,
        config: Config,
        places: Places,
        dataset: Dataset,
        feed: Feed,
        writer: AofWriter,
        tools: Tools,
        stats: Stats,
    ) -> None:
        self.schedule = RewriteSchedule()
        self.running: RunningRewrite | None = None
        self.cow_bytes = 0
        self.on_change: Callable[[], None] = lambda: None
        self._config = config
        self._places = places
        self._dataset = dataset
        self._feed = feed
        self._writer = writer
        self._tools = tools
        self._stats = stats

    def _now_s(self) -> int:
        return self._tools.world.clock.unix_ms() // 1000

    # When.
    def start_if_due(self, other_child: bool) -> None:
        """What the cron does; ``other_child``: whether a snapshot is written."""
        growth = self._growth()
        if self.schedule.due(self._now_s(), other_child, growth):
            if not self.schedule.scheduled:
                self._tools.log.notice(
                    f"Starting automatic rewriting of AOF on {growth.percent}% growth"
                )
            self.start()

    def _growth(self) -> Growth:
        state, config = self._writer.state, self._config
        return Growth(
            state.size,
            state.base_size,
            config.number("auto-aof-rewrite-percentage"),
            config.number("auto-aof-rewrite-min-size"),
        )

    # The beginning.
    def start(self) -> bool:
        """Split off a child that rewrites; False where that cannot be (the log says why)."""
        tools, log = self._tools, self._tools.log
        if self.schedule.mode is Mode.ON:
            self._writer.flush()
        started = tools.world.clock.monotonic_us()
        try:
            self._refuse_full_disk()
            rewrite = RunningRewrite(
                tools,
                self._places.folder,
                self._dataset,
                self._config.flag("aof-rewrite-incremental-fsync"),
                cpu_numbers(self._config.text("aof_rewrite_cpulist")),
            )
        except OSError as error:
            log.warning(f"Can't rewrite append only file in background: {error.strerror}")
            self.schedule.could_not_start(self._now_s())
            return False
        tell_forked(tools, self._stats, started)
        log.notice(f"Background append only file rewriting started by pid {rewrite.pid}")
        self._set_running(rewrite)
        self.schedule.started(self._now_s())
        self._feed.selected = -1
        return True

    def _refuse_full_disk(self) -> None:
        """The last rewrite's size is what this one will need. Raises OSError."""
        need = self._writer.state.base_size
        free = shutil.disk_usage(self._places.folder).free
        if free < need:
            raise OSError(None, f"{free} bytes are free, the last rewrite took {need}")

    def _set_running(self, rewrite: RunningRewrite | None) -> None:
        self.running = rewrite
        self.on_change()

    # The end.
    def poll(self) -> None:
        """Look whether the child has ended, and go on from there. Raises FatalAofError."""
        if self.running is None:
            return
        code = self._tools.world.children.ended(self.running.pid)
        if code is None:
            self.running.news.read()
        else:
            self._ended(self.running, code)

    def kill(self) -> None:
        """End the child that rewrites, if there is one."""
        rewrite = self.running
        if rewrite is None:
            return
        self._tools.log.notice(f"Killing running AOF rewrite child: {rewrite.pid}")
        self._tools.world.children.kill(rewrite.pid)
        self._set_running(None)
        rewrite.close()
        rewrite.remove_files()
        self.schedule.killed()

    def _ended(self, rewrite: RunningRewrite, code: int) -> None:
        log = self._tools.log
        self._set_running(None)
        rewrite.close()
        self.cow_bytes = rewrite.news.cow_bytes
        if code == ENDED_ON_PURPOSE:
            self.schedule.killed()
            log.warning(f"Background AOF rewrite terminated by signal {-code}")
        elif self.schedule.ended(code == 0, self._now_s()) is Outcome.INSTALL:
            log.notice("Background AOF rewrite terminated with success")
            self._install(rewrite)
        elif code > 0:
            log.warning("Background AOF rewrite terminated with error")
        else:
            log.warning(f"Background AOF rewrite terminated by signal {-code}")
        self.on_change()
        rewrite.remove_files()

    # Its file.
    def _install(self, rewrite: RunningRewrite) -> None:
        """Put the child's file in force; on any failure the old AOF stays so."""
        tools, path = self._tools, self._places.aof
        try:
            size = rewrite.append_rest()
            fd = tools.world.files.open(rewrite.file, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            tools.log.warning(f"Error trying to finish the rewritten AOF: {error.strerror}")
            self.schedule.install_failed(self._now_s())
            return
        started = tools.world.clock.monotonic_us()
        try:
            tools.world.files.rename(rewrite.file, path)
        except OSError as error:
            tools.log.warning(
                f"Error trying to rename the temporary AOF file {rewrite.file.name} into "
                f"{path.name}: {error.strerror}"
            )
            tools.world.files.close(fd)
            self.schedule.install_failed(self._now_s())
            return
        tools.latency.add("aof-rename", (tools.world.clock.monotonic_us() - started) // 1000)
        self._take_over(fd, size)
        tools.log.notice("Background AOF rewrite finished successfully")
        self._sync_name(path)

    def _take_over(self, fd: int, size: int) -> None:
        """Write to the new file from now on."""
        writer, world = self._writer, self._tools.world
        old = writer.detach()
        self._feed.selected = -1
        self.schedule.installed()
        if self.schedule.mode is Mode.OFF:
            world.files.close(fd)
        else:
            writer.attach(fd, size)
            writer.state.base_size = size
        if old >= 0:
            world.syncer.close(old)

    def _sync_name(self, path: Path) -> None:
        """Make durable which file is in force; where that fails, it is as a sync of it that failed.

        Raises FatalAofError.
        """
        try:
            self._tools.world.files.sync_directory(path.parent)
        except OSError as failure:
            if self.schedule.mode is not Mode.OFF:
                self._writer.sync_failed(failure)


def tell_forked(tools: Tools, stats: Stats, started_us: int) -> None:
    """A child was split off: how long that took."""
    took_us = tools.world.clock.monotonic_us() - started_us
    stats.fork_us = took_us
    stats.forks += 1
    tools.latency.add("fork", took_us // 1000)
