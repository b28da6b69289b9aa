"""DEBUG: what tests of persistence need (debug.c)."""

from __future__ import annotations

import time

from aofserver.commands.declare import SERVER_TABLE, server_command, server_container
from aofserver.parts import ServerContext
from aofserver.persistence.loader import LoadFailure
from aoftool.format.resp.replies import OK, Reply, Status
from aoftool.keyspace.command import ADMIN, LOADING, NOSCRIPT, STALE
from aoftool.keyspace.commands.dump import payload_of
from aoftool.keyspace.digest import keyspace_digest, value_digest
from aoftool.keyspace.encodings import encoding, limits_of
from aoftool.keyspace.errors import NO_SUCH_KEY, CommandError
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import leading_number

_FLAGS = ADMIN | NOSCRIPT | LOADING | STALE
_RELOADS = {b"MERGE", b"NOFLUSH", b"NOSAVE"}

server_container("DEBUG", "server", "1.0.0", _FLAGS)


@server_command("DEBUG DIGEST", "", _FLAGS, group="server", since="1.0.0")
def debug_digest(ctx: ServerContext, argv: Argv) -> Reply:
    """A digest of the whole dataset."""
    return Status(keyspace_digest(ctx.keyspace).encode())


@server_command("DEBUG DIGEST-VALUE", "[key ...]", _FLAGS, group="server", since="5.0.0")
def debug_digest_value(ctx: ServerContext, argv: Argv) -> Reply:
    """A digest of each of these values."""
    found: list[Reply] = []
    for key in argv[2:]:
        value = ctx.db.get(key)
        digest = 0 if value is None else value_digest(value, key in ctx.db.expires)
        found.append(Status(b"%040x" % digest))
    return found


@server_command("DEBUG SLEEP", "seconds", _FLAGS, group="server", since="2.6.0")
def debug_sleep(ctx: ServerContext, argv: Argv) -> Reply:
    """Do nothing, and serve nobody, for a while."""
    try:
        seconds = float(argv[2])
    except ValueError:
        seconds = 0.0
    time.sleep(max(0.0, seconds))
    return OK


@server_command("DEBUG SET-ACTIVE-EXPIRE", "0|1", _FLAGS, group="server", since="2.8.0")
def debug_set_active_expire(ctx: ServerContext, argv: Argv) -> Reply:
    """Whether keys are looked for whose time has come."""
    ctx.server.expiry.active = bool(leading_number(argv[2]))
    return OK


@server_command("DEBUG AOF-FLUSH-SLEEP", "microseconds", _FLAGS, group="server", since="6.2.0")
def debug_aof_flush_sleep(ctx: ServerContext, argv: Argv) -> Reply:
    """Make every write of the AOF take so much longer."""
    ctx.server.persistence.aof.writer.sleep_us = max(0, leading_number(argv[2]))
    return OK


@server_command("DEBUG OBJECT", "key", _FLAGS, group="server", since="1.0.0")
def debug_object(ctx: ServerContext, argv: Argv) -> Reply:
    """What is known of a value."""
    value = ctx.db.data.get(argv[2])
    if value is None:
        raise CommandError(NO_SUCH_KEY)
    payload = payload_of(ctx, value)
    uses = ctx.keyspace.uses
    idle_s = uses.idle_s(ctx.db, argv[2]) if uses is not None and not uses.frequent else 0
    used_s = ctx.now_ms // 1000 - idle_s & 0xFFFFFF
    held = encoding(value, ctx.options.style, limits_of(ctx))
    return Status(
        b"Value at:0x%x refcount:1 encoding:%b serializedlength:%d lru:%d lru_seconds_idle:%d"
        % (id(value), held, len(payload) - 11, used_s, idle_s)
    )


@server_command("DEBUG RELOAD", "[option ...]", _FLAGS, group="server", since="1.0.0")
def debug_reload(ctx: ServerContext, argv: Argv) -> Reply:
    """Write a snapshot and load it again."""
    options = {word.upper() for word in argv[2:]}
    if not options <= _RELOADS:
        raise CommandError(b"ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
    try:
        ctx.server.loads.reload(save=b"NOSAVE" not in options, flush=b"NOFLUSH" not in options)
    except (LoadFailure, OSError) as error:
        raise CommandError(b"ERR Error trying to load the RDB dump") from error
    return OK


@server_command("DEBUG LOADAOF", "", _FLAGS, group="server", since="1.0.0")
def debug_loadaof(ctx: ServerContext, argv: Argv) -> Reply:
    """Flush the AOF and load it again."""
    try:
        ctx.server.loads.reload_aof()
    except (LoadFailure, OSError) as error:
        raise CommandError(b"ERR Error trying to load the AOF files, check server logs") from error
    return OK


@server_command("DEBUG HELP", "", _FLAGS, group="server", since="4.0.0")
def debug_help(ctx: ServerContext, argv: Argv) -> Reply:
    """What there is."""
    return SERVER_TABLE.help_lines(b"DEBUG")
