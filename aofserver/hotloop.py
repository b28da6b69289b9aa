"""The hottest loop of the server: whole requests to replies and AOF bytes.

Where nothing unusual is going on, a command is looked up by its name as it was spelled, run,
answered, and fed as the bytes that it came as; commands that stand side by side in a pipeline are
fed together. Everything else is left to the dispatcher.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from time import perf_counter_ns
from typing import Protocol

from aofserver.clients.session import Session
from aofserver.context import ClientContext
from aofserver.measures.stats import CommandStats, Stats
from aofserver.persistence.feed import Feed
from aofserver.propagation import Propagation
from aofserver.replies import encode
from aoftool.errors import CorruptError
from aoftool.format.resp.decode import decode_commands_at
from aoftool.format.speed import pick
from aoftool.keyspace.command import Command, Handler
from aoftool.keyspace.database import Database
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspecs import Argv

#: Commands that are decoded at once.
MOST = 10_000
#: Bytes that are read at once.
AT_ONCE = 256 * 1024

#: What is looked up by a command's name: its handler, its arity, how many words make it stand in
#: the AOF as it came (0: any number; -1: none), its counters, its declaration.
Known = tuple[Handler, int, int, CommandStats, Command]


class Runner(Protocol):
    """What runs what this loop does not; see ``dispatch.Dispatcher``."""

    ctx: ClientContext
    propagation: Propagation
    known: dict[bytes, Known]
    special: bool
    slow_nanos: int
    on_slow: Callable[[Session, Argv, int], None]
    afterwards: list[Callable[[], None]]

    def unusual(self, session: Session, argv: Argv, raw: bytes) -> None:
        """Run a command that must be looked at closely."""

    def failed(self, session: Session, stats: CommandStats, error: CommandError) -> None:
        """A command ended with an error."""

    def finish(self) -> None:
        """Do what has to follow a command."""


class Desk(Protocol):
    """Where what clients send comes in; see ``net.reception.Reception``."""

    @property
    def dispatcher(self) -> Runner:
        """What runs commands."""

    def begin_turn(self, session: Session, size: int) -> None:
        """A client's bytes have come."""


class Rest(Protocol):
    """What a client has sent of a request that is not whole; see ``net.requests.Requests``."""

    @property
    def rest(self) -> bytes:
        """Its bytes."""

    @property
    def large(self) -> object | None:
        """What puts a large one together."""


class Reader(Protocol):
    """Who is given what a socket holds; see ``net.connection.Connection``."""

    @property
    def desk(self) -> Desk:
        """Where it comes in."""

    @property
    def session(self) -> Session:
        """The client that has sent it."""

    @property
    def requests(self) -> Rest:
        """What it has sent before that is not whole."""

    def look_closely(self, data: bytes) -> None:
        """It has sent this, which is more than whole commands, or less."""

    def hold(self) -> None:
        """Its commands wait: read no more for now."""

    def read_failed(self, code: int) -> None:
        """Nothing could be read: at the end of what is sent (0), or for a reason (errno)."""

    def broken(self, error: Exception) -> None:
        """To serve it has failed as nothing should."""


def _fed(feed: Feed, db: Database, buf: bytes, run: int, at: int) -> int:
    """Feed what waits for that, from ``run`` up to ``at``, as one; nothing waits then (-1)."""
    if run >= 0:
        feed.command(db.index, buf[run:at])
    return -1


def pure_serve(
    dispatcher: Runner,
    session: Session,
    commands: list[list[bytes]],
    buf: bytes,
    at: int,
    ends: list[int],
) -> None:
    """Run commands that came in ``buf``, the first from ``at`` on, each up to its end."""
    ctx, known, units = dispatcher.ctx, dispatcher.known, dispatcher.propagation
    feed = units.feed
    afterwards = dispatcher.afterwards
    ctx.session, ctx.db, ctx.resp3 = session, session.db, session.resp3
    if not session.out:
        session.turn.add(session)
    put = session.out.append
    db = ctx.db
    began = ctx.dirty
    run = -1  # where the bytes begin that will be fed as they came
    entry: Known | None = None
    last = perf_counter_ns()
    for argv, end in zip(commands, ends, strict=True):
        argc = len(argv)
        entry = known.get(argv[0])
        if (
            entry is None
            or dispatcher.special
            or session.special
            or (argc != entry[1] if entry[1] > 0 else argc < -entry[1])
        ):
            run = _fed(feed, db, buf, run, at)
            dispatcher.unusual(session, argv, buf[at:end])
            db = ctx.db
            at = end
            last = perf_counter_ns()
            if session.closing:
                break
            continue
        handler, _, raw, stats, command = entry
        before = ctx.dirty
        ctx.fact = None
        try:
            reply = handler(ctx, argv)
        except CommandError as error:
            dispatcher.failed(session, stats, error)
            reply = None
        else:
            put(encode(reply, session.resp3))
        changed = ctx.dirty != before
        if changed and (not raw or raw == argc) and not units.collected and ctx.db is db:
            if run < 0:
                run = at
        else:
            run = _fed(feed, db, buf, run, at)
            if changed:
                units.propagate(command, argv, reply, buf[at:end])
            elif units.collected:
                units.close_unit(False)
            db = ctx.db
        at = end
        if afterwards:
            run = _fed(feed, db, buf, run, at)
            dispatcher.finish()
        now = perf_counter_ns()
        stats.ran(now - last, 1)
        if now - last > dispatcher.slow_nanos >= 0:
            dispatcher.on_slow(session, argv, now - last)
        last = now
    _fed(feed, db, buf, run, at)
    if ctx.dirty != began:
        session.wrote_in = session.turn.number
    session.db = ctx.db
    if entry is not None:
        session.last_command = entry[4].name


serve = pick("serve", pure_serve)


def pure_receive(reader: Reader, data: bytes) -> None:
    """Serve what a client has sent."""
    if not _serve_whole(reader.desk, reader.session, reader.requests, data):
        reader.look_closely(data)
    elif reader.session.pending:
        reader.hold()


def _serve_whole(desk: Desk, session: Session, requests: Rest, data: bytes) -> bool:
    """Serve what is whole commands and nothing else; False: nothing was done."""
    if requests.rest or requests.large is not None or session.special or session.closing:
        return False
    try:
        commands, ends = decode_commands_at(data, 0, len(data), MOST)
    except CorruptError:
        return False
    if not commands or ends[-1] != len(data):
        return False
    desk.begin_turn(session, len(data))
    serve(desk.dispatcher, session, commands, data, 0, ends)
    return True


receive = pick("receive", pure_receive)


def pure_read_ready(readers: dict[int, Reader], events: list[tuple[int, int]]) -> None:
    """Read the sockets of which ``epoll`` told, and have served what came."""
    for fd, _ in events:
        reader = readers.get(fd)
        if reader is None:  # closed by one before it
            continue
        try:
            data = os.read(fd, AT_ONCE)
        except OSError as error:
            reader.read_failed(error.errno or errno.EIO)
            continue
        if data:
            try:
                receive(reader, data)
            except Exception as error:
                reader.broken(error)
        else:
            reader.read_failed(0)


read_ready = pick("read_ready", pure_read_ready)


def pure_let_out(sessions: list[Session], stats: Stats) -> None:
    """Hand the replies of a turn to the sockets, and to their transports what these do not take."""
    for session in sessions:
        out, session.out = session.out, []
        transport = session.transport
        if transport is None:
            continue
        data = out[0] if len(out) == 1 else b"".join(out)
        stats.writes += 1
        stats.output_bytes += len(data)
        gone = 0
        if session.plain_fd >= 0 and not (session.behind and transport.get_write_buffer_size()):
            try:
                gone = os.write(session.plain_fd, data)
            except OSError:
                gone = 0  # the transport will find out why
            session.behind = gone != len(data)
        if gone != len(data) and not transport.is_closing():
            transport.write(memoryview(data)[gone:])
        if session.closing:
            transport.close()


let_out = pick("let_out", pure_let_out)
