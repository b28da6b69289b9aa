"""What one client owns."""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Protocol, cast

from aofserver.acl.users import User
from aofserver.hotsession import HotSession, Turns
from aofserver.messages.trackingtable import Tracked
from aofserver.waits import Blocked
from aoftool.keyspace.command import Command
from aoftool.keyspace.database import Database
from aoftool.keyspace.keyspecs import Argv


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


class Peer(Protocol):
    """A client's connection, as other parts need it."""

    def go_on(self) -> None:
        """A pause or a wait is over: run what has waited, then what has come meanwhile."""

    def stop_reading(self) -> None:
        """What it sends is for later; ``read_on`` undoes it."""

    @property
    def unread(self) -> int:
        """Bytes that have come of a command that is not whole yet."""

    def read_on(self) -> None:
        """Something else than a pause is over for which the client was not read."""

    def limit_bulk(self, size: int) -> None:
        """``proto-max-bulk-len`` has changed."""


class Session(HotSession):
    """A client's state between its commands, beside what ``HotSession`` holds of it.

    Attributes:
        id: its number, from 1 up; name: as CLIENT SETNAME gave it.
        user: who it is; None: somebody who may do everything.
        logged_in: whether it has shown that it is; authenticated: whether it may do more than AUTH
            and HELLO, because of that or because nobody has to.
        transaction: what MULTI has begun, or None.
        watched: (database, key) pairs of WATCH, with what was there; dirty_watch:
            whether one of them was changed.
        only_ruled: whether it is ``special`` for nothing but that its user may not do everything.
        reply_mode: ON, OFF, SKIP (this reply is left out) or SKIP_NEXT, as of CLIENT REPLY.
        modes: what CLIENT NO-EVICT and NO-TOUCH have turned on; library: of CLIENT SETINFO.
        monitoring: whether it is told every command (MONITOR).
        is_unix: whether it came by a unix socket; is_local: from this host.
        blocked: what it waits for, or None.
        subscriptions: names of channels, patterns ("p") and shard channels ("s") by that letter;
            empty while there are none.
        tracking: how it is told of changes to what it has read, or None.
        created_s: when it came: monotonic seconds.
    """

    __slots__ = (
        "address",
        "authenticated",
        "blocked",
        "created_s",
        "dirty_watch",
        "id",
        "is_unix",
        "laddr",
        "library",
        "logged_in",
        "modes",
        "monitoring",
        "name",
        "only_ruled",
        "reply_mode",
        "subscriptions",
        "tracking",
        "transaction",
        "user",
        "watched",
    )

    def __init__(
        self, number: int, transport: asyncio.Transport | None, db: Database, turn: Turns
    ) -> None:
        super().__init__(transport, db, turn)
        self.id = number
        self.address = b""
        self.laddr = b""
        self.name = b""
        self.library: dict[bytes, bytes] = {}
        self.modes: set[bytes] = set()
        self.monitoring = False
        self.is_unix = False
        self.blocked: Blocked | None = None
        self.subscriptions: dict[bytes, dict[bytes, None]] = {}
        self.tracking: Tracked | None = None
        self.user: User | None = None
        self.logged_in = self.authenticated = True
        self.transaction: Transaction | None = None
        self.watched: dict[tuple[int, bytes], Found] = {}
        self.dirty_watch = False
        self.only_ruled = False
        self.reply_mode = b"ON"
        self.created_s = 0.0

    def update_special(self) -> None:
        """Work out ``special`` anew, after anything that it depends on has changed."""
        ruled = self.user is not None and not self.user.is_free
        otherwise = (
            self.transaction is not None
            or not self.authenticated
            or self.reply_mode != b"ON"
            or self.blocked is not None
            or bool(self.pending)
            or bool(self.subscriptions)
            or b"NO-TOUCH" in self.modes
            or (self.tracking is not None and not self.tracking.bcast)
        )
        self.special = ruled or otherwise
        self.only_ruled = ruled and not otherwise

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


def peer_of(session: Session) -> Peer:
    """The connection of a client that is there."""
    assert session.transport is not None
    return cast("Peer", session.transport.get_protocol())
