"""The AOF of a server: turned on and off, opened, fed, written at the end of each turn."""

from __future__ import annotations

import os

from aofserver.config import Config
from aofserver.persistence.child import Output, write_snapshot
from aofserver.persistence.dataset import Dataset
from aofserver.persistence.feed import Feed
from aofserver.persistence.marks import Marks
from aofserver.persistence.places import Places
from aofserver.persistence.policy import Fsync
from aofserver.persistence.rewrite import Tools
from aofserver.persistence.rewrites import Rewrites
from aofserver.persistence.schedule import Answer, Mode
from aofserver.persistence.writer import AofWriter

_RETRY_MS = 1000


class LiveAof:
    """The AOF of one server.

    Attributes:
        writer: the open file; marks: what of it is durable; rewrites: see there.
    """

    def __init__(
        self,
        config: Config,
        places: Places,
        feed: Feed,
        writer: AofWriter,
        rewrites: Rewrites,
        tools: Tools,
    ) -> None:
        self.writer = writer
        self.marks = Marks(writer)
        self._rewrites = rewrites
        self._schedule = rewrites.schedule
        self._config = config
        self._places = places
        self._feed = feed
        self._tools = tools
        self._retried_ms = 0
        writer.on_sync_failed = self._sync_failed
        rewrites.on_change = self._route

    # What others ask.
    @property
    def mode(self) -> Mode:
        """See there."""
        return self._schedule.mode

    @property
    def is_on(self) -> bool:
        """Whether there is one, or will be as soon as its first rewrite has ended."""
        return self.mode is not Mode.OFF

    @property
    def error(self) -> int | None:
        """The errno for which writes are refused, or None."""
        return None if self.mode is Mode.OFF else self.writer.state.error

    def set_fsync(self, value: str) -> None:
        """CONFIG SET appendfsync."""
        self.writer.policy.fsync = Fsync(value)

    # Feeding and writing.
    def _route(self) -> None:
        """Say where the feed goes."""
        if self.mode is Mode.OFF:
            self._feed.sink = None
        elif self.mode is Mode.ON and self._rewrites.running is None:
            self._feed.sink = self.writer.add
        else:
            self._feed.sink = self._take

    def _take(self, data: bytes) -> None:
        """The feed's sink while a child rewrites, or before the first AOF is whole."""
        if self.mode is Mode.ON:
            self.writer.add(data)
        if self._rewrites.running is not None:
            self._rewrites.running.feed(data)

    def before_replies(self, turn: int) -> None:
        """Write as the policy says, at the end of this turn. Raises FatalAofError."""
        if self.mode is Mode.ON:
            self.writer.flush()
            self.marks.end_turn(turn)

    def retry(self) -> None:
        """Try a write again that was postponed, or, once a second, one that failed."""
        if self.mode is not Mode.ON:
            return
        now_ms = self._tools.world.clock.unix_ms()
        failed = self.writer.state.write_error is not None
        if not failed or now_ms - self._retried_ms >= _RETRY_MS:
            self._retried_ms = now_ms
            self.writer.flush()

    def _sync_failed(self) -> None:
        """What the kernel has dropped no later sync brings back: write everything anew."""
        if self.mode is Mode.ON:
            self._tools.log.warning("The AOF is rewritten, because a failed fsync cannot be redone")
            self._schedule.scheduled = True

    # On and off.
    def open(self, size: int) -> None:
        """Append to the file, which has been loaded, from now on. Raises OSError."""
        self.writer.open(self._places.aof, size)
        # What is made durable in a file is lost with the file's name.
        self._tools.world.files.sync_directory(self._places.folder)
        self.writer.state.base_size = size
        self._feed.selected = -1
        self._schedule.mode = Mode.ON
        self._route()

    def write_first(self, dataset: Dataset) -> None:
        """Make the first AOF of what was loaded from a snapshot. Raises OSError."""
        path = self._places.aof
        temporary = path.with_name(f"temp-rewriteaof-{os.getpid()}.aof")
        incremental = self._config.flag("aof-rewrite-incremental-fsync")
        files = self._tools.world.files
        write_snapshot(dataset.aof_chunks(), Output(temporary, path, incremental), files)

    def turn_on(self, other_child: bool) -> None:
        """CONFIG SET appendonly yes (``startAppendOnly``). Raises OSError.

        ``other_child``: whether a snapshot is written.
        """
        if self.mode is not Mode.OFF:
            return
        log = self._tools.log
        answer = self._schedule.turn_on(other_child)
        self.writer.policy.last_fsync = self._tools.world.clock.unix_ms() // 1000
        self._route()
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
            self._rewrites.kill()
        if not self._rewrites.start():
            self._schedule.turn_off()
            self._route()
            raise OSError(None, "the first AOF could not be begun; the log says why")

    def turn_off(self) -> None:
        """CONFIG SET appendonly no (``stopAppendOnly``). Raises FatalAofError."""
        if self.mode is Mode.ON:
            failed = self.writer.sync_all()
            if failed is not None:
                self._tools.log.warning(
                    f"The end of the AOF that is turned off may be lost: {os.strerror(failed)}"
                )
            self.close()
        self._schedule.turn_off()
        self._route()
        self._rewrites.kill()

    def end(self) -> None:
        """Make it durable before the server ends. Raises FatalAofError, OSError."""
        if self.mode is Mode.ON:
            self._tools.log.notice("Calling fsync() on the AOF file.")
            failed = self.writer.sync_all()
            if failed is not None:
                raise OSError(failed, f"the AOF was not written: {os.strerror(failed)}")

    def close(self) -> None:
        """Give the file back; nothing is written to it any more."""
        fd = self.writer.detach()
        if fd >= 0:
            self._tools.world.syncer.close(fd)
