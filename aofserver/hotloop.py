"""The hottest loop of the server: whole requests to replies and AOF bytes.

Where nothing unusual is going on, a command is looked up by its name as it was spelled, run,
answered, and fed as the bytes that it came as; commands that stand side by side in a pipeline are
fed together. Everything else is left to the dispatcher.
"""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING

from aofserver.replies import NULL, SIMPLE_OK, encode
from aofserver.stats import CommandStats, Stats
from aoftool.errors import CorruptError
from aoftool.format.resp.decode import decode_commands_at
from aoftool.format.resp.replies import OK
from aoftool.format.speed import pick
from aoftool.keyspace.command import Command, Handler
from aoftool.keyspace.errors import CommandError

if TYPE_CHECKING:
    from aofserver.dispatch import Dispatcher
    from aofserver.net.requests import Requests
    from aofserver.server import Server
    from aofserver.session import Session

#: Commands that are decoded at once.
MOST = 10_000

#: What is looked up by a command's name: its handler, its arity, how many words make it stand in
#: the AOF as it came (0: any number; -1: none), its counters, its declaration.
Known = tuple[Handler, int, int, CommandStats, Command]


def pure_serve(
    dispatcher: Dispatcher,
    session: Session,
    commands: list[list[bytes]],
    buf: bytes,
    at: int,
    ends: list[int],
) -> None:
    """Run commands that came in ``buf``, the first from ``at`` on, each up to its end."""
    ctx, known, feed = dispatcher.ctx, dispatcher.known, dispatcher.feed
    afterwards = dispatcher.afterwards
    ctx.session, ctx.db, ctx.resp3 = session, session.db, session.resp3
    if not session.out:
        session.turn.add(session)
    put = session.out.append
    db = ctx.db
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
            if run >= 0:
                feed.command(db.index, buf[run:at])
                run = -1
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
            if reply is OK:
                put(SIMPLE_OK)
            elif type(reply) is bytes:
                put(b"$%d\r\n%b\r\n" % (len(reply), reply))
            elif type(reply) is int:
                put(b":%d\r\n" % reply)
            elif reply is None and not session.resp3:
                put(NULL)
            else:
                put(encode(reply, session.resp3))
        changed = ctx.dirty != before
        if changed and (not raw or raw == argc) and not dispatcher.collected and ctx.db is db:
            if run < 0:
                run = at
        else:
            if run >= 0:
                feed.command(db.index, buf[run:at])
                run = -1
            if changed:
                dispatcher.propagate(command, argv, reply, buf[at:end])
            elif dispatcher.collected:
                dispatcher.close_unit(False)
            db = ctx.db
        at = end
        if afterwards:
            if run >= 0:
                feed.command(db.index, buf[run:at])
                run = -1
            dispatcher.finish()
        now = perf_counter_ns()
        stats.calls += 1
        stats.nanos += now - last
        if now - last > dispatcher.slow_nanos >= 0:
            dispatcher.on_slow(session, argv, now - last)
        last = now
    if run >= 0:
        feed.command(db.index, buf[run:at])
    session.db = ctx.db
    if entry is not None:
        session.last_command = entry[4].name


serve = pick("serve", pure_serve)


def pure_receive(server: Server, session: Session, requests: Requests, data: bytes) -> bool:
    """Serve what a client has sent if it is whole commands and nothing else is to be looked at.

    False: nothing was done.
    """
    if requests.rest or requests.large is not None or session.special or session.closing:
        return False
    try:
        commands, ends = decode_commands_at(data, 0, len(data), MOST)
    except CorruptError:
        return False
    if not commands or ends[-1] != len(data):
        return False
    server.begin_turn(session, len(data))
    serve(server.dispatcher, session, commands, data, 0, ends)
    return True


receive = pick("receive", pure_receive)


def pure_let_out(sessions: list[Session], stats: Stats) -> None:
    """Hand the replies of a turn to the connections."""
    for session in sessions:
        out, session.out = session.out, []
        transport = session.transport
        if transport is not None and not transport.is_closing():
            data = out[0] if len(out) == 1 else b"".join(out)
            transport.write(data)
            stats.writes += 1
            stats.output_bytes += len(data)
            if session.closing:
                transport.close()


let_out = pick("let_out", pure_let_out)
