"""A thread that syncs and closes files while the server goes on serving (bio.c)."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from aoftool.ops.filesystem import FileSystem

Done = Callable[[OSError | None], None]


class ThreadSyncer:
    """One thread, so that syncs never overtake each other; descriptors are duplicated first.

    The duplicate keeps a file open that is replaced and closed while it is synced. ``loop`` gives
    the event loop in which ``done`` is called; without one it is called by ``drain`` alone.
    """

    def __init__(
        self, files: FileSystem, loop: Callable[[], asyncio.AbstractEventLoop] | None = None
    ) -> None:
        self._files = files
        self._loop = loop
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="aof-sync")
        self._waiting: dict[Future[None], Done] = {}

    @property
    def running(self) -> bool:
        return bool(self._waiting)

    def sync(self, fd: int, done: Done) -> None:
        copy = os.dup(fd)  # raises OSError where there are no more descriptors
        future = self._threads.submit(self._sync, copy)
        self._waiting[future] = done
        if self._loop is None:
            return
        loop = self._loop()
        future.add_done_callback(lambda ended: loop.call_soon_threadsafe(self._ended, ended))

    def _sync(self, fd: int) -> None:
        try:
            self._files.fdatasync(fd)
        finally:
            os.close(fd)

    def _ended(self, future: Future[None]) -> None:
        done = self._waiting.pop(future, None)
        if done is None:  # drained meanwhile
            return
        error = future.exception()
        if error is not None and not isinstance(error, OSError):
            error = OSError(errno.EIO, str(error))
        done(error)

    def close(self, fd: int) -> None:
        self._threads.submit(os.close, fd)

    def stop(self) -> None:
        """End the thread when everything that was asked for has ended."""
        self._threads.shutdown()

    def drain(self) -> None:
        for future in list(self._waiting):
            future.exception()
            self._ended(future)
