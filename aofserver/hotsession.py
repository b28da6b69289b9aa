"""What the hot loop reads and writes of a client with every command."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from aoftool.format.speed import pick
from aoftool.keyspace.database import Database


class Turns(Protocol):
    """What lets replies out, as a client needs it."""

    armed: bool
    number: int

    def add(self, session: Any) -> None:
        """``session`` has begun to hold bytes back."""


class PureHotSession:
    """A part of a client's state; the rest is ``session.Session``.

    Attributes:
        transport: its connection's, or None when it has gone.
        db: the database it has selected; resp3: which protocol it speaks.
        out: reply bytes that leave at the end of the turn; turn: what lets them out.
        pending: commands, with their bytes, that wait for the end of a pause, or of a wait.
        plain_fd: the socket that takes them directly, or -1 where only the transport may write
            (TLS, nothing is there); behind: whether the transport may still hold some back.
        special: whether a command needs more looks than usual before it is run: a transaction is
            open, a subscription is held, it is not authenticated or may not do everything, its
            replies are off...
        closing: no more is read, and the connection ends when what stands in ``out`` has left.
        last_command: name of the command that it sent last.
        seen_s: when it last sent something: monotonic seconds.
        wrote_in: number of the turn in which it has last changed data; -1: it has not.
    """

    __slots__ = (
        "behind",
        "closing",
        "db",
        "last_command",
        "out",
        "pending",
        "plain_fd",
        "resp3",
        "seen_s",
        "special",
        "transport",
        "turn",
        "wrote_in",
    )

    def __init__(self, transport: asyncio.Transport | None, db: Database, turn: Turns) -> None:
        self.transport = transport
        self.db = db
        self.turn = turn
        self.out: list[bytes] = []
        self.pending: list[tuple[list[bytes], bytes]] = []
        self.plain_fd = -1
        self.behind = False
        self.resp3 = False
        self.special = False
        self.closing = False
        self.last_command = b"NULL"
        self.seen_s = 0.0
        self.wrote_in = -1


if TYPE_CHECKING:
    HotSession = PureHotSession
else:
    HotSession = pick("HotSession", PureHotSession)
