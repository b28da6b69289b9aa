"""COMMAND: what the server tells of its commands (server.c; ``addReplyCommandInfo``)."""

from __future__ import annotations

from collections.abc import Callable

from aofserver.argumenttree import arguments_of
from aofserver.commands.declare import SERVER_TABLE, server_command
from aofserver.keytelling import key_specs
from aofserver.keyuses import NOT_A_KEY, Uses, keys_with_uses, uses_of
from aofserver.parts import ServerContext
from aoftool.format.resp.replies import MapReply, Reply, SetReply, Status
from aoftool.keyspace.command import LOADING, RANDOM, STALE, Command, unknown_subcommand
from aoftool.keyspace.context import Style
from aoftool.keyspace.describe import acl_categories, flag_names, key_range, tips
from aoftool.keyspace.errors import SYNTAX, CommandError
from aoftool.keyspace.glob import matches
from aoftool.keyspace.keyspecs import NO_KEYS, Argv

_FLAGS = LOADING | STALE


def _statuses(names: set[bytes]) -> SetReply:
    return SetReply([Status(name) for name in sorted(names)])


def _shown(command: Command) -> bytes:
    """Its name as clients are told it."""
    return command.name.lower().replace(b" ", b"|")


def _row(command: Command, style: Style) -> Reply:
    row: list[Reply] = [
        _shown(command),
        command.arity,
        _statuses(flag_names(command, style)),
        *key_range(command, style),
        _statuses(acl_categories(command)),
    ]
    if style is Style.REDIS_7:
        subs = SetReply([_row(sub, style) for sub in command.subcommands.values()])
        row += [SetReply(sorted(tips(command))), key_specs(command), subs]
    return row


@server_command("COMMAND", "[subcommand [argument ...]]", _FLAGS | RANDOM, group="server",
                since="2.8.13", acl="connection")  # fmt: skip
def command_(ctx: ServerContext, argv: Argv) -> Reply:
    """All commands."""
    if len(argv) > 1:
        raise unknown_subcommand(argv, ctx.options.style)
    return [_row(command, ctx.options.style) for command in ctx.server.table.rows.values()]


def _named(ctx: ServerContext, word: bytes) -> Command | None:
    """The command that a client calls ``name`` or ``container|name``."""
    first, bar, second = word.upper().partition(b"|")
    found = ctx.server.table.rows.get(first)
    return found.subcommands.get(second) if found and bar else found


@server_command("COMMAND COUNT", "", _FLAGS, group="server", since="2.8.13", acl="connection")
def command_count(ctx: ServerContext, argv: Argv) -> Reply:
    """How many commands there are."""
    return len(ctx.server.table.rows)


@server_command("COMMAND INFO", "[command-name ...]", _FLAGS | RANDOM, group="server",
                since="2.8.13", acl="connection")  # fmt: skip
def command_info(ctx: ServerContext, argv: Argv) -> Reply:
    """What is known of some commands, or of all."""
    if len(argv) == 2:
        return command_(ctx, argv[:1])
    style = ctx.options.style
    old = style is Style.REDIS_6
    found = [None if old and b"|" in word else _named(ctx, word) for word in argv[2:]]
    return [None if command is None else _row(command, style) for command in found]


@server_command("COMMAND LIST", "[FILTERBY <MODULE name | ACLCAT category | PATTERN pattern>]",
                _FLAGS | RANDOM, group="server", since="7.0.0", acl="connection")  # fmt: skip
def command_list(ctx: ServerContext, argv: Argv) -> Reply:
    """The names of all commands, or of some."""
    if len(argv) == 2:
        return [_shown(command) for command in ctx.server.table.declared().values()]
    keeps = _FILTERS.get(argv[3].upper()) if len(argv) == 5 else None
    if keeps is None or argv[2].upper() != b"FILTERBY":
        raise CommandError(SYNTAX)
    rows = ctx.server.table.declared().values()
    return [_shown(command) for command in rows if keeps(command, argv[4].lower())]


_FILTERS: dict[bytes, Callable[[Command, bytes], bool]] = {
    b"MODULE": lambda command, name: False,
    b"ACLCAT": lambda command, name: b"@" + name in acl_categories(command),
    b"PATTERN": lambda command, pattern: matches(pattern, _shown(command)),
}


@server_command("COMMAND DOCS", "[command-name ...]", _FLAGS | RANDOM, group="server",
                since="7.0.0", acl="connection")  # fmt: skip
def command_docs(ctx: ServerContext, argv: Argv) -> Reply:
    """What commands are for."""
    if ctx.options.style is Style.REDIS_6:  # redis-cli then falls back to what it knows itself
        raise unknown_subcommand(argv, ctx.options.style)
    if len(argv) == 2:
        found = list(ctx.server.table.rows.values())
    else:
        found = [row for row in (_named(ctx, word) for word in argv[2:]) if row is not None]
    return _documents(found)


def _documents(commands: list[Command]) -> MapReply:
    documents = MapReply()
    for command in commands:
        said: list[Reply] = [
            b"summary", command.summary.encode(),
            b"since", command.since.encode(),
            b"group", command.group.encode(),
        ]  # fmt: skip
        arguments: list[Reply] = [part.reply() for part in arguments_of(command.syntax)]
        if arguments and not command.subcommands:
            said += [b"arguments", arguments]
        if command.subcommands:
            said += [b"subcommands", _documents(list(command.subcommands.values()))]
        documents += [_shown(command), MapReply(said)]
    return documents


def _keys(ctx: ServerContext, argv: Argv) -> list[tuple[bytes, Uses]]:
    """The keys of a call, with what it does with each of them. Raises CommandError."""
    words = argv[2:]
    command = ctx.server.table.rows.get(words[0].upper())
    if command is None:
        raise CommandError(b"ERR Invalid command specified")
    if command.subcommands and len(words) > 1:
        command = command.subcommands.get(words[1].upper(), command)
    if command.keys is NO_KEYS or NOT_A_KEY in uses_of(command)[0]:
        raise CommandError(b"ERR The command has no key arguments")
    if not command.accepts(len(words)):
        raise CommandError(b"ERR Invalid number of arguments specified for command")
    keys = [(words[at], uses) for at, uses in keys_with_uses(command, words)]
    if not keys and ctx.options.style is Style.REDIS_6:
        raise CommandError(b"ERR Invalid arguments specified for command")
    return keys


@server_command(
    "COMMAND GETKEYS", "command [arg ...]", _FLAGS, group="server", since="2.8.13", acl="connection"
)
def command_getkeys(ctx: ServerContext, argv: Argv) -> Reply:
    """The keys of a call."""
    return [key for key, _ in _keys(ctx, argv)]


@server_command("COMMAND GETKEYSANDFLAGS", "command [arg ...]", _FLAGS, group="server",
                since="7.0.0", acl="connection")  # fmt: skip
def command_getkeysandflags(ctx: ServerContext, argv: Argv) -> Reply:
    """The keys of a call, and what it does with each of them."""
    return [[key, _statuses(set(uses))] for key, uses in _keys(ctx, argv)]


@server_command("COMMAND HELP", "", _FLAGS, group="server", since="5.0.0", acl="connection")
def command_help(ctx: ServerContext, argv: Argv) -> Reply:
    """What there is."""
    return SERVER_TABLE.help_lines(b"COMMAND")
