"""INFO (server.c)."""

from __future__ import annotations

from aofserver.commands.declare import server_command
from aofserver.info import collect, render
from aofserver.parts import ServerContext
from aoftool.format.resp.replies import Reply, Verbatim
from aoftool.keyspace.command import LOADING, RANDOM, STALE
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv


@server_command("INFO", "[section [section ...]]", LOADING | STALE | RANDOM, group="server",
                since="1.0.0", acl="dangerous")  # fmt: skip
def info(ctx: ServerContext, argv: Argv) -> Reply:
    """Numbers about the server."""
    if len(argv) > 2 and ctx.options.style is Style.REDIS_6:
        raise CommandError(SYNTAX)
    asked = [word.decode("utf-8", "backslashreplace").lower() for word in argv[1:]]
    return Verbatim(render(collect(ctx.server), asked).encode("utf-8", "surrogateescape"))
