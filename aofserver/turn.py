"""The end of a turn: first the AOF, then the replies (``beforeSleep`` in server.c).

Every command of a turn puts its reply into its session; nothing leaves before the AOF is written
and, under ``appendfsync always``, synced: one write and one sync for all clients of the turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aofserver.session import Session


class Turn:
    """Collects the sessions that have something to say, and lets it out.

    Attributes:
        before_replies: what must have happened before any reply leaves.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, before_replies: Callable[[], None]) -> None:
        self._loop = loop
        self._before_replies = before_replies
        self._sessions: list[Session] = []
        self._armed = False

    def add(self, session: Session) -> None:
        """``session`` has begun to hold bytes back."""
        self._sessions.append(session)
        if not self._armed:
            self._armed = True
            self._loop.call_soon(self.run)

    def arm(self) -> None:
        """Have a turn end soon, although no reply waits (something was written to the AOF)."""
        if not self._armed:
            self._armed = True
            self._loop.call_soon(self.run)

    def run(self) -> None:
        """End the turn."""
        self._armed = False
        self._before_replies()
        sessions, self._sessions = self._sessions, []
        for session in sessions:
            out, session.out = session.out, []
            transport = session.transport
            if transport is not None and not transport.is_closing():
                transport.write(out[0] if len(out) == 1 else b"".join(out))
                if session.closing:
                    transport.close()
