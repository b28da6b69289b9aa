"""Everything that keeps the data: the AOF that is in force, its rewrites, the snapshots.

Decisions are those of ``policy``, ``schedule`` and ``snapshots.is_due``; this carries them out.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from aofserver.config import Config
from aofserver.persistence.child import Output, write_snapshot
from aofserver.persistence.dataset import Dataset
from aofserver.persistence.feed import Feed
from aofserver.persistence.marks import Marks
from aofserver.persistence.policy import Fsync
from aofserver.persistence.rewrite import RunningRewrite, Tools
from aofserver.persistence.schedule import Answer, Growth, Mode, Outcome, RewriteSchedule
from aofserver.persistence.snapshots import ENDED_ON_PURPOSE, Snapshots, is_due, may_retry
from aofserver.persistence.writer import AofWriter
from aofserver.stats import Stats
from aofserver.system.children import cpu_numbers, is_alive
from aoftool.keyspace.context import Context
from aoftool.ops.filesystem import FileSystem

_NO_SNAPSHOT = (
    b"MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist "
    b"on disk. Commands that may modify the data set are disabled, because this instance is "
    b"configured to report errors during writes if RDB snapshotting fails "
    b"(stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB "
    b"error."
)
#: Names of files that children leave when they are ended.
_TEMPORARY = re.compile(r"temp-(?:rewriteaof-(?:bg-)?)?(\d+)\.(?:aof|rdb)")
_RETRY_MS = 1000


class Persistence:
    """The AOF and the snapshots of one server.

    Attributes:
        writer: the open AOF; schedule: whether and when it is rewritten.
        snapshots: see there; rewrite: the rewrite that runs, or None.
        cow_bytes: memory that the last rewrite's child had for itself.
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
        self.writer = writer
        self.marks = Marks(writer)
        self.schedule = RewriteSchedule()
        self._dataset = dataset = Dataset(ctx, config, tools.world.clock)
        self.snapshots = Snapshots(tools, lambda: dataset.rdb_chunks(preamble=False))
        self.rewrite: RunningRewrite | None = None
        self.cow_bytes = 0
        self._ctx = ctx
        self._config = config
        self._feed = feed
        self._tools = tools
        self._stats = stats
        self._retried_ms = 0
        writer.child_running = lambda: self.child_running
        writer.on_sync_failed = self._sync_failed

    # What others ask.
    @property
    def folder(self) -> Path:
        """Where all files stand."""
        return Path(self._config.text("dir")).absolute()

    @property
    def files(self) -> FileSystem:
        """The file system that they stand in."""
        return self._tools.world.files

    @property
    def aof_path(self) -> Path:
        """The AOF."""
        return self.folder / self._config.text("appendfilename")

    @property
    def rdb_path(self) -> Path:
        """The snapshot."""
        return self.folder / self._config.text("dbfilename")

    @property
    def child_running(self) -> bool:
        """Whether any child runs."""
        return self.rewrite is not None or self.snapshots.pid is not None

    @property
    def is_on(self) -> bool:
        """Whether there is an AOF, or will be as soon as its first rewrite has ended."""
        return self.schedule.mode is not Mode.OFF

    @property
    def aof_error(self) -> int | None:
        """The errno for which writes are refused, or None."""
        return None if self.schedule.mode is Mode.OFF else self.writer.state.error

    @property
    def refusal(self) -> bytes | None:
        """The error that writes get while the AOF or the last snapshot could not be written."""
        error = self.aof_error
        if error is not None:
            return b"MISCONF Errors writing to the AOF file: %b" % os.strerror(error).encode()
        config = self._config
        watched = config.flag("stop-writes-on-bgsave-error") and bool(config["save"])
        return _NO_SNAPSHOT if watched and not self.snapshots.state.last_ok else None

    @property
    def dirty(self) -> int:
        """Changes since the last snapshot."""
        return self._ctx.dirty - self.snapshots.state.dirty_at_save

    def _now_s(self) -> int:
        return self._tools.world.clock.unix_ms() // 1000

    # Every turn, and the cron.
    def before_replies(self, turn: int) -> None:
        """Write the AOF as the policy says, at the end of this turn. Raises FatalAofError."""
        if self.schedule.mode is Mode.ON:
            self.writer.flush()
            self.marks.end_turn(turn)

    def tick(self) -> None:
        """What the cron does of it, ``hz`` times a second."""
        self._check_children()
        now_s = self._now_s()
        if self.schedule.scheduled:
            self._maybe_rewrite(now_s)
        if not self.child_running:
            self._maybe_save(now_s)
        self._maybe_rewrite(now_s)
        snapshots = self.snapshots
        if not self.child_running and snapshots.scheduled and may_retry(snapshots.state, now_s):
            self.start_snapshot()
        self._retry()

    def _maybe_rewrite(self, now_s: int) -> None:
        if self.schedule.due(now_s, self.child_running, self._growth()):
            self._tell_growth()
            self.start_rewrite()

    def _retry(self) -> None:
        """Try a write again that was postponed, or, once a second, one that failed."""
        if self.schedule.mode is not Mode.ON:
            return
        now_ms = self._tools.world.clock.unix_ms()
        failed = self.writer.state.write_error is not None
        if not failed or now_ms - self._retried_ms >= _RETRY_MS:
            self._retried_ms = now_ms
            self.writer.flush()

    def _check_children(self) -> None:
        self.snapshots.poll()
        if self.rewrite is not None:
            code = self._tools.world.children.ended(self.rewrite.pid)
            if code is not None:
                self._rewrite_ended(code)

    def _maybe_save(self, now_s: int) -> None:
        point = is_due(self._config["save"], self.snapshots.state, self.dirty, now_s)
        if point is not None:
            self._tools.log.notice(f"{point[1]} changes in {point[0]} seconds. Saving...")
            self.start_snapshot()

    # Feeding.
    def take(self, data: bytes) -> None:
        """The feed's sink while a child runs, or before the first AOF is whole."""
        if self.schedule.mode is Mode.ON:
            self.writer.add(data)
        if self.rewrite is not None:
            self.rewrite.feed(data)

    def _set_rewrite(self, rewrite: RunningRewrite | None) -> None:
        self.rewrite = rewrite
        self._update_sink()

    def _update_sink(self) -> None:
        if self.schedule.mode is Mode.OFF:
            self._feed.sink = None
        elif self.schedule.mode is Mode.ON and self.rewrite is None:
            self._feed.sink = self.writer.add
        else:
            self._feed.sink = self.take

    # The AOF in force.
    def open(self, size: int) -> None:
        """Append to the AOF, which has been loaded, from now on. Raises OSError."""
        self.writer.open(self.aof_path, size)
        # What is made durable in a file is lost with the file's name.
        self.files.sync_directory(self.folder)
        self.writer.state.base_size = size
        self._feed.selected = -1
        self.schedule.mode = Mode.ON
        self._update_sink()

    def write_first(self) -> None:
        """Make the first AOF of what was loaded from a snapshot. Raises OSError."""
        path = self.aof_path
        temporary = path.with_name(f"temp-rewriteaof-{os.getpid()}.aof")
        incremental = self._config.flag("aof-rewrite-incremental-fsync")
        write_snapshot(
            self._dataset.aof_chunks(),
            Output(temporary, path, incremental),
            self.files,
        )

    def turn_on(self) -> None:
        """CONFIG SET appendonly yes (``startAppendOnly``). Raises OSError."""
        if self.schedule.mode is not Mode.OFF:
            return
        log = self._tools.log
        answer = self.schedule.turn_on(self.snapshots.pid is not None)
        self.writer.policy.last_fsync = self._now_s()
        self._update_sink()
        if answer is Answer.SCHEDULED:
            log.warning(
                "AOF was enabled but there is already another background operation. An AOF "
                "background was scheduled to start when possible."
            )
            return
        if answer is Answer.RUNNING:
            log.warning(
                "AOF was enabled but there is already an AOF rewriting in background. Stopping "
                "background AOF and starting a rewrite now."
            )
            self.kill_rewrite()
        if not self.start_rewrite():
            self.schedule.turn_off()
            self._update_sink()
            raise OSError(None, "the first AOF could not be begun; the log says why")

    def turn_off(self) -> None:
        """CONFIG SET appendonly no (``stopAppendOnly``). Raises FatalAofError."""
        if self.schedule.mode is Mode.ON:
            failed = self.writer.sync_all()
            if failed is not None:
                self._tools.log.warning(
                    f"The end of the AOF that is turned off may be lost: {os.strerror(failed)}"
                )
            self._tools.world.syncer.close(self.writer.detach())
        self.schedule.turn_off()
        self._update_sink()
        self.kill_rewrite()

    # Rewriting.
    def request_rewrite(self) -> Answer | None:
        """BGREWRITEAOF; None: it could not be started, and the log says why."""
        answer = self.schedule.request(self.snapshots.pid is not None)
        if answer is Answer.STARTED and not self.start_rewrite():
            return None
        return answer

    def start_rewrite(self) -> bool:
        """Split off a child that rewrites; False where that cannot be (the log says why)."""
        tools, log = self._tools, self._tools.log
        if self.schedule.mode is Mode.ON:
            self.writer.flush()
        started = tools.world.clock.monotonic_us()
        try:
            self._refuse_full_disk()
            rewrite = RunningRewrite(
                tools,
                self.folder,
                self._dataset.aof_chunks,
                self._config.flag("aof-rewrite-incremental-fsync"),
                cpu_numbers(self._config.text("aof_rewrite_cpulist")),
            )
        except OSError as error:
            log.warning(f"Can't rewrite append only file in background: {error.strerror}")
            self.schedule.could_not_start(self._now_s())
            return False
        self._forked(started)
        log.notice(f"Background append only file rewriting started by pid {rewrite.pid}")
        self._set_rewrite(rewrite)
        self.schedule.started(self._now_s())
        self._feed.selected = -1
        return True

    def _refuse_full_disk(self) -> None:
        """The last rewrite's size is what this one will need. Raises OSError."""
        need = self.writer.state.base_size
        free = shutil.disk_usage(self.folder).free
        if free < need:
            raise OSError(None, f"{free} bytes are free, the last rewrite took {need}")

    def _forked(self, started_us: int) -> None:
        took_us = self._tools.world.clock.monotonic_us() - started_us
        self._stats.fork_us = took_us
        self._stats.forks += 1
        self._tools.latency.add("fork", took_us // 1000)

    def _rewrite_ended(self, code: int) -> None:
        rewrite, log = self.rewrite, self._tools.log
        assert rewrite is not None
        self._set_rewrite(None)
        rewrite.close()
        self.cow_bytes = rewrite.cow_bytes
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
        self._update_sink()
        rewrite.remove_files()

    def _install(self, rewrite: RunningRewrite) -> None:
        """Put the child's file in force; on any failure the old AOF stays so."""
        tools, path, writer = self._tools, self.aof_path, self.writer
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
        old = writer.detach()
        self._feed.selected = -1
        self.schedule.installed()
        if self.schedule.mode is Mode.OFF:
            tools.world.files.close(fd)
        else:
            writer.attach(fd, size)
            writer.state.base_size = size
        if old >= 0:
            tools.world.syncer.close(old)
        tools.log.notice("Background AOF rewrite finished successfully")
        self._sync_name(path)

    def _sync_name(self, path: Path) -> None:
        """Make durable which file is in force; where that fails, it is as a sync of it that failed.

        Raises FatalAofError.
        """
        try:
            self.files.sync_directory(path.parent)
        except OSError as failure:
            if self.schedule.mode is not Mode.OFF:
                self.writer.sync_failed(failure)

    def kill_rewrite(self) -> None:
        """End the child that rewrites, if there is one."""
        rewrite = self.rewrite
        if rewrite is None:
            return
        self._tools.log.notice(f"Killing running AOF rewrite child: {rewrite.pid}")
        self._tools.world.children.kill(rewrite.pid)
        self._set_rewrite(None)
        rewrite.close()
        rewrite.remove_files()
        self.schedule.killed()

    def _sync_failed(self) -> None:
        """What the kernel has dropped no later sync brings back: write everything anew."""
        if self.schedule.mode is Mode.ON:
            self._tools.log.warning("The AOF is rewritten, because a failed fsync cannot be redone")
            self.schedule.scheduled = True

    def _growth(self) -> Growth:
        state, config = self.writer.state, self._config
        return Growth(
            state.size,
            state.base_size,
            config.number("auto-aof-rewrite-percentage"),
            config.number("auto-aof-rewrite-min-size"),
        )

    def _tell_growth(self) -> None:
        if not self.schedule.scheduled:
            self._tools.log.notice(
                f"Starting automatic rewriting of AOF on {self._growth().percent}% growth"
            )

    # Snapshots.
    def start_snapshot(self) -> bool:
        """Split off a child that writes a snapshot; False where that cannot be."""
        started = self._tools.world.clock.monotonic_us()
        config = self._config
        try:
            self.snapshots.start(
                self.rdb_path,
                config.flag("rdb-save-incremental-fsync"),
                self._ctx.dirty,
                cpu_numbers(config.text("bgsave_cpulist")),
            )
        except OSError as error:
            self._tools.log.warning(f"Can't save in background: fork: {error.strerror}")
            return False
        self._forked(started)
        return True

    def save(self) -> None:
        """SAVE. Raises OSError."""
        incremental = self._config.flag("rdb-save-incremental-fsync")
        self.snapshots.save(self.rdb_path, incremental, self._ctx.dirty)

    # The end.
    def shutdown_refused(self) -> bool:
        """Whether nothing would be left if the server ended now (the first AOF is written)."""
        return self.schedule.mode is Mode.WAIT_FIRST

    def shutdown(self, save: bool | None) -> None:
        """Kill children, make the AOF durable, and save where asked or configured.

        ``save`` None: as the save points say. Raises FatalAofError, OSError: something would be
        lost that was acknowledged.
        """
        log = self._tools.log
        self.kill_rewrite()
        self.snapshots.kill()
        if self.schedule.mode is Mode.ON:
            log.notice("Calling fsync() on the AOF file.")
            failed = self.writer.sync_all()
            if failed is not None:
                raise OSError(failed, f"the AOF was not written: {os.strerror(failed)}")
        if save or (save is None and self._config["save"]):
            log.notice("Saving the final RDB snapshot before exiting.")
            self.save()

    def close(self) -> None:
        """Give the AOF back; nothing is written to it any more."""
        fd = self.writer.detach()
        if fd >= 0:
            self._tools.world.syncer.close(fd)

    def remove_temporary(self) -> None:
        """Take away files that dead children have left."""
        for path in self.folder.iterdir():
            match = _TEMPORARY.fullmatch(path.name)
            if match is not None and not is_alive(int(match[1])):
                self._tools.log.notice(f"Removing {path.name}, left by a child that has ended")
                self.files.unlink(path)

    def set_fsync(self, value: str) -> None:
        """CONFIG SET appendfsync."""
        self.writer.policy.fsync = Fsync(value)
