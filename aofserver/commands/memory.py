"""MEMORY (object.c), with the figures that a Python process can tell."""

from __future__ import annotations

import gc
import sys

from aofserver.commands.declare import SERVER_TABLE, server_command, server_container
from aofserver.info import collect
from aofserver.memory.sizes import size_of
from aofserver.parts import ServerContext
from aoftool.format.resp.replies import OK, MapReply, Reply, Verbatim
from aoftool.keyspace.command import LOADING, NO_FLAGS, RANDOM, READONLY, STALE
from aoftool.keyspace.errors import NOT_AN_INTEGER, SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.numbers import parse_int

_USUAL_SAMPLES = 5
#: Bytes of data under which there is nothing to be said about memory.
_LITTLE = 5 << 20

server_container("MEMORY", "server", "4.0.0")


@server_command("MEMORY USAGE", "key [SAMPLES count]", READONLY, Keys(2, 2), group="server",
                since="4.0.0")  # fmt: skip
def memory_usage(ctx: ServerContext, argv: Argv) -> Reply:
    """Bytes that a key and its value take, estimated from a few of its elements."""
    samples = _USUAL_SAMPLES
    if len(argv) > 3:
        if argv[3].upper() != b"SAMPLES" or len(argv) != 5:
            raise CommandError(SYNTAX)
        number = parse_int(argv[4])
        if number is None:
            raise CommandError(NOT_AN_INTEGER)
        if number < 0:
            raise CommandError(SYNTAX)
        samples = number
    value = ctx.db.data.get(argv[2])
    return None if value is None else sys.getsizeof(argv[2]) + size_of(value, samples)


@server_command("MEMORY STATS", "", RANDOM, group="server", since="4.0.0")
def memory_stats(ctx: ServerContext, argv: Argv) -> Reply:
    """Where the memory of the process is."""
    now = collect(ctx.server)
    memory, keys = now.memory, len(ctx.keyspace)
    data = memory.used - memory.startup
    found = MapReply([
        b"peak.allocated", memory.peak,
        b"total.allocated", memory.used,
        b"startup.allocated", memory.startup,
        b"replication.backlog", 0,
        b"clients.slaves", 0,
        b"clients.normal", memory.clients,
        b"cluster.links", 0,
        b"aof.buffer", memory.aof_buffer,
        b"lua.caches", memory.lua,
        b"functions.caches", 0,
    ])  # fmt: skip
    for database in ctx.keyspace.databases:
        if len(database):
            tables: list[Reply] = [
                b"overhead.hashtable.main", sys.getsizeof(database.data),
                b"overhead.hashtable.expires", sys.getsizeof(database.expires),
            ]  # fmt: skip
            found += [b"db.%d" % database.index, MapReply(tables)]
    found += [
        b"overhead.total", memory.startup,
        b"keys.count", keys,
        b"keys.bytes-per-key", data // keys if keys else 0,
        b"dataset.bytes", data,
        b"dataset.percentage", 100.0 if data else 0.0,
        b"peak.percentage", memory.used / (memory.peak or 1) * 100,
        b"allocator.allocated", memory.used,
        b"allocator.active", memory.resident,
        b"allocator.resident", memory.resident,
        b"allocator-fragmentation.ratio", 1.0,
        b"allocator-fragmentation.bytes", 0,
        b"allocator-rss.ratio", 1.0,
        b"allocator-rss.bytes", 0,
        b"rss-overhead.ratio", 1.0,
        b"rss-overhead.bytes", 0,
        b"fragmentation", memory.resident / (memory.used or 1),
        b"fragmentation.bytes", max(0, memory.resident - memory.used),
    ]  # fmt: skip
    return found


@server_command("MEMORY DOCTOR", "", RANDOM, group="server", since="4.0.0")
def memory_doctor(ctx: ServerContext, argv: Argv) -> Reply:
    """What the figures say, in words."""
    memory = collect(ctx.server).memory
    data = memory.used - memory.startup
    if data < _LITTLE:
        text = "There is too little data here for anything to be said about memory.\n"
    elif memory.peak > memory.used * 1.5:
        text = (
            f"At its peak the process had {memory.peak} bytes, and now {memory.used}: what "
            "was freed is used again before the system is asked for more.\n"
        )
    else:
        text = f"Nothing is wrong: {data} bytes hold {len(ctx.keyspace)} keys.\n"
    return Verbatim(text.encode())


@server_command("MEMORY PURGE", "", NO_FLAGS, group="server", since="4.0.0")
def memory_purge(ctx: ServerContext, argv: Argv) -> Reply:
    """Collect garbage."""
    gc.collect()
    return OK


@server_command("MEMORY MALLOC-STATS", "", RANDOM, group="server", since="4.0.0")
def memory_malloc_stats(ctx: ServerContext, argv: Argv) -> Reply:
    """What the allocator tells: of Python's there is little."""
    return Verbatim(b"Stats not supported for the current allocator")


@server_command("MEMORY HELP", "", LOADING | STALE, group="server", since="4.0.0")
def memory_help(ctx: ServerContext, argv: Argv) -> Reply:
    """What there is."""
    return SERVER_TABLE.help_lines(b"MEMORY")
