"""MULTI, EXEC, DISCARD, WATCH and UNWATCH (multi.c)."""

from __future__ import annotations

from aofserver.clients.session import Transaction
from aofserver.commands.declare import server_command
from aofserver.parts import ServerContext
from aofserver.replies import NO_REPLY, OWN_TYPES, Kept, encode
from aoftool.format.resp.replies import NULL_ARRAY, OK, Reply
from aoftool.keyspace.command import FAST, LOADING, NOSCRIPT, STALE, Flags
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspecs import Argv, Keys

_FLAGS = NOSCRIPT | LOADING | STALE | Flags.ALLOW_BUSY
_BROKEN = b"EXECABORT Transaction discarded because of previous errors."


@server_command("MULTI", "", _FLAGS | FAST, group="transactions", since="1.2.0")
def multi(ctx: ServerContext, argv: Argv) -> Reply:
    """Begin to queue commands."""
    session = ctx.session
    if session.transaction is not None:
        raise CommandError(b"ERR MULTI calls can not be nested")
    session.transaction = Transaction()
    session.update_special()
    return OK


@server_command("DISCARD", "", _FLAGS | FAST, group="transactions", since="2.0.0")
def discard(ctx: ServerContext, argv: Argv) -> Reply:
    """Forget what was queued."""
    if ctx.session.transaction is None:
        raise CommandError(b"ERR DISCARD without MULTI")
    ctx.server.watches.end_transaction(ctx.session)
    return OK


@server_command(
    "EXEC", "", NOSCRIPT | LOADING | STALE | Flags.SKIP_SLOWLOG, group="transactions", since="1.2.0"
)
def exec_(ctx: ServerContext, argv: Argv) -> Reply:
    """Run what was queued, unless a watched key has changed."""
    session = ctx.session
    transaction = session.transaction
    if transaction is None:
        raise CommandError(b"ERR EXEC without MULTI")
    watch_broken = session.dirty_watch or ctx.server.watches.any_expired(session)
    ctx.server.watches.end_transaction(session)
    if transaction.broken:
        raise CommandError(_BROKEN)
    if watch_broken:
        return NULL_ARRAY
    refusal = ctx.options.write_refusal
    if refusal is not None and any(Flags.WRITE in queued[0].flags for queued in transaction.queue):
        raise CommandError(b"EXECABORT Transaction discarded because of: %b" % refusal)
    quiet = session.reply_mode != b"ON"
    replies = ctx.server.dispatcher.execute(session, transaction.queue)
    if not quiet and not any(type(reply) in OWN_TYPES for reply in replies):
        return replies
    # What is subscribed to has a reply each, though the array has one place for all of them; and
    # CLIENT REPLY may have said inside whose replies, or that of EXEC itself, are left out.
    parts = [b"" if quiet else b"*%d\r\n" % len(replies)]
    parts += [encode(reply, session.resp3) for reply in replies]
    session.send(Kept(b"".join(parts)))
    return NO_REPLY


@server_command("WATCH", "key [key ...]", _FLAGS | FAST, Keys(1, -1), group="transactions",
                since="2.2.0")  # fmt: skip
def watch(ctx: ServerContext, argv: Argv) -> Reply:
    """Have EXEC do nothing if one of these keys is changed before it."""
    if ctx.session.transaction is not None:
        raise CommandError(b"ERR WATCH inside MULTI is not allowed")
    for key in argv[1:]:
        ctx.server.watches.add(ctx.session, ctx.db.index, key)
    return OK


@server_command("UNWATCH", "", _FLAGS | FAST, group="transactions", since="2.2.0")
def unwatch(ctx: ServerContext, argv: Argv) -> Reply:
    """Watch no key any more."""
    ctx.server.watches.remove(ctx.session)
    return OK
