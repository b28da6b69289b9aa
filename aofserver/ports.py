"""What the server needs of the world, as small interfaces; ``system`` has the real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from aoftool.ops.filesystem import FileSystem


class Clock(Protocol):
    """The time."""

    def unix_ms(self) -> int:
        """Unix time in ms."""

    def monotonic_us(self) -> int:
        """Microseconds since some moment; never goes back."""


class Syncer(Protocol):
    """Makes files durable in the background, one after the other."""

    @property
    def running(self) -> bool:
        """Whether a sync has been asked for and has not ended."""

    def sync(self, fd: int, done: Callable[[OSError | None], None]) -> None:
        """Sync a descriptor; ``done`` is called in the server's own thread.

        Raises OSError where it cannot be begun.
        """

    def close(self, fd: int) -> None:
        """Close a descriptor, which is slow where it is the last one of a deleted file."""

    def drain(self) -> None:
        """Wait until everything that was asked for has ended; ``done`` is called for each."""

    def stop(self) -> None:
        """Nothing will be asked for any more; what was is still done."""


class Children(Protocol):
    """Processes that are split off to write a snapshot.

    Attributes:
        oom_score_adj: their score for the want of memory (-1000 to 1000); None: the parent's.
    """

    oom_score_adj: int | None

    def fork(
        self, work: Callable[[], int], title: str, keep: tuple[int, ...], cpus: frozenset[int]
    ) -> int:
        """Run ``work`` in a copy of this process; its result is the exit code. The child's pid.

        ``keep``: descriptors that stay open there, beside the first three. ``cpus``: processors
        that it runs on; empty: all. Raises OSError.
        """

    def ended(self, pid: int) -> int | None:
        """The exit code of a child (negative: the signal that ended it); None while it runs."""

    def kill(self, pid: int) -> int:
        """End a child at once and wait for it; its exit code."""


@dataclass(frozen=True, slots=True)
class World:
    """All of it; ``loop`` gives the event loop that runs."""

    clock: Clock
    files: FileSystem
    syncer: Syncer
    children: Children
    loop: Callable[[], asyncio.AbstractEventLoop]
