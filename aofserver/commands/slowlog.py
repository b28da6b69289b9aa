"""SLOWLOG (slowlog.c)."""

from __future__ import annotations

from aofserver.commands.declare import SERVER_TABLE, server_command, server_container
from aofserver.parts import ServerContext
from aoftool.format.resp.replies import OK, Reply
from aoftool.keyspace.command import ADMIN, LOADING, RANDOM, STALE, malformed_subcommand
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import NOT_AN_INTEGER, CommandError
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import parse_int

_FLAGS = ADMIN | LOADING | STALE
_USUAL_COUNT = 10

server_container("SLOWLOG", "server", "2.2.12", _FLAGS)


@server_command("SLOWLOG GET", "[count]", _FLAGS | RANDOM, group="server", since="2.2.12")
def slowlog_get(ctx: ServerContext, argv: Argv) -> Reply:
    """The last slow commands: number, Unix time, microseconds, words, who and their name."""
    if len(argv) > 3:
        raise malformed_subcommand(argv, ctx.options.style)
    count = _USUAL_COUNT if len(argv) < 3 else _count(argv[2], ctx.options.style)
    entries = list(ctx.server.slowlog.entries)
    return [
        [entry.number, entry.at_s, entry.took_us, list(entry.argv), entry.address, entry.client]
        for entry in (entries[:count] if count >= 0 else entries)
    ]


def _count(word: bytes, style: Style) -> int:
    """How many; -1 for all. Raises CommandError."""
    count = parse_int(word)
    if style is Style.REDIS_6:
        if count is None:
            raise CommandError(NOT_AN_INTEGER)
        return count if count >= -1 else 0
    if count is None or count < -1:
        raise CommandError(b"ERR count should be greater than or equal to -1")
    return count


@server_command("SLOWLOG LEN", "", _FLAGS | RANDOM, group="server", since="2.2.12")
def slowlog_len(ctx: ServerContext, argv: Argv) -> Reply:
    """How many there are."""
    return len(ctx.server.slowlog.entries)


@server_command("SLOWLOG RESET", "", _FLAGS, group="server", since="2.2.12")
def slowlog_reset(ctx: ServerContext, argv: Argv) -> Reply:
    """Forget them."""
    ctx.server.slowlog.entries.clear()
    return OK


@server_command("SLOWLOG HELP", "", LOADING | STALE, group="server", since="6.2.0")
def slowlog_help(ctx: ServerContext, argv: Argv) -> Reply:
    """What there is."""
    return SERVER_TABLE.help_lines(b"SLOWLOG")
