"""Clients that read too slowly: how much may wait for them (``client-output-buffer-limit``)."""

from __future__ import annotations

from aofserver.clients.registry import Clients
from aofserver.clients.session import Session
from aofserver.config.listkinds import OutputLimit
from aofserver.ground import Ground

#: Bytes that wait in a transport before it tells of them, where no limit is lower.
HIGH_WATER = 1 << 20


#: Kinds of clients that there are here.
KINDS = ("normal", "pubsub")


def kind_of(session: Session) -> str:
    """Which limits are those of a client (``getClientType``)."""
    return "pubsub" if session.subscriptions else "normal"


def is_over(limit: OutputLimit, waiting: int, over_s: float) -> bool:
    """Whether a client must be closed (``checkClientOutputBufferLimits`` in networking.c).

    ``waiting``: bytes of replies; ``over_s``: seconds since they began to be over the soft limit.
    """
    if limit.hard and waiting >= limit.hard:
        return True
    return bool(limit.soft) and waiting >= limit.soft and over_s > limit.seconds


class Outputs:
    """Watches the clients whose transports hold replies back."""

    def __init__(self, ground: Ground, clients: Clients) -> None:
        self._ground = ground
        self._clients = clients
        #: When each of them came to be over its soft limit: monotonic seconds, 0: it is not.
        self._since: dict[int, float] = {}

    @property
    def high_water(self) -> int:
        """Waiting bytes from which on a transport must tell of them."""
        sizes = [HIGH_WATER]
        for limit in map(self._limit, KINDS):
            sizes += [size for size in (limit.hard, limit.soft) if size]
        return min(sizes)

    def _limit(self, kind: str) -> OutputLimit:
        found: OutputLimit = self._ground.config["client-output-buffer-limit"][kind]
        return found

    def watch(self, session: Session) -> None:
        """A transport has begun to hold back more than ``high_water``."""
        self._since.setdefault(session.id, 0.0)
        self._look(session)

    def added(self, session: Session) -> None:
        """More was given to a client that may be watched."""
        if session.id in self._since:
            self._look(session)

    def forget(self, session: Session) -> None:
        """A client has gone, or has caught up."""
        self._since.pop(session.id, None)

    def tick(self) -> None:
        """Look at all that are watched."""
        sessions = self._clients.sessions
        for number in list(self._since):
            if number in sessions:
                self._look(sessions[number])
            else:
                del self._since[number]

    def update(self) -> None:
        """The limits have changed."""
        for session in self._clients.sessions.values():
            if session.transport is not None:
                session.transport.set_write_buffer_limits(high=self.high_water)

    def _look(self, session: Session) -> None:
        ground, limit = self._ground, self._limit(kind_of(session))
        now_s = ground.now_s
        waiting = session.waiting
        if not limit.soft or waiting < limit.soft:
            self._since[session.id] = 0.0
        elif not self._since[session.id]:
            self._since[session.id] = now_s
        since = self._since[session.id]
        if not is_over(limit, waiting, now_s - since if since else 0.0):
            return
        line = self._clients.shown(session)
        ground.log.warning(
            f"Client {line} scheduled to be closed ASAP for overcoming of output buffer limits."
        )
        ground.stats.output_limit_disconnections += 1
        self._clients.close(session)
