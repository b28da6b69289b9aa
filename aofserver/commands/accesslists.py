"""ACL, as far as there is one user who may do everything (acl.c)."""

from __future__ import annotations

import hashlib
import secrets

from aofserver.commands.declare import SERVER_TABLE, server_command, server_container
from aofserver.context import ServerContext
from aoftool.format.resp.replies import OK, MapReply, Reply, SetReply
from aoftool.keyspace.command import ADMIN, LOADING, NOSCRIPT, STALE
from aoftool.keyspace.describe import acl_categories
from aoftool.keyspace.errors import NOT_AN_INTEGER, CommandError
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import parse_int

_FLAGS = NOSCRIPT | LOADING | STALE
_ADMIN = _FLAGS | ADMIN
_USER = b"default"
_USUAL_BITS, _MOST_BITS = 256, 4096

server_container("ACL", "server", "6.0.0", _FLAGS)


@server_command("ACL WHOAMI", "", _FLAGS, group="server", since="6.0.0")
def acl_whoami(ctx: ServerContext, argv: Argv) -> Reply:
    """The user of this connection."""
    return _USER


@server_command("ACL USERS", "", _ADMIN, group="server", since="6.0.0")
def acl_users(ctx: ServerContext, argv: Argv) -> Reply:
    """The users: there is one."""
    return [_USER]


def _hash(ctx: ServerContext) -> bytes:
    return hashlib.sha256(ctx.server.password).hexdigest().encode()


@server_command("ACL LIST", "", _ADMIN, group="server", since="6.0.0")
def acl_list(ctx: ServerContext, argv: Argv) -> Reply:
    """The users as an ACL file has them."""
    password = b"#" + _hash(ctx) if ctx.server.password else b"nopass"
    return [b"user %b on %b ~* &* +@all" % (_USER, password)]


@server_command("ACL GETUSER", "username", _ADMIN, group="server", since="6.0.0")
def acl_getuser(ctx: ServerContext, argv: Argv) -> Reply:
    """What a user may do."""
    if argv[2] != _USER:
        return None
    passwords: list[Reply] = [_hash(ctx)] if ctx.server.password else []
    flags: list[Reply] = [b"on", *([] if passwords else [b"nopass"])]
    return MapReply([
        b"flags", SetReply(flags),
        b"passwords", passwords,
        b"commands", b"+@all",
        b"keys", b"~*",
        b"channels", b"&*",
        b"selectors", [],
    ])  # fmt: skip


@server_command("ACL CAT", "[category]", _FLAGS, group="server", since="6.0.0")
def acl_cat(ctx: ServerContext, argv: Argv) -> Reply:
    """The categories of commands, or the commands of one."""
    rows = SERVER_TABLE.declared()
    known = {category for row in rows.values() for category in acl_categories(row)}
    if len(argv) == 2:
        return [category[1:] for category in sorted(known)]
    wanted = b"@" + argv[2].lower()
    if wanted not in known:
        raise CommandError(b"ERR Unknown category '%b'" % argv[2])
    found = (name for name, row in rows.items() if wanted in acl_categories(row))
    return [name.lower().replace(b" ", b"|") for name in found]


@server_command("ACL GENPASS", "[bits]", _FLAGS, group="server", since="6.0.0")
def acl_genpass(ctx: ServerContext, argv: Argv) -> Reply:
    """A password that nobody guesses, hexadecimal."""
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


@server_command("ACL LOG", "[count | RESET]", _ADMIN, group="server", since="6.0.0")
def acl_log(ctx: ServerContext, argv: Argv) -> Reply:
    """Who was refused: not kept."""
    if len(argv) > 2 and argv[2].upper() == b"RESET":
        return OK
    if len(argv) > 2 and parse_int(argv[2]) is None:
        raise CommandError(NOT_AN_INTEGER)
    return []


@server_command("ACL SETUSER", "username [rule ...]", _ADMIN, group="server", since="6.0.0")
def acl_setuser(ctx: ServerContext, argv: Argv) -> Reply:
    """Make a user: only the default one is here, and requirepass sets its password."""
    raise CommandError(b"ERR This server has only the default user: see requirepass")


@server_command("ACL DELUSER", "username [username ...]", _ADMIN, group="server", since="6.0.0")
def acl_deluser(ctx: ServerContext, argv: Argv) -> Reply:
    """Remove users: the default one stays."""
    if _USER in argv[2:]:
        raise CommandError(b"ERR The 'default' user cannot be removed")
    return 0


def _no_file() -> CommandError:
    return CommandError(
        b"ERR This Redis instance is not configured to use an ACL file. You may want to specify "
        b"users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a "
        b"Redis configuration file set) in order to store users in the Redis configuration."
    )


@server_command("ACL LOAD", "", _ADMIN, group="server", since="6.0.0")
def acl_load(ctx: ServerContext, argv: Argv) -> Reply:
    """Read the ACL file: there is none."""
    raise _no_file()


@server_command("ACL SAVE", "", _ADMIN, group="server", since="6.0.0")
def acl_save(ctx: ServerContext, argv: Argv) -> Reply:
    """Write the ACL file: there is none."""
    raise _no_file()


@server_command("ACL HELP", "", LOADING | STALE, group="server", since="6.0.0")
def acl_help(ctx: ServerContext, argv: Argv) -> Reply:
    """What there is."""
    return SERVER_TABLE.help_lines(b"ACL")
