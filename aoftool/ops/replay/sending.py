"""Sends units over one connection, never more than a window ahead of their replies."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import hiredis

from aoftool.format.resp import encode_command
from aoftool.ops.replay.link import Link
from aoftool.ops.replay.model import Argv, ListedUnit, Position, TargetError, Unit, Window

#: Class of error replies.
ERROR = hiredis.ReplyError
#: Seconds between looks at whether the replay shall stop, while nothing happens.
_TICK = 0.1
#: Seconds of silence after which a server is asked whether it is still there: many close
#: connections on which nothing happens (``timeout``), and so do machines in between.
KEEP_ALIVE = 10.0
#: Seconds for which replies gather before they are taken: half of what the fastest target needs
#: for a command, for each that is in the socket; at most so long, and not for less than that.
_HALF, _LONGEST, _SHORTEST = 0.35e-6, 0.002, 0.0001


def error_text(error: Any) -> bytes:
    """The text of an error reply."""
    return str(error).encode("utf-8", "surrogateescape")


class Books(Protocol):
    """Who is told of what goes out and comes back (see ``Ledger``)."""

    def sent(self, unit: Unit) -> None: ...

    def error(self, unit: Unit, reply: int, text: bytes) -> None: ...

    def refused(self, unit: Unit, index: int, text: bytes) -> None: ...

    def finished(self, unit: Unit) -> None: ...


def nap(commands: int, size: int, room: int) -> float:
    """Seconds for which a target can be left alone that has ``commands`` of ``size`` bytes to do.

    One that has to wake somebody for every few replies is slower; but it must not run dry.
    ``room``: bytes of them that are in the socket. 0: it is better to wait for the socket.
    """
    there = commands * min(1.0, room / size) if size else 0.0
    seconds = min(there * _HALF, _LONGEST)
    return seconds if seconds >= _SHORTEST else 0.0


class Pipe:
    """A pipeline to one server.

    Methods raise TargetError where the target goes away; what was acknowledged is in the ledger.

    Args:
        on_error: asked for each error reply: (unit, index of the reply, error). None: the ledger.
    """

    def __init__(
        self,
        link: Link,
        window: Window,
        ledger: Books,
        on_error: Callable[[Unit, int, Any], None] | None = None,
    ) -> None:
        self.link = link
        self._window = window
        self._ledger = ledger
        self._on_error = on_error or self._note
        self._units: deque[Unit] = deque()
        self._got = 0  # replies to the first of them so far
        self._bytes = 0
        self._db = 0
        self._known = {0}
        self._spoke = time.monotonic()

    def push(self, unit: Unit) -> None:
        """Have a unit sent, as a whole; waits while the window is full."""
        if unit.db is not None and unit.db != self._db:
            self._select(unit.db)
        self._ledger.sent(unit)
        self._put(unit)
        window, link = self._window, self.link
        if link.is_due:
            link.pump(self._take)
        while self._bytes > window.bytes or link.unanswered > window.commands:
            seconds = nap(link.unanswered, self._bytes, link.room)
            if seconds:
                link.flush()
                time.sleep(seconds)
            if not link.pump(self._take):
                link.pump(self._take, _TICK)

    def _put(self, unit: Unit) -> None:
        self._spoke = time.monotonic()
        self._units.append(unit)
        self._bytes += len(unit.data)
        self.link.put(unit.data, unit.replies)

    def _select(self, db: int) -> None:
        """The first time that a database is used, wait: what follows must not go elsewhere."""
        argv = [b"SELECT", b"%d" % db]
        if db not in self._known:
            self.drain()
            reply = self.link.ask(*argv)
            if isinstance(reply, ERROR):
                raise TargetError(f"{self.link.address}: no database {db}: {reply}")
            self._known.add(db)
        else:
            self._put(_aside(argv))
        self._db = db

    def turn(self, seconds: float) -> None:
        """Take replies for so long."""
        if not self._units and time.monotonic() - self._spoke > KEEP_ALIVE:
            self._put(_aside([b"PING"]))
        self.link.pump(self._take, seconds)

    def drain(self) -> None:
        """Send everything and wait for all replies."""
        while self.link.unanswered:
            self.link.pump(self._take, _TICK)

    def _take(self, replies: list[Any]) -> None:
        kinds = set(map(type, replies))
        clean = ERROR not in kinds and list not in kinds
        at, count = 0, len(replies)
        while at < count:
            if not self._units:
                raise TargetError(f"{self.link.address}: it answers what nobody asked")
            unit = self._units[0]
            part = min(unit.replies - self._got, count - at)
            if not clean:
                for index in range(part):
                    self._look(unit, self._got + index, replies[at + index])
            self._got += part
            at += part
            if self._got == unit.replies:
                self._finish(unit)

    def _finish(self, unit: Unit) -> None:
        self._units.popleft()
        self._got = 0
        self._bytes -= len(unit.data)
        if unit.records:
            self._ledger.finished(unit)

    def _look(self, unit: Unit, index: int, reply: Any) -> None:
        if isinstance(reply, ERROR):
            if not unit.records:
                name = unit.words()[0][0].decode()
                raise TargetError(f"{self.link.address}: it refuses {name}: {reply}")
            self._on_error(unit, index, reply)
        elif unit.inner and index == unit.replies - 1 and isinstance(reply, list):
            for inner, answer in enumerate(reply):
                if isinstance(answer, ERROR):
                    self._on_error(unit, inner + 1, answer)  # behind MULTI

    def _note(self, unit: Unit, index: int, error: Any) -> None:
        if unit.inner and index in (0, unit.replies - 1):
            # MULTI or EXEC itself: nothing of the transaction was done.
            for record in range(unit.records):
                self._ledger.refused(unit, record, error_text(error))
            return
        self._ledger.error(unit, index, error_text(error))


def _aside(argv: Argv) -> Unit:
    """A command that stands for no record of the source."""
    return ListedUnit(encode_command(argv), None, Position(), [argv], [], [0])
