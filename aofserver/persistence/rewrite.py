"""A rewrite that runs: the child, the pipes to it, and what becomes of its file.

The layout is that of a single file (``rewriteAppendOnlyFileBackground`` and
``backgroundRewriteDoneHandler`` in aof.c): what is written meanwhile goes to the child through a
pipe, and what is left of it when the child has ended is appended by the parent.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from aofserver.log import CHILD, Log
from aofserver.measures.latency import Latency
from aofserver.persistence.child import ACK, ChildPipes, Output, rewrite_child
from aofserver.persistence.dataset import Dataset
from aofserver.persistence.diff import DiffBuffer
from aofserver.persistence.news import News, Reporter
from aofserver.ports import World
from aoftool.ops.filesystem import write_all

TITLE = "redis-aof-rewrite"


@dataclass(slots=True)
class Tools:
    """What everything that splits off children works with."""

    world: World
    log: Log
    latency: Latency


class RunningRewrite:
    """One rewrite, from the fork to the end of its child.

    Attributes:
        pid: the child; diff: what it was not sent yet; news: what it tells of itself.
    """

    def __init__(
        self,
        tools: Tools,
        folder: Path,
        dataset: Dataset,
        incremental: bool,
        cpus: frozenset[int],
    ) -> None:
        """Split off the child. Raises OSError."""
        self._tools = tools
        self.diff = DiffBuffer(tools.log)
        self._folder = folder
        self._stopped = False
        self._writing = False
        (
            (diff_out, self._diff),
            (self._from_child, to_parent),
            (from_parent, self._to_child),
            (info, info_in),
        ) = _pipes(4)
        for fd in (diff_out, self._diff, self._from_child):
            os.set_blocking(fd, False)
        self.news = News(info, len(dataset), tools.world.clock)
        theirs = ChildPipes(diff_out, to_parent, from_parent, info_in)

        def work() -> int:
            tools.log.role = CHILD
            me = os.getpid()
            output = Output(
                folder / f"temp-rewriteaof-{me}.aof", final_name(folder, me), incremental
            )
            chunks = dataset.aof_chunks(Reporter(info_in).wrote)
            return rewrite_child(chunks, output, theirs, tools.world.files, tools.log.warning)

        try:
            self.pid = tools.world.children.fork(work, TITLE, theirs.all(), cpus)
        except BaseException:
            self._close_ours()
            raise
        finally:
            for fd in theirs.all():
                os.close(fd)
        tools.world.loop().add_reader(self._from_child, self._child_spoke)

    @property
    def file(self) -> Path:
        """The file that the child leaves when all went well."""
        return final_name(self._folder, self.pid)

    # While the child runs.
    def feed(self, data: bytes) -> None:
        """Take what was fed to the AOF."""
        self.diff.append(data)
        if not self._writing and not self._stopped:
            self._writing = True
            self._tools.world.loop().add_writer(self._diff, self._pipe_is_writable)

    def _pipe_is_writable(self) -> None:
        started = self._tools.world.clock.monotonic_us()
        try:
            self.diff.send(lambda view: os.write(self._diff, view))
        except BlockingIOError:
            return
        except OSError:  # the child has gone; its end will be seen
            self._stop_sending()
        finally:
            elapsed_ms = (self._tools.world.clock.monotonic_us() - started) // 1000
            self._tools.latency.add("aof-rewrite-diff-write", elapsed_ms)
        if self._writing:
            self._writing = False
            self._tools.world.loop().remove_writer(self._diff)

    def _child_spoke(self) -> None:
        """The child asks for an end of the diff: send no more, and say so."""
        try:
            word = os.read(self._from_child, 1)
        except BlockingIOError:
            return
        self._tools.world.loop().remove_reader(self._from_child)
        if word != ACK:
            return
        self._tools.log.notice("AOF rewrite child asks to stop sending diffs.")
        self._stop_sending()
        try:
            os.write(self._to_child, ACK)
        except OSError as error:
            self._tools.log.warning(f"Can't send ACK to AOF child: {error.strerror}")

    def _stop_sending(self) -> None:
        self._stopped = True
        if self._writing:
            self._writing = False
            self._tools.world.loop().remove_writer(self._diff)

    # When it has ended.
    def close(self) -> None:
        """Give the pipes back."""
        self._stop_sending()
        self._tools.world.loop().remove_reader(self._from_child)
        self._close_ours()

    def _close_ours(self) -> None:
        for fd in (self._diff, self._from_child, self._to_child):
            os.close(fd)
        self.news.close()

    def append_rest(self) -> int:
        """Append what the child did not get to its file, and sync it; bytes of the file.

        The sync comes before the file gets its name: what it replaces may be durable already.
        Raises OSError.
        """
        files = self._tools.world.files
        fd = files.open(self.file, os.O_WRONLY | os.O_APPEND)
        try:
            rest = b"".join(self.diff.take())
            if rest:
                write_all(files, fd, rest)
                files.fdatasync(fd)
            self._tools.log.notice(
                f"Residual parent diff successfully flushed to the rewritten AOF "
                f"({len(rest) / (1 << 20):.2f} MB)"
            )
            return self._size(fd)
        finally:
            files.close(fd)

    def _size(self, fd: int) -> int:
        """How large a file is (``aofUpdateCurrentSize``), which a slow disk may be slow to say."""
        clock = self._tools.world.clock
        began = clock.monotonic_us()
        size = os.fstat(fd).st_size
        self._tools.latency.add("aof-fstat", (clock.monotonic_us() - began) // 1000)
        return size

    def remove_files(self) -> None:
        """Take away what a child has left that did not end well."""
        for path in (self._folder / f"temp-rewriteaof-{self.pid}.aof", self.file):
            try:
                self._tools.world.files.unlink(path)
            except OSError:
                continue


def _pipes(count: int) -> list[tuple[int, int]]:
    """So many pipes, or none. Raises OSError."""
    made: list[tuple[int, int]] = []
    try:
        for _ in range(count):
            made.append(os.pipe())
    except OSError:
        for fd in (fd for pipe in made for fd in pipe):
            os.close(fd)
        raise
    return made


def final_name(folder: Path, pid: int) -> Path:
    """What a child calls the file that it has finished."""
    return folder / f"temp-rewriteaof-bg-{pid}.aof"
