"""Carries out what the policy decides: writes, syncs, and what to do where either fails."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aofserver.log import Log
from aofserver.measures.latency import Latency
from aofserver.persistence.policy import FlushPolicy, Fsync, Moment, Sync
from aofserver.ports import Clock, Syncer
from aoftool.ops.filesystem import FileSystem

#: Seconds between two lines in the log about a disk that does not take the AOF.
_LOG_EVERY_S = 30


class FatalAofError(Exception):
    """Under ``appendfsync always`` the disk did not take the AOF: the server must end.

    Replies that promise durability may be on their way; there is no way back from that.
    """


@dataclass(slots=True)
class AofState:
    """What INFO tells of the file.

    Attributes:
        size: bytes written; base_size: after the last rewrite, or at the start.
        durable: bytes that a successful sync covers.
        write_error: errno of the last write, or None where it was whole.
        sync_error: errno of a background sync that failed on this file; what it covered may be
            lost although later syncs succeed, so it stays until another file is written.
        delayed: writes made although a sync ran for too long (``aof_delayed_fsync``).
        took_us: microseconds of all writes.
    """

    size: int = 0
    base_size: int = 0
    durable: int = 0
    write_error: int | None = None
    sync_error: int | None = None
    delayed: int = 0
    took_us: int = 0
    pending: list[bytes] = field(default_factory=list)

    @property
    def pending_bytes(self) -> int:
        """Bytes that wait for the next flush."""
        return sum(map(len, self.pending))

    @property
    def error(self) -> int | None:
        """The errno for which writes are refused (MISCONF), or None."""
        return self.write_error if self.write_error is not None else self.sync_error


class AofWriter:
    """The open AOF.

    ``add`` takes bytes at any time; ``flush`` is called once a turn, before any reply leaves.

    Attributes:
        state: see ``AofState``; policy: see ``FlushPolicy``.
        child_running: asks whether any child runs.
        sleep_us: how much longer every write takes (DEBUG AOF-FLUSH-SLEEP).
        on_synced: called when a background sync has ended well.
        on_sync_failed: called when a background sync has failed: only a new file helps.
    """

    def __init__(
        self,
        policy: FlushPolicy,
        files: FileSystem,
        clock: Clock,
        syncer: Syncer,
        log: Log,
        latency: Latency,
    ) -> None:
        self.policy = policy
        self.state = AofState()
        #: Append bytes with the next flush; no method of ours, as every write calls it.
        self.add: Callable[[bytes], None] = self.state.pending.append
        self.child_running: Callable[[], bool] = lambda: False
        self.on_sync_failed: Callable[[], None] = lambda: None
        self.on_synced: Callable[[], None] = lambda: None
        self.fd = -1
        self._files = files
        self._clock = clock
        self._syncer = syncer
        self._log = log
        self._latency = latency
        self.sleep_us = 0
        self._logged_s = -_LOG_EVERY_S
        self._generation = 0

    def open(self, path: Path, size: int) -> None:
        """Open (or make) the file, of ``size`` bytes, for appending. Raises OSError."""
        self.attach(self._files.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), size)

    def attach(self, fd: int, size: int) -> None:
        """Write to another descriptor from now on; what waited was written elsewhere."""
        self.fd = fd
        self._generation += 1
        state = self.state
        state.size = state.durable = size
        state.sync_error = state.write_error = None
        state.pending.clear()

    def detach(self) -> int:
        """Stop writing; the descriptor, which is the caller's to close."""
        fd, self.fd = self.fd, -1
        self._generation += 1
        self.state.pending.clear()
        return fd

    def mark(self) -> tuple[int, int]:
        """Where the bytes end that there are now, for ``covers``."""
        return self._generation, self.state.size + self.state.pending_bytes

    def covers(self, mark: tuple[int, int]) -> bool:
        """Whether everything up to a mark is durable, in this file or in what follows it."""
        if self.fd < 0:
            return False
        generation, end = mark
        return generation != self._generation or self.state.durable >= end

    def flush(self, force: bool = False) -> None:
        """Write and sync as the policy says. Raises FatalAofError."""
        state = self.state
        if not state.pending and state.size == state.durable:
            return
        moment = Moment(
            self._clock.unix_ms() // 1000,
            bool(state.pending),
            state.size != state.durable,
            self._syncer.running,
            self.child_running(),
            force,
        )
        step = self.policy.write(moment)
        if step.delayed:
            state.delayed += 1
            self._log.notice(
                "Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer "
                "without waiting for fsync to complete, this may slow down Redis."
            )
        if step.write and not self._write(moment):
            return
        sync = self.policy.sync(moment, step.write)
        if sync is Sync.INLINE:
            self._sync_now()
        elif sync is Sync.BACKGROUND:
            self._sync_later()

    def sync_all(self) -> int | None:
        """Write and sync everything, as at shutdown; the errno where the disk did not take it.

        Raises FatalAofError under ``always``.
        """
        self.flush(force=True)
        self._syncer.drain()
        if self.fd >= 0:
            self._sync_now()
        return self.state.error

    # Writing.
    def _write(self, moment: Moment) -> bool:
        state = self.state
        data = b"".join(state.pending)
        started = self._clock.monotonic_us()
        if self.sleep_us:
            time.sleep(self.sleep_us / 1_000_000)
        try:
            written, error = self._files.write(self.fd, data), None
        except OSError as failure:
            written, error = 0, failure.errno or errno.EIO
        took_us = self._clock.monotonic_us() - started
        state.took_us += took_us
        self._sample_write(moment, took_us // 1000)
        if written == len(data):
            state.size += written
            state.pending.clear()
            self._solved()
            return True
        self._failed(data, written, error)
        return False

    def _sample_write(self, moment: Moment, ms: int) -> None:
        if moment.sync_running:
            kind = "aof-write-pending-fsync"
        elif moment.child_running:
            kind = "aof-write-active-child"
        else:
            kind = "aof-write-alone"
        self._latency.add(kind, ms)
        self._latency.add("aof-write", ms)

    def _failed(self, data: bytes, written: int, error: int | None) -> None:
        state = self.state
        now_s = self._clock.unix_ms() // 1000
        can_log = now_s - self._logged_s >= _LOG_EVERY_S
        if can_log:
            self._logged_s = now_s
        if error is not None:
            if can_log:
                self._log.warning(f"Error writing to the AOF file: {os.strerror(error)}")
        else:
            error = errno.ENOSPC
            if can_log:
                self._log.warning(
                    "Short write while writing to the AOF file: "
                    f"(nwritten={written}, expected={len(data)})"
                )
            written = self._take_back(written, can_log)
        if self.policy.fsync is Fsync.ALWAYS:
            self._log.warning(
                "Can't recover from AOF write error when the AOF fsync policy is 'always'. "
                "Exiting..."
            )
            raise FatalAofError(os.strerror(error))
        state.write_error = error
        state.size += written
        state.pending[:] = [data[written:]]

    def _take_back(self, written: int, can_log: bool) -> int:
        """Cut a part of a record off again; how many bytes stay where that fails."""
        try:
            self._files.ftruncate(self.fd, self.state.size)
        except OSError as failure:
            if can_log:
                self._log.warning(
                    "Could not remove short write from the append-only file.  Redis may refuse to "
                    f"load the AOF the next time it starts.  ftruncate: {failure.strerror}"
                )
            return written
        return 0

    def _solved(self) -> None:
        if self.state.write_error is not None:
            self._log.warning("AOF write error looks solved, Redis can write again.")
            self.state.write_error = None

    # Syncing.
    def _sync_now(self) -> None:
        started = self._clock.monotonic_us()
        try:
            self._files.fdatasync(self.fd)
        except OSError as failure:
            self.sync_failed(failure)
            return
        self._latency.add("aof-fsync-always", (self._clock.monotonic_us() - started) // 1000)
        if self.state.sync_error is None:
            self.state.durable = self.state.size

    def sync_failed(self, failure: OSError) -> None:
        """What was written may be lost, whatever later syncs say. Raises FatalAofError."""
        if self.policy.fsync is Fsync.ALWAYS:
            self._log.warning(
                "Can't persist AOF for fsync error when the AOF fsync policy is 'always': "
                f"{failure.strerror}. Exiting..."
            )
            raise FatalAofError(failure.strerror) from failure
        self._log.warning(f"Fail to fsync the AOF file: {failure.strerror}")
        self.state.sync_error = failure.errno or errno.EIO
        self.on_sync_failed()

    def _sync_later(self) -> None:
        size, generation = self.state.size, self._generation

        def done(failure: OSError | None) -> None:
            if generation != self._generation:
                return
            if failure is not None:
                self.sync_failed(failure)
            elif self.state.sync_error is None:
                self.state.durable = max(self.state.durable, size)
                self.on_synced()

        try:
            self._syncer.sync(self.fd, done)
        except OSError as failure:  # no descriptor is left: the next second has another try
            self._log.warning(f"Can't begin to fsync the AOF file: {failure.strerror}")
