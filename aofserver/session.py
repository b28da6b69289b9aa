"""What one client owns."""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import TYPE_CHECKING

from aoftool.keyspace.command import Command
from aoftool.keyspace.database import Database
from aoftool.keyspace.keyspecs import Argv

if TYPE_CHECKING:
    from aofserver.blocking import Blocked
    from aofserver.turn import Turn


class Found(Enum):
    """What WATCH has found at a key: EXPIRED stands there still, but its time has come."""

    NOTHING = 0
    VALUE = 1
    EXPIRED = 2


class Transaction:
    """Commands queued behind MULTI.

    Attributes:
        queue: command, its words, and the bytes that it came as.
        broken: one of them was refused when it was queued, so EXEC will refuse them all.
    """

    __slots__ = ("broken", "queue")

    def __init__(self) -> None:
        self.queue: list[tuple[Command, Argv, bytes]] = []
        self.broken = False


class Session:
    """A client's state between its commands.

    Attributes:
        id: its number, from 1 up; name: as CLIENT SETNAME gave it.
        db: the database it has selected.
        out: reply bytes that leave at the end of the turn.
        resp3: which protocol it speaks.
        authenticated: whether it may do more than AUTH and HELLO.
        transaction: what MULTI has begun, or None.
        watched: (database, key) pairs of WATCH, with what was there; dirty_watch:
            whether one of them was changed.
        special: whether a command needs more looks than usual before it is run: a transaction is
            open, a subscription is held, it is not authenticated, its replies are off...
        closing: no more is read, and the connection ends when what stands in ``out`` has left.
        reply_mode: ON, OFF, SKIP (this reply is left out) or SKIP_NEXT, as of CLIENT REPLY.
        modes: what CLIENT NO-EVICT and NO-TOUCH have turned on; library: of CLIENT SETINFO.
        monitoring: whether it is told every command (MONITOR).
        is_unix: whether it came by a unix socket; is_local: from this host.
        pending: commands that wait for the end of a pause, or of a wait.
        blocked: what it waits for, or None.
        subscriptions: names of channels, patterns ("p") and shard channels ("s") by that letter;
            empty while there are none.
        last_command: name of the command that it sent last.
        created_s, seen_s: when it came, and when it last sent something: monotonic seconds.
    """

    __slots__ = (
        "address",
        "authenticated",
        "blocked",
        "closing",
        "created_s",
        "db",
        "dirty_watch",
        "id",
        "is_unix",
        "laddr",
        "last_command",
        "library",
        "modes",
        "monitoring",
        "name",
        "out",
        "pending",
        "reply_mode",
        "resp3",
        "seen_s",
        "special",
        "subscriptions",
        "transaction",
        "transport",
        "turn",
        "watched",
    )

    def __init__(
        self, number: int, transport: asyncio.Transport | None, db: Database, turn: Turn
    ) -> None:
        self.id = number
        self.transport = transport
        self.turn = turn
        self.db = db
        self.address = b""
        self.laddr = b""
        self.name = b""
        self.library: dict[bytes, bytes] = {}
        self.out: list[bytes] = []
        self.modes: set[bytes] = set()
        self.monitoring = False
        self.is_unix = False
        self.pending: list[tuple[list[bytes], bytes]] = []
        self.blocked: Blocked | None = None
        self.subscriptions: dict[bytes, dict[bytes, None]] = {}
        self.resp3 = False
        self.authenticated = True
        self.transaction: Transaction | None = None
        self.watched: dict[tuple[int, bytes], Found] = {}
        self.dirty_watch = False
        self.special = False
        self.closing = False
        self.reply_mode = b"ON"
        self.created_s = self.seen_s = 0.0
        self.last_command = b"NULL"

    def update_special(self) -> None:
        """Work out ``special`` anew, after anything that it depends on has changed."""
        self.special = (
            self.transaction is not None
            or not self.authenticated
            or self.reply_mode != b"ON"
            or self.blocked is not None
            or bool(self.pending)
            or bool(self.subscriptions)
        )

    def send(self, data: bytes) -> None:
        """Have bytes leave at the end of the turn."""
        if not self.out:
            self.turn.add(self)
        self.out.append(data)

    @property
    def waiting(self) -> int:
        """Bytes of replies that have not left yet."""
        held = self.transport.get_write_buffer_size() if self.transport is not None else 0
        return held + sum(map(len, self.out))

    @property
    def fd(self) -> int:
        """The number of its socket, or -1."""
        found = self.transport.get_extra_info("socket") if self.transport is not None else None
        return found.fileno() if found is not None else -1

    @property
    def is_local(self) -> bool:
        """Whether it came from this host."""
        return self.is_unix or self.address.startswith((b"127.0.0.1:", b"[::1]:"))
