"""Child processes by fork(2)."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from aofserver.system.process import set_oom_score

#: Signals that a child takes as every process does, not as the server has set them.
_OWN_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_MOST_FDS = 1 << 16


class ForkedChildren:
    """Copies of this process.

    Attributes:
        oom_score_adj: a child's score for the want of memory (-1000 to 1000); None: the parent's.
        cpulist: processors that children run on, or none for all.
    """

    def __init__(self) -> None:
        self.oom_score_adj: int | None = None

    def fork(
        self, work: Callable[[], int], title: str, keep: tuple[int, ...], cpus: frozenset[int]
    ) -> int:
        # A signal that the child gets before it has handlers of its own would be told to the parent
        # through the pipe by which asyncio learns of signals.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        pid = -1
        try:
            pid = os.fork()
        finally:
            if pid:  # here, whether there is a child or not
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if pid:
            return pid
        code = 1
        try:
            gc.disable()  # a collection would write to the pages of every container
            self._become_child(title, keep, cpus)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            code = work()
        finally:
            os._exit(code)

    def _become_child(self, title: str, keep: tuple[int, ...], cpus: frozenset[int]) -> None:
        for number in _OWN_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's is the parent's affair
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # a parent that has gone is an error to tell
        signal.set_wakeup_fd(-1)
        _close_all_but({0, 1, 2, *keep})
        _write(Path("/proc/self/comm"), title[:15])
        if self.oom_score_adj is not None:
            with suppress(OSError):
                set_oom_score(self.oom_score_adj)
        if cpus:
            os.sched_setaffinity(0, cpus)

    def ended(self, pid: int) -> int | None:
        found, status = os.waitpid(pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if found else None

    def kill(self, pid: int) -> int:
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status)


def cpu_numbers(text: str) -> frozenset[int]:
    """A list of processors (``0,2-6:2``); empty for none. Raises ValueError."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        span, _, step = part.partition(":")
        first, _, last = span.partition("-")
        found.update(range(int(first), int(last or first) + 1, int(step or 1)))
    return frozenset(found)


def is_alive(pid: int) -> bool:
    """Whether another process of that number runs; one that has ended and waits for its parent
    does not.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return pid != os.getpid() and not stat.rpartition(b")")[2].lstrip().startswith(b"Z")


def _close_all_but(keep: set[int]) -> None:
    try:
        found = [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]
    except OSError:
        found = list(range(_MOST_FDS))
    for fd in found:
        if fd not in keep:
            try:
                os.close(fd)
            except OSError:  # that of the listing itself
                continue


def _write(path: Path, text: str) -> None:
    with suppress(OSError):
        path.write_text(text)
