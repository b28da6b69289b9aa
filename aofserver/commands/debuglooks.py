"""DEBUG: how values are held (debug.c), as far as Python tells it."""

from __future__ import annotations

import sys

from aofserver.clients.memory import memory_of
from aofserver.commands.declare import server_command
from aofserver.parts import ServerContext
from aoftool.format.resp.replies import Reply, Status, Verbatim
from aoftool.keyspace.command import ADMIN, LOADING, NOSCRIPT, STALE, malformed_subcommand
from aoftool.keyspace.encodings import encoding, limits_of
from aoftool.keyspace.errors import NO_SUCH_KEY, NOT_AN_INTEGER, CommandError
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import parse_int

_FLAGS = ADMIN | NOSCRIPT | LOADING | STALE


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


@server_command("DEBUG QUICKLIST", "key [0|1]", _FLAGS, group="server", since="7.0.0")
def debug_quicklist(ctx: ServerContext, argv: Argv) -> Reply:
    """Say something of a value that a Redis would hold as a quicklist."""
    if len(argv) > 4:
        raise malformed_subcommand(argv, ctx.options.style)
    return _encoded(ctx, argv[2], b"quicklist")


@server_command("DEBUG SDSLEN", "key", _FLAGS, group="server", since="2.6.0")
def debug_sdslen(ctx: ServerContext, argv: Argv) -> Reply:
    """How long a key and its string are, and what they take."""
    key, value = argv[2], ctx.db.get(argv[2])
    if value is None:
        raise CommandError(NO_SUCH_KEY)
    held = encoding(value, ctx.options.style, limits_of(ctx))
    if held not in (b"embstr", b"raw"):
        raise CommandError(b"ERR Not an sds encoded string.")
    return Status(
        b"key_sds_len:%d, key_sds_avail:0, key_zmalloc: %d, val_sds_len:%d, val_sds_avail:0, "
        b"val_zmalloc: %d" % (len(key), sys.getsizeof(key), len(value), sys.getsizeof(value))
    )


#: What a dict keeps of an entry: hash, key and value.
_ENTRY_BYTES = 24


@server_command("DEBUG STRUCTSIZE", "", _FLAGS, group="server", since="2.8.0")
def debug_structsize(ctx: ServerContext, argv: Argv) -> Reply:
    """Bytes that an object, an entry of a dict, and a string take beside what they hold."""
    headers = "".join(f"sdshdr{bits}:{sys.getsizeof(b'')} " for bits in (5, 8, 16, 32, 64))
    sizes = f"robj:{sys.getsizeof(object())} dictentry:{_ENTRY_BYTES} {headers}"
    return f"bits:64 {sizes}".encode()


@server_command("DEBUG CLIENT-EVICTION", "", _FLAGS, group="server", since="7.0.0")
def debug_client_eviction(ctx: ServerContext, argv: Argv) -> Reply:
    """What each client takes, and what all of them may."""
    limit = ctx.server.client_eviction.limit
    if not limit:
        raise CommandError(b"ERR maxmemory-clients is disabled.")
    sizes = {each.id: memory_of(each) for each in ctx.server.clients.sessions.values()}
    lines = [f"id={number} tot-mem={size}" for number, size in sizes.items()]
    return Verbatim("\n".join([f"limit={limit} total={sum(sizes.values())}", *lines]).encode())
