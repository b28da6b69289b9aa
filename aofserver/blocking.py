"""Clients that wait for data, and are served when a key has some (blocked.c).

A command that found nothing is run again when one of its keys is ready: right after the command,
the transaction or the script that made it so, before anybody else's. Of several ready keys the one
that became ready first comes first, and of several clients the one that has waited longest.
"""

from __future__ import annotations

from aofserver.clients.session import Session, peer_of
from aofserver.ground import Ground
from aofserver.persistence.manager import Persistence
from aofserver.replies import encode
from aofserver.waits import WAITS, Blocked, Place, timed_out
from aoftool.format.resp.replies import NULL_ARRAY, ErrorReply, Reply
from aoftool.keyspace.command import Command
from aoftool.keyspace.context import NO_EVENT, Style
from aoftool.keyspace.database import Database
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.values import type_name

_UNBLOCKED = ErrorReply(b"UNBLOCKED client unblocked via CLIENT UNBLOCK")
#: What Redis 6 answers in place of the command's own error.
_NO_GROUP = ErrorReply(b"NOGROUP the consumer group this client was blocked on no longer exists")
#: Changes of a stream that can give nothing to those who wait.
_QUIET = frozenset((
    b"xdel", b"xtrim", b"xsetid", b"xgroup-create", b"xgroup-setid", b"xgroup-createconsumer",
    b"xgroup-delconsumer",
))  # fmt: skip


def _reply_now(blocked: Blocked) -> Reply:
    """What a client is answered whose time has run out."""
    return blocked.nothing if blocked.ends is None else blocked.ends()[1]


class Blocking:
    """All clients that wait; true while a change of some key may matter to one of them."""

    def __init__(self, ground: Ground, persistence: Persistence) -> None:
        """``persistence``: that of WAITAOF."""
        self._ground = ground
        self._persistence = persistence
        self._sessions: dict[int, Session] = {}
        self._queues: dict[Place, dict[Session, Blocked]] = {}
        #: Keys with a queue that have changed, in that order.
        self._ready: dict[Place, None] = {}

    def __bool__(self) -> bool:
        return bool(self._queues)

    def __len__(self) -> int:
        """How many clients wait."""
        return len(self._sessions)

    @property
    def keys(self) -> int:
        """How many keys are waited for."""
        return len(self._queues)

    @property
    def keys_until_gone(self) -> int:
        """How many of them are waited for by a client that also wants to know of their end."""
        return sum(
            any(blocked.wait.needs_group for blocked in queue.values())
            for queue in self._queues.values()
        )

    @property
    def timed(self) -> int:
        """How many clients do not wait without end."""
        found = [session.blocked for session in self._sessions.values()]
        return sum(blocked is not None and blocked.timer is not None for blocked in found)

    # To wait.
    def begin(self, session: Session, command: Command, argv: Argv, reply: Reply) -> bool:
        """Have a client wait that got ``reply``; whether it may (``blockForKeys``)."""
        wait = WAITS.get(command.name)
        if wait is None or isinstance(reply, ErrorReply):
            return False
        if wait.kind and reply is not None and reply is not NULL_ARRAY:
            return False
        ctx, argv = self._ground.ctx, [command.name, *argv[1:]]  # it may be called another
        timeout_ms = wait.timeout(ctx, argv)
        if timeout_ms is None:
            return False
        ends = wait.ends(self._persistence, session, argv) if wait.ends is not None else None
        if ends is not None and ends()[0]:
            return False
        fixed = wait.fix(ctx, list(argv))
        places = [(ctx.db.index, key) for key in wait.keys(command, fixed)]
        blocked = Blocked(wait, command, fixed, list(dict.fromkeys(places)), timed_out(reply))
        blocked.ends = ends
        blocked.quiet = session.reply_mode != b"ON"
        if timeout_ms:
            blocked.timer = self._ground.turn.after(
                timeout_ms / 1000, lambda: self._time_out(session)
            )
        session.blocked = blocked
        session.update_special()
        self._sessions[session.id] = session
        watched = bool(self._queues)
        for place in blocked.places:
            self._queues.setdefault(place, {})[session] = blocked
        if not watched:
            self._ground.listen()
        return True

    # To be served.
    def changed(self, event: bytes, key: bytes, database: Database) -> None:
        """A key was changed (``signalKeyAsReady``), or, without event and key, a whole database."""
        if event in _QUIET:
            return
        if key or event is not NO_EVENT:
            self._mark((database.index, key))
            return
        for place in self._queues:
            if place[0] == database.index:
                self._mark(place)

    def _mark(self, place: Place) -> None:
        if place not in self._queues:
            return
        if not self._ready:
            self._ground.dispatcher.afterwards.append(self.serve)
        self._ready[place] = None

    def serve(self) -> None:
        """Serve who waits for keys that have changed (``handleClientsBlockedOnKeys``)."""
        while self._ready:
            place = next(iter(self._ready))
            queue = self._queues.get(place, {})
            # What is served may make the same key ready again.
            del self._ready[place]
            for session, blocked in list(queue.items()):
                if session.blocked is blocked and self._may_end(blocked, place):
                    self._try(session, blocked, place[1])

    def _may_end(self, blocked: Blocked, place: Place) -> bool:
        index, key = place
        value = self._ground.keyspace.databases[index].data.get(key)
        if value is not None and type_name(value) == blocked.wait.kind:
            return True
        return blocked.wait.needs_group and self._ground.ctx.options.style is Style.REDIS_7

    def _try(self, session: Session, blocked: Blocked, key: bytes) -> None:
        """Make the call again; if it still finds nothing, its client goes on waiting."""
        dispatcher, ctx = self._ground.dispatcher, self._ground.ctx
        old = ctx.options.style is Style.REDIS_6
        ctx.session, ctx.resp3 = session, session.resp3
        ctx.db = ctx.keyspace.databases[blocked.places[0][0]]
        argv = blocked.wait.narrow(blocked.argv, key) if old else blocked.argv
        reply = dispatcher.again(blocked.command, argv)
        if reply is None or reply is NULL_ARRAY:
            return
        if old and isinstance(reply, ErrorReply) and reply.text.startswith(b"NOGROUP"):
            reply = _NO_GROUP
        self._end(session, reply)

    def look(self) -> None:
        """Answer those whose wait is over without any key (``processClientsWaitingReplicas``)."""
        for session in list(self._sessions.values()):
            if session.blocked is not None and session.blocked.ends is not None:
                over, reply = session.blocked.ends()
                if over:
                    self._end(session, reply)

    # To wait no more.
    def _time_out(self, session: Session) -> None:
        if session.blocked is not None:
            self._end(session, _reply_now(session.blocked))

    def unblock(self, session: Session, error: bool) -> bool:
        """CLIENT UNBLOCK: as if its time had run out, or with an error; whether it waited."""
        if session.blocked is None:
            return False
        if error:
            self._ground.stats.error(_UNBLOCKED.text)
        self._end(session, _UNBLOCKED if error else _reply_now(session.blocked))
        return True

    def _end(self, session: Session, reply: Reply) -> None:
        """Answer, and let the client go on when all commands that run are done."""
        blocked = session.blocked
        self.forget(session)
        if blocked is not None and not blocked.quiet:
            session.send(encode(reply, session.resp3))
        self._ground.turn.later(lambda: self._go_on(session))

    def _go_on(self, session: Session) -> None:
        if session.transport is not None and session.blocked is None:
            peer_of(session).go_on()

    def forget(self, session: Session) -> None:
        """A client waits no more, or has gone."""
        blocked = session.blocked
        if blocked is None:
            return
        session.blocked = None
        session.update_special()
        del self._sessions[session.id]
        if blocked.timer is not None:
            blocked.timer.cancel()
        for place in blocked.places:
            queue = self._queues[place]
            del queue[session]
            if not queue:
                del self._queues[place]
        if blocked.places and not self._queues:
            self._ground.listen()
