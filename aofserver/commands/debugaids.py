"""DEBUG: aids of test suites that do not touch persistence (debug.c)."""

from __future__ import annotations

import os
import secrets
import signal
import sys

from aofserver.commands.declare import server_command
from aofserver.config import ConfigError
from aofserver.parts import ServerContext
from aofserver.replies import Raw, Several, encode
from aoftool.format.resp.replies import OK, MapReply, PushReply, Reply, SetReply, Status, Verbatim
from aoftool.keyspace.command import ADMIN, LOADING, NOSCRIPT, STALE
from aoftool.keyspace.context import Style
from aoftool.keyspace.encodings import encoding, limits_of
from aoftool.keyspace.errors import MUST_BE_POSITIVE, NO_SUCH_KEY, NOT_AN_INTEGER, CommandError
from aoftool.keyspace.glob import matches
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import parse_int

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


def _encoded(ctx: ServerContext, key: bytes, wanted: bytes) -> Reply:
    value = ctx.db.get(key)
    if value is None:
        raise CommandError(NO_SUCH_KEY)
    if encoding(value, ctx.options.style, limits_of(ctx)) != wanted:
        raise CommandError(b"ERR Not a %b encoded object." % wanted)
    return Status(b"The %b exists only while it is written to a file" % wanted)


@server_command("DEBUG LISTPACK", "key", _FLAGS, group="server", since="7.0.0")
def debug_listpack(ctx: ServerContext, argv: Argv) -> Reply:
    """Say something of a value that a Redis would hold as a listpack."""
    return _encoded(ctx, argv[2], b"listpack")


@server_command("DEBUG ZIPLIST", "key", _FLAGS, group="server", since="2.6.0")
def debug_ziplist(ctx: ServerContext, argv: Argv) -> Reply:
    """Say something of a value that a Redis would hold as a ziplist."""
    return _encoded(ctx, argv[2], b"ziplist")


@server_command("DEBUG HTSTATS", "dbid [full]", _FLAGS, group="server", since="2.6.0")
def debug_htstats(ctx: ServerContext, argv: Argv) -> Reply:
    """What is known of a database's tables."""
    number = parse_int(argv[2])
    if number is None:
        raise CommandError(NOT_AN_INTEGER)
    if not 0 <= number < len(ctx.keyspace.databases):
        raise CommandError(b"ERR Out of range database")
    database = ctx.keyspace.databases[number]
    text = "[Dictionary HT]\n" + _table(database.data) + "[Expires HT]\n" + _table(database.expires)
    return Verbatim(text.encode())


@server_command("DEBUG HTSTATS-KEY", "key [full]", _FLAGS, group="server", since="4.0.0")
def debug_htstats_key(ctx: ServerContext, argv: Argv) -> Reply:
    """What is known of a value's table."""
    value = ctx.db.get(argv[2])
    if value is None:
        raise CommandError(NO_SUCH_KEY)
    if encoding(value, ctx.options.style, limits_of(ctx)) not in (b"hashtable", b"skiplist"):
        raise CommandError(
            b"ERR The value stored at the specified key is not represented using an hash table"
        )
    return Verbatim(_table(value).encode())


def _table(table: object) -> str:
    """The two numbers that Python tells of a table."""
    assert hasattr(table, "__len__")
    head = "Hash table 0 stats (main hash table):\n"
    if not len(table):
        return head + "No stats available for empty dictionaries\n"
    return head + f" number of elements: {len(table)}\n bytes: {sys.getsizeof(table)}\n"


@server_command("DEBUG QUICKLIST-PACKED-THRESHOLD", "size", _FLAGS, group="server", since="7.0.0")
def debug_quicklist_packed_threshold(ctx: ServerContext, argv: Argv) -> Reply:
    """Where a list would give an element a node of its own: nothing here has such nodes."""
    if not argv[2][:1].isdigit():
        raise CommandError(
            b"ERR argument must be a memory value bigger than 1 and smaller than 4gb"
        )
    return OK


def _accepted(name: str, syntax: str, summary: str) -> None:
    """Declare a sub-command that changes what this server does not have."""

    def handler(ctx: ServerContext, argv: Argv) -> Reply:
        return OK

    handler.__doc__ = summary
    server_command(f"DEBUG {name}", syntax, _FLAGS, group="server", since="7.0.0")(handler)


_accepted("SET-DISABLE-DENY-SCRIPTS", "0|1", "Accepted: scripts stay as they are.")
_accepted("REPLYBUFFER", "option value", "Accepted: replies are not kept in one buffer.")
_accepted("LUA-ALWAYS-REPLICATE-COMMANDS", "0|1", "Accepted: effects are always what is logged.")
_accepted("DICT-RESIZING", "0|1", "Accepted: Python's tables resize as they will.")
_accepted("SET-SKIP-CHECKSUM-VALIDATION", "0|1", "Accepted: checksums are always looked at.")


@server_command("DEBUG CONFIG-REWRITE-FORCE-ALL", "", _FLAGS, group="server", since="5.0.0")
def debug_config_rewrite_force_all(ctx: ServerContext, argv: Argv) -> Reply:
    """CONFIG REWRITE with all options, those at their defaults among them."""
    try:
        ctx.server.rewrite_config(everything=True)
    except (ConfigError, OSError) as error:
        raise CommandError(b"ERR CONFIG-REWRITE-FORCE-ALL failed") from error
    return OK


@server_command("DEBUG PAUSE-CRON", "0|1", _FLAGS, group="server", since="6.2.0")
def debug_pause_cron(ctx: ServerContext, argv: Argv) -> Reply:
    """Whether the cron rests."""
    ctx.server.cron.paused = argv[2] != b"0"
    return OK


@server_command("DEBUG SEGFAULT", "", _FLAGS, group="server", since="1.0.0")
def debug_segfault(ctx: ServerContext, argv: Argv) -> Reply:
    """End as a program that has touched what is not its own."""
    ctx.server.log.warning("Ending by SIGSEGV, as DEBUG SEGFAULT asks")
    os.kill(os.getpid(), signal.SIGSEGV)
    return OK


@server_command("DEBUG PANIC", "", _FLAGS, group="server", since="3.2.0")
def debug_panic(ctx: ServerContext, argv: Argv) -> Reply:
    """End as a program that has given up."""
    ctx.server.log.warning("Ending by SIGABRT, as DEBUG PANIC asks")
    os.abort()
