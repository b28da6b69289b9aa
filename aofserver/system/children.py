"""Child processes by fork(2)."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

#: Signals that a child takes as every process does, not as the server has set them.
_OWN_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE)
_MOST_FDS = 1 << 16


class ForkedChildren:
    """Copies of this process.

    Attributes:
        oom_score_adj: what is added to a child's chance to be ended for want of memory.
        cpulist: processors that children run on, or none for all.
    """

    def __init__(self, oom_score_adj: int = 200) -> None:
        self.oom_score_adj = oom_score_adj

    def fork(
        self, work: Callable[[], int], title: str, keep: tuple[int, ...], cpus: frozenset[int]
    ) -> int:
        # What is collected in a child only makes copies of pages.
        gc.freeze()
        pid = os.fork()
        if pid:
            gc.unfreeze()
            return pid
        code = 1
        try:
            gc.disable()
            self._become_child(title, keep, cpus)
            code = work()
        finally:
            os._exit(code)

    def _become_child(self, title: str, keep: tuple[int, ...], cpus: frozenset[int]) -> None:
        for number in _OWN_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's is the parent's affair
        signal.set_wakeup_fd(-1)
        _close_all_but({0, 1, 2, *keep})
        _write(Path("/proc/self/comm"), title[:15])
        _write(Path("/proc/self/oom_score_adj"), str(self.oom_score_adj))
        if cpus:
            os.sched_setaffinity(0, cpus)

    def ended(self, pid: int) -> int | None:
        found, status = os.waitpid(pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if found else None

    def kill(self, pid: int) -> int:
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status)


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
