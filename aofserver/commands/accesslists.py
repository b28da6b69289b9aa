"""ACL: users and what they may do (acl.c)."""

from __future__ import annotations

import secrets

from aofserver.acl.catalogue import CATEGORIES
from aofserver.acl.checks import denial
from aofserver.acl.describe import channel_rules, command_rules, key_rules, user_flags
from aofserver.acl.files import user_line
from aofserver.acl.log import Entry
from aofserver.acl.texts import dry_refusal
from aofserver.acl.users import DEFAULT, Selector
from aofserver.commands.declare import SERVER_TABLE, server_command, server_container
from aofserver.parts import ServerContext
from aoftool.format.resp.replies import OK, MapReply, Reply, SetReply
from aoftool.keyspace.command import ADMIN, LOADING, NOSCRIPT, STALE, unknown_subcommand
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import NOT_AN_INTEGER, CommandError
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import parse_int

_FLAGS = NOSCRIPT | LOADING | STALE
_ADMIN = _FLAGS | ADMIN
_USUAL_BITS, _MOST_BITS = 256, 4096
#: Entries that ACL LOG tells where nothing else is asked for.
_USUAL_ENTRIES = 10

server_container("ACL", "server", "6.0.0", _FLAGS)


@server_command("ACL WHOAMI", "", _FLAGS, group="server", since="6.0.0")
def acl_whoami(ctx: ServerContext, argv: Argv) -> Reply:
    """The user of this connection."""
    return DEFAULT if ctx.session.user is None else ctx.session.user.name


@server_command("ACL USERS", "", _ADMIN, group="server", since="6.0.0")
def acl_users(ctx: ServerContext, argv: Argv) -> Reply:
    """The names of all users."""
    return [user.name for user in ctx.server.access.accounts.in_order()]


@server_command("ACL LIST", "", _ADMIN, group="server", since="6.0.0")
def acl_list(ctx: ServerContext, argv: Argv) -> Reply:
    """The users as a file of users has them."""
    accounts = ctx.server.access.accounts
    return [user_line(user, accounts.rules) for user in accounts.in_order()]


@server_command("ACL GETUSER", "username", _ADMIN, group="server", since="6.0.0")
def acl_getuser(ctx: ServerContext, argv: Argv) -> Reply:
    """What a user may do."""
    accounts = ctx.server.access.accounts
    user = accounts.users.get(argv[2])
    if user is None:
        return None
    modern = accounts.catalogue.modern
    passwords: list[Reply] = list(user.passwords)
    described = MapReply([
        b"flags", SetReply(user_flags(user, modern)),
        b"passwords", passwords,
    ])  # fmt: skip
    if not modern:
        return MapReply([*described, *_of_redis_6(ctx, user.root)])
    selectors: list[Reply] = [MapReply(_selector(ctx, selector)) for selector in user.selectors]
    return MapReply([*described, *_selector(ctx, user.root), b"selectors", selectors])


def _too_many(ctx: ServerContext, argv: Argv) -> CommandError:
    """What is said of more words than a sub-command takes that Redis leaves the counting to."""
    start = b"U" if ctx.options.style is Style.REDIS_6 else b"u"
    return CommandError(
        b"ERR %bnknown subcommand or wrong number of arguments for '%b'. Try ACL HELP."
        % (start, argv[1])
    )


def _selector(ctx: ServerContext, selector: Selector) -> list[Reply]:
    return [
        b"commands", command_rules(selector, ctx.server.access.accounts.rules),
        b"keys", b" ".join(key_rules(selector)),
        b"channels", b" ".join(channel_rules(selector)),
    ]  # fmt: skip


def _of_redis_6(ctx: ServerContext, selector: Selector) -> list[Reply]:
    """As ``_selector``; patterns are listed without their marks."""
    keys: list[Reply] = [b"*"] if selector.every_key else list(selector.keys)
    channels: list[Reply] = [b"*"] if selector.every_channel else list(selector.channels)
    rules = command_rules(selector, ctx.server.access.accounts.rules)
    return [b"commands", rules, b"keys", keys, b"channels", channels]


@server_command("ACL SETUSER", "username [rule [rule ...]]", _ADMIN, group="server", since="6.0.0")
def acl_setuser(ctx: ServerContext, argv: Argv) -> Reply:
    """Make a user, or change one."""
    ctx.server.access.set_user(argv[2], argv[3:])
    return OK


@server_command("ACL DELUSER", "username [username ...]", _ADMIN, group="server", since="6.0.0")
def acl_deluser(ctx: ServerContext, argv: Argv) -> Reply:
    """Remove users, and end their connections."""
    return ctx.server.access.delete(argv[2:])


@server_command("ACL DRYRUN", "username command [arg [arg ...]]", _ADMIN, group="server",
                since="7.0.0")  # fmt: skip
def acl_dryrun(ctx: ServerContext, argv: Argv) -> Reply:
    """Say whether a user may make a call, without making it."""
    accounts, style = ctx.server.access.accounts, ctx.options.style
    if style is Style.REDIS_6:
        raise unknown_subcommand(argv, style)
    user, call = accounts.users.get(argv[2]), argv[3:]
    if user is None:
        raise CommandError(b"ERR User '%b' not found" % argv[2])
    try:
        command = ctx.server.table.find(call, style)
    except CommandError as error:
        if error.text.startswith(b"ERR wrong number"):
            raise
        command = None
    if command is None or (command.subcommands and len(call) > 1):
        raise CommandError(b"ERR Command '%b' not found" % call[0])
    why = denial(user, command, call, accounts.catalogue)
    if why is None:
        return OK
    return dry_refusal(why.reason, accounts.catalogue.name_of(command), call[why.at])


@server_command("ACL CAT", "[category]", _FLAGS, arity=-2, group="server", since="6.0.0")
def acl_cat(ctx: ServerContext, argv: Argv) -> Reply:
    """The categories of commands, or the commands of one."""
    if len(argv) > 3:
        raise _too_many(ctx, argv)
    if len(argv) == 2:
        return list(CATEGORIES)
    names = ctx.server.access.accounts.catalogue.categories.get(argv[2].lower())
    if names is None:
        raise CommandError(b"ERR Unknown category '%b'" % argv[2])
    found: list[Reply] = [*sorted(names)]
    return found


@server_command("ACL GENPASS", "[bits]", _FLAGS, arity=-2, group="server", since="6.0.0")
def acl_genpass(ctx: ServerContext, argv: Argv) -> Reply:
    """A password that nobody guesses, hexadecimal."""
    if len(argv) > 3:
        raise _too_many(ctx, argv)
    bits = parse_int(argv[2]) if len(argv) > 2 else _USUAL_BITS
    if bits is None:
        raise CommandError(NOT_AN_INTEGER)
    if not 0 < bits <= _MOST_BITS:
        raise CommandError(
            b"ERR ACL GENPASS argument must be the number of bits for the output password, a "
            b"positive number up to %d" % _MOST_BITS
        )
    digits = -(-bits // 4)
    return secrets.token_hex(digits)[:digits].encode()


@server_command("ACL LOG", "[count | RESET]", _ADMIN, arity=-2, group="server", since="6.0.0")
def acl_log(ctx: ServerContext, argv: Argv) -> Reply:
    """Who was refused what, the latest first."""
    if len(argv) > 3:
        raise _too_many(ctx, argv)
    count: int | None = _USUAL_ENTRIES
    if len(argv) == 3:
        if argv[2].upper() == b"RESET":
            ctx.server.access.log.clear()
            return OK
        count = parse_int(argv[2])
    if count is None:
        raise CommandError(NOT_AN_INTEGER)
    entries = list(ctx.server.access.log)[: max(count, 0)]
    return [_entry(ctx, entry) for entry in entries]


def _entry(ctx: ServerContext, entry: Entry) -> MapReply:
    """An entry of the log; Redis 6 has no number and no times of it."""
    refusal = entry.refusal
    age_s = (ctx.server.clock.unix_ms() - refusal.at_ms) / 1000
    told: list[Reply] = [
        b"count", entry.count,
        b"reason", refusal.reason.word,
        b"context", refusal.where.value,
        b"object", refusal.object,
        b"username", refusal.user,
        b"age-seconds", age_s,
        b"client-info", refusal.client,
    ]  # fmt: skip
    if ctx.options.style is Style.REDIS_7:
        told += [
            b"entry-id", entry.id,
            b"timestamp-created", entry.created_ms,
            b"timestamp-last-updated", refusal.at_ms,
        ]  # fmt: skip
    return MapReply(told)


@server_command("ACL LOAD", "", _ADMIN, group="server", since="6.0.0")
def acl_load(ctx: ServerContext, argv: Argv) -> Reply:
    """Have the users in the file of users: all of them, or, if it is not sound, no other ones."""
    ctx.server.access.reload()
    return OK


@server_command("ACL SAVE", "", _ADMIN, group="server", since="6.0.0")
def acl_save(ctx: ServerContext, argv: Argv) -> Reply:
    """Write the users into their file."""
    try:
        ctx.server.save_users()
    except OSError as error:
        ctx.server.log.warning(f"Writing ACL file for ACL SAVE: {error.strerror}")
        raise CommandError(
            b"ERR There was an error trying to save the ACLs. Please check the server logs for "
            b"more information"
        ) from error
    return OK


@server_command("ACL HELP", "", LOADING | STALE, group="server", since="6.0.0")
def acl_help(ctx: ServerContext, argv: Argv) -> Reply:
    """What there is."""
    return SERVER_TABLE.help_lines(b"ACL")
