"""The end of a turn: first the AOF, then the replies (``beforeSleep`` in server.c).

Every command of a turn puts its reply into its session; nothing leaves before the AOF is written
and, under ``appendfsync always``, synced: one write and one sync for all clients of the turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aofserver.clients.session import Session
from aofserver.hotloop import let_out
from aofserver.measures.stats import Stats


class Turn:
    """Collects the sessions that have something to say, and lets it out.

    Attributes:
        before_replies: what must have happened before any reply leaves.
        armed: whether it will end soon, because something has begun it.
        sessions: who has something to say.
        number: how many have ended before it.
        held: whether somebody else will see to its end (``net.intake``).
    """

    def __init__(
        self,
        loop: Callable[[], asyncio.AbstractEventLoop],
        before_replies: Callable[[], None],
        stats: Stats | None = None,
    ) -> None:
        self._loop = loop
        self._stats = stats or Stats()
        self._before_replies = before_replies
        self.sessions: list[Session] = []
        self.number = 0
        self.held = False
        self._ended = False
        self.armed = False

    def add(self, session: Session) -> None:
        """``session`` has begun to hold bytes back."""
        self.sessions.append(session)
        self.arm()

    def later(self, call: Callable[[], None]) -> None:
        """Have something done when the commands that are being served are done."""
        self._loop().call_soon(call)

    def after(self, seconds: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        """Have something done between two turns, a while from now, unless it is cancelled."""
        return self._loop().call_later(seconds, call)

    def arm(self) -> None:
        """Have a turn end soon, although no reply waits (something was written to the AOF)."""
        if not self.armed:
            self.armed = True
            if not self.held:
                self._loop().call_soon(self.run)

    def end(self) -> None:
        """Let out what waits, and nothing any more: what is run after it will not be kept."""
        self.run()
        self._ended = True

    def run(self) -> None:
        """End the turn."""
        self.armed = False
        if self._ended:
            return
        self._before_replies()
        self.number += 1
        sessions, self.sessions = self.sessions, []
        let_out(sessions, self._stats)
