"""DEBUG: aids of test suites that do not touch persistence (debug.c)."""

from __future__ import annotations

import errno
import os
import secrets

from aofserver.commands.declare import server_command
from aofserver.config import ConfigError
from aofserver.parts import ServerContext
from aofserver.replies import Raw, Several, encode
from aoftool.format.resp.replies import OK, MapReply, PushReply, Reply, SetReply, Verbatim
from aoftool.keyspace.command import ADMIN, LOADING, NOSCRIPT, STALE, malformed_subcommand
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import MUST_BE_POSITIVE, NOT_AN_INTEGER, CommandError
from aoftool.keyspace.glob import matches
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import leading_number, parse_int

_FLAGS = ADMIN | NOSCRIPT | LOADING | STALE


@server_command("DEBUG ERROR", "message", _FLAGS, group="server", since="1.0.0")
def debug_error(ctx: ServerContext, argv: Argv) -> Reply:
    """Answer this error."""
    raise CommandError(argv[2].replace(b"\r", b" ").replace(b"\n", b" "))


@server_command("DEBUG LOG", "message", _FLAGS, group="server", since="1.0.0")
def debug_log(ctx: ServerContext, argv: Argv) -> Reply:
    """Write a line into the log."""
    ctx.server.log.warning("DEBUG LOG: " + argv[2].decode("utf-8", "backslashreplace"))
    return OK


@server_command("DEBUG CHANGE-REPL-ID", "", _FLAGS, group="server", since="1.0.0")
def debug_change_repl_id(ctx: ServerContext, argv: Argv) -> Reply:
    """Have another replication id."""
    ctx.server.log.warning("Changing replication IDs after receiving change-repl-id")
    ctx.server.replication_id = secrets.token_hex(20)
    return OK


@server_command("DEBUG STRINGMATCH-LEN", "length pattern", _FLAGS, group="server", since="1.0.0")
def debug_stringmatch_len(ctx: ServerContext, argv: Argv) -> Reply:
    """Match a string of so many zero bytes."""
    length = parse_int(argv[2])
    if length is None or length < 0:
        raise CommandError(NOT_AN_INTEGER)
    return int(matches(argv[3], bytes(length)))


@server_command("DEBUG POPULATE", "count [prefix] [size]", _FLAGS, group="server", since="1.0.0")
def debug_populate(ctx: ServerContext, argv: Argv) -> Reply:
    """Make keys ``prefix:number`` with values ``value:number``; nothing is logged."""
    if len(argv) > 5:
        raise malformed_subcommand(argv, ctx.options.style)
    numbers = [parse_int(word) for word in (argv[2], *argv[4:5])]
    if any(number is None or number < 0 for number in numbers):
        raise CommandError(MUST_BE_POSITIVE)
    prefix = argv[3] if len(argv) > 3 else b"key"
    size = numbers[1] if len(numbers) > 1 else None
    for number in range(numbers[0] or 0):
        key, value = b"%b:%d" % (prefix, number), b"value:%d" % number
        if ctx.db.get(key) is None:
            ctx.db.put(key, value if size is None else value[:size].ljust(size, b"\0"))
    return OK


#: Pi as Redis 6 writes it, in RESP2 and in RESP3.
_OLD_DOUBLE = (b"$18\r\n3.1415926535900001\r\n", b",3.1415926535900001\r\n")
_BIG = b"1234567999999999999999999999999999999"
_BEHIND = "Some real reply following the %s"


def _protocol(ctx: ServerContext) -> dict[bytes, Reply]:
    """A reply of each type; in RESP2 the nearest that it has."""
    behind: bytes = (_BEHIND % "attribute").encode()
    attributes = b"|1\r\n" + encode(b"key-popularity", True) + encode([b"key:123", 90], True)
    old = ctx.options.style is Style.REDIS_6
    return {
        b"string": b"Hello World",
        b"integer": 12345,
        b"double": Raw(_OLD_DOUBLE[ctx.resp3]) if old else 3.141,
        b"null": None,
        b"array": [0, 1, 2],
        b"set": SetReply([0, 1, 2]),
        b"map": MapReply([0, False, 1, True, 2, False]),
        b"verbatim": Verbatim(b"This is a verbatim\nstring"),
        b"true": True,
        b"false": False,
        b"bignum": Raw(b"(" + _BIG + b"\r\n") if ctx.resp3 else _BIG,
        b"attrib": Raw(attributes + encode(behind, True)) if ctx.resp3 else behind,
        b"push": Several([PushReply([b"server-cpu-usage", 42]), (_BEHIND % "push reply").encode()]),
    }


@server_command("DEBUG PROTOCOL", "type", _FLAGS, group="server", since="6.0.0")
def debug_protocol(ctx: ServerContext, argv: Argv) -> Reply:
    """A reply of this type."""
    kind, replies = argv[2].lower(), _protocol(ctx)
    if kind not in replies:
        raise CommandError(
            b"ERR Wrong protocol type name. Please use one of the following: string|integer|double|"
            b"bignum|null|array|set|map|attrib|push|verbatim|true|false"
        )
    if kind == b"push" and not ctx.resp3:
        raise CommandError(b"ERR RESP2 is not supported by this command")
    return replies[kind]


@server_command("DEBUG CONFIG-REWRITE-FORCE-ALL", "", _FLAGS, group="server", since="5.0.0")
def debug_config_rewrite_force_all(ctx: ServerContext, argv: Argv) -> Reply:
    """CONFIG REWRITE with all options, those at their defaults among them."""
    try:
        ctx.server.rewrite_config(everything=True)
    except ConfigError as error:  # there is no file: the error of C for a path that is none
        raise _not_rewritten(ctx, os.strerror(errno.EFAULT)) from error
    except OSError as error:
        raise _not_rewritten(ctx, error.strerror or "") from error
    return OK


def _not_rewritten(ctx: ServerContext, reason: str) -> CommandError:
    behind = "" if ctx.options.style is Style.REDIS_6 else f": {reason}"
    return CommandError(f"ERR CONFIG-REWRITE-FORCE-ALL failed{behind}".encode())


@server_command("DEBUG PAUSE-CRON", "0|1", _FLAGS, group="server", since="6.2.0")
def debug_pause_cron(ctx: ServerContext, argv: Argv) -> Reply:
    """Whether the cron rests."""
    ctx.server.cron.paused = bool(leading_number(argv[2]))
    return OK
