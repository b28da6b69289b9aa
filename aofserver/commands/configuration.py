"""CONFIG (config.c)."""

from __future__ import annotations

import os

from aofserver.commands.declare import SERVER_TABLE, server_command, server_container
from aofserver.config import ConfigError
from aofserver.config.options import OPTIONS
from aofserver.context import ServerContext
from aoftool.format.resp.replies import OK, MapReply, Reply
from aoftool.keyspace.command import ADMIN, LOADING, NOSCRIPT, STALE
from aoftool.keyspace.errors import CommandError, wrong_arity
from aoftool.keyspace.glob import matches
from aoftool.keyspace.keyspecs import Argv

_FLAGS = ADMIN | NOSCRIPT | LOADING | STALE

server_container("CONFIG", "server", "2.0.0", _FLAGS)


@server_command("CONFIG GET", "parameter [parameter ...]", _FLAGS, group="server", since="2.0.0")
def config_get(ctx: ServerContext, argv: Argv) -> Reply:
    """The values of options whose names match one of these patterns."""
    config, found = ctx.server.config, MapReply()
    patterns = [pattern.lower() for pattern in argv[2:]]
    for option in OPTIONS.values():
        for name in (option.name, *option.aliases):
            if any(matches(pattern, name.encode()) for pattern in patterns):
                found += [name.encode(), os.fsencode(config.show(option.name))]
    return found


@server_command("CONFIG SET", "parameter value [parameter value ...]", _FLAGS, group="server",
                since="2.0.0")  # fmt: skip
def config_set(ctx: ServerContext, argv: Argv) -> Reply:
    """Change options while the server runs: all of them, or none."""
    if len(argv) % 2:
        raise wrong_arity(b"CONFIG|SET")
    words = [os.fsdecode(word) for word in argv[2:]]
    changes = [(name, [value]) for name, value in zip(words[::2], words[1::2], strict=True)]
    try:
        ctx.server.config.set(changes)
    except ConfigError as error:
        text = f"CONFIG SET failed (possibly related to argument '{words[0]}') - {error}"
        raise CommandError(b"ERR " + os.fsencode(text)) from error
    return OK


@server_command("CONFIG RESETSTAT", "", _FLAGS, group="server", since="2.0.0")
def config_resetstat(ctx: ServerContext, argv: Argv) -> Reply:
    """Let the counters of INFO begin anew."""
    ctx.server.reset_stats()
    return OK


@server_command("CONFIG REWRITE", "", _FLAGS, group="server", since="2.8.0")
def config_rewrite(ctx: ServerContext, argv: Argv) -> Reply:
    """Write the options into the file that they were read from."""
    try:
        ctx.server.rewrite_config()
    except ConfigError as error:
        raise CommandError(b"ERR " + os.fsencode(str(error))) from error
    except OSError as error:
        text = f"ERR Rewriting config file: {error.strerror}"
        raise CommandError(text.encode()) from error
    return OK


@server_command("CONFIG HELP", "", _FLAGS, group="server", since="5.0.0")
def config_help(ctx: ServerContext, argv: Argv) -> Reply:
    """What there is."""
    return SERVER_TABLE.help_lines(b"CONFIG")
