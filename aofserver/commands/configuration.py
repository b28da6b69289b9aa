"""CONFIG (config.c)."""

from __future__ import annotations

import os
from collections.abc import Iterator

from aofserver.commands.declare import SERVER_TABLE, server_command, server_container
from aofserver.config import Config, ConfigError
from aofserver.config.config import RefusedChange
from aofserver.config.option import Option
from aofserver.config.options import NAMES
from aofserver.gates import STILL_LOADING
from aofserver.parts import ServerContext
from aoftool.format.resp.replies import OK, MapReply, Reply
from aoftool.keyspace.command import ADMIN, LOADING, NOSCRIPT, STALE
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import SYNTAX, CommandError
from aoftool.keyspace.glob import matches
from aoftool.keyspace.keyspecs import Argv

_FLAGS = ADMIN | NOSCRIPT | LOADING | STALE
_GLOB = frozenset(b"*?[")

server_container("CONFIG", "server", "2.0.0", _FLAGS)


@server_command("CONFIG GET", "parameter [parameter ...]", _FLAGS, group="server", since="2.0.0")
def config_get(ctx: ServerContext, argv: Argv) -> Reply:
    """The values of options whose names match one of these patterns."""
    old = ctx.options.style is Style.REDIS_6
    if old and len(argv) > 3:
        raise _too_many(argv)
    config, found = ctx.server.config, MapReply()
    patterns = [pattern.lower() for pattern in argv[2:]]
    for name, option in NAMES.items():
        hidden = option.hidden and not old
        asked = (_asked(pattern, name.encode(), hidden) for pattern in patterns)
        if not option.line and any(asked):
            found += [name.encode(), os.fsencode(config.show(option.name))]
    return found


def _asked(pattern: bytes, name: bytes, hidden: bool) -> bool:
    if hidden and _GLOB.intersection(pattern):
        return False
    return matches(pattern, name)


def _too_many(argv: Argv) -> CommandError:
    return CommandError(
        b"ERR Unknown subcommand or wrong number of arguments for '%b'. Try CONFIG HELP." % argv[1]
    )


@server_command("CONFIG SET", "parameter value [parameter value ...]", _FLAGS, group="server",
                since="2.0.0")  # fmt: skip
def config_set(ctx: ServerContext, argv: Argv) -> Reply:
    """Change options while the server runs: all of them, or none."""
    old = ctx.options.style is Style.REDIS_6
    if old and len(argv) > 4:
        raise _too_many(argv)
    if len(argv) % 2:
        raise CommandError(SYNTAX)
    config = ctx.server.config
    if ctx.server.loading is not None:
        _check_loading(argv, old)
    try:
        config.set(_changes(argv), not old and not ctx.server.allows("enable-protected-configs"))
    except RefusedChange as error:
        text = _old_refusal(config, error) if old else _refusal(error)
        raise CommandError(b"ERR " + os.fsencode(text)) from error
    return OK


def _check_loading(argv: Argv, old: bool) -> None:
    """What may not be changed while data are loaded. Raises CommandError."""
    if old:
        raise CommandError(b"ERR Only CONFIG GET is allowed during loading")
    options = (NAMES.get(name.lower()) for name, _ in _changes(argv))
    if any(option is not None and option.settled for option in options):
        raise CommandError(STILL_LOADING)


def _changes(argv: Argv) -> Iterator[tuple[str, str]]:
    words = [os.fsdecode(word) for word in argv[2:]]
    return zip(words[::2], words[1::2], strict=True)


def _refusal(error: RefusedChange) -> str:
    """As Redis 7 says it: with the option's own name, or the alias that was used."""
    if error.option is None:
        return str(error.reason)
    name = _spelled(error.option, error.name)
    return f"CONFIG SET failed (possibly related to argument '{name}') - {error.reason}"


def _spelled(option: Option, given: str) -> str:
    return next(name for name in option.names if name == given.lower())


def _old_refusal(config: Config, error: RefusedChange) -> str:
    """As Redis 6 says it: an option that cannot be changed is not supported at all."""
    if error.option is None or not config.may_change(error.option):
        return f"Unsupported CONFIG parameter: {error.name}"
    reason = error.reason
    if reason.alone:
        return reason.old
    head = f"Invalid argument '{error.value}' for CONFIG SET '{error.name}'"
    return f"{head} - {reason.old}" if reason.old else head


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


@server_command("CONFIG HELP", "", LOADING | STALE, group="server", since="5.0.0")
def config_help(ctx: ServerContext, argv: Argv) -> Reply:
    """What there is."""
    return SERVER_TABLE.help_lines(b"CONFIG")
