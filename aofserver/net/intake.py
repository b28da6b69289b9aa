"""One look a turn at all plain sockets: which clients have sent something (``aeProcessEvents``).

An event loop makes a callback of every socket that can be read, and its transport reads it. Here
the sockets of all plain clients stand in one epoll, which the loop watches as one descriptor: a
turn is one callback, which reads them all, has their commands served, and lets their replies out.
What is left to the transports is what takes time: to write what a client does not take at once, and
to end. TLS, and systems without epoll, are read by the transports.
"""

from __future__ import annotations

import asyncio
import select
import weakref
from collections.abc import Callable

from aofserver.hotloop import Reader, read_ready
from aofserver.turn import Turn

#: Whether the system has what this needs.
POSSIBLE = hasattr(select, "epoll")
#: Clients that are enough for one sync.
MOST_GATHERED = 256


class SocketReading:
    """How a reader has its socket read or not: as of a transport.

    Readers hold theirs, so it does not hold them: what is left in a circle when a client has gone
    is only found by a collection that looks at all data, and there is none.
    """

    __slots__ = ("_epoll", "_fd", "_read", "_reader")

    def __init__(
        self, epoll: select.epoll, read: dict[int, Reader], fd: int, reader: Reader
    ) -> None:
        self._epoll = epoll
        self._read = read
        self._fd = fd
        self._reader = weakref.ref(reader)

    def pause_reading(self) -> None:
        """Read it no more for now; nothing happens where it is not read."""
        if self._read.pop(self._fd, None) is not None:
            self._epoll.unregister(self._fd)

    def resume_reading(self) -> None:
        """Read it again."""
        reader = self._reader()
        if reader is not None and self._fd not in self._read:
            self._read[self._fd] = reader
            self._epoll.register(self._fd, select.EPOLLIN)


class Intake:
    """Reads the sockets of plain clients."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, turn: Turn, gathers: Callable[[], bool]
    ) -> None:
        """``gathers``: whether a turn ends only when no more clients join it.

        Under ``always`` one sync costs the same for many as for few.
        """
        self._gathers = gathers
        self._loop = loop
        self._turn = turn
        self._readers: dict[int, Reader] = {}
        self._epoll = select.epoll()
        self.watch()

    def watch(self) -> None:
        """Be called by the loop when anybody has sent something.

        A loop enters the context of a callback only once at a time. Who wants to be served from
        inside a turn calls this before, which makes another one.
        """
        self._loop.add_reader(self._epoll.fileno(), self._ready)

    def reading(self, fd: int, reader: Reader) -> SocketReading:
        """Read this socket from now on, for that reader."""
        reading = SocketReading(self._epoll, self._readers, fd, reader)
        reading.resume_reading()
        return reading

    def close(self) -> None:
        """Read nothing any more."""
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()
        self._readers.clear()

    def _ready(self) -> None:
        """Serve whoever has sent something, and end the turn.

        A script that runs for too long has this called again, from inside.
        """
        turn = self._turn
        outer, turn.held = turn.held, True
        try:
            read_ready(self._readers, self._epoll.poll(0))
            if self._gathers():
                self._gather()
        finally:
            turn.held = outer
            if turn.armed:
                turn.run()

    def _gather(self) -> None:
        """Go on while others join that may not be the last ones."""
        joined, now = 0, len(self._turn.sessions)
        while joined < now < MOST_GATHERED:
            read_ready(self._readers, self._epoll.poll(0))
            joined, now = now, len(self._turn.sessions)
