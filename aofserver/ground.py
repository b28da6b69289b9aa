"""What every part of a server stands on; the parts themselves are put together in ``parts``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aofserver.config import Config
from aofserver.context import ClientContext
from aofserver.dispatch import Dispatcher
from aofserver.log import Log
from aofserver.measures.latency import Latency
from aofserver.measures.stats import Stats
from aofserver.persistence.loader import Loading
from aofserver.ports import Clock, World
from aofserver.turn import Turn
from aoftool.keyspace.keyspace import Keyspace


def _nothing() -> None:
    """Nobody wants to know."""


@dataclass(slots=True)
class Ground:
    """The things that there is one of.

    Attributes:
        ctx: the context of the command that runs.
        loading: how far a load has come, or None when everything is loaded.
        is_busy: whether a script runs for too long, and others are answered meanwhile: the data
            are not to be touched.
        refresh: to be called when commands must be looked at for another reason than before.
        listen: to be called when a part begins or ends to want to know of changes of keys.
    """

    world: World
    config: Config
    log: Log
    stats: Stats
    latency: Latency
    keyspace: Keyspace
    ctx: ClientContext
    dispatcher: Dispatcher
    turn: Turn
    loading: Loading | None = None
    is_busy: Callable[[], bool] = lambda: False
    refresh: Callable[[], None] = _nothing
    listen: Callable[[], None] = _nothing

    @property
    def clock(self) -> Clock:
        """The time."""
        return self.world.clock

    @property
    def now_s(self) -> float:
        """Monotonic seconds."""
        return self.world.clock.monotonic_us() / 1_000_000
