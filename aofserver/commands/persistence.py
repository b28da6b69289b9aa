"""BGREWRITEAOF, SAVE, BGSAVE, LASTSAVE, SHUTDOWN (aof.c, rdb.c, db.c)."""

from __future__ import annotations

from aofserver.commands.declare import server_command
from aofserver.parts import ServerContext
from aofserver.persistence.schedule import Answer
from aofserver.replies import NO_REPLY
from aofserver.waits import NO_AOF
from aoftool.format.resp.replies import OK, Reply, Status
from aoftool.keyspace.arguments import integer_within
from aoftool.keyspace.blocking import parse_timeout_ms
from aoftool.keyspace.command import ADMIN, FAST, LOADING, NOSCRIPT, RANDOM, STALE, Flags
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import MUST_BE_POSITIVE, SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import INT64_MAX

_ADMIN = ADMIN | NOSCRIPT
_CHILD = _ADMIN | Flags.NO_ASYNC_LOADING


@server_command("BGREWRITEAOF", "", _CHILD, group="server", since="1.0.0")
def bgrewriteaof(ctx: ServerContext, argv: Argv) -> Reply:
    """Rewrite the AOF in the background."""
    answer = ctx.server.persistence.request_rewrite()
    if answer is Answer.RUNNING:
        raise CommandError(b"ERR Background append only file rewriting already in progress")
    if answer is Answer.SCHEDULED:
        return Status(b"Background append only file rewriting scheduled")
    if answer is None:
        raise CommandError(
            b"ERR Can't execute an AOF background rewriting. Please check the server logs for more "
            b"information."
        )
    return Status(b"Background append only file rewriting started")


@server_command("SAVE", "", _CHILD | Flags.NO_MULTI, group="server", since="1.0.0")
def save(ctx: ServerContext, argv: Argv) -> Reply:
    """Write a snapshot while everybody waits."""
    persistence = ctx.server.persistence
    if persistence.snapshots.pid is not None:
        raise CommandError(b"ERR Background save already in progress")
    try:
        persistence.save()
    except OSError as error:
        ctx.server.log.warning(f"Error saving DB on disk: {error.strerror}")
        persistence.snapshots.state.last_ok = False
        raise CommandError(b"ERR") from error
    return OK


@server_command("BGSAVE", "[SCHEDULE]", _CHILD, group="server", since="1.0.0")
def bgsave(ctx: ServerContext, argv: Argv) -> Reply:
    """Write a snapshot in the background."""
    if len(argv) > 1 and (len(argv) > 2 or argv[1].upper() != b"SCHEDULE"):
        raise CommandError(SYNTAX)
    persistence = ctx.server.persistence
    if persistence.snapshots.pid is not None:
        raise CommandError(b"ERR Background save already in progress")
    if persistence.rewrites.running is not None:
        if len(argv) == 1:
            raise CommandError(
                b"ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE "
                b"SCHEDULE in order to schedule a BGSAVE whenever possible."
            )
        persistence.snapshots.scheduled = True
        return Status(b"Background saving scheduled")
    if not persistence.start_snapshot():
        raise CommandError(b"ERR")
    return Status(b"Background saving started")


@server_command("LASTSAVE", "", FAST | LOADING | STALE | RANDOM, group="server", since="1.0.0",
                acl="admin dangerous")  # fmt: skip
def lastsave(ctx: ServerContext, argv: Argv) -> Reply:
    """Unix time in seconds of the last good snapshot."""
    return ctx.server.persistence.snapshots.state.last_save_s


@server_command("WAITAOF", "numlocal numreplicas timeout", Flags.BLOCKING,
                group="generic", since="7.2.0", acl="connection", only_6=NOSCRIPT)  # fmt: skip
def waitaof(ctx: ServerContext, argv: Argv) -> Reply:
    """Whether the AOF, and how many replicas', has what was written before, for sure."""
    persistence = ctx.server.persistence
    local = integer_within(argv[1], 0, 1)
    integer_within(argv[2], 0, INT64_MAX, MUST_BE_POSITIVE)
    parse_timeout_ms(ctx, argv[3])
    if local and not persistence.aof.is_on:
        raise CommandError(NO_AOF)
    session = ctx.session
    return [int(persistence.aof.marks.covers(session.wrote_in, session.turn.number)), 0]


_SHUTDOWN_FLAGS = _ADMIN | LOADING | STALE | Flags.NO_MULTI | Flags.ALLOW_BUSY
_SHUTDOWN = {b"NOSAVE": False, b"SAVE": True}


@server_command("SHUTDOWN", "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]", _SHUTDOWN_FLAGS,
                group="server", since="1.0.0")  # fmt: skip
def shutdown(ctx: ServerContext, argv: Argv) -> Reply:
    """Make everything durable and end the server."""
    choice: bool | None = None
    force = False
    for word in (word.upper() for word in argv[1:]):
        if word in _SHUTDOWN and choice is None:
            choice = _SHUTDOWN[word]
        elif word == b"FORCE":
            force = True
        elif word == b"ABORT" and len(argv) == 2 and ctx.options.style is Style.REDIS_7:
            raise CommandError(b"ERR No shutdown in progress.")
        elif word != b"NOW":
            raise CommandError(SYNTAX)
    if not ctx.server.ending.shutdown(choice, force):
        raise CommandError(b"ERR Errors trying to SHUTDOWN. Check logs.")
    return NO_REPLY
