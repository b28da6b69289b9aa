"""Which clients must go because all take too much (``maxmemory-clients``; ``evictClients``)."""

from __future__ import annotations

from collections.abc import Iterable

from aofserver.clients.memory import memory_of
from aofserver.clients.registry import Clients
from aofserver.clients.session import Session
from aofserver.ground import Ground

#: A lower limit stands for this one, or nobody could talk to the server any more.
LEAST_LIMIT = 128 << 10


def limit_of(option: int, maxmemory: int) -> int:
    """The bytes that clients may take together; 0: any number (``getClientEvictionLimit``).

    ``option``: bytes, or percent of ``maxmemory`` as a negative number.
    """
    wanted = maxmemory * -option // 100 if option < 0 else option
    return max(wanted, LEAST_LIMIT) if wanted else 0


def victims(sizes: Iterable[tuple[int, Session]], limit: int) -> list[Session]:
    """The clients that must go so that all take less than ``limit``: the largest first.

    One that has said CLIENT NO-EVICT counts, and stays.
    """
    rows = sorted(sizes, key=lambda row: row[0], reverse=True)
    total, found = sum(size for size, _ in rows), []
    for size, session in rows:
        if total < limit:
            break
        if b"NO-EVICT" not in session.modes:
            found.append(session)
            total -= size
    return found


class ClientEviction:
    """Ends clients that take too much.

    Attributes:
        limit: bytes that all may take together; 0: any number.
    """

    def __init__(self, ground: Ground, clients: Clients) -> None:
        self.limit = 0
        self._ground = ground
        self._clients = clients

    def update(self) -> None:
        """An option has changed."""
        config = self._ground.config
        self.limit = limit_of(config.number("maxmemory-clients"), config.number("maxmemory"))

    def look(self) -> None:
        """End whoever must go; to be called where there is a limit."""
        ground = self._ground
        sessions = self._clients.sessions.values()
        for session in victims(((memory_of(each), each) for each in sessions), self.limit):
            ground.log.notice(f"Evicting client: {self._clients.shown(session)}")
            ground.stats.evicted_clients += 1
            self._clients.close(session)
